import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
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
const examples: (readonly [title: string, files: Files, parameters: string, rows: readonly string[]])[] = [
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

const tagged = oneTask('', "on: {push: {tags: ['v*']}}\n")
const undrafted = oneTask('', 'on: {pull_request: {draft: false}}\n')
examples.push(
  ['a tag', { '.osmo/a.yaml': tagged }, '--tag v1', ['a run machine/simulation sim']],
  ['another tag', { '.osmo/a.yaml': tagged }, '--tag nightly', ['a skip on.push.tags does not select nightly']],
  ['a draft', { '.osmo/a.yaml': undrafted }, '--event pull_request --draft', ['a skip The pull request is a draft']],
  ['no draft', { '.osmo/a.yaml': undrafted }, '--event pull_request', ['a run machine/simulation sim']],
  [
    'a platform of a pool that is not for this code',
    { '.osmo/a.yaml': oneTask().replace('tasks:', 'resources: {default: {platform: bench}}\n  tasks:'), config },
    '--config config --github repository=acme/x --origin approved',
    ['a refused Platform bench is in pool lab, which takes trusted code, and this code is approved: it may not use it'],
  ],
  [
    'the default of an input of a dispatch',
    { '.osmo/a.yaml': oneTask('args: ["{{ n }}"]', 'on: {push: {}, workflow_dispatch: {inputs: {n: {type: number, default: 200}}}}\n') },
    '',
    ['a run machine/simulation sim'],
  ],
  [
    'a required spec that its paths skip',
    { '.osmo/a.yaml': oneTask('', "on: {pull_request: {paths: ['policy/**']}}\n"), '.osmo/config.yaml': 'required: [a]\n' },
    '--event pull_request --changed x',
    ['a skip on.pull_request.paths does not select the changed file. It is required: its check concludes skipped'],
  ],
  [
    'a required spec with faults',
    { '.osmo/a.yaml': 'x', '.osmo/config.yaml': 'required: [a]\n' },
    '--event pull_request',
    ['a invalid It has 1 error. It is required: its check concludes action_required'],
  ],
  [
    'a required spec that is not there',
    { '.osmo/config.yaml': 'required: [a]\n' },
    '--event pull_request',
    ['a refused The file of this required spec does not exist. It is required: its check concludes action_required'],
  ],
  [
    'a push, which nothing is required of',
    { '.osmo/a.yaml': onPolicy, '.osmo/config.yaml': 'required: [a, b]\n' },
    '--branch x',
    ['a skip on'],
  ],
)

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

  for (const parameters of ['--tag v1 --branch x', '--tag v1 --event pull_request', '--draft'])
    it(`refuses ${parameters}`, async (test) => {
      const { code } = await osmo(directoryWith(test, { '.osmo/a.yaml': onPolicy }), 'plan', ...parameters.split(' '))
      assert.equal(code, 2)
    })

  it('lists every fault of a spec that suits no pool, each on its line', async (test) => {
    const privileged = oneTask('privileged: true, hostNetwork: true, volumeMounts: [/a:/b]')
    const { out, error, code } = await osmo(directoryWith(test, { '.osmo/a.yaml': privileged }), 'plan', '--format=json')
    const [row]: readonly PlanRow[] = JSON.parse(out)
    assert.match(row?.reason ?? '', /asks for privileged.* And 2 more\./)
    assert.deepEqual(
      row?.faults?.map(({ file, line }) => [file, line]),
      [1, 2, 3].map(() => ['.osmo/a.yaml', 4]),
    )
    assert.deepEqual(JSON.parse(error), row?.faults)
    assert.equal(code, 1)
  })

  it('heeds [skip ci] of a commit that is all there is', async (test) => {
    const files = { '.osmo/a.yaml': oneTask('', 'on: [push, pull_request]\n'), '.osmo/config.yaml': 'required: [a]\n' }
    const directory = repositoryWith(test, files)
    git(directory, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--allow-empty', '--message=x [skip ci]')
    const reason = async (...more: readonly string[]) => JSON.parse((await osmo(directory, 'plan', '--format=json', ...more)).out)[0].reason
    assert.equal(await reason(), 'The commit message says `[skip ci]`')
    assert.match(await reason('--event=pull_request'), /its check concludes action_required$/)
    writeFileSync(join(directory, '.osmo', 'a.yaml'), oneTask('lead: true', 'on: [push, pull_request]\n'))
    assert.equal(await reason(), '1 task')
  })

  describe('of a pull request asks the tip of its base', () => {
    const never = "on: {pull_request: {paths: ['nothing/**']}}\n"
    const base = {
      '.osmo/a.yaml': oneTask('', 'on: pull_request\n'),
      '.osmo/b.yaml': oneTask('args: ["{{ n }}"]'),
      '.osmo/config.yaml': 'required: [a]\npool: cloud\nvalues: {n: 1}\non: {pull_request: {}}\n',
      config,
    }
    /** What head changes, and what becomes of `a` and of `b`. */
    const heads: readonly (readonly [title: string, head: Files, parameters: string, rows: readonly string[]])[] = [
      ['as it is', {}, '', ['a run cloud/ovx gpu', 'b run cloud/ovx gpu']],
      [
        'softer settings and an `on` of its own do not count',
        { '.osmo/a.yaml': oneTask('', never), '.osmo/config.yaml': `required: []\npool: lab\nvalues: {n: 2}\n${never}` },
        '',
        ['a run cloud/ovx gpu', 'b run cloud/ovx gpu'],
      ],
      [
        'values are its own where the code is trusted',
        { '.osmo/config.yaml': 'pool: lab\n' },
        '',
        ['a run cloud/ovx gpu', 'b invalid It has'],
      ],
      [
        "and base's where it is not",
        { '.osmo/config.yaml': 'pool: lab\n' },
        '--origin approved',
        ['a run cloud/ovx gpu', 'b run cloud/ovx gpu'],
      ],
      ['a file moved away', { '.osmo/a.yaml': '' }, '', ['b run cloud/ovx gpu', 'a refused The file of this required spec does not exist']],
    ]
    for (const [title, head, parameters, expected] of heads)
      it(title, async (test) => {
        const directory = repositoryWith(test, base)
        git(directory, 'checkout', '--quiet', '-b', 'head')
        for (const [path, text] of Object.entries(head)) {
          if (text === '') rmSync(join(directory, path))
          else writeFileSync(join(directory, path), text)
        }
        if (Object.keys(head).length > 0) commitAll(directory)
        const words = ['plan', '--format=json', '--event=pull_request', '--config=config', '--github=repository=acme/x']
        const { out } = await osmo(directory, ...words, ...parameters.split(' ').filter((word) => word !== ''))
        const rows: readonly PlanRow[] = JSON.parse(out)
        for (const [index, row] of expected.entries()) assert.equal((rows[index] && summary(rows[index]))?.slice(0, row.length), row)
        assert.equal(rows.length, expected.length)
      })

    it('and says so, or that there is none', async (test) => {
      const directory = repositoryWith(test, { '.osmo/a.yaml': onPolicy })
      const { out } = await osmo(directory, 'plan', '--event=pull_request')
      assert.match(out, /\nThe settings at main decide what is required\.\n/)
      const { out: without } = await osmo(directory, 'plan', '--event=pull_request', '--branch=next')
      assert.match(without, /\nWithout a branch next in git, this tree's own settings decide what is required\.\n/)
    })

    it('whose settings have errors: nothing is planned', async (test) => {
      const directory = repositoryWith(test, { ...base, '.osmo/config.yaml': 'required: 1: 2\n' })
      const { out, error, code } = await osmo(directory, 'plan', '--event=pull_request')
      assert.match(out, /Nobody can say what is required: the settings at main have errors/)
      assert.match(error, /main:\.osmo\/config\.yaml:1:/)
      assert.equal(code, 1)
    })
  })

  it('says that the repository is unknown where rules ask for it', async (test) => {
    const files = { '.osmo/a.yaml': oneTask(), config }
    const unknown = /^config:1:1: warning: The repository is unknown.*--github repository=OWNER\/NAME.*semantic\/unknown-repository/s
    assert.match((await osmo(directoryWith(test, files), 'plan', '--config=config')).error, unknown)
    assert.equal((await osmo(directoryWith(test, files), 'plan', '--config=config', '--github=repository=acme/x')).error, '')
  })
})

function summary({ spec, outcome, pool, platforms, tier, reason }: PlanRow): string {
  return outcome === 'run' ? `${spec} run ${pool}/${platforms?.join('+')} ${tier}` : `${spec} ${outcome} ${reason}`
}
