import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { declaredValues } from '../../src/engine/dispatch-values.ts'
import { specOf } from '../workflow/specs.ts'

const spec = specOf(
  `on:
  workflow_dispatch:
    inputs:
      episodes: {type: number, default: 200, min: 1, max: 5000}
      scene: {type: choice, options: [shelf, bin]}
      fast: {type: boolean}
      note: {type: string}
      tag: {type: string, pattern: 'v[0-9]+'}

workflow:
  name: r
  tasks: [{name: a, image: i, command: [x]}]
`,
)
const read = (given: Readonly<Record<string, string>>) => declaredValues(spec.triggers, new Map(Object.entries(given)))

describe('Values of a dispatch', () => {
  const taken: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, unknown>>])[] = [
    [{}, { episodes: 200 }],
    [{ episodes: '5000' }, { episodes: 5000 }],
    [{ episodes: '1.5' }, { episodes: { float: 1.5 } }],
    [{ scene: 'bin' }, { episodes: 200, scene: 'bin' }],
    [{ fast: 'false' }, { episodes: 200, fast: false }],
    [{ note: 'a/b:c@d+e-f' }, { episodes: 200, note: 'a/b:c@d+e-f' }],
    [{ note: '' }, { episodes: 200, note: '' }],
    [{ tag: 'v12' }, { episodes: 200, tag: 'v12' }],
  ]
  for (const [given, values] of taken)
    it(`${JSON.stringify(given)} are taken`, () => assert.deepEqual(read(given), { kind: 'values', values }))

  const refused: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ other: '1' }, /`?other`? is not an input of this spec\. It declares `episodes`, `scene`/],
    [{ constructor: '1' }, /`?constructor`? is not an input/],
    [{ episodes: '0' }, /a number from 1 to 5000/],
    [{ episodes: '1e3' }, /a number/],
    [{ episodes: '0x10' }, /a number/],
    [{ episodes: 'NaN' }, /a number/],
    [{ scene: 'floor' }, /`shelf` or `bin`/],
    [{ fast: 'yes' }, /`true` or `false`/],
    [{ note: '+rf' }, /letters, digits/],
    [{ note: '-rf' }, /letters, digits/],
    [{ note: 'a b' }, /letters, digits/],
    [{ note: 'a:' }, /letters, digits/],
    [{ note: 'a\nb' }, /letters, digits/],
    [{ note: '$(reboot)' }, /letters, digits/],
    [{ note: 'x'.repeat(257) }, /letters, digits/],
    [{ tag: 'v12; reboot' }, /text that matches `v\[0-9\]\+`/],
    [{ tag: 'xv12' }, /text that matches/],
  ]
  for (const [given, words] of refused)
    it(`${JSON.stringify(given).slice(0, 40)} are refused`, () => {
      const result = read(given)
      assert.match(result.kind === 'refused' ? result.words : '', words)
    })
})
