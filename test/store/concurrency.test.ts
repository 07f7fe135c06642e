import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createStore, type Store } from '../../src/store/store.ts'
import type { WorkflowId } from '../../src/workflow/names.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'
import {
  aGroup,
  aPlan,
  aProvenance,
  aPullRequest,
  aSubmission,
  aTask,
  dispatchAll,
  exited,
  finish,
  foldOf,
  opened,
  reference,
  sha,
  sight,
} from './plans.ts'

describe('Concurrency groups', () => {
  let database: TestDatabase
  let store: Store
  before(async () => {
    database = await aDatabase()
    store = database.store
  })
  const member = (key: string, limit: number, change: Parameters<typeof aPlan>[0] = {}) =>
    opened(store, aPlan({ concurrency: { key, limit, cancelInProgress: 'never' }, groups: [aGroup(aTask('only'))], ...change }))
  const end = async (id: Parameters<typeof foldOf>[1]) => {
    await foldOf(store, id)
    await finish(store, reference(id, 'only'))
  }

  const slots = async (ids: readonly WorkflowId[]) => Promise.all(ids.map(async (id) => (await store.views.workflow(id))?.workflow.slot))
  const free = async (key: string) => (await store.workflows.waitingConcurrencyKeys(10)).includes(key)

  it('admits as soon as it is opened, in order, as many as the limit says', async () => {
    const ids = [await member('order', 2), await member('order', 2), await member('order', 2), await member('order', 2)]
    assert.deepEqual(await slots(ids), ['held', 'held', 'waiting', 'waiting'])
    assert.deepEqual(await store.workflows.admit('order'), [])
    assert.equal(await free('order'), false)
    await end(ids[1]!)
    assert.equal(await free('order'), true)
    assert.deepEqual(await store.workflows.admit('order'), [ids[2]])
    assert.equal(await free('order'), false)
    for (const id of [ids[0]!, ids[2]!]) await end(id)
    assert.deepEqual(await store.workflows.admit('order'), [ids[3]])
  })

  it('finds the one group with a free place behind many that are full', async () => {
    for (const key of ['full-1', 'full-2', 'full-3']) for (let count = 0; count < 2; count += 1) await member(key, 1)
    const last = [await member('last', 1), await member('last', 1)]
    await end(last[0]!)
    assert.deepEqual(await store.workflows.waitingConcurrencyKeys(1), ['last'])
  })

  it('gives a place once when many ask for it at the same time', async () => {
    const other = createStore(database.anotherPool())
    const plan = () => aPlan({ concurrency: { key: 'rush', limit: 1, cancelInProgress: 'never' }, groups: [aGroup(aTask('only'))] })
    const ids = await Promise.all(Array.from({ length: 8 }, (_, index) => opened(index % 2 ? store : other, plan())))
    assert.equal((await slots(ids)).filter((slot) => slot === 'held').length, 1)
    await end(ids[(await slots(ids)).indexOf('held')]!)
    const admitted = await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 ? store : other).workflows.admit('rush')))
    assert.equal(admitted.flat().length, 1)
  })

  it('opens groups in any order at the same time', async () => {
    const plan = (key: string) => aPlan({ name: key, concurrency: { key, limit: 1, cancelInProgress: 'never' } })
    const many = Array.from({ length: 6 }, () => store.submissions.open(aSubmission(['left', 'right'].map(plan))))
    assert.equal((await Promise.all(many)).flatMap(({ opened: ids }) => ids).length, 12)
  })

  it('cancels the holder for a newer workflow with cancel-in-progress, once', async () => {
    const plan = { concurrency: { key: 'cancel', limit: 1, cancelInProgress: 'any-ref' } as const }
    const holder = await member('cancel', 1, { ...plan, provenance: aPullRequest(1, 'a') })
    const newer = await member('cancel', 1, { ...plan, provenance: aPullRequest(1, 'c') })
    await store.workflows.admit('cancel')
    await foldOf(store, holder)
    assert.equal((await store.views.workflow(holder))?.status, 'FAILED_CANCELED')
    assert.deepEqual(await store.workflows.admit('cancel'), [newer])
  })

  describe('pushes to one branch that were heard of in another order', () => {
    const push = (key: string, digit: string, before: string, cancelInProgress: 'any-ref' | 'never' = 'any-ref') =>
      aSubmission([
        aPlan({
          concurrency: { key, limit: 1, cancelInProgress },
          groups: [aGroup(aTask('only'))],
          provenance: aProvenance({ ref: `refs/heads/${key}`, headRef: key, sha: sha(digit), baseSha: before && sha(before) }),
        }),
      ])
    const hear = async (submission: ReturnType<typeof push>, tip: string): Promise<WorkflowId> => {
      const saved = await store.submissions.openIf(submission, async () => ({ kind: 'pushed', tip: sha(tip) }))
      const id = saved?.opened[0]
      assert.ok(id)
      return id
    }
    const status = async (id: WorkflowId) => {
      await foldOf(store, id)
      const view = await store.views.workflow(id)
      return [view?.status, view?.workflow.cancellation?.reason, view?.workflow.cancellation?.cause].filter((part) => part !== undefined)
    }
    const lives = ['PENDING']
    const superseded = (by: string) => ['FAILED_CANCELED', `superseded by ${by}, which was pushed later`, 'head-moved']
    const nameOf = async (id: WorkflowId) => (await store.views.workflow(id))?.workflow.displayId ?? ''

    it('the older one, heard of last, is cancelled, and the one at the tip lives', async () => {
      const newer = await hear(push('tip', 'b', ''), 'b')
      const older = await hear(push('tip', 'a', '9'), 'b')
      assert.deepEqual(await store.workflows.admit('tip'), [])
      assert.deepEqual([await status(newer), await status(older)], [lives, superseded(await nameOf(newer))])
    })

    it('also where the tip has moved on since: the newer one began, by way of another push, where the older one ended', async () => {
      await store.submissions.open(
        aSubmission([], { provenance: aProvenance({ ref: 'refs/heads/line', sha: sha('b'), baseSha: sha('a') }) }),
      )
      const newer = await hear(push('line', 'c', 'b'), 'd')
      const older = await hear(push('line', 'a', '9'), 'd')
      assert.deepEqual([await status(newer), await status(older)], [lives, superseded(await nameOf(newer))])
    })

    it('also where the newer one has ended meanwhile', async () => {
      const newer = await hear(push('ended', 'b', 'a'), 'b')
      await end(newer)
      const older = await hear(push('ended', 'a', '9'), 'b')
      assert.deepEqual(await status(older), superseded(await nameOf(newer)))
    })

    it('in their order the older one is cancelled too, whatever the tip is by then', async () => {
      const older = await hear(push('order-of-pushes', 'a', '9'), 'c')
      const newer = await hear(push('order-of-pushes', 'b', 'a'), 'c')
      assert.deepEqual([(await status(newer))[0], (await status(older))[0]], ['PENDING', 'FAILED_CANCELED'])
    })

    it('without cancel-in-progress both live', async () => {
      const newer = await hear(push('patient', 'b', 'a', 'never'), 'b')
      const older = await hear(push('patient', 'a', '9', 'never'), 'b')
      assert.deepEqual([await status(newer), await status(older)], [lives, lives])
    })

    it('one of another branch in the group is no newer push', async () => {
      const other = await hear(push('shared', 'b', ''), 'b')
      const mine = await hear(
        {
          ...push('shared', 'a', '9'),
          plans: push('shared', 'a', '9').plans.map((plan) => ({ ...plan, provenance: aProvenance({ sha: sha('a') }) })),
        },
        'c',
      )
      assert.deepEqual([(await status(other))[0], (await status(mine))[0]], ['FAILED_CANCELED', 'PENDING'])
    })
  })

  it('keeps the place of a workflow that was cancelled until the end of what it had started is seen', async () => {
    const [cancelled, next] = [await member('alive', 1), await member('alive', 1)]
    await foldOf(store, cancelled)
    await dispatchAll(store)
    await store.workflows.post(cancelled, { kind: 'cancel-requested', by: 'ada', reason: 'no' })
    await foldOf(store, cancelled)
    assert.equal((await store.views.workflow(cancelled))?.status, 'FAILED_CANCELED', 'its task was being created, and it ended at once')
    assert.deepEqual(await store.workflows.admit('alive'), [])
    assert.equal(await free('alive'), false)
    await sight(store, reference(cancelled, 'only'), exited(143, { reason: 'canceled' }))
    assert.equal(await free('alive'), true)
    assert.deepEqual(await store.workflows.admit('alive'), [next])
  })

  it('takes the place of a workflow that waits for its base arm, and gives it back in its old place', async () => {
    const waits = await member('yield', 1, { groups: [{ ...aGroup(aTask('only')), baseInputs: 'awaited' }] })
    const needed = await member('yield', 1)
    const later = await member('yield', 1)
    assert.deepEqual(await slots([waits, needed, later]), ['held', 'waiting', 'waiting'])
    await foldOf(store, waits)
    await store.workflows.yieldSlot(waits)
    assert.deepEqual(await store.workflows.admit('yield'), [needed])
    await store.workflows.post(waits, { kind: 'base-inputs-settled', group: 'only-group' })
    await foldOf(store, waits)
    await store.workflows.yieldSlot(waits)
    assert.equal((await store.views.workflow(waits))?.workflow.slot, 'waiting')
    await end(needed)
    assert.deepEqual(await store.workflows.admit('yield'), [waits])
    assert.equal((await store.views.workflow(later))?.workflow.slot, 'waiting')
  })
})
