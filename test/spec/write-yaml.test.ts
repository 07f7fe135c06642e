import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReporter } from '../../src/spec/reporter.ts'
import type { TemplateValue } from '../../src/spec/types.ts'
import { toTemplateValue } from '../../src/spec/yaml/plain-data.ts'
import { loadPyYaml } from '../../src/spec/yaml/pyyaml.ts'
import { writeYaml } from '../../src/spec/yaml/write.ts'
import { random } from './fuzz/mutations.ts'

/** Text as it is written, and what must come back. */
const examples: readonly (readonly [value: TemplateValue, text: string])[] = [
  [new Map([['a', 1]]), 'a: 1\n'],
  [new Map([['a', 'b']]), 'a: b\n'],
  [new Map([['a', '1']]), 'a: "1"\n'],
  [new Map([['a', 'yes']]), 'a: "yes"\n'],
  [new Map([['a', 'Y']]), 'a: "Y"\n'],
  [new Map([['a', '1e5']]), 'a: "1e5"\n'],
  [new Map([['a', '']]), 'a: ""\n'],
  [new Map([['a', 'b: c']]), 'a: "b: c"\n'],
  [new Map([['a', 'say "hi"']]), 'a: say "hi"\n'],
  [new Map([['a', '"hi": it\'s']]), "a: '\"hi\": it''s'\n"],
  [new Map([['a', '-c']]), 'a: -c\n'],
  [new Map([['a', '- c']]), 'a: "- c"\n'],
  [new Map([['a', { float: 1 }]]), 'a: 1.0\n'],
  [new Map([['a', { float: 1e-5 }]]), 'a: 1.0e-05\n'],
  [new Map([['a', { float: Number.NEGATIVE_INFINITY }]]), 'a: -.inf\n'],
  [new Map([['a', { date: '2025-01-01' }]]), 'a: 2025-01-01\n'],
  [new Map([['a', '2025-01-01']]), 'a: "2025-01-01"\n'],
  [new Map([['a', 12345678901234567890n]]), 'a: 12345678901234567890\n'],
  [new Map<string, TemplateValue>([['a', [1, [2, []], new Map([['b', null]])]]]), 'a:\n  - 1\n  - - 2\n    - []\n  - b: null\n'],
  [new Map([['a', 'x\ny\n']]), 'a: |\n  x\n  y\n'],
  [new Map([['a', 'x\ny']]), 'a: |-\n  x\n  y\n'],
  [new Map([['a', 'x\n\n']]), 'a: |+\n  x\n\n'],
  [new Map([['a', '\n  x\n']]), 'a: |2\n\n    x\n'],
  [new Map([['a', '\n\n']]), 'a: "\\n\\n"\n'],
  [new Map([['a', 'x\u0085\u2028\u0007y']]), 'a: "x\\u0085\\u2028\\u0007y"\n'],
  [new Map([[1, 'x']]), '1: x\n'],
]

describe('a document as YAML', () => {
  for (const [value, text] of examples) {
    it(JSON.stringify(text), () => {
      assert.equal(writeYaml(value), text)
      assert.deepEqual(load(text), value)
    })
  }
})

const seed = Number(process.env.FUZZ_SEED ?? 20_261_124)
const count = 1_000

it(`${count} random documents come back as they were, seed ${seed}`, () => {
  const next = random(seed)
  for (let index = 0; index < count; index++) {
    const value = new Map([['root', randomValue(next, 4)]])
    const text = writeYaml(value)
    assert.deepEqual(load(text), value, text)
  }
})

function load(text: string): TemplateValue {
  const reporter = createReporter('x', text)
  const node = loadPyYaml(text, (start, end) => ({ start, end }), reporter)
  assert.ok(node !== undefined, `${JSON.stringify(reporter.diagnostics())}\n${text}`)
  return toTemplateValue(node)
}

const pieces = [
  'a',
  ' ',
  '\n',
  ':',
  '#',
  '-',
  '"',
  "'",
  '\\',
  '{',
  '}',
  '[',
  ',',
  '|',
  '\t',
  '0',
  '1.5',
  'yes',
  '~',
  '%',
  '@',
  '\u0085',
  '\u2028',
  'é',
  '💥',
  '&',
  '*',
  '!',
  '?',
  '<<',
  '=',
  '\r',
]

function randomValue(next: () => number, depth: number): TemplateValue {
  const pick = Math.floor(next() * (depth > 0 ? 9 : 7))
  const length = Math.floor(next() * 5)
  switch (pick) {
    case 0:
      return null
    case 1:
      return next() < 0.5
    case 2:
      return Math.floor((next() - 0.5) * 1e6)
    case 3:
      return { float: Math.fround((next() - 0.5) * 10 ** Math.floor(next() * 40 - 20)) }
    case 7:
      return Array.from({ length }, () => randomValue(next, depth - 1))
    case 8:
      return new Map(Array.from({ length }, (_, index) => [`${randomText(next)}${index}`, randomValue(next, depth - 1)]))
    default:
      return randomText(next)
  }
}

function randomText(next: () => number): string {
  return Array.from({ length: Math.floor(next() * 12) }, () => pieces[Math.floor(next() * pieces.length)]).join('')
}

it('a text of 150 000 lines is written as it is', () => {
  const text = 'x\n'.repeat(150_000)
  assert.equal(writeYaml(new Map([['a', text]])), `a: |\n${'  x\n'.repeat(150_000)}`)
})
