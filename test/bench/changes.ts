import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { latestSuccessful } from '../../src/engine/latest.ts'
import type { Forge, ForgeReader, ObjectStore, SourceMirror, Waker, WakeupConsumer } from '../../src/engine/ports.ts'
import { createService } from '../../src/engine/service.ts'
import { parsePlatformConfig } from '../../src/spec/platform-config.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createPool } from '../../src/store/pool.ts'
import { createStore } from '../../src/store/store.ts'
import { aPlan, opened } from '../store/plans.ts'
import type { Result } from './figures.ts'
import { createMemoryBackend } from './memory-backend.ts'
import { until, type World } from './world.ts'

export type ChangesScale = { readonly seconds: number; readonly inFlight: number }

const connections = 16

/**
 * Changes of tasks' statuses, saved and acted on: workflows of two steps on a backend in memory, with the whole engine between it and a
 * database of its own on the installation's PostgreSQL. Reports are built and go nowhere.
 */
export async function benchChanges(world: World, { seconds, inFlight }: ChangesScale): Promise<Result> {
  const database = `bench_${randomUUID().replaceAll('-', '')}`
  await world.pool.query(`create database ${database}`)
  const connection = { ...world.connection, database }
  const before = await commits(connection, seconds / 2)
  const run = await runWorkflows(connection, { seconds, inFlight })
  const after = await commits(connection, seconds / 2)
  const raw = (before + after) / 2
  return {
    figures: [
      {
        name: 'workflow state changes',
        unit: '/s',
        ours: run.changes / run.seconds,
        raw,
        floor: `a conditional one-row update + an outbox row, ${connections} connections`,
      },
    ],
    notes: [
      `changes: ${run.changes} of ${run.opened} workflows in ${run.seconds.toFixed(1)} s, ${(run.opened / run.seconds).toFixed(0)} workflows/s, ${(run.transactions / run.changes).toFixed(1)} transactions for each change`,
    ],
    lost: run.opened - run.finished,
  }
}

type Run = {
  readonly changes: number
  readonly opened: number
  readonly finished: number
  readonly seconds: number
  readonly transactions: number
}

async function runWorkflows(connection: pg.PoolConfig, { seconds, inFlight }: ChangesScale): Promise<Run> {
  const pool = createPool({ ...connection, max: connections }, quiet)
  await migrate(pool)
  const store = createStore(pool)
  const ended = new Map<string, () => void>()
  const tally = { changes: 0, opened: 0, finished: 0 }
  const queue = createDirectQueue()
  const service = createService({ ...worldOfService(store, queue), log: { ...quiet, info: noted } })
  await service.start()
  const transactionsBefore = await transactionsOf(pool)
  const start = performance.now()
  await Promise.all(Array.from({ length: inFlight }, openOneAfterAnother))
  const took = (performance.now() - start) / 1000
  await service.settled()
  const finished = await until('statistics', 10, () => finishedOf(pool))
  const transactions = (await transactionsOf(pool)) - transactionsBefore
  await service.stop()
  await pool.end()
  return { ...tally, finished, seconds: took, transactions }

  async function openOneAfterAnother(): Promise<void> {
    while (performance.now() - start < 1000 * seconds) {
      const plan = aPlan({ name: `bench-${randomUUID()}` })
      const done = new Promise<void>((resolve) => ended.set(`${plan.name}-1`, resolve))
      const id = await opened(store, plan)
      tally.opened += 1
      service.wakeWorkflow(id)
      await done
    }
  }

  function noted(fields: object, message: string): void {
    if (message !== 'state') return
    tally.changes += 1
    const { workflow, task, to } = fields as { readonly workflow: string; readonly task: string; readonly to: string }
    if (task === 'evaluate' && to === 'COMPLETED') ended.get(workflow)?.()
  }
}

async function finishedOf(pool: pg.Pool): Promise<number | undefined> {
  const { rows } = await pool.query<{ finished: number }>('select count(*)::float8 as finished from workflow where finished_at is not null')
  return rows[0]?.finished
}

async function transactionsOf(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select (xact_commit + xact_rollback)::float8 as count from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.count ?? 0
}

const quiet = { debug() {}, info() {}, warn: complain, error: complain }

function complain(fields: object, message: string): void {
  console.error(message, fields)
}

type Handler = (id: string) => Promise<void>

/** Wake-ups as plain calls, so that the queue is not what is measured. */
function createDirectQueue(): Waker & WakeupConsumer {
  const handlers = new Map<string, Handler>()
  const wakeMany: Waker['wakeMany'] = async (queue, ids) => {
    for (const id of ids) await handlers.get(queue)?.(id)
  }
  return {
    wake: (queue, id) => wakeMany(queue, [id]),
    wakeMany,
    consume: async (queue, _, handle) => {
      handlers.set(queue, handle)
      return { close: async () => void handlers.delete(queue) }
    },
    probe: async () => undefined,
    close: async () => undefined,
  }
}

const platformFile = `
backends:
  local: {kind: local}
pools:
  local:
    backend: local
    default_platform: simulation
    platforms:
      simulation: {tier: sim}
`

function worldOfService(store: ReturnType<typeof createStore>, queue: Waker & WakeupConsumer) {
  const parsed = parsePlatformConfig(platformFile, 'bench')
  if (parsed.kind !== 'valid') throw new Error(`Expected a valid configuration, got ${JSON.stringify(parsed.diagnostics)}`)
  return {
    stores: store,
    queue,
    backends: new Map([['local', createMemoryBackend()]]),
    forge: silentForge,
    reader: unused<ForgeReader>('reader'),
    mirror: unused<SourceMirror>('mirror'),
    objects: unused<ObjectStore>('objects'),
    translate: () => ({ kind: 'ignored', reason: 'bench' }) as const,
    parse: () => Promise.reject(new Error('Expected no spec to be parsed')),
    latest: latestSuccessful(store.views, store.samples),
    platforms: parsed.config,
    appId: 1,
    serverKey: randomUUID(),
    hosts: () => ({}),
    workflowUrl: () => undefined,
    clock: Date.now,
    sweepSeconds: 1,
  }
}

let checkRuns = 0
const silentForge: Forge = {
  writeCheck: async ({ checkRunId }) => {
    checkRuns += 1
    return { checkRunId: checkRunId ?? checkRuns }
  },
  writeComment: async () => ({ commentId: 1 }),
  answer: async () => undefined,
}

/** A port that this path must not touch. */
function unused<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get(_, property) {
      throw new Error(`Expected ${name}.${String(property)} not to be used`)
    },
  })
}

/** The raw floor: as many clients as connections, each one statement after the other. */
async function commits(connection: pg.PoolConfig, seconds: number): Promise<number> {
  const pool = new pg.Pool({ ...connection, max: connections })
  await pool.query('create table if not exists bench_state (id int primary key, generation bigint not null)')
  await pool.query('create table if not exists bench_outbox (id bigint generated always as identity primary key, effect text not null)')
  await pool.query('insert into bench_state select i, 0 from generate_series(0, 999) i on conflict do nothing')
  let done = 0
  const start = performance.now()
  await Promise.all(Array.from({ length: connections }, client))
  const took = (performance.now() - start) / 1000
  await pool.end()
  return done / took

  async function client(_: unknown, own: number): Promise<void> {
    for (let turn = 0; performance.now() - start < 1000 * seconds; turn++) {
      const id = (own + connections * turn) % 1000
      const generation = Math.floor((own + connections * turn) / 1000)
      await pool.query({ name: 'move', text: moveOne, values: [id, generation] })
      done += 1
    }
  }
}

const moveOne = `
  with moved as (update bench_state set generation = generation + 1 where id = $1 and generation >= $2 returning id)
  insert into bench_outbox (effect) select 'create-pod' from moved`
