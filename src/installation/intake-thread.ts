import { parentPort, workerData } from 'node:worker_threads'
import { Hono } from 'hono'
import type { PoolConfig } from 'pg'
import { createIntake } from '../github/intake.ts'
import { createPool } from '../store/pool.ts'
import { createStore } from '../store/store.ts'
import { createHealth } from '../web/health.ts'
import { startWebServer } from '../web/server.ts'
import type { IntakeData, IntakeMessage } from './intake-server.ts'

/** The other side of `intake-server.ts`: takes webhooks in a thread of its own, so that no work of the service delays an answer. */
const connections = 8
const togetherMs = 50
const maxTogether = 200
const { connection, secrets, host, port } = workerData as IntakeData
const { tell, tellSoon } = createTelling()
const log = { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') }

const poolConfig: PoolConfig = { ...connection, max: connections, idleTimeoutMillis: 0 }
const pool = createPool(poolConfig, log)
// Opened now and kept, so that no webhook waits for PostgreSQL to start a process.
await Promise.all(Array.from({ length: connections }, () => pool.query('select 1')))
const { deliveries, outbox } = createStore(pool)

const app = new Hono()
app.route('/', createHealth({ notReady, counts }))
app.route(
  '/',
  createIntake({
    secrets,
    deliveries,
    waker: { wake: async (_queue, guid) => tell({ kind: 'wake', guid }) },
    gauge: { note: () => tellSoon({ kind: 'note' }) },
    log,
  }),
)
const server = await startWebServer({ app, listen: { host, port } })
tell({ kind: 'listening', address: server.address })

parentPort?.once('message', async () => {
  await server.close()
  await pool.end()
  tell({ kind: 'closed' })
  parentPort?.close()
})

/** A message costs a system call on both sides, so those that are not urgent wait a little for company. */
function createTelling() {
  const waiting: IntakeMessage[] = []
  let timer: NodeJS.Timeout | undefined
  return { tell, tellSoon }

  function tell(message: IntakeMessage): void {
    waiting.push(message)
    flush()
  }

  function tellSoon(message: IntakeMessage): void {
    waiting.push(message)
    timer ??= setTimeout(flush, togetherMs)
    if (waiting.length >= maxTogether) flush()
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    parentPort?.postMessage(waiting.splice(0))
  }
}

/** What keeps it from accepting webhooks, in words. */
function notReady(): Promise<readonly string[]> {
  return deliveries.waiting(1).then(
    () => [],
    (error: unknown) => [`PostgreSQL does not answer: ${error instanceof Error ? error.message : String(error)}`],
  )
}

/** What was given up and waits for a person. */
async function counts(): Promise<Readonly<Record<string, number>>> {
  const [parked, buried] = await Promise.all([deliveries.parked(), outbox.buried()])
  return { 'parked deliveries': parked, 'buried effects': buried }
}

function logAt(level: 'debug' | 'info' | 'warn' | 'error') {
  return (fields: object, message: string) =>
    tellSoon({ kind: 'log', level, fields: JSON.parse(JSON.stringify(fields, errorText)) as object, message })
}

/** An error has no fields that JSON would keep. */
function errorText(_key: string, value: unknown): unknown {
  return value instanceof Error ? { message: value.message, stack: value.stack } : value
}
