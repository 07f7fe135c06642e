import assert from 'node:assert/strict'
import { it } from 'node:test'
import { claimBackend } from '../../src/store/backend-claim.ts'
import { aDatabase, silentLog } from '../harness/postgres.ts'

it('a backend belongs to one process, until that one lets go', async () => {
  const { connection } = await aDatabase()
  const first = await claimBackend(connection, 'lab', silentLog)
  assert.ok(first)
  assert.equal(await claimBackend(connection, 'lab', silentLog), undefined)
  await first.release()
  const second = await claimBackend(connection, 'lab', silentLog)
  assert.ok(second)
  await second.release()
})

it('another backend is free', async () => {
  const { connection } = await aDatabase()
  const claims = [await claimBackend(connection, 'lab', silentLog), await claimBackend(connection, 'bench', silentLog)]
  assert.ok(claims.every((claim) => claim !== undefined))
  for (const claim of claims) await claim?.release()
})

it('a claim whose connection was cut is taken again', async () => {
  const { connection, pool } = await aDatabase()
  const claim = await claimBackend(connection, 'lab', silentLog)
  await pool.query(
    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
  )
  for (let tries = 0; ; tries++) {
    const { rows } = await pool.query(
      "select 1 from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())",
    )
    if (rows.length === 1) break
    assert.ok(tries < 100, 'expected the claim to be taken again')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await claim?.release()
})

it('is not held from the moment that its connection is lost until it is taken again, and not at all when another was first', async () => {
  const { connection, pool } = await aDatabase()
  const claim = await claimBackend(connection, 'lab', silentLog)
  assert.equal(claim?.isHeld(), true)
  const { rows } = await pool.query<{ pid: number }>(
    "select pid from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
  )
  const rival = await pool.connect()
  const won = rival.query("select pg_advisory_lock(hashtextextended('osmo/backend/lab', 0))")
  await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
  await won
  await until('it is lost', () => claim?.isHeld() === false)
  rival.release(true)
  await until('it is held again', () => claim?.isHeld() === true)
  await claim?.release()
})

it('is not held while nobody could confirm it', async () => {
  const { connection } = await aDatabase()
  let now = 0
  const claim = await claimBackend(connection, 'lab', silentLog, () => now)
  now = 60_000
  assert.equal(claim?.isHeld(), false, 'the process slept for a minute')
  await until('PostgreSQL has confirmed it', () => claim?.isHeld() === true)
  await claim?.release()
})

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 100, `expected that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
