import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { locateSpec } from '../../../src/spec/parse-spec.ts'
import { placeOf } from '../../../src/spec/places.ts'
import { place } from '../../../src/spec/pool/placement.ts'
import { platforms } from '../../workflow/specs.ts'

const specWith = (task: string, sections = '') =>
  `${sections}workflow:\n  name: reach\n  tasks:\n    - name: train\n      image: i\n      command: [x]\n      ${task}\n`

/** What the spec asks for, and the text of the source at each place that is refused for it. */
const table: readonly (readonly [source: string, marked: readonly string[]])[] = [
  [specWith('inputs: [{url: s3://team/data}]'), ['{url: s3://team/data}']],
  [specWith('inputs: [{task: "old-1:train"}, {url: s3://team/data}]'), ['{url: s3://team/data}']],
  [specWith('outputs: [{url: s3://team/a}, {url: s3://team/b}]'), ['{url: s3://team/a}', '{url: s3://team/b}']],
  [specWith('checkpoint: [{path: /osmo/c, url: s3://team/c, frequency: 60s}]'), ['{path: /osmo/c, url: s3://team/c, frequency: 60s}']],
  [specWith('credentials: {team: /secrets}'), ['team']],
  [specWith('lead: true', 'checkout: {lfs: true, submodules: true, history: 5}\n'), ['lfs', 'submodules', 'history']],
  [specWith('lead: true', 'checkout: {paths: [policy], lfs: false}\n'), []],
  [specWith('inputs: [{task: "old-1:train"}]', 'checkout: true\n'), []],
]

describe('What this version cannot give is refused where it is asked for', () => {
  for (const [source, marked] of table)
    it(source.replaceAll(/\s+/g, ' '), () => {
      const located = locateSpec(source, { file: '.osmo/reach.yaml' })
      assert.ok(located.kind === 'valid', 'it is valid OSMO all the same')
      assert.deepEqual(located.warnings, [])
      const result = place(located.spec, 'acme/arm', 'trusted', [], platforms)
      assert.equal(result.kind, marked.length > 0 ? 'refused' : 'placed')
      const faults = result.kind === 'refused' ? result.faults : []
      const lines = source.split('\n')
      const texts = faults.map(({ about }) => {
        const at = about && placeOf(located.places, about)
        assert.ok(at, 'it has a place')
        assert.equal(at.line, at.endLine)
        return lines[at.line - 1]?.slice(at.column - 1, at.endColumn - 1)
      })
      assert.deepEqual(texts, marked)
      for (const { reason } of faults) assert.match(reason, /^This version cannot .* yet/)
    })

  it('all of it is said, and in one sentence how much it is', () => {
    const located = locateSpec(specWith('outputs: [{url: s3://team/a}, {url: s3://team/b}]'), { file: '.osmo/reach.yaml' })
    assert.ok(located.kind === 'valid')
    const result = place(located.spec, 'acme/arm', 'trusted', [], platforms)
    assert.match(result.kind === 'refused' ? result.reason : '', /s3:\/\/team\/a yet\..* And 1 more\.$/)
  })
})
