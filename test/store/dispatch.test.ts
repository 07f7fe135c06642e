import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { LivePod, PendingPod } from '../../src/engine/ports.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import type { WorkflowId } from '../../src/workflow/names.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'
import {
  aGroup,
  aPlan,
  aPolicy,
  aProvenance,
  aTask,
  aTemplate,
  dispatchAll,
  exited,
  finish,
  foldOf,
  opened,
  reference,
  sha,
  sight,
} from './plans.ts'

describe('Dispatch', () => {
  let database: TestDatabase
  let store: Store
  beforeEach(async () => {
    database = await aDatabase()
    store = database.store
  })
  const admitted = async (plan = aPlan()) => {
    const id = await opened(store, plan)
    await foldOf(store, id)
    return id
  }
  const parallel = (names: readonly string[]) => aPlan({ groups: names.map((name) => aGroup(aTask(name))) })
  const tasks = (pods: readonly (PendingPod | LivePod)[]) => pods.map(({ reference: { task } }) => task).toSorted()

  it('shows what waits and what lives, and remembers what was chosen', async () => {
    await admitted(parallel(['a', 'b', 'c']))
    const first = await store.dispatch.claim('local', 10, 30, (live, pending) => {
      assert.deepEqual([tasks(live), tasks(pending)], [[], ['a', 'b', 'c']])
      return pending.filter(({ reference: { task } }) => task === 'b')
    })
    assert.deepEqual(tasks(first), ['b'])
    const second = await store.dispatch.claim('local', 10, 30, (live, pending) => {
      assert.deepEqual([tasks(live), tasks(pending)], [['b'], ['a', 'c']])
      return []
    })
    assert.deepEqual(second, [])
    assert.deepEqual(
      (await store.workflows.expectedPods('local')).map(({ reference: { task }, status }) => [task, status]),
      [['b', 'PROCESSING']],
    )
  })

  it('never fills one place twice', async () => {
    await admitted(parallel(['a', 'b', 'c', 'd']))
    const other = createStore(database.anotherPool())
    const one = (live: readonly LivePod[], pending: readonly PendingPod[]) => (live.length === 0 ? pending.slice(0, 1) : [])
    const chosen = await Promise.all(
      Array.from({ length: 6 }, (_, index) => (index % 2 ? store : other).dispatch.claim('local', 10, 30, one)),
    )
    assert.equal(chosen.flat().length, 1)
  })

  it('tries a dispatched pod again without asking: it has its place', async () => {
    await admitted(parallel(['a', 'b']))
    const onlyA = (_: readonly LivePod[], pending: readonly PendingPod[]) => pending.filter(({ reference: { task } }) => task === 'a')
    const [a] = await store.dispatch.claim('local', 10, 30, onlyA)
    await store.outbox.retry(a!.outboxId, 0, 'the backend was away')
    const again = await store.dispatch.claim('local', 10, 30, (live, pending) => {
      assert.deepEqual([tasks(live), tasks(pending)], [['a'], ['b']])
      return []
    })
    assert.deepEqual(
      again.map(({ reference: { task }, failures }) => [task, failures]),
      [['a', 1]],
    )
  })

  it('counts what we ended as alive until its end is seen', async () => {
    const pair = { ...aGroup(aTask('client')), tasks: [aTask('client'), aTask('server', { lead: false })] }
    const id = await admitted(aPlan({ groups: [pair] }))
    await dispatchAll(store)
    for (const task of ['client', 'server']) await sight(store, reference(id, task), { kind: 'running', startedAt: 1000 })
    await finish(store, reference(id, 'client'))
    const seen = async () => {
      await admitted(parallel(['next']))
      let alive: readonly string[] = []
      await store.dispatch.claim('local', 10, 30, (live) => {
        alive = tasks(live)
        return []
      })
      const expected = await store.workflows.expectedPods('local')
      return { alive, expected: expected.map(({ reference: { task }, standing }) => `${task} ${standing}`) }
    }
    assert.equal((await store.views.workflow(id))?.status, 'COMPLETED')
    assert.deepEqual(await seen(), { alive: ['server'], expected: ['server ending'] })
    await sight(store, reference(id, 'server'), exited(143, { reason: 'canceled' }))
    assert.deepEqual(await seen(), { alive: [], expected: [] })
  })

  it('counts nothing as alive whose end was seen before we ended it', async () => {
    const pair = { ...aGroup(aTask('client')), tasks: [aTask('client'), aTask('server', { lead: false })] }
    const id = await admitted(aPlan({ groups: [pair] }))
    await dispatchAll(store)
    await sight(store, reference(id, 'client'), exited())
    await sight(store, reference(id, 'server'), { kind: 'lost', seenAt: 3000, message: 'gone' })
    await foldOf(store, id)
    assert.deepEqual(await store.workflows.expectedPods('local'), [])
  })

  it('drops what is no longer wanted', async () => {
    const id = await admitted(parallel(['a']))
    await finish(store, reference(id, 'a'))
    assert.deepEqual(await dispatchAll(store), [])
    const { rows } = await database.pool.query("select 1 from outbox where kind = 'create-pod'")
    assert.deepEqual(rows, [])
  })

  it('leaves pods to create to the dispatcher, and gives the rest of the lane', async () => {
    const id = await admitted(parallel(['a']))
    await dispatchAll(store)
    await sight(store, reference(id, 'a'), { kind: 'running', startedAt: 1000 })
    await store.workflows.post(id, { kind: 'cancel-requested', by: 'ada', reason: 'no' })
    await foldOf(store, id)
    const rows = await store.outbox.claim('pods:local', 10, 30)
    assert.deepEqual(
      rows.map(({ effect }) => effect.kind === 'workflow' && effect.effect.kind),
      ['delete-pod'],
    )
  })

  it('does not dispatch before its time', async () => {
    const id = await admitted(parallel(['a']))
    await dispatchAll(store)
    await finish(store, reference(id, 'a'), { ...exited(1, { reason: 'preempted' }), exitedAt: Date.now() })
    assert.equal((await store.views.workflow(id))?.tasks[0]?.state.attempt, 1)
    assert.deepEqual(await dispatchAll(store), [])
  })

  it('orders only the current attempt of a workflow that goes on', async () => {
    const id = await admitted()
    const order = await store.dispatch.order(reference(id, 'train'))
    assert.deepEqual([order?.taskName, order?.group.members, order?.policy], ['train', ['train'], aPolicy])
    assert.equal(await store.dispatch.order(reference(id, 'train', 1)), undefined)
    assert.equal(await store.dispatch.order(reference(id, 'evaluate')), undefined, 'it is not its turn')
    await store.workflows.post(id, { kind: 'cancel-requested', by: 'ada', reason: 'no' })
    await foldOf(store, id)
    assert.equal(await store.dispatch.order(reference(id, 'train')), undefined)
  })

  it('resolves inputs: a task of the workflow, one of an earlier workflow of the same repository, a url', async () => {
    const earlier = await admitted(aPlan({ name: 'earlier' }))
    await finish(store, reference(earlier, 'train'))
    const foreign = await admitted(aPlan({ name: 'foreign', provenance: aProvenance({ repositoryId: 8 }) }))
    await finish(store, reference(foreign, 'train'))
    const inputs = [
      { kind: 'url', url: 's3://x' },
      { kind: 'task', task: 'train' },
      { kind: 'other-workflow', workflow: 'earlier-1', task: 'train' },
      { kind: 'other-workflow', workflow: 'foreign-1', task: 'train' },
    ] as const
    const id = await admitted(
      aPlan({ groups: [aGroup(aTask('train'), [], ['use']), aGroup(aTask('use', { template: aTemplate({ inputs }) }), ['train'])] }),
    )
    await finish(store, reference(id, 'train'))
    const expected = [undefined, reference(id, 'train'), reference(earlier, 'train'), undefined]
    assert.deepEqual((await store.dispatch.order(reference(id, 'use')))?.inputs, expected)
    assert.deepEqual((await store.attempts.attemptGrant(reference(id, 'use')))?.inputs, expected)
  })

  it('keeps base inputs as they were found', async () => {
    const id = await admitted()
    const base = {
      kind: 'found',
      sha: sha('b'),
      inputs: [undefined, reference(id, 'train')],
      exact: 'merge-base',
      workflow: 'nav-eval-1',
    } as const
    await store.workflows.saveBaseInputs(id, 'train', base)
    assert.deepEqual((await store.dispatch.order(reference(id, 'train')))?.baseInputs, base)
    assert.deepEqual((await store.attempts.attemptGrant(reference(id, 'train')))?.baseInputs, base.inputs)
  })

  it('grants an attempt what it may ask for until it has ended', async () => {
    const id = await admitted()
    const granted = (attempt: number) => store.attempts.attemptGrant(reference(id, 'train', attempt))
    assert.equal((await granted(0))?.repository, 'acme/arm')
    assert.equal(await granted(1), undefined)
    await finish(store, reference(id, 'train'))
    assert.equal(await granted(0), undefined)
    assert.equal(await store.attempts.attemptGrant(reference('00000000-0000-4000-8000-000000000000' as WorkflowId, 'x')), undefined)
  })
})
