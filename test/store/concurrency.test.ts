import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createStore, type Store } from '../../src/store/store.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'
import { aGroup, aPlan, aPullRequest, aTask, finish, foldOf, opened, reference } from './plans.ts'

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

  it('admits in order, as many as the limit says', async () => {
    const ids = [await member('order', 2), await member('order', 2), await member('order', 2), await member('order', 2)]
    assert.deepEqual(await store.workflows.admit('order'), ids.slice(0, 2))
    assert.deepEqual(await store.workflows.admit('order'), [])
    await end(ids[1]!)
    assert.deepEqual(await store.workflows.admit('order'), [ids[2]])
    assert.ok((await store.workflows.waitingConcurrencyKeys(10)).includes('order'))
    for (const id of [ids[0]!, ids[2]!]) await end(id)
    assert.deepEqual(await store.workflows.admit('order'), [ids[3]])
    assert.equal((await store.workflows.waitingConcurrencyKeys(10)).includes('order'), false)
  })

  it('gives a place once when many ask for it at the same time', async () => {
    for (let count = 0; count < 5; count += 1) await member('rush', 1)
    const other = createStore(database.anotherPool())
    const admitted = await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 ? store : other).workflows.admit('rush')))
    assert.equal(admitted.flat().length, 1)
  })

  it('cancels the holder for a newer workflow with cancel-in-progress, once', async () => {
    const plan = { concurrency: { key: 'cancel', limit: 1, cancelInProgress: 'any-ref' } as const }
    const holder = await member('cancel', 1, { ...plan, provenance: aPullRequest(1, 'a') })
    await store.workflows.admit('cancel')
    const newer = await member('cancel', 1, { ...plan, provenance: aPullRequest(1, 'c') })
    await store.workflows.admit('cancel')
    await foldOf(store, holder)
    assert.equal((await store.views.workflow(holder))?.status, 'FAILED_CANCELED')
    assert.deepEqual(await store.workflows.admit('cancel'), [newer])
  })

  it('takes the place of a workflow that waits for its base arm, and gives it back in its old place', async () => {
    const waits = await member('yield', 1, { groups: [{ ...aGroup(aTask('only')), baseInputs: 'awaited' }] })
    const needed = await member('yield', 1)
    const later = await member('yield', 1)
    assert.deepEqual(await store.workflows.admit('yield'), [waits])
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
