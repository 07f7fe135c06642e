import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createStore, type Store } from '../../src/store/store.ts'
import { fold } from '../../src/workflow/fold.ts'
import type { WorkflowId } from '../../src/workflow/names.ts'
import type { WorkflowEvent } from '../../src/workflow/state.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'
import { aGroup, aPlan, aPolicy, aTask, dispatchAll, exited, finish, foldOf, opened, reference, sight } from './plans.ts'

describe('Folding', () => {
  let database: TestDatabase
  let store: Store
  before(async () => {
    database = await aDatabase()
    store = database.store
  })
  const statusOf = async (id: WorkflowId, task: string) =>
    (await store.views.workflow(id))?.tasks.find(({ name }) => name === task)?.state.status
  const lanes = async (id: WorkflowId) =>
    (await database.pool.query('select key, lane from outbox where workflow_id = $1 order by id', [id])).rows.map(
      ({ key, lane }) => `${lane} ${key.replace(id, 'W')}`,
    )

  it('carries a workflow from its admission to its end', async () => {
    const id = await opened(store, aPlan())
    assert.equal(await foldOf(store, id), 'folded')
    assert.equal(await foldOf(store, id), 'idle')
    assert.deepEqual(await lanes(id), ['reports report/W', 'pods:local create-pod/W/train/0'])
    await finish(store, reference(id, 'train'))
    assert.equal(await statusOf(id, 'evaluate'), 'PROCESSING')
    await finish(store, reference(id, 'evaluate'))
    const view = await store.views.workflow(id)
    assert.equal(view?.status, 'COMPLETED')
    assert.notEqual(view?.workflow.finishedAt, undefined)
  })

  it('says when a workflow is not there', async () => {
    assert.equal(await foldOf(store, '00000000-0000-4000-8000-000000000000' as WorkflowId), 'gone')
  })

  it('gives the events to one of two processes', async () => {
    const id = await opened(store, aPlan())
    const other = createStore(database.anotherPool())
    const inside = Promise.withResolvers<void>()
    let rival: Promise<string> | undefined
    const first = store.workflows.fold(id, (slice, events) => {
      rival = foldOf(other, id).finally(inside.resolve)
      return fold(slice, events)
    })
    const [one, two] = await Promise.all([first, inside.promise.then(() => rival)])
    assert.equal(one, 'folded')
    assert.ok(two === 'busy' || two === 'idle', `the rival must not fold the same events, but ${two}`)
    assert.deepEqual(
      (await lanes(id)).filter((lane) => lane.startsWith('pods')),
      ['pods:local create-pod/W/train/0'],
    )
  })

  it('loses no event while several processes post and fold', async () => {
    const tasks = Array.from({ length: 40 }, (_, index) => `task-${index}`)
    const id = await opened(store, aPlan({ groups: tasks.map((name) => aGroup(aTask(name))) }))
    await foldOf(store, id)
    const other = createStore(database.anotherPool())
    const ends = tasks.map(async (task, index) => {
      const mine = index % 2 ? store : other
      await sight(mine, reference(id, task), exited())
      await foldOf(mine, id)
    })
    await Promise.all(ends)
    while ((await store.workflows.due(1000)).includes(id)) await foldOf(store, id)
    assert.equal((await store.views.workflow(id))?.status, 'COMPLETED')
  })

  it('does not wait for someone who is posting an event', async () => {
    const id = await opened(store, aPlan())
    const client = await database.pool.connect()
    await client.query('begin')
    await client.query(`insert into event (workflow_id, event) values ($1, '{"kind": "workflow-admitted"}')`, [id])
    assert.equal(await foldOf(store, id), 'folded')
    await client.query('commit')
    client.release()
    assert.deepEqual(await store.workflows.due(1000).then((due) => due.includes(id)), true)
  })

  it('leaves everything as it was when the fold throws', async () => {
    const id = await opened(store, aPlan())
    await assert.rejects(
      store.workflows.fold(id, () => {
        throw new Error('a bug')
      }),
      /a bug/,
    )
    assert.equal(await foldOf(store, id), 'folded')
  })

  it('touches few rows of five thousand tasks for one event', async () => {
    const groups = Array.from({ length: 5000 }, (_, index) => aGroup(aTask(`task-${index}`)))
    const id = await opened(store, aPlan({ groups }))
    await foldOf(store, id)
    const versions = async () =>
      new Map(
        (await database.pool.query('select name, xmin::text from task where workflow_id = $1', [id])).rows.map((row) => [
          row.name,
          row.xmin,
        ]),
      )
    const outbox = async () =>
      (await database.pool.query('select count(*)::int as count from outbox where workflow_id = $1', [id])).rows[0].count
    const [before, effects] = [await versions(), await outbox()]
    await finish(store, reference(id, 'task-77'))
    const after = await versions()
    assert.deepEqual(
      [...after].filter(([name, version]) => before.get(name) !== version).map(([name]) => name),
      ['task-77'],
    )
    assert.ok((await outbox()) - effects <= 2)
  })

  it('loads only what the events touch and what is directly downstream', async () => {
    const chain = ['a', 'b', 'c', 'd'].map((name, index, all) =>
      aGroup(aTask(name), all.slice(index - 1, index), all.slice(index + 1, index + 2)),
    )
    const id = await opened(store, aPlan({ groups: chain }))
    await foldOf(store, id)
    await sight(store, reference(id, 'a'), exited())
    const loaded: string[][] = []
    await store.workflows.fold(id, (slice, events) => {
      loaded.push([...slice.groups.keys()])
      return fold(slice, events)
    })
    assert.deepEqual(loaded, [['a-group', 'b-group']])
  })

  it('carries a failure down a long chain by follow-ups', async () => {
    const chain = ['a', 'b', 'c', 'd', 'e'].map((name, index, all) =>
      aGroup(aTask(name), all.slice(Math.max(0, index - 1), index), all.slice(index + 1, index + 2)),
    )
    const id = await opened(store, aPlan({ groups: chain }))
    await foldOf(store, id)
    await finish(store, reference(id, 'a'), exited(3))
    const view = await store.views.workflow(id)
    assert.deepEqual(
      view?.tasks.map(({ state }) => state.status),
      ['FAILED', 'FAILED_UPSTREAM', 'FAILED_UPSTREAM', 'FAILED_UPSTREAM', 'FAILED_UPSTREAM'],
    )
    assert.equal(view?.status, 'FAILED')
  })

  it('cancels every group that has not begun', async () => {
    const id = await opened(store, aPlan())
    await foldOf(store, id)
    await store.workflows.post(id, { kind: 'cancel-requested', by: 'ada', reason: 'wrong branch' })
    await foldOf(store, id)
    const view = await store.views.workflow(id)
    assert.equal(view?.status, 'FAILED_CANCELED')
    assert.equal(view?.workflow.cancellation?.by, 'ada')
    const dispatched = await dispatchAll(store)
    assert.deepEqual(
      dispatched.filter(({ reference }) => reference.workflow === id),
      [],
    )
  })

  it('lets an end that was recorded beat the deadline it came close to', async () => {
    const id = await opened(store, aPlan({ groups: [aGroup(aTask('close', { policy: { ...aPolicy, queueTimeoutSeconds: 0 } }))] }))
    await foldOf(store, id)
    await sight(store, reference(id, 'close'), exited())
    const seen: WorkflowEvent['kind'][] = []
    await store.workflows.fold(id, (slice, events) => {
      seen.push(...events.map(({ kind }) => kind))
      return fold(slice, events)
    })
    assert.deepEqual(seen, ['task-exited', 'timer-fired'])
    assert.equal(await statusOf(id, 'close'), 'COMPLETED')
  })

  it('fires a timer once, and finds it without a wake-up', async () => {
    const id = await opened(store, aPlan({ groups: [aGroup(aTask('late', { policy: { ...aPolicy, queueTimeoutSeconds: 0 } }))] }))
    await foldOf(store, id)
    assert.ok((await store.workflows.due(1000)).includes(id))
    await foldOf(store, id)
    assert.equal(await statusOf(id, 'late'), 'FAILED_QUEUE_TIMEOUT')
    assert.equal((await store.workflows.due(1000)).includes(id), false)
  })

  it('gives each attempt its own end', async () => {
    const id = await opened(store, aPlan({ groups: [aGroup(aTask('flaky'))] }))
    await foldOf(store, id)
    await finish(store, reference(id, 'flaky'), exited(137, { reason: 'preempted', message: 'node drained' }))
    await finish(store, reference(id, 'flaky', 1))
    const attempts = (await store.views.workflow(id))?.tasks[0]?.attempts ?? []
    assert.deepEqual(
      attempts.map(({ attempt, state }) => [attempt, state.status]),
      [
        [0, 'FAILED_PREEMPTED'],
        [1, 'COMPLETED'],
      ],
    )
  })
})

describe('Sightings', () => {
  let store: Store
  before(async () => {
    store = (await aDatabase()).store
  })
  const running = { kind: 'running', startedAt: 1500 } as const

  it('wakes a workflow for news only', async () => {
    const id = await opened(store, aPlan())
    await foldOf(store, id)
    const train = reference(id, 'train')
    assert.deepEqual(await sight(store, train, running), [id])
    assert.deepEqual(await sight(store, train, running), [])
    assert.deepEqual(await sight(store, train, { kind: 'created' }), [])
    await foldOf(store, id)
    assert.deepEqual(await sight(store, train, running), [])
    assert.deepEqual(await sight(store, train, exited()), [id])
    assert.deepEqual(await sight(store, train, { kind: 'lost', seenAt: 1, message: 'gone' }), [])
  })

  it('takes the last word of a batch in which an attempt comes several times', async () => {
    const id = await opened(store, aPlan())
    await foldOf(store, id)
    const at = reference(id, 'train')
    const pod = '0'.repeat(16) as never
    await store.workflows.recordSightings([exited(), running, { kind: 'created' } as const].map((phase) => ({ pod, reference: at, phase })))
    await foldOf(store, id)
    assert.equal((await store.views.workflow(id))?.tasks[0]?.state.status, 'COMPLETED')
  })

  it('drops what it does not know', async () => {
    assert.deepEqual(await sight(store, reference('00000000-0000-4000-8000-000000000000' as WorkflowId, 'x'), running), [])
  })
})
