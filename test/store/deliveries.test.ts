import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import { ForgeError } from '../../src/engine/ports.ts'
import type { TestDatabase } from '../harness/postgres.ts'
import { aDatabase } from '../harness/postgres.ts'
import { sha } from './plans.ts'

describe('Deliveries', () => {
  let database: TestDatabase
  before(async () => {
    database = await aDatabase()
  })
  beforeEach(() => database.pool.query('delete from delivery'))
  const deliveries = () => database.store.deliveries
  const arrive = (guid: string, body = '{}') => deliveries().accept({ guid, event: 'push', body })
  const makeDue = (guid: string) => database.pool.query('update delivery set due_at = 0 where guid = $1', [guid])
  const secondsUntilDue = async (guid: string): Promise<number> => {
    const { rows } = await database.pool.query('select (due_at - instant_now()) / 1000.0 as seconds from delivery where guid = $1', [guid])
    return Number(rows[0].seconds)
  }

  it('acts once on a delivery that comes twice', async () => {
    const acted: string[] = []
    const handle = async ({ guid }: { guid: string }) => void acted.push(guid)
    assert.equal(await arrive('twice'), 'new')
    assert.equal(await arrive('twice'), 'seen')
    assert.equal(await deliveries().processNext(handle), 'processed')
    assert.equal(await arrive('twice'), 'seen')
    assert.equal(await deliveries().processNext(handle), 'none')
    assert.deepEqual(acted, ['twice'])
  })

  it('says of a crowd of deliveries which of them are new, also when one of them is in it twice', async () => {
    await arrive('known')
    const guids = [...Array.from({ length: 250 }, (_, index) => `crowd-${index}`), 'known', 'crowd-7']
    const answers = await Promise.all(guids.map((guid) => arrive(guid, `"${guid}"`)))
    assert.deepEqual(new Set(answers.slice(0, 250)), new Set(['new']))
    assert.deepEqual(answers.slice(250), ['seen', 'seen'])
    const { rows } = await database.pool.query(`select count(*)::int as count from delivery where body = '"' || guid || '"'`)
    assert.equal(rows[0].count, 250)
  })

  it('acts again when a delivery that failed is redelivered', async () => {
    await arrive('fails')
    const fails = async () => Promise.reject(new Error('GitHub is away'))
    assert.equal(await deliveries().processNext(fails), 'failed')
    assert.equal(await deliveries().processNext(fails), 'none', 'its next try is not due yet')
    assert.equal(await arrive('fails'), 'reopened')
    assert.equal(await deliveries().processNext(async () => undefined), 'processed')
  })

  it('gives a delivery to one of two processes, and does not let a redelivery wait for the handler', async () => {
    await arrive('contested')
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const first = deliveries().processNext(async () => {
      started.resolve()
      await gate.promise
    })
    await started.promise
    assert.equal(await deliveries().processNext(async () => undefined), 'none')
    assert.equal(await arrive('contested'), 'seen')
    gate.resolve()
    assert.equal(await first, 'processed')
  })

  it('frees a delivery at once when the process that handled it dies', async () => {
    await arrive('orphan')
    const dying = database.anotherPool()
    const client = await dying.connect()
    client.on('error', () => undefined)
    await client.query('begin')
    await client.query("select 1 from delivery where guid = 'orphan' for update")
    assert.equal(await deliveries().processNext(async () => undefined), 'none')
    client.release(true)
    while ((await deliveries().processNext(async () => undefined)) === 'none');
  })

  it('lists what waits, oldest first, and leaves out what failed until it is due', async () => {
    for (const guid of ['one', 'two', 'three']) await arrive(guid)
    await deliveries().processNext(async () => undefined)
    await deliveries().processNext(async () => Promise.reject(new Error('no')))
    assert.deepEqual(await deliveries().waiting(10), ['three'])
    await makeDue('two')
    assert.deepEqual(await deliveries().waiting(10), ['two', 'three'])
  })

  it('gives up after eight failures', async () => {
    await arrive('hopeless')
    for (let count = 0; count < 8; count += 1) {
      await makeDue('hopeless')
      assert.equal(await deliveries().processNext(async () => Promise.reject(new Error('no'))), 'failed')
    }
    await makeDue('hopeless')
    assert.equal(await deliveries().processNext(async () => undefined), 'none')
    assert.equal((await deliveries().waiting(10)).includes('hopeless'), false)
    assert.equal(await arrive('hopeless'), 'reopened')
  })

  it('outlasts an outage of GitHub, however often it is tried within a day', async () => {
    await arrive('patient')
    for (let count = 0; count < 30; count += 1) {
      await makeDue('patient')
      assert.equal(await deliveries().processNext(() => Promise.reject(new ForgeError('503', 'retry'))), 'failed')
    }
    assert.ok((await secondsUntilDue('patient')) <= 300)
    await makeDue('patient')
    assert.equal(await deliveries().processNext(async () => undefined), 'processed')
  })

  it('comes back when GitHub says that it may', async () => {
    await arrive('limited')
    await deliveries().processNext(() => Promise.reject(new ForgeError('rate limit', 'retry', 1800)))
    const seconds = await secondsUntilDue('limited')
    assert.ok(seconds > 1700 && seconds <= 1800, `${seconds} s`)
  })

  it('is parked after a day of outage, is counted, and is told once', async () => {
    await arrive('a day')
    await database.pool.query("update delivery set open_since = 0 where guid = 'a day'")
    await deliveries().processNext(() => Promise.reject(new ForgeError('503 for a day', 'retry')))
    assert.equal(await deliveries().parked(), 1)
    const told = await deliveries().takeParked(10)
    assert.deepEqual(
      told.map(({ guid, message }) => [guid, message]),
      [['a day', '503 for a day']],
    )
    assert.deepEqual(await deliveries().takeParked(10), [])
    assert.equal(await arrive('a day'), 'reopened')
    assert.equal(await deliveries().parked(), 0)
    await deliveries().processNext(() => Promise.reject(new ForgeError('503 again', 'retry')))
    assert.equal(await deliveries().parked(), 0, 'its day begins again')
  })

  it('is missing when it never came or is parked', async () => {
    await arrive('here')
    await arrive('parked')
    await database.pool.query("update delivery set state = 'failed', failures = 8 where guid = 'parked'")
    assert.deepEqual(await deliveries().missing(['here', 'parked', 'never']), ['parked', 'never'])
  })

  it('knows whether a push of a commit may still be heard of', async () => {
    await arrive('about e', JSON.stringify({ after: sha('e') }))
    assert.equal(await deliveries().anyWaitingFor(sha('e')), true)
    assert.equal(await deliveries().anyWaitingFor(sha('f')), false)
    await deliveries().processNext(async () => undefined)
    assert.equal(await deliveries().anyWaitingFor(sha('e')), false)
  })

  it('knows a push by the commit where it leaves the branch, by index, and by no text that only looks like it', async () => {
    const push = {
      ref: 'refs/heads/main',
      before: sha('a'),
      after: sha('b'),
      commits: [{ id: sha('c'), message: `"after": "${sha('d')}"` }],
    }
    await arrive('pretty', JSON.stringify(push, null, 2))
    await arrive('no push', JSON.stringify({ comment: { body: `"after":"${sha('d')}"` } }))
    const waitedFor = await Promise.all(['a', 'b', 'c', 'd'].map((letter) => deliveries().anyWaitingFor(sha(letter))))
    assert.deepEqual(waitedFor, [false, true, false, false])
    const client = await database.pool.connect()
    await client.query('set enable_seqscan = off')
    const { rows } = await client.query(
      `explain select 1 from delivery where state <> 'processed' and failures < 8 and pushed_commit = '${sha('b')}'`,
    )
    client.release(true)
    assert.match(JSON.stringify(rows), /delivery_pushed/)
  })

  it('is forgotten 30 days after it came, if it was processed', async () => {
    const days = { old: 31, older: 32, oldest: 33, young: 29, waiting: 99, parked: 99 }
    for (const [guid, age] of Object.entries(days)) {
      await arrive(guid)
      await database.pool.query(
        "update delivery set state = 'processed', received_at = instant_now() - $2::bigint * 86400000 where guid = $1",
        [guid, age],
      )
    }
    await database.pool.query("update delivery set state = 'waiting' where guid = 'waiting'")
    await database.pool.query("update delivery set state = 'failed', failures = 8 where guid = 'parked'")
    const left = async () => (await database.pool.query('select guid from delivery order by guid')).rows.map(({ guid }) => guid)
    assert.equal(await deliveries().prune(2), 2)
    assert.deepEqual(await left(), ['old', 'parked', 'waiting', 'young'])
    assert.equal(await deliveries().prune(2), 1)
    assert.equal(await deliveries().prune(2), 0)
    assert.deepEqual(await left(), ['parked', 'waiting', 'young'])
  })

  it('keeps the body as it came, a NUL aside', async () => {
    await arrive('odd', '{"text": "ü \0 \\u0000"}')
    let body = ''
    await deliveries().processNext(async (delivery) => {
      body = delivery.body
    })
    assert.equal(body, '{"text": "ü \uFFFD \\u0000"}')
  })
})
