import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { selectSpecFiles, specNameOf } from '../../src/spec/names.ts'
import { parsePlatformConfig } from '../../src/spec/platform-config.ts'
import { parseRepositoryConfig } from '../../src/spec/repository-config.ts'

describe("the repository's settings", () => {
  it('all of them', () => {
    const text = `values: {storage_url: 's3://team/osmo', ratio: 1.0}
pool: [lab, cloud]
on: {pull_request: {paths: ['**']}}
required: [nav-eval, bench/orin]
notify: {failure-on-default-branch: issue}
`
    assert.deepEqual(parseRepositoryConfig(text, '.osmo/config.yaml'), {
      kind: 'valid',
      warnings: [],
      config: {
        values: { storage_url: 's3://team/osmo', ratio: { float: 1 } },
        pool: ['lab', 'cloud'],
        triggers: {
          pullRequest: {
            types: ['opened', 'synchronize', 'reopened', 'ready_for_review'],
            draft: true,
            paths: { mode: 'include', patterns: ['**'] },
          },
        },
        required: ['nav-eval', 'bench/orin'],
        notify: { failureOnDefaultBranch: 'issue' },
      },
    })
  })

  it('none', () => {
    const config = { values: {}, pool: [], required: [], notify: {} }
    for (const text of ['', '# nothing\n', '{}\n'])
      assert.deepEqual(parseRepositoryConfig(text, 'c'), { kind: 'valid', warnings: [], config })
  })

  it('faults come together', () => {
    const result = parseRepositoryConfig('pols: [a]\nrequired: [""]\nnotify: {failure-on-default-branch: mail}\n', 'c')
    assert.deepEqual(result.kind === 'invalid' ? result.diagnostics.map(({ line, code }) => `${line} ${code}`) : [], [
      '1 schema/unknown-key',
      '2 schema/value',
      '3 schema/value',
    ])
  })
})

describe("the administrator's file", () => {
  it('all that this service reads', () => {
    const text = `backends:
  bench: {kind: local, runtime: bubblewrap, toolchains: {/osmo/node_modules: /srv/node_modules}}
  cloud: {}
pools:
  lab:
    backend: bench
    description: the lab
    default_platform: agx-orin
    default_exec_timeout: 1h
    max_exec_timeout: ''
    default_exit_actions: {RESCHEDULE: '3006'}
    platforms:
      agx-orin: {tier: hardware, exclusive: true, termination_grace_period: 60s, approval: always, allowed_mounts: [/dev/video0]}
      plain: {}
repositories:
  - match: ['acme/*']
    pools: {lab: [trusted, approved]}
    credentials: [ngc]
trust:
  trusted: {permission: maintain}
  approve: {hardware: admin}
workflow: {max_num_tasks: 100, max_exec_timeout: 2d}
`
    const result = parsePlatformConfig(text, 'osmo.yaml')
    assert.equal(result.kind, 'valid', JSON.stringify(result))
    if (result.kind !== 'valid') return
    const { backends, pools, repositories, trust, workflow } = result.config
    assert.deepEqual(backends, {
      bench: { kind: 'local', runtime: 'bubblewrap', toolchains: { '/osmo/node_modules': '/srv/node_modules' } },
      cloud: { kind: 'kubernetes', toolchains: {} },
    })
    assert.deepEqual(pools.lab?.platforms['agx-orin'], {
      description: '',
      tier: 'hardware',
      exclusive: true,
      terminationGraceSeconds: 60,
      privilegedAllowed: false,
      hostNetworkAllowed: false,
      allowedMounts: ['/dev/video0'],
      approval: 'always',
      defaultVariables: {},
      resourceValidations: [],
      podTemplates: [],
    })
    assert.deepEqual([pools.lab?.platforms.plain?.tier, pools.lab?.platforms.plain?.terminationGraceSeconds], ['none', 30])
    assert.deepEqual(
      [pools.lab?.defaultPlatform, pools.lab?.defaultExecTimeoutSeconds, pools.lab?.maxExecTimeoutSeconds],
      ['agx-orin', 3600, undefined],
    )
    assert.deepEqual(pools.lab?.defaultExitActions.reschedule, [{ from: 3006, to: 3006 }])
    assert.deepEqual(repositories, [{ match: ['acme/*'], pools: { lab: ['trusted', 'approved'] }, limits: {}, credentials: ['ngc'] }])
    assert.deepEqual(trust, {
      trusted: 'maintain',
      approve: { sim: 'write', gpu: 'write', hardware: 'admin' },
      secondPersonForHardware: false,
    })
    assert.deepEqual([workflow.maxTasks, workflow.maxExecTimeoutSeconds, workflow.defaultExecTimeoutSeconds], [100, 172_800, 604_800])
  })
})

describe('local backends of one machine', () => {
  const file = (backends: string, platform: string) =>
    `backends: ${backends}\npools:\n  a: {backend: a, platforms: {sim: {tier: sim}}}\n  b: {backend: b, platforms: {arm: ${platform}}}\nrepositories: [{match: ['*/*'], pools: {a: [trusted]}}]\n`
  const table: readonly (readonly [backends: string, platform: string, kind: 'valid' | 'invalid'])[] = [
    ['{a: {kind: local}, b: {kind: local}}', '{exclusive: true}', 'invalid'],
    ['{a: {kind: local}, b: {kind: local}}', '{exclusive: false}', 'valid'],
    ['{a: {kind: local}, b: {kind: kubernetes}}', '{exclusive: true}', 'valid'],
  ]
  for (const [backends, platform, kind] of table)
    it(`${backends} with ${platform} is ${kind}`, () => assert.equal(parsePlatformConfig(file(backends, platform), 'c').kind, kind))
})

describe('names of specs', () => {
  const names: readonly (readonly [string, string | undefined])[] = [
    ['.osmo/nav-eval.yaml', 'nav-eval'],
    ['.osmo/bench/orin.yml', 'bench/orin'],
    ['sub/.osmo/a.yaml', 'a'],
    ['.osmo/config.yaml', undefined],
    ['.osmo/config.yml', undefined],
    ['.osmo/bench/config.yaml', 'bench/config'],
    ['.osmo/run.sh', undefined],
    ['osmo/a.yaml', undefined],
  ]
  for (const [path, name] of names) it(`${path} is ${name}`, () => assert.equal(specNameOf(path), name))
})

describe('files below .osmo', () => {
  const file = (path: string, sizeBytes = 10, mode = '100644') => ({ path, sizeBytes, mode })

  it('are specs or settings; others are left alone', () => {
    const selected = selectSpecFiles([
      file('.osmo/b.yml'),
      file('.osmo/config.yaml'),
      file('.osmo/a/x.yaml'),
      file('.osmo/run.sh'),
      file('src/a.yaml'),
    ])
    assert.deepEqual(selected, {
      files: [
        { name: 'a/x', path: '.osmo/a/x.yaml', sizeBytes: 10 },
        { name: 'b', path: '.osmo/b.yml', sizeBytes: 10 },
      ],
      config: { path: '.osmo/config.yaml', sizeBytes: 10 },
      diagnostics: [],
    })
  })

  it('of one name are both refused', () => {
    const { files, diagnostics } = selectSpecFiles([file('.osmo/nav.yaml'), file('.osmo/nav.yml'), file('.osmo/b.yaml')])
    assert.deepEqual([files.map(({ name }) => name), diagnostics.map(({ file }) => file)], [['b'], ['.osmo/nav.yaml', '.osmo/nav.yml']])
  })

  it('settings called config.yml are named, and not read', () => {
    const { files, config, diagnostics } = selectSpecFiles([file('.osmo/config.yml'), file('.osmo/a.yaml')])
    assert.deepEqual([files.map(({ name }) => name), config], [['a'], undefined])
    assert.deepEqual(
      diagnostics.map(({ file, code, severity }) => [file, code, severity]),
      [['.osmo/config.yml', 'semantic/settings-name', 'error']],
    )
    assert.match(diagnostics[0]?.message ?? '', /Rename this file to config\.yaml/)
  })

  it('cannot be where .osmo is no folder, which is said', () => {
    const { files, diagnostics } = selectSpecFiles([file('.osmo', 4, '120000')])
    assert.deepEqual([files, diagnostics.map(({ file: place, code }) => [place, code])], [[], [['.osmo', 'limit/folder']]])
  })

  it('a bad file does not take the good ones with it', () => {
    const { files, diagnostics } = selectSpecFiles([
      file('.osmo/a.yaml', 10, '120000'),
      file('.osmo/b.yaml', 2 ** 21),
      file('.osmo/c.yaml'),
    ])
    assert.deepEqual([files.map(({ name }) => name), diagnostics.map(({ code }) => code)], [['c'], ['limit/symlink', 'limit/file-size']])
  })
})
