import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { PlanRow } from '../../src/cli/plan-table.ts'
import { commitAll, directoryWith, type Files, git, oneTask, osmo, repositoryWith } from './command.ts'

const onPolicy = oneTask('', "on: {push: {branches: [main], paths: ['policy/**']}, pull_request: {labels: [gpu]}}\n")
const localpath = oneTask('files: [{path: /a, localpath: ../policy}]')
const config = `backends: {local: {kind: local}}
pools:
  lab: {backend: local, default_platform: bench, platforms: {bench: {tier: hardware}}}
  cloud: {backend: local, default_platform: ovx, platforms: {ovx: {tier: gpu}}}
repositories: [{match: ['acme/*'], pools: {lab: [trusted], cloud: [trusted, approved]}}]
`

/** Files, parameters, and each spec's outcome with where it would run or a part of the reason. */
const examples: readonly (readonly [title: string, files: Files, parameters: string, rows: readonly string[]])[] = [
  ['a push that changes the paths', { '.osmo/a.yaml': onPolicy }, '--changed policy/x.py', ['a run machine/simulation sim']],
  ['a push of other files', { '.osmo/a.yaml': onPolicy }, '--changed README.md', ['a skip on.push.paths does not select']],
  ['a push of several files', { '.osmo/a.yaml': onPolicy }, '--changed README.md policy/x.py', ['a run machine/simulation sim']],
  [
    'a push to another branch',
    { '.osmo/a.yaml': onPolicy },
    '--branch dev --changed policy/x.py',
    ['a skip on.push.branches does not select dev'],
  ],
  ['a pull request without the label', { '.osmo/a.yaml': onPolicy }, '--event pull_request', ['a skip The pull request carries none']],
  ['a pull request with the label', { '.osmo/a.yaml': onPolicy }, '--event pull_request --label gpu', ['a run machine/simulation sim']],
  ['no `on`, another file', { '.osmo/a.yaml': oneTask() }, '--changed x', ['a skip It has no `on`']],
  ['no `on`, the file itself', { '.osmo/a.yaml': oneTask() }, '--changed .osmo/a.yaml', ['a run machine/simulation sim']],
  [
    'no `on`, a file below its localpath',
    { '.osmo/a.yaml': localpath, 'policy/a': '' },
    '--changed policy/a',
    ['a run machine/simulation sim'],
  ],
  [
    "the repository's `on`",
    { '.osmo/config.yaml': 'on: pull_request\n', '.osmo/a.yaml': oneTask() },
    '',
    ['a skip Its `on` does not have push'],
  ],
  ['outside of git every path counts', { '.osmo/a.yaml': oneTask() }, '', ['a run machine/simulation sim']],
  [
    'a bad file beside a good one',
    { '.osmo/a.yaml': 'x', '.osmo/b.yaml': oneTask() },
    '',
    ['a invalid It has 1 error', 'b run machine/simulation sim'],
  ],
  [
    'a platform that is not there',
    { '.osmo/a.yaml': oneTask().replace('tasks:', 'resources: {default: {platform: ovx}}\n  tasks:') },
    '',
    ['a invalid Platform ovx of resource'],
  ],
  ['origin: trusted', { '.osmo/a.yaml': oneTask(), config }, '--config config --github repository=acme/x', ['a run lab/bench hardware']],
  [
    'origin: approved',
    { '.osmo/a.yaml': oneTask(), config },
    '--config config --github repository=acme/x --origin approved',
    ['a run cloud/ovx gpu'],
  ],
  [
    'origin: untrusted',
    { '.osmo/a.yaml': oneTask(), config },
    '--config config --github repository=acme/x --origin untrusted',
    ['a refused No pool of this'],
  ],
  ["another's repository", { '.osmo/a.yaml': oneTask(), config }, '--config config --github repository=b/x', ['a refused No rule of this']],
  [
    'a repository that nobody knows: a pool that a rule opens',
    { '.osmo/a.yaml': oneTask(), config },
    '--config config',
    ['a run lab/bench hardware'],
  ],
  [
    'a repository that nobody knows: not to code that no rule lets in',
    { '.osmo/a.yaml': oneTask(), config },
    '--config config --origin untrusted',
    ['a refused No pool of this installation runs untrusted code of this repository'],
  ],
  [
    'a repository that nobody knows: no further than the rules',
    { '.osmo/a.yaml': oneTask(), config },
    '--config config --origin approved',
    ['a run cloud/ovx gpu'],
  ],
  [
    'a platform that wants an approval',
    { '.osmo/a.yaml': oneTask(), config: config.replace('{tier: hardware}', '{tier: hardware, approval: always}') },
    '--config config --github repository=acme/x',
    ['a run cloud/ovx gpu'],
  ],
  [
    'no platform without an approval',
    { '.osmo/a.yaml': oneTask(), config: config.replaceAll(/(tier: \w+)/g, '$1, approval: always') },
    '--config config --github repository=acme/x',
    ['a refused A person has to approve each run on platform bench'],
  ],
  ['a path with a dot', { '.osmo/a.yaml': onPolicy }, '--changed ./policy//x.py', ['a run machine/simulation sim']],
  [
    'one path that nobody asked for',
    { '.osmo/a.yaml': onPolicy },
    '--changed a',
    ['a skip on.push.paths does not select the changed file'],
  ],
  [
    'a rule of the installation',
    {
      '.osmo/a.yaml': oneTask().replace('tasks:', 'resources: {default: {cpu: 8}}\n  tasks:'),
      config: `${config.replace('bench: {tier', 'bench: {resource_validations: [few], tier').replace('cloud: [trusted, approved]', 'cloud: [approved]')}resource_validations: {few: [{operator: LE, left_operand: '{{USER_CPU}}', right_operand: '4', assert_message: few CPUs}]}\n`,
    },
    '--config config --github repository=acme/x',
    ['a invalid Resource default breaks a rule of platform bench in pool lab: few CPUs.'],
  ],
  [
    'the preferred pool',
    { '.osmo/a.yaml': oneTask(), '.osmo/config.yaml': 'pool: cloud\n', config },
    '--config config --github repository=acme/x',
    ['a run cloud/ovx gpu'],
  ],
]

describe('osmo plan', () => {
  for (const [title, files, parameters, expected] of examples) {
    it(`${title} ${parameters}`, async (test) => {
      const words = parameters.split(' ').filter((word) => word !== '')
      const { out, code } = await osmo(directoryWith(test, files), 'plan', '--format=json', ...words)
      const rows: readonly PlanRow[] = JSON.parse(out)
      for (const [index, row] of expected.entries()) {
        const shown = rows[index] === undefined ? '' : summary(rows[index])
        assert.ok(shown.startsWith(row), `expected ${row}, got ${shown}`)
      }
      assert.equal(rows.length, expected.length)
      assert.equal(code, rows.some(({ outcome }) => outcome === 'invalid') ? 1 : 0)
    })
  }

  it('asks git which paths changed since the upstream, committed or not', async (test) => {
    const origin = repositoryWith(test, { '.osmo/a.yaml': onPolicy, '.osmo/b.yaml': oneTask() })
    const directory = directoryWith(test, {})
    git(directory, 'clone', '--quiet', origin, 'work')
    const work = join(directory, 'work')
    const planned = async () => JSON.parse((await osmo(work, 'plan', '--format=json')).out).map(({ outcome }: PlanRow) => outcome)
    assert.deepEqual(await planned(), ['skip', 'skip'])
    writeFileSync(join(work, '.osmo', 'b.yaml'), oneTask('lead: true'))
    assert.deepEqual(await planned(), ['skip', 'run'])
    commitAll(work)
    assert.deepEqual(await planned(), ['skip', 'run'])
  })

  it('prints a table for people', async (test) => {
    const directory = directoryWith(test, { '.osmo/a.yaml': onPolicy, '.osmo/bench/b.yaml': oneTask() })
    const { out } = await osmo(directory, 'plan', '--changed', '.osmo/bench/b.yaml', '--branch', 'main')
    assert.equal(
      out,
      [
        'A push to main, trusted code, 1 changed file:',
        '',
        '| spec    |           | pool    | platform   | tier | why |',
        '|:--------|:----------|:--------|:-----------|:-----|:---|',
        '| a       | – skipped |         |            |      | on.push.paths does not select the changed file |',
        '| bench/b | ✓ runs    | machine | simulation | sim  | 1 task |',
        '',
      ].join('\n'),
    )
  })

  for (const [operands, where] of [
    [[], 'here'],
    [['.osmo'], 'here'],
    [['x/.osmo'], 'in "x/"'],
  ] as const)
    it(`says what to do where there is no .osmo: ${operands.join('')}`, async (test) => {
      const { code, error } = await osmo(directoryWith(test, {}), 'plan', ...operands)
      assert.equal(code, 2)
      assert.match(error, new RegExp(`there is none ${where}\\. "osmo new" writes one`))
    })

  it('refuses changes outside of the repository', async (test) => {
    const { code, error } = await osmo(directoryWith(test, { '.osmo/a.yaml': onPolicy }), 'plan', '--changed', '../x')
    assert.equal(code, 2)
    assert.match(error, /Expected a path below .* for --changed, but it is "\.\.\/x"/)
  })

  it('runs nothing that osmo validate refuses', async (test) => {
    const directory = repositoryWith(test, { '.osmo/a.yaml': localpath })
    const { out, error, code } = await osmo(directory, 'plan', '--format=json')
    assert.deepEqual([JSON.parse(out)[0].outcome, code], ['invalid', 1])
    assert.match(error, /semantic\/missing-localpath/)
  })

  it('says that the repository is unknown where rules ask for it', async (test) => {
    const files = { '.osmo/a.yaml': oneTask(), config }
    const unknown = /^config:1:1: warning: The repository is unknown.*--github repository=OWNER\/NAME/
    assert.match((await osmo(directoryWith(test, files), 'plan', '--config=config')).error, unknown)
    assert.equal((await osmo(directoryWith(test, files), 'plan', '--config=config', '--github=repository=acme/x')).error, '')
  })
})

function summary({ spec, outcome, pool, platforms, tier, reason }: PlanRow): string {
  return outcome === 'run' ? `${spec} run ${pool}/${platforms?.join('+')} ${tier}` : `${spec} ${outcome} ${reason}`
}
