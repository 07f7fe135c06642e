import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { localpathFaults } from '../../src/spec/localpaths.ts'
import { selectSpecFiles } from '../../src/spec/names.ts'
import { locateSpec } from '../../src/spec/parse-spec.ts'
import { renderTemplate } from '../../src/spec/template/render.ts'
import { diagnose, oneTask, placeOf, type Reader, unmark } from './marked.ts'
import { templateExamples } from './template-positions.ts'

/** An administrator's file with one rule, whose further keys are given, and further sections. */
const unenforced = (rule: string, sections = '') =>
  `backends: {}\npools: {lab: {backend: x}}\nrepositories: [{match: ["a/*"], pools: {lab: [trusted]}${rule === '' ? '' : `, ${rule}`}}]\n${sections}\n`

const withMatch = (match: string) =>
  `backends: {}\npools: {lab: {backend: x}}\nrepositories: [{match: ${match}, pools: {lab: [trusted]}}]\n`

/** Each code at its place in the source: `«` and `»` stand around it. */
const documentExamples: readonly (readonly [code: string, marked: string, reader?: Reader])[] = [
  ['syntax/no-workflow', '«»default-values:\n  a: 1\n'],
  ['syntax/unknown-section', `«wokflow»:\n  a: 1\n${oneTask()}`],
  ['syntax/unknown-section', `${oneTask()}«_x»: 1\n`],
  ['syntax/duplicate-section', `on: push\n${oneTask()}«on»: push\n`],
  ['syntax/section', `«on»:push\n${oneTask()}`],
  ['syntax/section', `on: push\n«1a»: push\n${oneTask()}`],
  ['syntax/section', `default-values:\n  a: 1\n«1a»: 2\n${oneTask()}`],
  ['syntax/section', '«workflow»:nothing\n'],
  ['syntax/yaml', 'workflow:\n  name: «a»: b\n'],
  ['syntax/yaml', `${oneTask()}«-»--\na: 1\n`],
  ['syntax/tab', 'workflow:\n  name:«\t»nav\n'],
  ['syntax/character', 'workflow:\n  name: "a«\u0007»"\n'],
  ['syntax/anchor', 'workflow:\n  name: &a nav\n  pool: &a «x»\n'],
  ['syntax/alias', 'workflow:\n  name: «*nobody»\n'],
  ['syntax/alias', 'workflow:\n  labels: &a [«*a»]\n'],
  ['syntax/tag', 'workflow:\n  name: «!!python/name:os.system» x\n'],
  ['syntax/tag', 'workflow:\n  labels: «!mine» {a: b}\n'],
  ['syntax/tag', `on: «!mine» push\n${oneTask()}`],
  ['syntax/value', 'workflow:\n  name: «=»\n'],
  ['syntax/value', 'workflow:\n  name: «2025-02-30»\n'],
  ['syntax/merge', 'workflow:\n  labels: {<<: «[1]»}\n'.replace('«[1]»', '[«1»]')],
  ['syntax/merge', 'workflow:\n  name: «<<»\n'],
  ['syntax/key', 'workflow:\n  labels: {? «[a, b]» : c}\n'],
  ['syntax/key', 'workflow:\n  name: nav\n«»  : x\n'],
  ['syntax/duplicate-key', oneTask().replace('  tasks:', '  «name»: nav\n  tasks:')],
  ['syntax/duplicate-key', `on:\n  push: {}\n  «push»: {}\n${oneTask()}`],
  ['template/hidden-value', `on: {workflow_dispatch: {inputs: {«github»: {}}}}\n${oneTask()}`],
  ['template/hidden-value', `on: {workflow_dispatch: {inputs: {«latest»: {}}}}\n${oneTask()}`],
  ['template/hidden-value', 'values: {«github»: x}\n', 'settings'],
  ['template/undefined', `on: {workflow_dispatch: {inputs: {n: {type: number}}}}\n${oneTask('lead: "{{ «n» }}"')}`],
  ['template/hidden-value', `default-values:\n  «github»: {sha: abc}\n${oneTask()}`],
  ['limit/file-size', `«»workflow:\n  name: ${'x'.repeat(1 << 20)}\n`],
  ['limit/file-size', `«»values: {a: ${'x'.repeat(1 << 20)}}\n`, 'settings'],
  ['limit/depth', `workflow:\n  name: ${'['.repeat(64)}«[»${'['.repeat(1000)}\n`],
  [
    'limit/nodes',
    `default-values:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcde'].map((name, index) => `  ${name}: &${name} [${`*${'abcd'[index]},`.repeat(10)}]\n`).join('')}  f: «[*e, *e, *e]»\n${oneTask()}`,
  ],
  ['limit/digits', `workflow:\n  name: «${'1'.repeat(5000)}»\n`],
  ['limit/diagnostics', `«»workflow:\n${Array.from({ length: 300 }, (_, index) => `  k${index}: 1\n`).join('')}`],
  ['limit/labels', oneTask('', `labels: «{${Array.from({ length: 17 }, (_, index) => `l${index}: x`).join(', ')}}»`)],
  ['limit/benchmarks', `benchmarks:\n${'- {task: eval, path: a.json}\n'.repeat(200)}- «{»task: eval, path: a.json}\n${oneTask()}`],
  ['limit/regex', oneTask('inputs: [{url: s3://a/b, regex: «"(a{99}){99}"»}]')],
  ['limit/regex', `on: {workflow_dispatch: {inputs: {a: «{pattern: "(a{99}){99}"}»}}}\n${oneTask()}`],
  ['limit/patterns', `on: {push: {paths: «[${'a,'.repeat(101)}]»}}\n${oneTask()}`],
  ['schema/type', oneTask('args: [«true»]')],
  ['schema/type', oneTask('environment: {DAY: «2025-01-01»}')],
  ['schema/type', oneTask('args:« »').replace('args:« »', 'args: «»')],
  ['schema/type', oneTask().replace('command: [b]', 'command: «b»')],
  ['schema/unknown-key', oneTask('«imagee»: x')],
  ['schema/removed-key', oneTask('inputs: [{«dataset»: {name: a}}]')],
  ['schema/removed-key', oneTask('outputs: [{«update_dataset»: {name: a}}]')],
  ['schema/missing-key', oneTask().replace('{name: eval, image: a, ', '{«name»: eval, ')],
  ['schema/missing-key', oneTask('files: [{path: «/a»}]')],
  ['schema/missing-key', oneTask('outputs: [«{regex: a}»]')],
  ['schema/name', 'workflow:\n  name: «-nav»\n  tasks:\n  - {name: eval, image: a, command: [b]}\n'],
  ['schema/name', `workflow:\n  name: nav\n  tasks:\n  - {name: «${'x'.repeat(59)}», image: a, command: [b]}\n`],
  ['schema/coerced', oneTask('lead: «"yes"»')],
  ['schema/coerced', oneTask('', 'timeout: {exec_timeout: «true»}')],
  ['schema/coerced', oneTask('', 'timeout: {exec_timeout: «10 m»}')],
  ['schema/no-time', oneTask('', 'timeout: {exec_timeout: «-5m»}')],
  ['schema/duration', oneTask('', 'timeout: {exec_timeout: «1h30m»}')],
  ['schema/duration', 'backends: {}\npools: {lab: {backend: x, max_exec_timeout: «soon»}}\n', 'platform'],
  ['schema/negative-count', oneTask('', 'resources: {default: {cpu: «-1»}}')],
  ['schema/quantity', oneTask('', 'resources: {default: {memory: «1x5Gi»}}')],
  ['schema/quantity', oneTask('', 'resources: {default: {storage: «5Gb»}}')],
  ['schema/quantity', oneTask('cacheSize: «much»')],
  ['schema/over-full', oneTask('cacheSize: «500%»')],
  ['schema/no-command', oneTask().replace('[b]', '«[]»')],
  ['schema/no-image', oneTask().replace('image: a', 'image: «""»')],
  ['schema/image', oneTask().replace('image: a', 'image: «"a b"»')],
  ['schema/ignored-key', oneTask('resources: «{cpu: 1}»')],
  ['schema/ignored-key', oneTask('', 'pool: «lab»')],
  ['schema/ignored-key', 'backends: {}\npools: {}\nworkflow: {max_log_lines: «1»}\n', 'platform'],
  ['schema/label', oneTask('', 'labels: {team: «""»}')],
  ['schema/label', oneTask('', 'labels: {«a/b/c»: x}')],
  ['schema/base64', oneTask('files: [{path: /a, contents: «"%%%"», base64: true}]')],
  ['schema/two-sources', oneTask('files: [{path: /a, contents: x, localpath: «y»}]')],
  ['schema/url', oneTask('inputs: [{url: «https://example.org/x»}]')],
  ['schema/url', oneTask('checkpoint: [{path: /a, url: «azure://only», frequency: 1m}]')],
  ['schema/input', oneTask('inputs: [«{regex: a}»]')],
  ['schema/input', oneTask('inputs: [«{task: "a:b:c"}»]')],
  ['schema/exit-action', oneTask('exitActions: {«RESTART»: 1}')],
  ['schema/exit-codes', oneTask('exitActions: {FAIL: «1-23-4»}')],
  ['schema/empty-range', oneTask('exitActions: {FAIL: «9-1»}')],
  ['schema/repeated-action', oneTask('exitActions: {FAIL: 1, «fail»: 2}')],
  ['schema/volume-mount', oneTask('volumeMounts: [«a:b:c»]')],
  ['schema/value', oneTask('downloadType: «mountpoint-s3»')],
  ['schema/value', `concurrency: {limit: «0»}\n${oneTask()}`],
  ['schema/event', `on: [push, «pull_requests»]\n${oneTask()}`],
  ['schema/event', `on: «schedule»\n${oneTask()}`],
  ['schema/both-filters', `on: {push: {branches: [a], «branches-ignore»: [b]}}\n${oneTask()}`],
  ['schema/glob', `on: {push: {branches: [«"a[b"»]}}\n${oneTask()}`],
  ['schema/cron', `on: {schedule: [{cron: «61 3 * * *»}]}\n${oneTask()}`],
  ['schema/timezone', `on: {schedule: [{cron: 1 3 * * *, timezone: «Mars/North»}]}\n${oneTask()}`],
  ['semantic/unsupported', `on: {«schedule»: [{cron: 1 3 * * *}], push: {}}\n${oneTask()}`],
  ['semantic/unsupported', `on: {«workflow_run»: {specs: [train]}}\n${oneTask()}`],
  ['semantic/unsupported', `on: [push, «merge_group»]\n${oneTask()}`],
  ['semantic/unsupported', unenforced('limits: {workflows: «20»}'), 'platform'],
  ['semantic/unsupported', unenforced('limits: {gpus: «8»}'), 'platform'],
  ['semantic/unsupported', unenforced('', 'trust: {hardware: {second-person: «true»}}'), 'platform'],
  ['semantic/unsupported', 'backends: {}\npools: {lab: {backend: x, platforms: {arm: {approval: «always»}}}}\n', 'platform'],
  ['semantic/unsupported', unenforced('credentials: «[ngc]»'), 'platform'],
  ['semantic/unsupported', `backends: {x: {kind: local}}\npools: {lab: {backend: x, resources: {gpu: «{maximum: 4}»}}}\n`, 'platform'],
  ['semantic/own-variable', oneTask('environment: {MODE: fast, «GITHUB_SHA»: mine}')],
  ['schema/input-name', `on: {workflow_dispatch: {inputs: {«1a»: {type: number}}}}\n${oneTask()}`],
  ['schema/path', `checkout: {paths: [«../other»]}\n${oneTask()}`],
  ['schema/path', `benchmarks: [{task: eval, path: «/etc/x.json»}]\n${oneTask()}`],
  ['schema/path', 'backends: {b: {kind: local, toolchains: {/osmo/x: «srv»}}}\npools: {}\n', 'platform'],
  ['schema/path', 'backends: {b: {kind: local, toolchains: {«/usr/x»: /srv}}}\npools: {}\n', 'platform'],
  ['schema/budget', `benchmarks: [{task: eval, path: a, metrics: {m: {max-regression: «3»}}}]\n${oneTask()}`],
  ['semantic/regex', oneTask('inputs: [{url: s3://a/b, regex: «"(?=a)"»}]')],
  ['semantic/localpath', oneTask('files: [{path: /a, localpath: «../../x»}]')],
  ['semantic/file-path', oneTask('files: [{path: «/tmp/../osmo/x», contents: a}]')],
  ['semantic/file-path', oneTask('files: [{path: «/osmo/data/output/../../bin/x», contents: a}]')],
  ['semantic/duplicate-file', oneTask('files: [{path: /a, contents: x}, {path: «/a», contents: y}]')],
  [
    'semantic/duplicate-name',
    'workflow:\n  name: nav\n  tasks:\n  - {name: eval_1, image: a, command: [b]}\n  - {name: «Eval-1», image: a, command: [b]}\n',
  ],
  ['semantic/reserved-name', oneTask().replace('name: eval', 'name: «osmo_ctrl»')],
  ['semantic/no-tasks', 'workflow:\n  «name»: nav\n'],
  [
    'semantic/groups-and-tasks',
    'workflow:\n  name: nav\n  groups: [{name: g, tasks: [{name: a, image: a, command: [b]}]}]\n  «tasks»: [{name: c, image: a, command: [b]}]\n',
  ],
  ['semantic/empty-group', 'workflow:\n  name: nav\n  groups: [{name: «g», tasks: []}]\n'],
  [
    'semantic/leaders',
    'workflow:\n  name: nav\n  groups: [{name: «g», tasks: [{name: a, image: a, command: [b]}, {name: c, image: a, command: [b]}]}]\n',
  ],
  ['semantic/unknown-input', oneTask('inputs: [{regex: x, task: «evil»}]')],
  ['semantic/input-order', oneTask('inputs: [{task: «eval»}]')],
  ['semantic/unknown-resource', oneTask('resource: «defalt»')],
  ['semantic/no-resource', oneTask('', 'resources: {gpu: {gpu: 1}}').replace('name: eval', 'name: «eval»')],
  [
    'semantic/topology',
    'workflow:\n  name: nav\n  resources: {default: {}, near: {topology: [{key: rack}]}}\n  groups: [{name: g, tasks: [{name: a, lead: true, image: a, command: [b], resource: near}, {name: «c», image: a, command: [b]}]}]\n',
  ],
  [
    'semantic/topology',
    'workflow:\n  name: nav\n  resources: {far: {topology: [{key: zone}]}, near: {topology: [{key: rack}]}}\n  tasks: [{name: a, image: a, command: [b], resource: near}, {name: «c», image: a, command: [b], resource: far}]\n',
  ],
  ['semantic/unresolved-token', oneTask('args: ["ls «{{input:1}}»"]')],
  ['semantic/unresolved-token', oneTask('args: ["ping «{{host:eval}}»"]')],
  ['semantic/only-negative', `on: {push: {paths: «["!**/*.md"]»}}\n${oneTask()}`],
  ['semantic/selects-nothing', `on: {pull_request: {types: «[]»}}\n${oneTask()}`],
  ['semantic/selects-nothing', `on: {pull_request: {labels: «[]»}}\n${oneTask()}`],
  ['semantic/selects-nothing', `on: {push: {branches: «[]»}}\n${oneTask()}`],
  ['semantic/selects-nothing', `on: {push: {paths: [b, «/a»]}}\n${oneTask()}`],
  ['semantic/selects-nothing', `on: {push: {paths-ignore: «./b»}}\n${oneTask()}`],
  ['semantic/selects-nothing', `on: {push: {}, schedule: [{cron: «0 0 31 2 *»}]}\n${oneTask()}`],
  ['semantic/selects-nothing', `checkout: {tasks: «[]»}\n${oneTask()}`],
  ['semantic/dispatch-input', `on: {workflow_dispatch: {inputs: {a: «{type: choice}»}}}\n${oneTask()}`],
  ['semantic/placeholder', `concurrency: {group: «"x-{branch}"»}\n${oneTask()}`],
  ['semantic/gate-without-bound', `benchmarks:\n- task: eval\n  path: a\n  metrics:\n    success: {«gate»: true}\n${oneTask()}`],
  [
    'semantic/gate-without-bound',
    `benchmarks:\n- task: eval\n  path: a\n  metrics:\n    success: {«gate»: true, max-regression: 0%}\n${oneTask()}`,
  ],
  ['semantic/required-without-gate', `benchmarks: [{task: eval, path: a, metrics: {m: {«required»: true}}}]\n${oneTask()}`],
  ['semantic/empty-bounds', `benchmarks: [{task: eval, path: a, metrics: {m: {«min»: 2, max: 1}}}]\n${oneTask()}`],
  ['semantic/budget-unit', `benchmarks: [{task: eval, path: a, metrics: {m: {unit: s, «max-regression»: 2 ms}}}]\n${oneTask()}`],
  ['semantic/unknown-task', `benchmarks: [{task: «evals», path: a}]\n${oneTask()}`],
  ['semantic/unknown-task', `checkout: {tasks: [«train»]}\n${oneTask()}`],
  ['semantic/duplicate-benchmark', `benchmarks: [{task: eval, path: a}, {task: «eval», path: b}]\n${oneTask()}`],
  ['semantic/compare-without-checkout', `benchmarks: [{task: eval, path: a, compare: «true»}]\n${oneTask()}`],
  ['semantic/compare-without-checkout', `checkout: {tasks: []}\nbenchmarks: [{task: eval, path: a, compare: «true»}]\n${oneTask()}`],
  [
    'semantic/compare-in-group',
    'checkout: true\nbenchmarks: [{task: a, path: a, compare: «true»}]\nworkflow:\n  name: nav\n  groups: [{name: g, tasks: [{name: a, lead: true, image: a, command: [b]}, {name: c, image: a, command: [b]}]}]\n',
  ],
  [
    'semantic/second-compare',
    `checkout: true\nbenchmarks: [{task: eval, path: a, compare: true}, {name: x, task: "ev*", path: b, compare: «true»}]\n${oneTask()}`,
  ],
  ['semantic/duplicate-benchmark', oneTask('kpis: [{index: 0, path: a}, {index: «0», path: b}]')],
  ['schema/value', `benchmarks: [{name: «""», task: eval, path: a}]\n${oneTask()}`],
  [
    'semantic/gate-never-fails',
    `on: pull_request\nbenchmarks: [{task: eval, path: a, metrics: {m: {«gate»: true, max-regression: 3%}}}]\n${oneTask()}`,
  ],
  ['semantic/compare-never-runs', `on: push\ncheckout: true\nbenchmarks: [{task: eval, path: a, compare: «true»}]\n${oneTask()}`],
  [
    'semantic/too-few-pairs',
    `checkout: true\nbenchmarks: [{task: eval, path: a, metrics: {ms: {gate: true, max-regression: 3%}}, compare: «{pairs: 4}»}]\n${oneTask()}`,
  ],
  ['semantic/unknown-backend', 'backends: {local: {kind: local}}\npools: {lab: {backend: «loca»}}\n', 'platform'],
  ['semantic/unknown-platform', 'backends: {local: {kind: local}}\npools: {lab: {backend: local, default_platform: «x»}}\n', 'platform'],
  ['semantic/unknown-pool', 'backends: {}\npools: {}\nrepositories: [{match: ["a/*"], pools: {«lab»: [trusted]}}]\n', 'platform'],
  ['semantic/unknown-pool', 'pool: [lab, «labb»]\n', 'settings'],
  ['semantic/unknown-required', 'required: [nav, «nvav»]\n', 'settings'],
  ['semantic/unknown-template', 'backends: {b: {}}\npools: {lab: {backend: b, common_pod_template: [«user»]}}\n', 'platform'],
  ['schema/group-template', 'backends: {}\npools: {}\ngroup_templates: {net: {«kind»: ConfigMap}}\n', 'platform'],
  [
    'schema/operand',
    `backends: {}\npools: {}\nresource_validations: {cpu: [{operator: LE, left_operand: «"{{USER_CPU}} * 2"», right_operand: 1, assert_message: x}]}\n`,
    'platform',
  ],
  ['schema/variable-name', 'backends: {b: {}}\npools: {lab: {backend: b, common_default_variables: {«a-b»: 1}}}\n', 'platform'],
  [
    'semantic/above-maximum',
    'backends: {b: {}}\npools: {lab: {backend: b, default_exec_timeout: «3h», max_exec_timeout: 2h}}\n',
    'platform',
  ],
  ['semantic/unknown-variable', 'backends: {}\npools: {}\npod_templates: {t: {spec: «"a {{WF_POL}}"»}}\n', 'platform'],
  ['semantic/unread-variable', 'backends: {b: {}}\npools: {lab: {backend: b, common_default_variables: {«USR_CPU»: 1}}}\n', 'platform'],
  ['semantic/not-local', 'backends: {b: {runtime: «docker»}}\npools: {}\n', 'platform'],
  [
    'semantic/one-machine',
    'backends: {a: {kind: local}, «b»: {kind: local}}\npools: {lab: {backend: a, platforms: {arm: {exclusive: true}}}, sim: {backend: b}}\n',
    'platform',
  ],
  ['schema/repository-pattern', withMatch('[«"!acme/x"»]'), 'platform'],
  ['schema/repository-pattern', withMatch('[a/b, «acme»]'), 'platform'],
  ['schema/repository-pattern', withMatch('«a/b/c»'), 'platform'],
  ['schema/repository-pattern', withMatch('[«"a/**"»]'), 'platform'],
  ['schema/repository-pattern', withMatch('[«"a/b?"»]'), 'platform'],
  ['schema/repository-pattern', withMatch('[«"a/[bc]"»]'), 'platform'],
  ['schema/repository-pattern', withMatch('[«/a»]'), 'platform'],
  ['schema/repository-pattern', withMatch('[«a/»]'), 'platform'],
  ['schema/repository-pattern', withMatch('«[]»'), 'platform'],
  ['limit/patterns', withMatch(`«[${'a/b,'.repeat(101)}]»`), 'platform'],
  ['semantic/no-repositories', '«backends»: {}\npools: {}\n', 'platform'],
]

const examples = [...documentExamples, ...templateExamples]

describe('every fault is at its place', () => {
  for (const [code, marked, reader] of examples) {
    it(`${code}: ${marked.slice(0, 120)}`, () => {
      const { text, place } = unmark(marked)
      const found = diagnose(text, reader)
      const places = found.filter((diagnostic) => diagnostic.code === code).map(placeOf)
      assert.ok(places.includes(place), `expected ${code} at ${place}, got ${found.map((one) => `${one.code} ${placeOf(one)}`).join(', ')}`)
    })
  }
})

describe('a value that a loop makes is named', () => {
  const spec = (values: string) =>
    `workflow:\n  name: nav\n  tasks:\n{% for v in ${values} %}\n  - {name: a{{ loop.index }}, image: a, command: [b], lead: {{ v }}}\n{% endfor %}\n`
  const values = [
    ["[true, 'two']", ['the string "two"']],
    ["['p', 'q', 5]", ['the string "p"', 'the string "q"', 'the integer 5']],
    ['[[1], {}]', ['a list', 'a mapping']],
  ] as const
  for (const [given, named] of values)
    it(given, () => {
      const found = diagnose(spec(given)).filter(({ code }) => code === 'schema/type')
      assert.deepEqual(
        found.map(placeOf),
        named.map(() => '5:61-5:68'),
      )
      for (const [index, name] of named.entries()) assert.ok(found[index]?.message.includes(name), found[index]?.message)
    })
})

describe('faults of whole files', () => {
  const entry = { path: '.osmo/a.yaml', mode: '100644', sizeBytes: 10 }
  const many = (count: number, sizeBytes: number) =>
    Array.from({ length: count }, (_, index) => ({ ...entry, path: `.osmo/a${index}.yaml`, sizeBytes }))
  const trees = [
    ['limit/symlink', [{ ...entry, mode: '120000' }]],
    ['limit/submodule', [{ ...entry, path: '.osmo/sub', mode: '160000' }]],
    ['limit/file-size', [{ ...entry, sizeBytes: 2 ** 20 + 1 }]],
    ['limit/files', many(257, 10)],
    ['limit/total-size', many(5, 2 ** 20)],
    ['semantic/same-name', [entry, { ...entry, path: '.osmo/a.yml' }]],
    ['limit/folder', [{ ...entry, path: '.osmo', mode: '120000' }]],
    ['semantic/settings-name', [{ ...entry, path: '.osmo/config.yml' }]],
  ] as const
  for (const [code, entries] of trees) {
    it(code, () => assert.ok(selectSpecFiles(entries).diagnostics.some((diagnostic) => diagnostic.code === code && diagnostic.line === 1)))
  }

  it('limit/template-source', () => {
    const rendered = renderTemplate('a'.repeat(2 ** 22 + 1), {})
    assert.ok(rendered.kind === 'failed')
    assert.deepEqual(
      rendered.faults.map(({ code, offset }) => [code, offset]),
      [['limit/template-source', 0]],
    )
  })

  const taken = { path: 'sim/a.py', mode: '100644', sizeBytes: 10 }
  const localpaths = [
    ['semantic/missing-localpath', []],
    ['semantic/localpath', [{ ...taken, mode: '120000' }]],
    ['limit/localpath', [{ ...taken, sizeBytes: 2 ** 20 + 1 }]],
  ] as const
  for (const [code, entries] of localpaths)
    it(`${code}, of a localpath at a commit`, () => {
      const { text, place } = unmark(oneTask('files: [{path: /a, localpath: «../sim/a.py»}]'))
      const located = locateSpec(text, { file: '.osmo/nav.yaml' })
      assert.ok(located.kind === 'valid')
      const looked = { file: '.osmo/nav.yaml', entriesOf: () => entries, missing: 'error' as const }
      const found = localpathFaults(located.places.localpaths, looked)
      assert.deepEqual(
        found.map((fault) => [fault.code, placeOf(fault)]),
        [[code, place]],
      )
    })

  it('leaves no code without an example', () => {
    const sources = globSync('src/spec/**/*.ts', { cwd: new URL('../..', import.meta.url) })
    const codes = sources.flatMap((file) =>
      [
        ...readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').matchAll(
          /'((?:syntax|schema|semantic|limit|template)\/[a-z0-9-]+)'/g,
        ),
      ].map((match) => match[1]),
    )
    const shown = new Set<string | undefined>([
      ...examples.map(([code]) => code),
      ...[...trees, ...localpaths].map(([code]) => code),
      'limit/template-source',
    ])
    assert.deepEqual(
      [...new Set(codes)].filter((code) => !shown.has(code)),
      [],
    )
  })
})
