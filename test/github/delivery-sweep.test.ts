import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type ServerType, serve } from '@hono/node-server'
import { sweepDeliveries, sweepOnce } from '../../src/github/delivery-sweep.ts'
import { createIntake } from '../../src/github/intake.ts'
import { aDatabase, silentLog, type TestDatabase } from '../harness/postgres.ts'
import { aGithub, soon, type TestGithub } from './stage.ts'

let github: TestGithub
let database: TestDatabase
let server: ServerType
before(async () => {
  github = await aGithub()
  database = await aDatabase()
  const { deliveries } = database.store
  const app = createIntake({ secrets: ['a secret for tests'], deliveries, waker: { wake: async () => undefined }, log: silentLog })
  server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  await github.admin.setWebhookUrl({ url: `http://127.0.0.1:${address.port}/api/github/webhooks` })
})
beforeEach(async () => {
  await github.admin.idle({})
  await github.admin.setFaults({})
  // What an earlier test left unanswered is answered now.
  await database.pool.query('delete from delivery')
  await sweep()
  await github.admin.idle({})
  await database.pool.query('delete from delivery')
  await database.pool.query('update delivery_sweep set swept_until = 0')
})
after(async () => {
  await github.stage.close()
  server.close()
})

let commits = 0
const push = () => github.commit('main', { 'README.md': String(++commits) })
const options = (clock: () => number = Date.now) => ({
  client: github.client,
  deliveries: database.store.deliveries,
  log: silentLog,
  clock,
  pauseMs: 0,
})
const sweep = (minutesLater = 0) =>
  sweepOnce(
    options(() => Date.now() + 60_000 * minutesLater),
    soon(),
  )
const pushes = async () => (await database.pool.query("select body::jsonb ->> 'after' as sha from delivery where event = 'push'")).rows

describe('A delivery that was dropped', () => {
  it('comes into the inbox after the sweep, and is not asked for again', async () => {
    await github.admin.setFaults({ deliveries: [{ kind: 'drop', event: 'push' }] })
    const { sha } = await push()
    await github.admin.idle({})
    assert.deepEqual(await pushes(), [])
    assert.equal(await sweep(), 1)
    await github.admin.idle({})
    assert.deepEqual(await pushes(), [{ sha }])
    assert.equal(await sweep(60), 0)
  })

  it('comes at the start of a worker', async () => {
    await github.admin.setFaults({ deliveries: [{ kind: 'drop', event: 'push' }] })
    const { sha } = await push()
    await github.admin.idle({})
    const stopping = new AbortController()
    const sweeping = sweepDeliveries({ ...options(), everySeconds: 3600 }, stopping.signal)
    for (let tries = 0; (await pushes()).length === 0; tries++) {
      assert.ok(tries < 100, 'expected the push to be delivered again')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    stopping.abort()
    await sweeping
    assert.deepEqual(await pushes(), [{ sha }])
  })

  it('again and again is asked for later and later, and then no more', async () => {
    await github.admin.setFaults({ deliveries: [{ kind: 'drop', event: 'push', count: 100 }] })
    await push()
    await github.admin.idle({})
    const asked: number[] = []
    for (const minutes of [0, 1, 6, 7, 17]) {
      asked.push(await sweep(minutes))
      await github.admin.idle({})
    }
    assert.deepEqual(asked, [1, 0, 1, 0, 1])
    for (let hours = 1; hours < 60; hours++) {
      asked.push(await sweep(60 * hours))
      await github.admin.idle({})
    }
    assert.equal(
      asked.reduce((sum, count) => sum + count, 0),
      8,
    )
  })
})

it('a delivery that came in though its answer got lost is left alone', async () => {
  await github.admin.setFaults({ deliveries: [{ kind: 'drop', event: 'push' }] })
  await push()
  await github.admin.idle({})
  const listed: { guid: string; event: string }[] = (await github.stage.call('GET', '/app/hook/deliveries', github.stage.jwt())).body
  const dropped = listed.find(({ event }) => event === 'push')
  assert.ok(dropped)
  await database.store.deliveries.accept({ guid: dropped.guid, event: 'push', body: '{}' })
  assert.equal(await sweep(), 0)
})

it('a dropped one is found behind many pages, and holds the horizon back until it has come', async () => {
  await github.admin.setFaults({ deliveries: [{ kind: 'drop', event: 'push' }] })
  const { sha } = await push()
  await github.admin.idle({})
  for (let count = 0; count < 120; count++) await push()
  await github.admin.idle({})
  assert.equal(await sweep(), 1)
  const until = await database.store.deliveries.sweptUntil()
  await github.admin.idle({})
  assert.ok((await pushes()).some((one) => one.sha === sha))
  await sweep()
  assert.ok((await database.store.deliveries.sweptUntil())! > until!)
})
