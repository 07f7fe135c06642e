import assert from 'node:assert/strict'
import { it } from 'node:test'
import { renderTemplate } from '../../../src/spec/template/render.ts'
import type { TemplateValue } from '../../../src/spec/types.ts'

/** What the templates of the tables see. */
export const values: Readonly<Record<string, TemplateValue>> = {
  n: 3,
  f: { float: 2.5 },
  one: { float: 1 },
  s: 'hello world',
  u: 'h\u00e9llo',
  t: true,
  no: null,
  e: '',
  l: [3, 1, 2],
  w: ['b', 'A', 'c'],
  d: { b: 1, a: 'x', c: null },
  r: { default: { gpu: 1, memory: '60Gi' } },
  q: "it's",
  qq: 'a"b\'c',
  date: { date: '2025-01-01' },
  when: { datetime: '2025-01-02T03:04:05+02:00' },
  tasks: [
    { name: 'b', gpu: 2, tags: ['x'] },
    { name: 'a', gpu: 1, tags: [] },
    { name: 'C', gpu: 2 },
  ],
  emoji: 'a\u{1f600}b',
  csv: 'a,b,,c',
  loops: { items: [1], name: 'z' },
  big: 12345678901234567890n,
  tree: [
    {
      v: 1,
      c: [
        { v: 2, c: [] },
        { v: 3, c: [{ v: 4, c: [] }] },
      ],
    },
  ],
}

export function itRendersEach(examples: readonly (readonly [template: string, text: string])[]): void {
  for (const [template, text] of examples) it(JSON.stringify(template), () => assert.equal(rendered(template, values), text))
}

/** One fault at least, and the first has this code. */
export function itRefusesEach(examples: readonly (readonly [template: string, code: string])[]): void {
  for (const [template, code] of examples) {
    it(JSON.stringify(template), () => {
      const result = renderTemplate(template, values)
      assert.equal(result.kind === 'failed' ? result.faults[0]?.code : 'rendered', code)
    })
  }
}

/** The text, or the faults where there are some, so that a failing test shows them. */
export function rendered(template: string, given: Readonly<Record<string, TemplateValue>> = {}): string {
  const result = renderTemplate(template, given)
  return result.kind === 'rendered'
    ? result.text
    : result.faults.map((fault) => `${fault.code} at ${fault.offset}: ${fault.message}`).join('\n')
}
