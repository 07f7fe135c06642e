import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import type pg from 'pg'
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createPool } from '../../src/store/pool.ts'
import { createStore, type Store } from '../../src/store/store.ts'

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} }

export type TestDatabase = {
  readonly connection: pg.PoolConfig
  readonly pool: pg.Pool
  readonly store: Store
  /** Another pool on the same database, as another process would have; ended with the first. */
  anotherPool(): pg.Pool
}

/**
 * A database of its own for one test, with the schema in place: a copy of a template, a few tens of milliseconds. One real PostgreSQL
 * (without fsync) serves a test process; it starts with the first database and ends, with all pools, after the last test of the file.
 */
export async function aDatabase(): Promise<TestDatabase> {
  server ??= startServer()
  const { connection, admin, pools } = await server
  const database = `test_${randomUUID().replaceAll('-', '')}`
  await admin.query(`create database ${database} template ${template} strategy file_copy`)
  const own = { ...connection, database }
  const anotherPool = () => {
    const pool = createPool(own, silentLog)
    pools.push(pool)
    return pool
  }
  const pool = anotherPool()
  return { connection: own, pool, store: createStore(pool), anotherPool }
}

type Server = {
  readonly connection: pg.PoolConfig
  readonly admin: pg.Pool
  readonly pools: pg.Pool[]
  stop(): Promise<void>
}

let server: Promise<Server> | undefined
const template = 'osmo_template'

/** At the top level of the file that imports this: runs once, after all its tests. */
after(async () => {
  if (!server) return
  const { stop } = await server
  server = undefined
  await stop()
})

async function startServer(): Promise<Server> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'osmo-test-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '32MB' }
  const postgres = await startEmbeddedPostgres({ directory: path.join(directory, 'postgres'), log: silentLog, settings })
  const { connection } = postgres
  const admin = createPool({ ...connection, max: 2 }, silentLog)
  await admin.query(`create database ${template}`)
  await prepareTemplate({ ...connection, database: template })
  const pools: pg.Pool[] = []
  const stop = async () => {
    await Promise.all([...pools, admin].filter(({ ended }) => !ended).map((pool) => pool.end()))
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  return { connection, admin, pools, stop }
}

async function prepareTemplate(connection: pg.PoolConfig): Promise<void> {
  const pool = createPool(connection, silentLog)
  await migrate(pool)
  await pool.end()
}
