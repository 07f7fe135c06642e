import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readDispatch } from '../../src/spec/dispatch.ts'
import { diagnose, oneTask, read } from './marked.ts'

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

/** Values as the repository's settings and a person give them, and what the template prints. */
const precedence: readonly (readonly [title: string, text: string, options: Parameters<typeof read>[1], printed: string])[] = [
  ['a default', inputs('n: {type: number, default: 200}'), {}, '200'],
  ['a fraction, as Python prints it', inputs('n: {type: number, default: 0.5}'), {}, '0.5'],
  ['a word', inputs('n: {type: choice, options: [bin, shelf], default: shelf}'), {}, 'shelf'],
  ['a boolean, as Python prints it', inputs('n: {type: boolean, default: true}'), {}, 'True'],
  ["over the file's default-values", `default-values: {n: 1}\n${inputs('n: {type: number, default: 200}')}`, {}, '200'],
  ["over the repository's values", inputs('n: {type: number, default: 200}'), { values: { n: 2 } }, '200'],
  ['under what a person gives', inputs('n: {type: number, default: 200}'), { values: { n: 2 }, given: { n: 3 } }, '3'],
  ['without a default, the default-values', `default-values: {n: 1}\n${inputs('n: {type: number}')}`, {}, '1'],
  ['without a default, what a person gives', inputs('n: {type: number}'), { given: { n: 3 } }, '3'],
]

function inputs(text: string): string {
  return `on: {push: {}, workflow_dispatch: {inputs: {${text}}}}\n${oneTask('args: ["{{ n }}"]')}`
}

describe('a declared default is a value of every rendering', () => {
  for (const [title, text, options, printed] of precedence)
    it(title, () => assert.deepEqual(read(text, options).groups[0]?.tasks[0]?.args, [printed]))

  it('and an input without one is said to have none', () => {
    const [fault] = diagnose(inputs('n: {type: number}'))
    assert.match(fault?.message ?? '', /"n" is an input of "on\.workflow_dispatch" without a default.*Add a default there/)
  })
})
