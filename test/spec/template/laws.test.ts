import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { renderTemplate } from '../../../src/spec/template/render.ts'
import { values } from './render-table.ts'

/** OSMO's own specs stand beside the repository on some machines only. */
const folder = new URL('../../../../shared/reference/osmo-specs/', import.meta.url)
const own = [
  'workflow:\n  name: sweep\n  tasks:\n{% for i in range(n) %}  - name: train-{{ i }}\n    command: ["bash", "-c"]\n    args: ["echo {{output}} {{ s|upper }}"]\n{% endfor %}',
  '{% macro task(name, gpu=1) %}\n- name: {{ name }}\n  resources: {gpu: {{ gpu }}}\n{% endmacro %}\n{% for t in tasks %}{{ task(t.name, gpu=t.gpu) }}{% endfor %}{% raw %}{{host:{% endraw %}{{ n }}{% raw %}}}{% endraw %}',
  "{% set ns = namespace(total=0) %}{% for t in tasks if t.gpu > 1 %}{% set ns.total = ns.total + t.gpu %}{% else %}none{% endfor %}{{ ns.total ** 2 // 3 }} {{ d|tojson }} {{ l[::-1] }} {{ '%05.2f' % f }} {{ r }}",
]
const pieces = [
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '-',
  '|',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  "'",
  '"',
  '\\',
  '.',
  ',',
  ':',
  ' if ',
  ' else ',
  ' in ',
  ' not ',
  ' is ',
  'for ',
  'endfor',
  'endif',
  'set ',
  'macro ',
  '{% raw %}',
  '{% endraw %}',
  '{{output}}',
  '{{host:x',
  '\r\n',
  '~',
  '**',
  '//',
  '%',
  '==',
  '0',
  '9999',
  '1e9',
  'n',
  's',
  'tasks',
  '|join',
  '|sort',
  '|map("upper")',
  '.items()',
  '.format(',
  '__class__',
  'loop',
  '\u{1f600}',
  '\ud800',
]

describe('laws of rendering', () => {
  it('holds for mutated specs: the same result twice, never an exception', () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    console.log(`seed ${seed} (SEED=${seed} repeats it)`)
    const random = numbers(seed)
    const specs = sources()
    for (let round = 0; round < 3000; round++) {
      const template = mutated(specs[random(specs.length)] ?? '', random)
      const first = renderTemplate(template, values)
      const second = renderTemplate(template, values)
      assert.deepEqual(summary(first), summary(second), template)
      if (first.kind === 'failed') for (const fault of first.faults) assertInside(fault, template)
    }
  })

  it("OSMO's own specs are among the mutated ones", {
    skip: existsSync(folder) ? false : `${folder.pathname} is not on this machine`,
  }, () => {
    assert.ok(sources().length > own.length)
  })
})

function sources(): string[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.yaml')) : []
  return [...own, ...files.map((name) => readFileSync(new URL(name, folder), 'utf8'))]
}

/** Mulberry32: the same numbers for the same seed everywhere. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function mutated(source: string, random: (below: number) => number): string {
  let text = source
  for (let count = 1 + random(6); count > 0; count--) {
    const at = random(text.length + 1)
    const removed = random(3) === 0 ? random(40) : 0
    const piece = random(4) === 0 ? text.slice(random(text.length + 1)).slice(0, random(60)) : (pieces[random(pieces.length)] ?? '')
    text = text.slice(0, at) + piece + text.slice(at + removed)
  }
  return text
}

function summary(result: ReturnType<typeof renderTemplate>): unknown {
  return result.kind === 'rendered' ? result.text : result.faults
}

function assertInside(fault: { readonly offset: number; readonly endOffset: number; readonly message: string }, template: string): void {
  assert.ok(fault.offset >= 0 && fault.endOffset >= fault.offset && fault.endOffset <= template.length, JSON.stringify({ fault, template }))
  assert.ok(fault.message.length > 10 && fault.message.length < 1000, fault.message)
}
