import { createPostgresBackend, type Job, type PgPool, Queue, runMigrations, Worker } from 'bullmq'
import pg from 'pg'
import { type JobWorker, queueOptions, type Technology, type Wakeup, type WakeupLog, workerOptions } from './technology.ts'
import { createWakeupQueue, type WakeupQueue } from './wakeup-queue.ts'

export type PostgresQueueOptions = { readonly connection: pg.PoolConfig; readonly log: WakeupLog }

/** BullMQ's own default; the one it uses whenever it is given a pool. */
const schema = 'bullmq'

/** Wake-ups over PostgreSQL, in a schema and a pool of their own. */
export async function createPostgresQueue({ connection, log }: PostgresQueueOptions): Promise<WakeupQueue> {
  const pool = openPool(connection, log)
  try {
    await prepareSchema(pool)
  } catch (error) {
    await pool.end()
    throw error
  }
  return createWakeupQueue(technology(pool), log)
}

/** Three workers keep a connection each to listen. A lost wake-up costs a sweep, so nothing waits for the disk. */
function openPool(connection: pg.PoolConfig, log: WakeupLog): pg.Pool {
  const pool = new pg.Pool({
    max: 12,
    connectionTimeoutMillis: 5000,
    statement_timeout: 10_000,
    keepAlive: true,
    application_name: 'osmo-runner queue',
    ...connection,
    options: `-c search_path=${schema} -c synchronous_commit=off`,
  })
  pool.setMaxListeners(100)
  pool.on('error', (error) => log.warn({ error: error.message }, 'A connection of the queue was lost'))
  // One that is taken, such as those that listen, reports to nobody else, and would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

async function prepareSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await runMigrations(client, schema)
  } finally {
    client.release()
  }
}

function technology(pool: pg.Pool): Technology {
  // BullMQ's own declaration of a pool differs from pg's in how listeners are typed, not in what is called.
  const connection = pool as unknown as PgPool
  return {
    name: 'PostgreSQL',
    openQueue: (name) => new Queue(name, { ...queueOptions, connection }, createPostgresBackend),
    openWorker: (name, concurrency, handle) => {
      const options = { ...workerOptions, concurrency, connection }
      return abandonable(new Worker(name, (job: Job<Wakeup>) => handle(job.data), options, createPostgresBackend))
    },
    close: () => pool.end(),
  }
}

type PostgresWorker = {
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
  disconnect(): Promise<void>
}

function abandonable(worker: PostgresWorker): JobWorker {
  return { on: (event, listener) => worker.on(event, listener), close: () => worker.close(), abandon: () => worker.disconnect() }
}
