import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { createLanes } from '../../src/engine/lanes.ts'
import { createOutboxWorker } from '../../src/engine/outbox-worker.ts'
import { ForgeError, type OutboxEffect, type OutboxRow } from '../../src/engine/ports.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'

type Perform = (row: OutboxRow, signal: AbortSignal) => Promise<'done' | 'later'>

let database: TestDatabase
beforeEach(async () => {
  database = await aDatabase()
})

const report = (repositoryId: number, pullRequest = 1): OutboxEffect => ({ kind: 'pull-request-report', repositoryId, pullRequest })
const answer = (commentId: number, installationId = 1): OutboxEffect => ({
  kind: 'answer',
  answer: { repository: { id: 1, installationId, fullName: 'a/b' }, pullRequest: 1, commentId, reaction: '+1', reply: undefined },
})
const add = (key: string, effect: OutboxEffect) => database.store.outbox.add(effect, { key, lane: 'reports', delaySeconds: 0 })
const age = (hours: number) => database.pool.query('update outbox set created_at = created_at - $1::bigint', [hours * 3600_000])
const makeDue = () => database.pool.query('update outbox set due_at = 0')
const left = async () => (await database.pool.query('select key from outbox order by id')).rows.map(({ key }) => key)

/** Works the lane off once. */
async function work(perform: Perform, timeoutSeconds = 30) {
  const said: { readonly level: string; readonly message: string }[] = []
  const note = (level: string) => (_: object, message: string) => void said.push({ level, message })
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const abandoned: string[] = []
  const worker = createOutboxWorker({
    outbox: database.store.outbox,
    perform,
    abandon: async ({ id }) => void abandoned.push(id),
    log,
    timeoutSeconds,
  })
  const lanes = createLanes(worker.take, log)
  lanes.kick('reports')
  await lanes.settled()
  return { said, abandoned }
}

const failing =
  (error: Error): Perform =>
  () =>
    Promise.reject(error)

describe('An effect that fails', () => {
  it('because GitHub is away is kept for as long as it takes, when it is a report', async () => {
    await add('report', report(7))
    await age(100)
    for (let tries = 0; tries < 20; tries++) {
      await makeDue()
      await work(failing(new ForgeError('503', 'retry')))
    }
    assert.deepEqual(await left(), ['report'])
    const { rows } = await database.pool.query('select (due_at - instant_now()) / 1000 as wait from outbox')
    assert.ok(rows[0].wait <= 300, `${rows[0].wait} s`)
  })

  it('because GitHub refuses it is done with', async () => {
    await add('report', report(7))
    const { abandoned } = await work(failing(new ForgeError('404', 'give-up')))
    assert.deepEqual([await left(), abandoned.length], [[], 1])
  })

  it("for a day because of itself is buried, told as an error, and stands in nobody's way", async () => {
    await add('poison', report(7))
    await age(25)
    await add('good', report(8))
    const performed: OutboxEffect[] = []
    const { said, abandoned } = await work(async ({ effect }) => {
      if (effect.kind === 'pull-request-report' && effect.repositoryId === 7) throw new TypeError('nobody had expected this')
      performed.push(effect)
      return 'done'
    })
    assert.deepEqual([await left(), performed.length, abandoned.length], [[], 1, 1])
    assert.equal(await database.store.outbox.buried(), 1)
    assert.ok(said.some(({ level }) => level === 'error'))
    const { rows } = await database.pool.query('select key, message from dead_effect')
    assert.deepEqual(rows, [{ key: 'poison', message: 'nobody had expected this' }])
  })

  it('for an hour because of itself is tried again', async () => {
    await add('poison', report(7))
    await age(1)
    await work(failing(new TypeError('not yet')))
    assert.deepEqual([await left(), await database.store.outbox.buried()], [['poison'], 0])
  })

  it('because it hangs is cut off before another worker may take it', async () => {
    await add('hangs', report(7))
    let lease = 0
    await work(async (_, signal) => {
      const { rows } = await database.pool.query('select leased_until - instant_now() as lease from outbox')
      lease = rows[0].lease
      // A timer of `AbortSignal.timeout` alone keeps no process alive.
      const alive = setInterval(() => undefined, 1000)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      clearInterval(alive)
      throw signal.reason
    }, 1)
    assert.ok(lease > 14_000, `its lease ends ${lease} ms after it was taken, its time after 1 s`)
    assert.deepEqual(await left(), ['hangs'])
  })
})

describe('An installation whose rate is used up', () => {
  it('waits as GitHub says, with all its rows, and others go on', async () => {
    await add('limited', answer(1, 1))
    await work(failing(new ForgeError('rate limit', 'retry', 900)))
    await makeDue()
    await add('same installation', answer(2, 1))
    await add('another', answer(3, 2))
    await work(async () => 'done')
    assert.deepEqual(await left(), ['limited', 'same installation'])
    await database.pool.query('update installation_pause set until = 0')
    await work(async () => 'done')
    assert.deepEqual(await left(), [])
  })
})
