import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readDispatch } from '../../src/spec/dispatch.ts'
import { oneTask, read } from './marked.ts'

const { triggers } = read(`on:
  workflow_dispatch:
    inputs:
      episodes: {type: number, default: 200, min: 1, max: 5000}
      ratio: {type: number}
      scene: {type: choice, options: [shelf, bin]}
      tag: {type: string, pattern: '[a-z0-9.-]{1,40}'}
      ref: {type: string}
      quick: {type: boolean}
${oneTask()}`)

const accepted = [
  [{}, { episodes: 200 }],
  [{ episodes: '10' }, { episodes: 10 }],
  [{ ratio: '0.5' }, { episodes: 200, ratio: { float: 0.5 } }],
  [
    { scene: 'bin', quick: 'true' },
    { episodes: 200, scene: 'bin', quick: true },
  ],
  [{ tag: 'v1.2' }, { episodes: 200, tag: 'v1.2' }],
  [{ ref: 'registry:5000/a@b+c-d' }, { episodes: 200, ref: 'registry:5000/a@b+c-d' }],
] as const

const refused: readonly Readonly<Record<string, string>>[] = [
  { episode: '1' },
  { episodes: '0' },
  { episodes: '1e3' },
  { episodes: 'many' },
  { ratio: 'NaN' },
  { scene: 'table' },
  { tag: 'v1\nx' },
  { tag: 'ok; rm -rf /' },
  { ref: '-rf' },
  { ref: ':a' },
  { ref: '@a' },
  { ref: '+a' },
  { ref: 'a:' },
  { ref: 'a b' },
  { ref: '$(x)' },
  { ref: 'a'.repeat(257) },
  { quick: 'yes' },
  { constructor: 'x' },
]

describe('inputs of a run by hand', () => {
  for (const [given, values] of accepted) {
    it(`${JSON.stringify(given)} is taken`, () => assert.deepEqual(readDispatch(triggers, given), { kind: 'accepted', values }))
  }
  for (const given of refused) {
    it(`${JSON.stringify(given).slice(0, 60)} is refused`, () => {
      const result = readDispatch(triggers, given)
      assert.equal(result.kind === 'refused' ? result.reasons.length : 0, 1)
    })
  }
  it('without the section nothing may be given', () => {
    assert.deepEqual(readDispatch(undefined, {}), { kind: 'accepted', values: {} })
    assert.equal(readDispatch(undefined, { a: '1' }).kind, 'refused')
  })
})
