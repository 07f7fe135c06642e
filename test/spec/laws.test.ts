import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { parsePlatformConfig } from '../../src/spec/platform-config.ts'
import { parseRepositoryConfig } from '../../src/spec/repository-config.ts'
import { mutate, random, spec } from './fuzz/mutations.ts'

const seed = 20_261_124
const count = 300

const platform = `backends: {local: {kind: local, runtime: process, toolchains: {/osmo/x: /srv}}}
pools: {lab: {backend: local, platforms: {bench: {tier: hardware, exclusive: true, termination_grace_period: 60s}}}}
repositories: [{match: ['a/*'], pools: {lab: [trusted]}, credentials: [ngc]}]
trust: {trusted: {permission: write}, approve: {sim: write}}
`

describe(`laws over ${count} mutated specs, seed ${seed}`, () => {
  it('the spec that they start from is valid', () => {
    const result = parseSpec(spec, { file: '.osmo/nav.yaml' })
    assert.equal(result.kind, 'valid', JSON.stringify(result))
  })

  it('reading the same text twice gives the same', () => {
    const next = random(seed + 1)
    for (let index = 0; index < count; index++) {
      const text = mutate(spec, next)
      assert.deepEqual(parseSpec(text, { file: 'x' }), parseSpec(text, { file: 'x' }))
    }
  })

  it('settings never throw either', () => {
    const next = random(seed + 2)
    for (let index = 0; index < count; index++) {
      assert.ok(parsePlatformConfig(mutate(platform, next), 'x').kind)
      assert.ok(parseRepositoryConfig(mutate(spec.slice(0, 400), next), 'x').kind)
    }
  })
})

/** Each would cost time or stack without its bound. */
const hostile: readonly (readonly [string, string, RegExp])[] = [
  ['5 MB', `workflow:\n  name: x\n#${'x'.repeat(5 << 20)}`, /^limit\/file-size$/],
  ['open brackets', `workflow:\n  a: ${'['.repeat(500_000)}`, /^limit\/depth$/],
  ['nested lists', `workflow:\n  ${'- '.repeat(50_000)}x`, /^limit\/depth$/],
  ['more words than any spec has', `workflow:\n  a: [${'x, '.repeat(100_000)}]\n`, /^limit\/nodes$/],
  ['nested mappings', `workflow:\n${Array.from({ length: 500 }, (_, index) => `${' '.repeat(index + 1)}a:`).join('\n')}`, /^limit\/depth$/],
  [
    'aliases of aliases',
    `workflow:\n  a: &a [${'x,'.repeat(10)}]\n${[...'bcdefghij'].map((name, index) => `  ${name}: &${name} [${`*${'abcdefghij'[index]},`.repeat(10)}]\n`).join('')}`,
    /^limit\/nodes$/,
  ],
  [
    'merges of merges',
    `workflow:\n  a: &a {${Array.from({ length: 1000 }, (_, index) => `k${index}: 1`).join(',')}}\n${Array.from({ length: 500 }, (_, index) => `  m${index}: {<<: [*a, *a, *a]}\n`).join('')}`,
    /^limit\/nodes$/,
  ],
  ['a million values', `workflow:\n  a: [${'1,'.repeat(500_000)}]`, /^limit\/nodes$/],
  ['a wall of backslashes', `workflow:\n  a: "${'\\'.repeat(500_000)}`, /^syntax\/yaml$/],
  ['exit codes without end', oneTaskWith(`exitActions: {FAIL: "${'1-2'.repeat(5_000)}x"}`), /^schema\/exit-codes$/],
  ['a pattern that backtracks', oneTaskWith('inputs: [{url: s3://a, regex: "(x+x+)+y(?=z)"}]'), /^semantic\/regex$/],
]

function oneTaskWith(entries: string): string {
  return `workflow:\n  name: x\n  tasks: [{name: a, image: b, command: [c], ${entries}}]\n`
}

describe('hostile text is refused with its reason', () => {
  for (const [title, text, code] of hostile) {
    it(title, () => {
      const result = parseSpec(text, { file: 'x' })
      assert.ok(
        result.kind === 'invalid' && result.diagnostics.some((diagnostic) => code.test(diagnostic.code)),
        JSON.stringify(result).slice(0, 400),
      )
    })
  }
})
