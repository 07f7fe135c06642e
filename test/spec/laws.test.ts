import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { parsePlatformConfig } from '../../src/spec/platform-config.ts'
import { parseRepositoryConfig } from '../../src/spec/repository-config.ts'

const seed = Number(process.env.FUZZ_SEED ?? 20_261_124)
const count = Number(process.env.FUZZ_COUNT ?? 2_000)

const spec = `# Trains and judges a policy.
on:
  push: {branches: [main, 'release/**'], paths: ['policy/**', '!**/*.md']}
  pull_request: {types: [opened], labels: [gpu]}
  schedule: [{cron: '17 3 * * *', timezone: Europe/Zurich}]
  workflow_dispatch: {inputs: {episodes: {type: number, default: 200}}}
concurrency: {group: 'eval-{ref}', limit: 1}
checkout: {tasks: [evaluate], paths: [policy]}
benchmarks:
  - task: evaluate
    path: eval_info.json
    metrics:
      success: {gate: true, max-regression: 5pt}
    compare: {pairs: 10, seed: 7}
workflow:
  name: nav
  resources: &shared
    default: {cpu: {{ cpus }}, memory: 1Gi, platform: {{ platform }}}
  timeout: {exec_timeout: 5m}
  groups:
  {% for item in range(count) %}
  - name: train-{{ item }}
    tasks:
    - name: worker-{{ item }}
      lead: true
      image: "{{ image }}:{{ tag }}"
      command: ["bash", "-c"]
      args:
      - |
        echo {{host:worker-0}} > {{output}}/x # (1)
      files:
      - {path: /tmp/a, contents: "a\\tb"}
      exitActions: {RESCHEDULE: 1-255, FAIL: '3,4'}
      checkpoint: [{path: /m, url: s3://b/c, frequency: 1m}]
  {% endfor %}
  - name: judge
    tasks:
    - {name: evaluate, image: a, command: [b], inputs: [{task: worker-0, regex: '.*'}], kpis: [{index: 1, path: k.json}]}
default-values:
  cpus: 4
  platform: ovx
  count: 2
  image: ubuntu
  tag: 22.04
`

const platform = `backends: {local: {kind: local, runtime: process, toolchains: {/osmo/x: /srv}}}
pools: {lab: {backend: local, platforms: {bench: {tier: hardware, exclusive: true, termination_grace_period: 60s}}}}
repositories: [{match: ['a/*'], pools: {lab: [trusted]}, limits: {gpus: 1}}]
trust: {trusted: {permission: write}, approve: {sim: write}}
`

/** Mulberry32: the same numbers for the same seed everywhere. */
function random(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const pieces = [
  '\t',
  '  ',
  '\n',
  ': ',
  '- ',
  '#',
  "'",
  '"',
  '[',
  ']',
  '{',
  '}',
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '|',
  '>',
  '&a ',
  '*a',
  '!!int ',
  '<<: *shared',
  '? ',
  '---\n',
  '~',
  '=',
  '1e400',
  '-1',
  '2025-01-01',
  'true',
  '\u0000',
  '\uFEFF',
  '\u2028',
  '💥',
  '\ud800',
  '__proto__: 1',
  'on:',
  'workflow:',
  '{% for x in range(9) %}',
  '{% endfor %}',
  "{{ 'a' * 9 }}",
  '9'.repeat(400),
  '*'.repeat(60),
  '(a+)+$',
  '../../',
]

function mutate(text: string, next: () => number): string {
  let mutated = text
  const times = 1 + Math.floor(next() * 4)
  for (let step = 0; step < times; step++) {
    const at = Math.floor(next() * mutated.length)
    const kind = next()
    if (kind < 0.6) mutated = mutated.slice(0, at) + pieces[Math.floor(next() * pieces.length)] + mutated.slice(at)
    else if (kind < 0.8) mutated = mutated.slice(0, at) + mutated.slice(at + 1 + Math.floor(next() * 20))
    else mutated = mutated.slice(0, at) + mutated.slice(Math.floor(next() * mutated.length)).slice(0, 200) + mutated.slice(at)
  }
  return mutated
}

describe(`laws over ${count} mutated specs, seed ${seed}`, () => {
  it('the spec that they start from is valid', () => {
    const result = parseSpec(spec, { file: '.osmo/nav.yaml' })
    assert.equal(result.kind, 'valid', JSON.stringify(result))
  })

  it('reading never throws, and says where and what is wrong with what it refuses', () => {
    const next = random(seed)
    for (let index = 0; index < count; index++) {
      const text = mutate(spec, next)
      const result = parseSpec(text, { file: '.osmo/nav.yaml' })
      if (result.kind === 'valid') continue
      assert.ok(
        result.diagnostics.some(({ severity }) => severity === 'error'),
        text,
      )
      const lines = text.split('\n').length
      for (const { line, column, endLine, endColumn, code, message } of result.diagnostics) {
        assert.ok(line >= 1 && line <= lines && column >= 1, `${code} at ${line}:${column} in\n${text}`)
        assert.ok(endLine > line || (endLine === line && endColumn >= column), `${code} ends before it begins in\n${text}`)
        assert.match(code, /^(?:syntax|template|schema|semantic|limit)\/[a-z0-9-]+$/)
        assert.ok(message.length > 10 && message.length <= 2_001)
      }
    }
  })

  it('reading the same text twice gives the same', () => {
    const next = random(seed + 1)
    for (let index = 0; index < count / 10; index++) {
      const text = mutate(spec, next)
      assert.deepEqual(parseSpec(text, { file: 'x' }), parseSpec(text, { file: 'x' }))
    }
  })

  it('settings never throw either', () => {
    const next = random(seed + 2)
    for (let index = 0; index < count / 10; index++) {
      assert.ok(parsePlatformConfig(mutate(platform, next), 'x').kind)
      assert.ok(parseRepositoryConfig(mutate(spec.slice(0, 400), next), 'x').kind)
    }
  })
})

/** Each would cost time or stack without its bound. */
const hostile: readonly (readonly [string, string, RegExp])[] = [
  ['5 MB', `workflow:\n  name: x\n#${'x'.repeat(5 << 20)}`, /^limit\/file-size$/],
  ['open brackets', `workflow:\n  a: ${'['.repeat(500_000)}`, /^limit\/depth$/],
  ['nested lists', `workflow:\n  ${'- '.repeat(100_000)}x`, /^limit\/depth$/],
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
