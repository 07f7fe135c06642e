import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TaskSpec } from '../../src/spec/types.ts'
import { diagnose, oneTask, read } from './marked.ts'

const taskOf = (entries: string): TaskSpec => read(oneTask(entries)).groups[0]?.tasks[0] ?? assert.fail()

/** Entries of a task, and what they become. */
const accepted: readonly (readonly [string, Partial<TaskSpec>])[] = [
  [
    '',
    {
      args: [],
      environment: {},
      resource: 'default',
      privileged: false,
      lead: true,
      exitActions: { complete: [], fail: [], reschedule: [] },
    },
  ],
  ['args: [1, 2.50, 1.0, 1e16, 1.0e-5, "x"]', { args: ['1', '2.5', '1.0', '1e16', '1e-05', 'x'] }],
  [
    'environment: {A: 1, B: 1.0, C: yes, D: Y, E: no, F: 0x10}',
    { environment: { A: '1', B: '1.0', C: 'True', D: 'Y', E: 'False', F: '16' } },
  ],
  ['files: [{path: tmp/x, contents: 5}]', { files: [{ kind: 'inline', path: '/tmp/x', contents: '5', encoding: 'text' }] }],
  [
    'files: [{path: /osmo/data/output/a/../b, contents: aGk=, base64: true}]',
    { files: [{ kind: 'inline', path: '/osmo/data/output/b', contents: 'aGk=', encoding: 'base64' }] },
  ],
  ['files: [{path: /x, localpath: ../policy/run.sh}]', { files: [{ kind: 'local', path: '/x', localpath: '../policy/run.sh' }] }],
  [
    'inputs: [{task: "old-3:train"}, {url: s3://b/p/, regex: ".*\\\\.txt$"}]',
    {
      inputs: [
        { kind: 'other-workflow', workflow: 'old-3', task: 'train' },
        { kind: 'url', url: 's3://b/p/', regex: '.*\\.txt$' },
      ],
    },
  ],
  ['outputs: [{url: "tos://e/b/{{workflow_id}}/"}]', { outputs: [{ url: 'tos://e/b/{{workflow_id}}/' }] }],
  ['credentials: {github: /tmp/g, wandb: {KEY: key}}', { credentials: { github: '/tmp/g', wandb: { KEY: 'key' } } }],
  [
    'exitActions: {complete: "0-2,137", RESCHEDULE: 3}',
    {
      exitActions: {
        complete: [
          { from: 0, to: 2 },
          { from: 137, to: 137 },
        ],
        fail: [],
        reschedule: [{ from: 3, to: 3 }],
      },
    },
  ],
  [
    'checkpoint: [{path: /m, url: gs://b, frequency: 1m}, {path: /m, url: gs://b, frequency: 1.5}]',
    {
      checkpoint: [
        { path: '/m', url: 'gs://b', frequencySeconds: 60 },
        { path: '/m', url: 'gs://b', frequencySeconds: 1.5 },
      ],
    },
  ],
  ['lead: "yes", privileged: 1, hostNetwork: off', { lead: true, privileged: true, hostNetwork: false }],
  ['cacheSize: 50%, volumeMounts: ["/a", "/b:/c"], downloadType: download', { cacheSize: '50%', volumeMounts: ['/a', '/b:/c'] }],
  ['cacheSize: null', {}],
]

describe('a task', () => {
  for (const [entries, expected] of accepted) {
    it(entries || 'with nothing but what is required', () => {
      const task = taskOf(entries)
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(task[key as keyof TaskSpec], value)
    })
  }
})

/** What upstream refuses, by the words of its message where they are known. */
const refused: readonly (readonly [string, RegExp])[] = [
  [oneTask('args: null'), /a list for workflow\.tasks\[0\]\.args, but it is nothing/],
  [oneTask('environment: null'), /a mapping for .*environment/],
  [oneTask('files: null'), /a list/],
  [oneTask('credentials: null'), /a mapping/],
  [oneTask('exitActions: null'), /a mapping/],
  [oneTask('', 'labels: null'), /a mapping for workflow\.labels/],
  [oneTask('', 'timeout: null'), /a mapping for workflow\.timeout/],
  [oneTask('', 'groups: null'), /a list for workflow\.groups/],
  [oneTask('environment: {A: [1]}'), /a string, a number or a boolean/],
  [oneTask('outputs: [{url: 5}]'), /a string/],
  [oneTask('', 'labels: {a: 1}'), /a string/],
  [oneTask('checkpoint: [{path: /a, url: s3://b, frequency: true}]'), /a duration/],
  [oneTask('exitActions: {RESTART: 1}'), /^Invalid exit action "RESTART" for task "eval"\./],
  [oneTask('exitActions: {FAIL: x}'), /^Invalid exit codes "x" for action FAIL for task "eval"\./],
  [oneTask('downloadType: mount'), /^Task "eval" uses invalid downloadType "mount"\. Valid types are: \['download'\]/],
  [oneTask('volumeMounts: ["a"]'), /^Invalid task volume mount: "a"/],
  [oneTask('files: [{path: "", contents: x}]'), /^Empty path or adding file to "\/osmo" is forbidden for file: ""/],
  [
    oneTask('files: [{path: /a, contents: x}, {path: /b/../a, contents: x}]'),
    /^Task "eval" has multiple files at the same path "\/a"\. Each file path must be unique\./,
  ],
  [oneTask('inputs: [{url: s3://b, regex: "("}]'), /^Invalid regex: /],
  [oneTask('inputs: [{task: trian}]'), /^Task input "trian" does not exist\./],
  [oneTask('resource: gpu'), /^Requesting undefined resource "gpu"\./],
  [oneTask('', 'resources: {gpu: {}}'), /^Task "eval" has no specified resource\. Specify a default resource in the resources section\./],
  [oneTask('', 'resources: {default: {cpu: 0.5}}'), /a whole number/],
  [oneTask('', 'resources: {default: {cpu: 500m}}'), /a whole number/],
  [
    oneTask('', 'resources: {default: {cpu: 99999999999}}'),
    /a whole number of at most 1000000000 for .*, but it is the integer 99999999999/,
  ],
  [oneTask('', 'resources: {default: {memory: 1x5Gi}}'), /^Resource memory field has invalid value "1x5Gi"/],
  [oneTask('', 'resources: {default: {storage: 5GB}}'), /^Resource storage field has invalid unit: "GB"/],
  [oneTask('', 'timeout: {exec_timeout: 1h30m}'), /^Cannot recognize duration: "1h30m"/],
  [oneTask('', 'timeout: {exec: 1h}'), /has no key "exec"/],
  [oneTask().replace('command: [b]', 'command: []'), /should have at least one command/],
  ['workflow: {name: nav}\n', /^Workflows need to have at least one group or one task\./],
  [
    'workflow:\n  name: nav\n  default-values: {a: 1}\n  tasks: [{name: a, image: b, command: [c]}]\n',
    /workflow has no key "default-values"/,
  ],
  ['workflow: {name: nav, groups: [{name: g, tasks: []}]}\n', /^Group "g" needs to have at least one task\./],
  [
    'workflow: {name: nav, groups: [{name: g, tasks: [{name: a, image: b, command: [c], lead: true}, {name: d, image: b, command: [c], lead: true}]}]}\n',
    /^Group "g" has 2 leader\(s\) but must have exactly one\./,
  ],
  [
    'workflow: {name: nav, groups: [{name: g, tasks: [{name: a, image: b, command: [c]}]}], tasks: [{name: d, image: b, command: [c]}]}\n',
    /^Cannot use both groups and tasks in the same workflow\./,
  ],
  [
    'workflow: {name: nav, tasks: [{name: a, image: b, command: [c], inputs: [{task: d}]}, {name: d, image: b, command: [c]}]}\n',
    /^Group "a-group" requires input group "d-group" exists before itself\./,
  ],
  [`workflow: {name: ${'x'.repeat(65)}, tasks: [{name: a, image: b, command: [c]}]}\n`, /is too long\. It must be 64 characters or less\./],
  ['a: 1\nworkflow: {name: nav}\n', /^Unknown top-level key "a" found in the workflow spec\./],
  ['workflow: {name: nav}\nworkflow: {name: nav}\n', /^Duplicate top-level key "workflow"/],
  ['# nothing\n', /^Workflow spec not found\./],
  ['not yaml: [\n', /^Workflow spec not found\./],
]

describe('refused', () => {
  for (const [text, expected] of refused) {
    it(`${text.slice(0, 160)} because ${expected.source}`, () => {
      const messages = diagnose(text).flatMap(({ severity, message }) => (severity === 'error' ? [message] : []))
      assert.ok(
        messages.some((message) => expected.test(message)),
        messages.join('\n') || 'accepted',
      )
    })
  }
})

describe('accepted with a warning, as upstream accepts it', () => {
  const examples = [
    oneTask('', 'timeout: {exec_timeout: true}'),
    oneTask('', 'timeout: {queue_timeout: -5m}'),
    oneTask('', 'timeout: {exec_timeout: "10 m"}'),
    oneTask('', 'resources: {default: {cpu: true}}'),
    oneTask('', 'resources: {default: {gpu: -1}}'),
    oneTask('', 'resources: {default: {cpu: "4.0"}}'),
    oneTask('lead: "yes"'),
    oneTask().replace('image: a', 'image: ""'),
    oneTask('cacheSize: 500%'),
    oneTask('exitActions: {FAIL: 1, fail: 2}'),
  ]
  for (const text of examples) {
    it(text, () => {
      assert.deepEqual([...new Set(diagnose(text).map(({ severity }) => severity))], ['warning'])
      read(text)
    })
  }
})

describe('resources', () => {
  const gibibyte = 2 ** 30
  const sizes: readonly (readonly [string, number])[] = [
    ['1G', gibibyte],
    ['1Gi', gibibyte],
    ['1GiB', gibibyte],
    ['0.5Gi', gibibyte / 2],
    ['2Ti', 2048 * gibibyte],
    ['1024', 1024],
    ['100B', 100],
    ['1500m', 2],
    ['"7Ki"', 7168],
  ]
  for (const [size, bytes] of sizes) {
    it(`memory: ${size} is ${bytes} bytes`, () =>
      assert.equal(read(oneTask('', `resources: {default: {memory: ${size}}}`)).resources.default?.memoryBytes, bytes))
  }

  it('counts may be text or whole floats, and zero stays zero', () => {
    const { cpu, gpu } =
      read(oneTask('', 'resources: {default: {cpu: "4", gpu: 0, memory: null, platform: }}')).resources.default ?? assert.fail()
    assert.deepEqual([cpu, gpu], [4, 0])
  })

  it('a file without resources has an empty default', () => {
    assert.deepEqual(read(oneTask()).resources, { default: { nodesExcluded: [], topology: [] } })
  })
})

describe('topology keys over all tasks of a workflow', () => {
  const spec = (of: string) =>
    `workflow:\n  name: nav\n  resources:\n    default: {}\n    rack: {topology: [{key: rack}]}\n    other: {topology: [{key: rack, group: second, requirementType: preferred}]}\n    twice: {topology: [{key: rack}, {key: rack, group: b}]}\n    zones: {topology: [{key: zone}, {key: rack}]}\n    turned: {topology: [{key: rack}, {key: zone}]}\n  ${of}\n`
  const tasks = (...resources: string[]) =>
    `tasks: [${resources.map((resource, index) => `{name: t${index}, image: a, command: [b], resource: ${resource}}`).join(', ')}]`
  const examples: readonly (readonly [string, readonly string[]])[] = [
    [tasks('default', 'default'), []],
    [tasks('rack', 'other', 'rack'), []],
    [tasks('zones', 'turned'), []],
    [tasks('rack', 'zones', 'twice'), ['error', 'error']],
    [tasks('default', 'rack', 'other'), ['warning']],
    [`groups: [{name: g, ${tasks('rack')}}, {name: h, tasks: [{name: u, image: a, command: [b], resource: zones}]}]`, ['error']],
  ]
  for (const [of, severities] of examples) {
    it(of, () => {
      const found = diagnose(spec(of)).filter(({ code }) => code === 'semantic/topology')
      assert.deepEqual(
        found.map(({ severity }) => severity),
        severities,
      )
    })
  }
})

describe('timeouts', () => {
  const durations: readonly (readonly [string, number])[] = [
    ['90', 90],
    ['1.5', 1.5],
    ['5m', 300],
    ['2d', 172_800],
    ['250ms', 0.25],
    ['PT1H30M', 5400],
    ['P1DT0.5S', 86_400.5],
  ]
  for (const [text, seconds] of durations) {
    it(`${text} is ${seconds} s`, () => assert.equal(read(oneTask('', `timeout: {exec_timeout: ${text}}`)).timeout.execSeconds, seconds))
  }
})

describe('groups', () => {
  it('a plain task is a group of one and its own lead', () => {
    const [group] = read(oneTask()).groups
    assert.deepEqual([group?.name, group?.declared, group?.tasks[0]?.lead], ['eval-group', 'task', true])
  })

  it('know their upstream groups, once each and in order', () => {
    const text = `workflow:
  name: nav
  groups:
  - {name: one, tasks: [{name: a, image: i, command: [c]}]}
  - {name: two, tasks: [{name: b, image: i, command: [c]}]}
  - name: three
    barrier: false
    ignoreNonleadStatus: false
    tasks:
    - {name: d, lead: true, image: i, command: [c], inputs: [{task: b}, {task: a}, {task: b}]}
    - {name: e, image: i, command: [c], inputs: [{task: a}]}
`
    const groups = read(text).groups
    assert.deepEqual(
      groups.map(({ upstream }) => upstream),
      [[], [], ['one', 'two']],
    )
    assert.deepEqual([groups[2]?.barrier, groups[2]?.ignoreNonleadStatus], [false, false])
  })
})

describe('after rendering', () => {
  it('a wrong type that a loop made points at the line of the loop and names the value', () => {
    const text = `default-values:
  sizes: [1Gi, huge]
workflow:
  name: nav
  resources:
    default: {}
{% for size in sizes %}
    r{{ loop.index }}:
      memory: {{ size }}
{% endfor %}
  tasks:
  - {name: eval, image: a, command: [b]}
`
    const [fault] = diagnose(text)
    assert.deepEqual([fault?.code, fault?.line, fault?.column, fault?.endColumn], ['schema/quantity', 9, 15, 25])
    assert.match(fault?.message ?? '', /"huge"/)
  })

  it('all faults of a file come at once, from all its sections', () => {
    const text = `on: pusch\nconcurrency: {limt: 1}\n${oneTask('imge: a, args: b')}`
    assert.deepEqual(
      diagnose(text).map(({ line }) => line),
      [1, 2, 6, 6],
    )
  })

  it('values: default-values, then the caller; ours below both', () => {
    const text = `default-values: {image: a, tag: 1.0}\nworkflow:\n  name: nav\n  tasks: [{name: eval, image: '{{ image }}:{{ tag }}', command: [b], args: ['{{ github.sha }}', "{{ latest['train'] }}"]}]\n`
    const plain = read(text).groups[0]?.tasks[0]
    assert.deepEqual([plain?.image, plain?.args], ['a:1.0', ['0'.repeat(40), 'train-0']])
    const given = read(text, { values: { tag: 2 }, github: { sha: 'abc' }, latest: { train: 'train-7' } }).groups[0]?.tasks[0]
    assert.deepEqual([given?.image, given?.args], ['a:2', ['abc', 'train-7']])
  })

  it('a spec without a successful run behind latest is refused', () => {
    assert.equal(diagnose(`workflow:\n  name: "{{ latest['train'] }}"\n`, 'spec', { latest: {} })[0]?.code, 'template/undefined')
  })
})

describe('benchmarks', () => {
  it('become policies with budgets, and kpis benchmarks without gates', () => {
    const text = `checkout: {tasks: [eval], paths: [policy], lfs: true, history: 50}
concurrency: {group: 'eval-{ref}', cancel-in-progress: true, limit: 1}
benchmarks:
  - name: navigation
    task: eval
    path: eval_info.json
    format: lerobot
    metrics:
      success: {gate: true, max-regression: 5pt}
      latency_ms: {gate: true, max-regression: 3%, direction: lower, unit: ms, max: 50, required: true}
      "fps/*": {direction: higher, max-regression: 2 fps}
      shown:
    compare: {pairs: 10, warmup: 2, seed: 7}
${oneTask('kpis: [{index: 1, path: kpi.json}]')}`
    const { benchmarks, checkout, concurrency } = read(text)
    assert.deepEqual(benchmarks, [
      {
        name: 'navigation',
        task: 'eval',
        path: 'eval_info.json',
        format: 'lerobot',
        metrics: {
          success: { gate: true, required: false, maxRegression: { kind: 'points', points: 0.05 } },
          latency_ms: {
            gate: true,
            required: true,
            maxRegression: { kind: 'relative', fraction: 0.03 },
            direction: 'lower',
            unit: 'ms',
            max: 50,
          },
          'fps/*': { gate: false, required: false, direction: 'higher', maxRegression: { kind: 'absolute', amount: 2, unit: 'fps' } },
          shown: { gate: false, required: false },
        },
        compare: { pairs: 10, warmup: 2, seed: 7, base: 'stored' },
        line: 4,
      },
      { name: 'eval', task: 'eval', path: 'kpi.json', metrics: {}, line: 17 },
    ])
    assert.deepEqual(checkout, { tasks: ['eval'], paths: ['policy'], lfs: true, submodules: false, history: 50 })
    assert.deepEqual(concurrency, { group: 'eval-{ref}', cancelInProgress: true, limit: 1 })
  })

  it('five pairs can decide and four cannot', () => {
    const spec = (pairs: number) =>
      `checkout: true\nbenchmarks: [{task: eval, path: a, metrics: {ms: {gate: true, max-regression: 3%}}, compare: {pairs: ${pairs}}}]\n${oneTask()}`
    assert.deepEqual(diagnose(spec(5)), [])
    assert.deepEqual(
      diagnose(spec(4)).map(({ code }) => code),
      ['semantic/too-few-pairs'],
    )
  })

  it('pairs that cannot decide are said with the gates that they fail', () => {
    const metrics =
      'ms: {gate: true, max-regression: 3%}, shown: {}, rate: {gate: true, max-regression: 5pt}, fps: {gate: true, max-regression: 2 fps}'
    const [fault] = diagnose(
      `checkout: true\nbenchmarks: [{task: eval, path: a, metrics: {${metrics}}, compare: {pairs: 1}}]\n${oneTask()}`,
    )
    assert.match(fault?.message ?? '', /^1 pair can never show that the gates "ms", "fps" regressed/)
  })

  /** Sections beside one task, and the codes of what is said. */
  const idle: readonly (readonly [sections: string, codes: readonly string[]])[] = [
    [
      'on: pull_request\nbenchmarks: [{task: eval, path: a, metrics: {m: {gate: true, max-regression: 3%}}}]',
      ['semantic/gate-never-fails'],
    ],
    ['benchmarks: [{task: eval, path: a, metrics: {m: {gate: true, max-regression: 2 ms}}}]', ['semantic/gate-never-fails']],
    ['benchmarks: [{task: eval, path: a, metrics: {m: {gate: true, max-regression: 5pt}}}]', []],
    ['benchmarks: [{task: eval, path: a, metrics: {m: {gate: true, max-regression: 3%, max: 5}}}]', []],
    ['benchmarks: [{task: eval, path: a, metrics: {m: {max-regression: 3%}}}]', []],
    [
      'checkout: true\nbenchmarks: [{task: eval, path: a, metrics: {m: {gate: true, max-regression: 3%}}}, {name: b, task: "ev*", path: b, compare: true}]',
      [],
    ],
    ['on: push\ncheckout: true\nbenchmarks: [{task: eval, path: a, compare: true}]', ['semantic/compare-never-runs']],
    ['on: [push, pull_request]\ncheckout: true\nbenchmarks: [{task: eval, path: a, compare: true}]', []],
    ['on: workflow_dispatch\ncheckout: true\nbenchmarks: [{task: eval, path: a, compare: true}]', []],
  ]
  for (const [sections, codes] of idle) {
    it(`${sections} gives ${codes.join() || 'nothing'}`, () =>
      assert.deepEqual(
        diagnose(`${sections}\n${oneTask()}`).map(({ code }) => code),
        codes,
      ))
  }

  it('an index of kpis twice gives two names', () => {
    const { benchmarks } = read(oneTask('kpis: [{index: 0, path: a}, {index: 0, path: b}]'))
    assert.deepEqual(
      benchmarks.map(({ name }) => name),
      ['eval/0', 'eval/0#2'],
    )
  })

  it('compare: true has its defaults and compare: false is none', () => {
    const spec = (compare: string) =>
      read(`checkout: true\nbenchmarks: [{task: eval, path: a, compare: ${compare}}]\n${oneTask()}`).benchmarks[0]?.compare
    assert.deepEqual(spec('true'), { pairs: 10, warmup: 1, seed: 0, base: 'stored' })
    assert.equal(spec('false'), undefined)
  })

  it('checkout: false is no checkout', () => assert.equal(read(`checkout: false\n${oneTask()}`).checkout, undefined))
})

describe('suggestions', () => {
  const examples: readonly (readonly [string, string])[] = [
    [oneTask('comand: x'), 'command'],
    [oneTask('exit_actions: {}'), 'exitActions'],
    [`on: {pull-request: {}}\n${oneTask()}`, 'pull_request'],
    [`benchmarks: [{task: eval, path: a, metrics: {m: {max_regression: 3%}}}]\n${oneTask()}`, 'max-regression'],
    [oneTask('inputs: [{task: evla}]'), 'eval'],
    [`benchmark: []\n${oneTask()}`, 'benchmarks'],
  ]
  for (const [text, word] of examples) {
    it(`${text.slice(0, 100)} means ${word}`, () =>
      assert.ok(diagnose(text).some(({ message }) => message.includes(`Did you mean "${word}"?`))))
  }
})
