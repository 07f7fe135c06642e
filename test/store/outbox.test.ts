import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { OutboxEffect } from '../../src/engine/ports.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'

describe('Outbox', () => {
  let database: TestDatabase
  let store: Store
  beforeEach(async () => {
    database = await aDatabase()
    store = database.store
  })
  const effect = (pullRequest: number): OutboxEffect => ({ kind: 'pull-request-report', repositoryId: 7, pullRequest })
  const add = (key: string, pullRequest = 1, delaySeconds = 0) =>
    store.outbox.add(effect(pullRequest), { key, lane: 'reports', delaySeconds })
  const claim = (leaseSeconds = 30) => store.outbox.claim('reports', 10, leaseSeconds)
  const claimed = async (leaseSeconds = 30) =>
    (await claim(leaseSeconds)).map((row) => row.effect.kind === 'pull-request-report' && row.effect.pullRequest)

  it('gives a row to one process, until it is done', async () => {
    await add('a')
    const rows = (await Promise.all([claim(), createStore(database.anotherPool()).outbox.claim('reports', 10, 30), claim()])).flat()
    assert.equal(rows.length, 1)
    await store.outbox.done(rows.map(({ id }) => id))
    assert.deepEqual(await claim(), [])
    assert.deepEqual(await store.outbox.dueLanes(), [])
  })

  it('gives a row back when its lease has run out', async () => {
    await add('a')
    assert.deepEqual(await claimed(0), [1])
    assert.deepEqual(await store.outbox.dueLanes(), ['reports'])
    assert.deepEqual(await claimed(), [1])
  })

  it('gives back what a dead process held, when the directory is ours', async () => {
    await add('a')
    await claim()
    assert.deepEqual(await store.outbox.dueLanes(), [])
    await store.outbox.releaseAll()
    assert.deepEqual(await claimed(), [1])
  })

  it('replaces a row that nobody has taken, and keeps the earlier time', async () => {
    await add('a', 1)
    await add('a', 2, 600)
    await add('b', 3, 600)
    assert.deepEqual(await claimed(), [2])
  })

  it('keeps news apart from a row that is being performed, and holds it back until that one is done', async () => {
    await add('a', 1)
    const [taken] = await claim()
    await add('a', 2)
    await add('a', 3)
    assert.deepEqual(await claimed(), [])
    await store.outbox.done([taken!.id])
    assert.deepEqual(await claimed(), [3])
  })

  it('tries again after a delay, counts the failures, and news does not break into the delay', async () => {
    await add('a', 1)
    const [taken] = await claim()
    await store.outbox.retry(taken!.id, 600, 'GitHub says 503 \0')
    await add('a', 2)
    assert.deepEqual(await claim(), [])
    await database.pool.query('update outbox set due_at = 0')
    const [again] = await claim()
    assert.deepEqual([again?.id, again?.failures], [taken!.id, 1])
  })

  it('puts back what is not ready without counting a failure', async () => {
    await add('a', 1)
    const [taken] = await claim()
    await store.outbox.postpone(taken!.id, 600, 'not yet')
    assert.deepEqual(await claim(), [])
    await database.pool.query('update outbox set due_at = 0')
    const [again] = await claim()
    assert.deepEqual([again?.id, again?.failures], [taken!.id, 0])
  })

  it('keeps lanes apart', async () => {
    await add('a')
    await store.outbox.add(effect(2), { key: 'b', lane: 'work', delaySeconds: 0 })
    assert.deepEqual(await claimed(), [1])
    assert.deepEqual(await store.outbox.dueLanes(), ['work'])
  })

  it('never gives a row twice to many claimers', async () => {
    for (let index = 0; index < 60; index += 1) await add(`key ${index}`, index)
    const other = createStore(database.anotherPool())
    const rounds = await Promise.all(Array.from({ length: 12 }, (_, index) => (index % 2 ? store : other).outbox.claim('reports', 10, 30)))
    const ids = rounds.flat().map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
  })
})
