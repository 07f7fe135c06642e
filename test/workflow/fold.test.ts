import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fold } from '../../src/workflow/fold.ts'
import type { Exit, WorkflowEvent } from '../../src/workflow/state.ts'
import { aGroup, anExit, aPolicy, aSlice, aTask, noActions, only } from './builders.ts'
import { Model } from './model.ts'

const admitted: WorkflowEvent = { kind: 'workflow-admitted', at: 1000 }
const cancelled = (at: number): WorkflowEvent => ({ kind: 'cancel-requested', at, by: 'mara', reason: 'wrong branch' })
const created = (task: string, at: number, attempt = 0): WorkflowEvent => ({ kind: 'pod-created', at, task, attempt })
const started = (task: string, at: number, attempt = 0): WorkflowEvent => ({ kind: 'task-started', at, task, attempt })
const exited = (task: string, at: number, code: number, attempt = 0, exit: Partial<Exit> = {}): WorkflowEvent => ({
  kind: 'task-exited',
  at,
  task,
  attempt,
  startedAt: undefined,
  exit: anExit(code, exit),
})
const lost = (task: string, at: number, attempt = 0): WorkflowEvent => ({ kind: 'pod-lost', at, task, attempt, message: 'gone' })

/** `train`, then `evaluate` and `bench`, then `publish`, which reads both. */
const diamond = () =>
  new Model(
    aSlice([
      aGroup([aTask('train')]),
      aGroup([aTask('evaluate')], ['train']),
      aGroup([aTask('bench')], ['train']),
      aGroup([aTask('publish')], ['evaluate', 'bench']),
    ]),
  )
const one = (change: Parameters<typeof aTask>[1] = {}) => new Model(aSlice([aGroup([aTask('train', change)])]))

describe('A workflow of several tasks', () => {
  it('starts what waits for nobody once it is admitted, and nothing before', () => {
    const model = diamond()
    assert.deepEqual(model.states(), { train: 'WAITING', evaluate: 'WAITING', bench: 'WAITING', publish: 'WAITING' })
    model.tell(admitted)
    assert.deepEqual(model.states(), { train: 'PROCESSING', evaluate: 'WAITING', bench: 'WAITING', publish: 'WAITING' })
    assert.deepEqual(model.said(), ['create train#0', 'report soon'])
  })

  it('runs a task on to its end and then those that read it, in parallel', () => {
    const model = diamond()
    model.tell(admitted, created('train', 1100), started('train', 1200))
    assert.equal(model.workflow.startedAt, 1200)
    model.said()
    model.tell(exited('train', 1300, 0))
    assert.deepEqual(model.states(), { train: 'COMPLETED', evaluate: 'PROCESSING', bench: 'PROCESSING', publish: 'WAITING' })
    assert.deepEqual(model.said(), ['announce train', 'create evaluate#0', 'create bench#0', 'report soon'])
  })

  it('starts a task that reads two only after both', () => {
    const model = diamond()
    model.tell(admitted, exited('train', 1300, 0), exited('evaluate', 1400, 0))
    assert.equal(model.state('publish').status, 'WAITING')
    model.tell(exited('bench', 1500, 0))
    assert.equal(model.state('publish').status, 'PROCESSING')
    model.tell(exited('publish', 1600, 0))
    assert.equal(model.workflow.finishedAt, 1600)
    assert.ok(model.said().includes('free slot'))
  })

  it('takes down with a failure all that would have read it, however far away', () => {
    const model = diamond()
    model.tell(admitted, exited('train', 1300, 1))
    assert.deepEqual(model.states(), { train: 'FAILED', evaluate: 'FAILED_UPSTREAM', bench: 'FAILED_UPSTREAM', publish: 'FAILED_UPSTREAM' })
    assert.equal(model.workflow.finishedAt, 1300)
    assert.deepEqual(
      model.said().filter((words) => words.startsWith('create')),
      ['create train#0'],
    )
  })

  it('lets the other branch of a failed one end', () => {
    const model = diamond()
    model.tell(admitted, exited('train', 1300, 0), started('bench', 1350), exited('evaluate', 1400, 1))
    assert.deepEqual(model.states(), { train: 'COMPLETED', evaluate: 'FAILED', bench: 'RUNNING', publish: 'FAILED_UPSTREAM' })
    assert.equal(model.workflow.finishedAt, undefined)
    model.tell(exited('bench', 1500, 0))
    assert.deepEqual([model.state('bench').status, model.workflow.finishedAt], ['COMPLETED', 1500])
  })
})

describe('News that come late, twice or out of order', () => {
  it('give the same slice back and no effects', () => {
    const slice = aSlice([aGroup([aTask('train')])], { slot: 'held' })
    const done = fold(slice, [admitted, exited('train', 2000, 0)]).slice
    for (const event of [
      created('train', 3000),
      started('train', 3000),
      exited('train', 3000, 1),
      lost('train', 3000),
      exited('train', 3000, 0, 7),
    ]) {
      const again = fold(done, [event])
      assert.equal(again.slice, done, event.kind)
      assert.deepEqual([again.effects, again.followUps, again.timers], [[], [], { set: [], cleared: [] }], event.kind)
    }
  })

  it('an end that is heard before the start counts', () => {
    const model = one()
    model.tell(admitted, exited('train', 2000, 0), started('train', 1500), created('train', 1100))
    assert.deepEqual(model.states(), { train: 'COMPLETED' })
  })

  it('of an attempt that was replaced say nothing about the next', () => {
    const model = one()
    model.tell(admitted, lost('train', 2000), exited('train', 2100, 0, 0))
    assert.deepEqual([model.state('train').status, model.state('train').attempt], ['PROCESSING', 1])
  })
})

describe('Attempts that another one follows', () => {
  const slice = aSlice([
    aGroup([
      aTask('server', { policy: aPolicy({ maxRetries: 1, exitActions: { ...noActions, reschedule: only(75) } }) }),
      aTask('client', { lead: false }),
    ]),
  ])
  const folded = (...events: readonly WorkflowEvent[]) =>
    fold(slice, [admitted, started('server', 1100), started('client', 1150), ...events]).replaced.map(({ task, state }) => [
      `${task}#${state.attempt}`,
      state.status,
      state.exitCode,
      state.startedAt,
      state.finishedAt,
      state.pod,
    ])

  it('ended as their exit says, and those that were started again with them as a fault of ours', () => {
    assert.deepEqual(folded(exited('server', 2000, 75)), [
      ['server#0', 'FAILED', 75, 1100, 2000, 'exited'],
      ['client#0', 'FAILED_BACKEND_ERROR', 3001, 1150, 2000, 'abandoned'],
    ])
  })

  it('are told of each, however many events come at once', () => {
    assert.deepEqual(
      folded(exited('server', 2000, 75), lost('server', 3000, 1)).map(([attempt, , , , at]) => [attempt, at]),
      [
        ['server#0', 2000],
        ['client#0', 2000],
        ['server#1', 3000],
        ['client#1', 3000],
      ],
    )
  })

  it('are none of those that were the last', () => assert.deepEqual(folded(exited('server', 2000, 1)), []))
})

describe('A group', () => {
  const pair = (change: Parameters<typeof aGroup>[2] = {}, policy = {}) =>
    new Model(
      aSlice([
        aGroup([aTask('server', { policy: aPolicy(policy) }), aTask('client', { lead: false, policy: aPolicy(policy) })], [], change),
      ]),
    )

  it('starts all of its tasks together', () => {
    const model = pair()
    model.tell(admitted)
    assert.deepEqual(model.said(), ['create server#0', 'create client#0', 'report soon'])
  })

  it('ends with its lead: what still runs is deleted and counts as completed', () => {
    const model = pair()
    model.tell(admitted, started('server', 1100), started('client', 1100))
    model.said()
    model.tell(exited('server', 1300, 0))
    assert.deepEqual(model.states(), { server: 'COMPLETED', client: 'COMPLETED' })
    assert.ok(model.said().includes('delete client#0'))
  })

  it('ignores how others end when their status is to be ignored', () => {
    const model = pair({ ignoreNonleadStatus: true })
    model.tell(admitted, exited('client', 1200, 1))
    assert.deepEqual(model.states(), { server: 'PROCESSING', client: 'FAILED' })
    model.tell(exited('server', 1300, 0))
    assert.equal(model.workflow.counts.finished.COMPLETED, 1)
  })

  it('fails with any task when every status counts', () => {
    const model = pair({ ignoreNonleadStatus: false })
    model.tell(admitted, started('server', 1100), exited('client', 1200, 1))
    assert.deepEqual(model.states(), { server: 'FAILED', client: 'FAILED' })
    assert.equal(model.workflow.counts.finished.FAILED, 1)
    assert.ok(model.said().includes('delete server#0'))
  })

  it('whose lead ended first is completed, whatever the others said in the same moment', () => {
    const model = pair({ ignoreNonleadStatus: false })
    model.tell(admitted, exited('server', 1200, 0), exited('client', 1201, 1))
    assert.deepEqual(model.states(), { server: 'COMPLETED', client: 'COMPLETED' })
  })

  it('starts again as a whole when its lead does', () => {
    const model = pair({}, { maxRetries: 1, exitActions: { ...noActions, reschedule: only(75) } })
    model.tell(admitted, started('server', 1100), started('client', 1100))
    model.said()
    model.tell(exited('server', 1200, 75))
    assert.deepEqual([model.state('server').attempt, model.state('client').attempt], [1, 1])
    assert.deepEqual(model.said(), ['delete server#0', 'create server#1', 'delete client#0', 'create client#1', 'report now'])
    assert.deepEqual(model.state('client').retries, { user: 0, infrastructure: 0 }, 'a restart with the group uses up nothing')
  })

  it('does not start again for a task whose status is ignored', () => {
    const model = pair({}, { maxRetries: 1, exitActions: { ...noActions, reschedule: only(75) } })
    model.tell(admitted, started('server', 1100), exited('client', 1200, 75))
    assert.deepEqual([model.state('server').attempt, model.state('client').attempt], [0, 1])
  })
})

describe('Retries', () => {
  const retrying = { policy: aPolicy({ maxRetries: 2, exitActions: { ...noActions, reschedule: only(75) } }) }

  it('by an exit action are as many as declared, and the last message says why it ended', () => {
    const model = one(retrying)
    model.tell(admitted)
    for (const attempt of [0, 1, 2]) model.tell(exited('train', 2000 + attempt, 75, attempt))
    const state = model.state('train')
    assert.deepEqual([state.status, state.attempt, state.retries.user], ['FAILED', 2, 2])
    assert.match('message' in state ? state.message : '', /No exit action applied due to retry limit 2/)
  })

  it('after failures of infrastructure wait longer each time and use up none of its own', () => {
    const model = one(retrying)
    model.tell(admitted)
    const pauses = [0, 1, 2].map((attempt) => {
      const at = 10_000 * (attempt + 1)
      model.tell(lost('train', at, attempt))
      const state = model.state('train')
      return 'notBefore' in state ? (state.notBefore - at) / 1000 : -1
    })
    assert.deepEqual(pauses, [5, 10, 20])
    assert.deepEqual(model.state('train').retries, { user: 0, infrastructure: 3 })
    model.tell(lost('train', 90_000, 3))
    assert.equal(model.state('train').status, 'FAILED_BACKEND_ERROR')
    assert.ok(model.said().includes('delete train#3'), 'what may be left of it is deleted')
  })

  it('after a service that was stopped come at once', () => {
    const model = one()
    model.tell(admitted, exited('train', 5000, 130, 0, { reason: 'interrupted' }))
    const state = model.state('train')
    assert.equal('notBefore' in state && state.notBefore, 5000)
  })

  it('never follow a success', () => {
    const model = one({ policy: aPolicy({ maxRetries: 5, exitActions: { ...noActions, reschedule: [{ from: 1, to: 255 }] } }) })
    model.tell(admitted, exited('train', 2000, 0), exited('train', 2001, 75), lost('train', 2002))
    assert.deepEqual([model.state('train').status, model.state('train').attempt], ['COMPLETED', 0])
  })
})

describe('Time limits', () => {
  it('change with what the task does, and are gone at its end', () => {
    const model = one()
    const due = () => Object.fromEntries([...model.timers].map(([key, { dueAt }]) => [key, dueAt]))
    model.tell(admitted)
    assert.deepEqual(due(), { 'queue/train#0': 1000 + 100_000 })
    model.tell({ kind: 'pod-initializing', at: 2000, task: 'train', attempt: 0 })
    assert.deepEqual(due(), { 'start/train#0': 2000 + (200 + 60) * 1000 })
    model.tell(started('train', 3000))
    assert.deepEqual(due(), { 'run/train#0': 3000 + (300 + 5 + 40 + 60) * 1000 })
    model.tell(exited('train', 4000, 0))
    assert.deepEqual(due(), {})
  })

  it('of the queue counts from when it could be known, not from an end that nobody had heard of', () => {
    const slice = fold(aSlice([aGroup([aTask('train')]), aGroup([aTask('evaluate')], ['train'])], { slot: 'held' }), [admitted]).slice
    const anHourLater = fold(slice, [exited('train', 2000, 0)], 3_600_000)
    const [timer] = anHourLater.timers.set
    assert.deepEqual([timer?.subject, timer?.dueAt], ['evaluate', 3_600_000 + 100_000])
  })

  const limits: readonly (readonly [string, readonly WorkflowEvent[], string])[] = [
    ['no place became free', [], 'FAILED_QUEUE_TIMEOUT'],
    ['its pod never began', [created('train', 1100)], 'FAILED_QUEUE_TIMEOUT'],
    ['it never started', [{ kind: 'pod-initializing', at: 1200, task: 'train', attempt: 0 }], 'FAILED_START_TIMEOUT'],
    ['it never ended', [started('train', 1300)], 'FAILED_EXEC_TIMEOUT'],
  ]
  for (const [title, events, status] of limits)
    it(`${title}: ${status}, and its pod is deleted`, () => {
      const model = one()
      model.tell(admitted, ...events)
      model.said()
      model.fire(10_000_000)
      assert.equal(model.state('train').status, status)
      assert.ok(model.said().includes('delete train#0'))
      assert.equal(model.timers.size, 0)
    })

  it('that belong to an earlier condition do nothing', () => {
    const model = one()
    model.tell(admitted, started('train', 1300), { kind: 'timer-fired', at: 9000, timer: { kind: 'queue', subject: 'train', attempt: 0 } })
    assert.equal(model.state('train').status, 'RUNNING')
  })
})

describe('Cancelling', () => {
  const conditions: readonly (readonly [string, readonly WorkflowEvent[], readonly string[]])[] = [
    ['before it was admitted', [], []],
    ['while it is queued', [admitted], ['delete train#0']],
    ['while its pod is made', [admitted, created('train', 1100)], ['delete train#0']],
    ['while it fetches its inputs', [admitted, { kind: 'pod-initializing', at: 1100, task: 'train', attempt: 0 }], ['delete train#0']],
    ['while it runs', [admitted, started('train', 1200)], ['delete train#0']],
  ]
  for (const [title, events, deleted] of conditions)
    it(`${title} ends in FAILED_CANCELED with whose wish it was`, () => {
      const model = new Model(aSlice([aGroup([aTask('train')]), aGroup([aTask('evaluate')], ['train'])]))
      model.tell(...events)
      model.said()
      model.tell(cancelled(2000))
      assert.deepEqual(
        model.said().filter((words) => words.startsWith('delete')),
        deleted,
      )
      model.tell(exited('train', 2500, 143, 0, { reason: 'canceled' }))
      assert.deepEqual(model.states(), { train: 'FAILED_CANCELED', evaluate: 'FAILED_CANCELED' })
      const state = model.state('train')
      assert.match('message' in state ? state.message : '', /^Cancelled by mara: wrong branch$/)
      assert.ok(model.workflow.finishedAt !== undefined)
      assert.equal(model.timers.size, 0)
    })

  it('leaves a task that had completed completed', () => {
    const model = diamond()
    model.tell(admitted, exited('train', 1200, 0), started('evaluate', 1300), cancelled(1400), exited('evaluate', 1500, 0))
    assert.deepEqual(model.states(), { train: 'COMPLETED', evaluate: 'COMPLETED', bench: 'FAILED_CANCELED', publish: 'FAILED_CANCELED' })
  })

  it('ends the mates of a lead when their backend says so, and calls them cancelled', () => {
    const model = new Model(aSlice([aGroup([aTask('train'), aTask('server', { lead: false })])]))
    model.tell(admitted, started('train', 1200), started('server', 1200), cancelled(2000))
    model.tell(exited('train', 2500, 143, 0, { reason: 'canceled' }))
    assert.deepEqual(model.states(), { train: 'FAILED_CANCELED', server: 'RUNNING' })
    assert.equal(model.workflow.finishedAt, undefined)
    model.tell(exited('server', 2600, 143, 0, { reason: 'canceled' }))
    assert.deepEqual(model.states(), { train: 'FAILED_CANCELED', server: 'FAILED_CANCELED' })
    assert.equal(model.workflow.finishedAt, 2600)
  })

  it('does not wait for ever for a backend that says nothing', () => {
    const model = one()
    model.tell(admitted, started('train', 1200), cancelled(2000))
    assert.deepEqual([...model.timers.keys()], ['cancel/train#0'])
    model.fire(2000 + (5 + 60) * 1000)
    assert.deepEqual(model.states(), { train: 'FAILED_CANCELED' })
  })

  it('retries nothing afterwards', () => {
    const model = one({ policy: aPolicy({ maxRetries: 3, exitActions: { ...noActions, reschedule: [{ from: 0, to: 255 }] } }) })
    model.tell(admitted, started('train', 1200), cancelled(2000))
    model.said()
    model.tell(lost('train', 2100))
    assert.deepEqual(
      model.said().filter((words) => words.startsWith('create')),
      [],
    )
    assert.deepEqual(model.states(), { train: 'FAILED_CANCELED' })
  })

  it('of what has ended says nothing', () => {
    const model = one()
    model.tell(admitted, exited('train', 1200, 0), cancelled(1300))
    assert.equal(model.workflow.cancellation, undefined)
  })
})

describe('A comparison', () => {
  const comparing = (slot: 'held' | 'yielded' = 'held') => {
    const slice = aSlice([aGroup([aTask('train')]), aGroup([aTask('evaluate')], ['train'], { baseInputs: 'awaited' })])
    const model = new Model(slice)
    model.tell(admitted, exited('train', 1200, 0))
    model.workflow = { ...model.workflow, slot }
    return model
  }

  it('asks for the base arm when nothing else keeps it, and starts once that is settled', () => {
    const model = comparing()
    assert.ok(model.said().includes('settle evaluate'))
    assert.deepEqual([...model.timers.keys()], ['base-inputs/evaluate#0'])
    model.tell({ kind: 'base-inputs-settled', at: 1300, group: 'evaluate' })
    assert.equal(model.state('evaluate').status, 'PROCESSING')
    assert.deepEqual([...model.timers.keys()], ['queue/evaluate#0'])
  })

  for (const slot of ['waiting', 'held'] as const)
    it(`without upstream asks for it when it is admitted, its place ${slot} by then`, () => {
      const model = new Model(aSlice([aGroup([aTask('evaluate')], [], { baseInputs: 'awaited' })], { slot }))
      model.tell(admitted)
      assert.ok(model.said().includes('settle evaluate'))
      assert.deepEqual([...model.timers.keys()], ['base-inputs/evaluate#0'])
    })

  it('goes on with head alone after an hour', () => {
    const model = comparing()
    model.fire(1200 + 3_600_000)
    assert.equal(model.state('evaluate').status, 'PROCESSING')
  })

  it('that gave its place away stands in line again before it starts', () => {
    const model = comparing('yielded')
    model.said()
    model.tell({ kind: 'base-inputs-settled', at: 1300, group: 'evaluate' })
    assert.deepEqual([model.state('evaluate').status, model.workflow.slot], ['WAITING', 'waiting'])
    assert.ok(model.said().includes('free slot'), 'whoever counts the places looks again')
    model.tell({ ...admitted, at: 1400 })
    assert.equal(model.state('evaluate').status, 'PROCESSING')
  })

  it('that is cancelled while it waits ends at once', () => {
    const model = comparing()
    model.tell(cancelled(1500))
    assert.equal(model.state('evaluate').status, 'FAILED_CANCELED')
    assert.equal(model.timers.size, 0)
  })
})

describe('Benchmarks', () => {
  it('are read once the task has ended, and the check is written when they are', () => {
    const model = one({ benchmarks: 'awaited' })
    model.tell(admitted, started('train', 1100))
    model.said()
    model.tell(exited('train', 1200, 0))
    assert.deepEqual(model.said(), ['collect train#0', 'announce train', 'free slot', 'report now'])
    model.tell({ kind: 'benchmarks-collected', at: 1300, task: 'train', attempt: 0 })
    assert.deepEqual(model.said(), ['report now'])
    model.tell({ kind: 'benchmarks-collected', at: 1400, task: 'train', attempt: 0 })
    assert.deepEqual(model.said(), [])
  })

  it('of a task that never ran are not waited for', () => {
    const model = new Model(aSlice([aGroup([aTask('train')]), aGroup([aTask('evaluate', { benchmarks: 'awaited' })], ['train'])]))
    model.tell(admitted, exited('train', 1200, 1))
    assert.equal(model.groups.get('evaluate')?.tasks[0]?.benchmarks, 'collected')
  })

  it('are read of the last attempt only', () => {
    const model = one({ benchmarks: 'awaited' })
    model.tell(admitted, lost('train', 1200), { kind: 'benchmarks-collected', at: 1300, task: 'train', attempt: 0 })
    assert.equal(model.groups.get('train')?.tasks[0]?.benchmarks, 'awaited')
    model.tell(exited('train', 1400, 0, 1))
    assert.ok(model.said().includes('collect train#1'))
  })
})
