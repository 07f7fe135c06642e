import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { firstRun, matchesTask, type PlanInput, plan } from '../../src/workflow/plan.ts'
import type { WorkflowPlan } from '../../src/workflow/plan-types.ts'
import { aProvenance, sha } from './builders.ts'
import { inputOf, planned, platforms, platformsOf, platformText, specOf } from './specs.ts'

type Change = Partial<PlanInput['provenance']>
const from = (change: Change = {}): PlanInput['provenance'] => {
  const { tier: _, ...provenance } = aProvenance()
  return { ...provenance, ...change }
}
const pull = (change: Change = {}) =>
  from({
    event: 'pull_request',
    pullRequest: 5,
    ref: 'refs/pull/5/head',
    baseRef: 'main',
    baseSha: sha('b'),
    defaultBranch: false,
    ...change,
  })

const reach = (more = '', platform = 'sim') =>
  specOf(
    `${more}workflow:\n  name: reach\n  resources:\n    default: {cpu: 2, memory: 1Gi, platform: ${platform}}\n  tasks:\n    - {name: train, image: i, command: [sh], args: [-c, x]}\n    - {name: evaluate, image: i, command: [x], inputs: [{task: train}]}\n`,
  )
const comparing = (policy = '{gate: true, max-regression: 5pt}') =>
  reach(
    `checkout: true\nbenchmarks:\n  - {name: reach, task: evaluate, path: e.json, metrics: {success: ${policy}}, compare: {pairs: 3, warmup: 1, seed: 7}}\n`,
  )

describe('The key of a run', () => {
  const key = (change: Partial<PlanInput> = {}) => planned(reach(), change).runKey
  const others: readonly (readonly [string, Partial<PlanInput>])[] = [
    ['another spec', { name: 'nav' }],
    ['another commit', { provenance: from({ sha: sha('c') }) }],
    ['another branch', { provenance: from({ ref: 'refs/heads/next' }) }],
    ['another repository', { provenance: from({ repositoryId: 8 }) }],
    ['a rerun', { run: { ...firstRun, attempt: 2 } }],
    ['a dispatch', { run: { ...firstRun, dispatch: { nonce: 'comment-1', values: {} } } }],
  ]
  for (const [title, change] of others) it(`is another for ${title}`, () => assert.notEqual(key(change), key()))

  it('is the same for the same delivery, whoever sent it and whatever it was called', () =>
    assert.equal(key({ provenance: from({ actor: 'sam', repository: 'acme/renamed', baseSha: sha('d') }) }), key()))

  it("of a pull request follows its base branch, a push's does not", () => {
    const [main, next] = ['main', 'next'].map((baseRef) => key({ provenance: pull({ baseRef }) }))
    assert.notEqual(main, next)
    assert.equal(key({ provenance: from({ baseRef: 'next' }) }), key())
  })
})

describe('Concurrency', () => {
  const table: readonly (readonly [
    title: string,
    section: string,
    platform: string,
    provenance: PlanInput['provenance'],
    key: string,
    limit: number | undefined,
    cancels: WorkflowPlan['concurrency']['cancelInProgress'],
  ])[] = [
    ['of a push: its spec and branch, no limit', '', 'sim', from(), '7/trusted/reach refs/heads/main', undefined, 'never'],
    ['of a pull request in simulation: the newer one cancels', '', 'sim', pull(), '7/trusted/reach refs/pull/5', undefined, 'own-ref'],
    [
      'of a pull request on hardware: it lets an arm end its motion',
      '',
      'bench',
      pull(),
      '7/trusted/reach refs/pull/5',
      undefined,
      'never',
    ],
    ['a named group has one place', 'concurrency: {group: "eval-{ref}"}\n', 'sim', from(), '7/trusted/eval-refs/heads/main', 1, 'never'],
    ['as many as declared', 'concurrency: {group: "bench", limit: 3}\n', 'sim', from(), '7/trusted/bench', 3, 'never'],
    [
      'cancels when told to',
      'concurrency: {cancel-in-progress: true}\n',
      'bench',
      from(),
      '7/trusted/reach refs/heads/main',
      undefined,
      'any-ref',
    ],
    ['knows the pull request', 'concurrency: {group: "{spec}-{pull_request}"}\n', 'sim', pull(), '7/trusted/reach-5', 1, 'own-ref'],
    [
      'of a base run: it is of no branch, and ends nobody',
      'concurrency: {cancel-in-progress: true}\n',
      'sim',
      from({ event: 'base-run' }),
      `7/trusted/reach base/${from().sha}`,
      undefined,
      'never',
    ],
  ]
  for (const [title, section, platform, provenance, key, limit, cancelInProgress] of table)
    it(title, () => assert.deepEqual(planned(reach(section, platform), { provenance }).concurrency, { key, limit, cancelInProgress }))

  it('keeps a fork apart from the branch of the same name', () => {
    assert.equal(planned(reach(), { provenance: pull({ origin: 'untrusted' }) }).concurrency.key, '7/untrusted/reach refs/pull/5')
  })
})

describe('A plan', () => {
  it('joins command and arguments, and knows who reads whom', () => {
    const [train, evaluate] = planned(reach()).groups
    assert.deepEqual(train?.tasks[0]?.template.command, ['sh', '-c', 'x'])
    assert.deepEqual([train?.downstream, evaluate?.upstream], [[evaluate?.name], [train?.name]])
    assert.deepEqual([train?.tasks[0]?.template.cpu, train?.tasks[0]?.template.memoryBytes], [2, 1024 ** 3])
  })

  const asked: readonly (readonly [title: string, resource: string, pool: string, platform: string, cpu: number, memoryBytes?: number])[] =
    [
      ['one processor and no bound of memory where nobody says more', '{}', '{}', '{}', 1],
      ["the pool's", '{}', '{USER_CPU: 3, USER_MEMORY: 2Gi}', '{}', 3, 2 * 1024 ** 3],
      ["the platform's before the pool's", '{}', '{USER_CPU: 3}', '{USER_CPU: 2}', 2],
      ["the spec's before all", '{cpu: 4, memory: 1Gi}', '{USER_CPU: 3, USER_MEMORY: 2Gi}', '{USER_CPU: 2}', 4, 1024 ** 3],
      ["the pool's for a 0, which is no wish", '{cpu: 0}', '{USER_CPU: 3}', '{}', 3],
    ]
  for (const [title, resource, pool, platform, cpu, memoryBytes] of asked)
    it(`gives a task ${title}`, () => {
      const text = platformText
        .replace('default_platform: sim', `default_platform: sim\n    common_default_variables: ${pool}`)
        .replace('sim: {tier: sim}', `sim: {tier: sim, default_variables: ${platform}}`)
      const spec = specOf(
        `workflow:\n  name: reach\n  resources: {default: ${resource}}\n  tasks:\n    - {name: a, image: i, command: [x]}\n`,
      )
      const [task] = planned(spec, { platforms: platformsOf(text) }).groups.flatMap(({ tasks }) => tasks)
      assert.deepEqual([task?.template.cpu, task?.template.memoryBytes], [cpu, memoryBytes])
    })

  it('refuses more tasks than are allowed', () => {
    const few = { ...platforms, workflow: { ...platforms.workflow, maxTasks: 1 } }
    const result = plan(inputOf(reach(), { platforms: few }))
    assert.match(result.kind === 'refused' ? result.reason : '', /cannot have more than 1 tasks; it has 2/)
  })

  it('has another digest for another document or pool', () => {
    const digest = planned(reach()).digest
    assert.equal(planned(reach()).digest, digest)
    assert.notEqual(planned(reach('', 'bench')).digest, digest)
    assert.notEqual(planned(reach(), {}, ['cloud']).digest, digest)
  })

  it('waits for a base arm on a pull request, and on a push runs head alone', () => {
    const awaited = (provenance: PlanInput['provenance']) => planned(comparing(), { provenance }).groups.map(({ baseInputs }) => baseInputs)
    assert.deepEqual(awaited(pull()), ['not-needed', 'awaited'])
    assert.deepEqual(awaited(from()), ['not-needed', 'not-needed'])
  })

  it('gives a comparison the time of all its runs, at most what the pool allows', () => {
    const seconds = (timeout: string) =>
      planned(
        specOf(
          `checkout: true\nbenchmarks:\n  - {task: evaluate, path: e.json, compare: {pairs: 3, warmup: 1}}\nworkflow:\n  name: r\n  timeout: {exec_timeout: ${timeout}}\n  tasks: [{name: evaluate, image: i, command: [x]}]\n`,
        ),
        { provenance: pull() },
      ).groups[0]?.tasks[0]
    assert.deepEqual([seconds('10m')?.template.runTimeoutSeconds, seconds('10m')?.policy.execTimeoutSeconds], [600, 5400])
    assert.equal(seconds('1h')?.policy.execTimeoutSeconds, 7200, 'the pool allows two hours')
  })

  it("keeps base's own task for a base arm that fails under head's", () => {
    const old = specOf('workflow:\n  name: reach\n  tasks: [{name: evaluate, image: i, command: [old]}]\n')
    const task = planned(comparing(), { provenance: pull(), mergeBase: old }).groups[1]?.tasks[0]
    assert.deepEqual(task?.template.baseTemplate?.command, ['old'])
  })

  it('makes one benchmark of each task that a glob matches', () => {
    const spec = specOf(
      'benchmarks:\n  - {name: all, task: "evaluate-*", path: e.json}\nworkflow:\n  name: r\n  tasks:\n    - {name: evaluate-a, image: i, command: [x]}\n    - {name: evaluate-b, image: i, command: [x]}\n',
    )
    assert.deepEqual(
      planned(spec).benchmarks.map(({ task }) => task),
      ['evaluate-a', 'evaluate-b'],
    )
  })
})

describe('What a pull request does to its judge', () => {
  it('a dropped benchmark still decides', () => {
    const head = planned(reach(), { provenance: pull(), judge: comparing() })
    assert.deepEqual(
      head.benchmarks.map(({ task, metrics }) => [task, metrics.success?.gate]),
      [['evaluate', true]],
    )
    assert.equal(head.groups[1]?.baseInputs, 'awaited', 'and is still compared')
  })

  it('a dropped task is told first, and its numbers are missed', () => {
    const without = specOf('workflow:\n  name: reach\n  tasks: [{name: train, image: i, command: [x]}]\n')
    const head = planned(without, { provenance: pull(), judge: comparing() })
    assert.deepEqual(
      head.benchmarks.map(({ task }) => task),
      ['evaluate'],
    )
    assert.match(head.notices[0] ?? '', /`evaluate`, whose numbers decide this check on the base branch, is gone/)
  })

  it('one of the tasks of a glob that is dropped is missed too', () => {
    const matrix = (...names: readonly string[]) =>
      specOf(
        `benchmarks:\n  - {name: all, task: "evaluate-*", path: e.json, metrics: {success: {gate: true, min: 0.5}}}\nworkflow:\n  name: r\n  tasks:\n${names.map((name) => `    - {name: ${name}, image: i, command: [x]}\n`).join('')}`,
      )
    const head = planned(matrix('evaluate-easy'), { provenance: pull(), judge: matrix('evaluate-easy', 'evaluate-hard') })
    assert.deepEqual(
      head.benchmarks.map(({ task }) => task),
      ['evaluate-easy', 'evaluate-hard'],
    )
    assert.match(head.notices.join(), /`evaluate-hard`, whose numbers decide/)
  })

  it("what base asks is kept apart from what only head asks, of base's tasks and of new ones", () => {
    const matrix = (limits: string, ...names: readonly string[]) =>
      specOf(
        `benchmarks:\n  - {name: all, task: "evaluate-*", path: e.json, metrics: {success: {gate: true, ${limits}}}}\nworkflow:\n  name: r\n  tasks:\n${names.map((name) => `    - {name: ${name}, image: i, command: [x]}\n`).join('')}`,
      )
    const head = planned(matrix('min: 0.6, max: 9', 'evaluate-easy', 'evaluate-new'), {
      provenance: pull(),
      judge: matrix('min: 0.5', 'evaluate-easy'),
    })
    assert.deepEqual(
      head.benchmarks.map(({ task, metrics, askedByBase }) => [
        task,
        metrics.success?.min,
        askedByBase?.success?.min,
        askedByBase?.success?.max,
      ]),
      [
        ['evaluate-easy', 0.6, 0.5, undefined],
        ['evaluate-new', 0.6, undefined, undefined],
      ],
    )
    assert.deepEqual(
      planned(matrix('min: 0.5', 'evaluate-easy')).benchmarks.map(({ askedByBase }) => askedByBase),
      [undefined],
      'a push has no judge but itself',
    )
  })

  it('a changed command of a gated task is told', () => {
    const changed = {
      ...comparing(),
      groups: comparing().groups.map((group) => ({ ...group, tasks: group.tasks.map((task) => ({ ...task, command: ['cheat'] })) })),
    }
    assert.deepEqual(planned(changed, { provenance: pull(), judge: comparing() }).notices, [
      'Task `evaluate` differs from the base branch in `command`',
    ])
  })

  it('an unchanged spec has nothing to tell', () =>
    assert.deepEqual(planned(comparing(), { provenance: pull(), judge: comparing() }).notices, []))

  it("exit actions of a required spec are base's", () => {
    const spec = (actions: string) =>
      specOf(`workflow:\n  name: r\n  tasks: [{name: a, image: i, command: [x], exitActions: {${actions}}}]\n`)
    const actions = (required: PlanInput['required']) =>
      planned(spec('COMPLETE: 0-255'), { provenance: pull(), judge: spec('FAIL: 3'), required }).groups[0]?.tasks[0]?.policy.exitActions
        .complete
    assert.deepEqual(actions('required'), [])
    assert.equal(actions('optional')?.length, 1)
  })
})

describe('A glob over tasks', () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['evaluate', 'evaluate', true],
    ['evaluate', 'evaluate-a', false],
    ['evaluate-*', 'evaluate-a', true],
    ['evaluate-*', 'evaluate-', true],
    ['*', 'anything', true],
    ['*-eval', 'nav-eval', true],
    ['*-eval', 'nav-evals', false],
    ['a*b*c', 'aXbXc', true],
    ['a*b*c', 'acb', false],
    ['aa*aa', 'aaa', false],
    [`${'*a'.repeat(50)}b`, 'a'.repeat(63), false],
  ]
  for (const [glob, name, expected] of table)
    it(`${glob.slice(0, 20)} ${expected ? 'matches' : 'does not match'} ${name.slice(0, 20)}`, () =>
      assert.equal(matchesTask(glob, name), expected))
})
