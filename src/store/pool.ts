import pg from 'pg'
import { PreparingClient } from './preparing-client.ts'

export type PoolLog = { warn(details: object, message: string): void }

/**
 * A pool whose connections read int8 as a number, and fail on one that a number cannot hold. Size it above the number of deliveries
 * that are handled at once, since each of those keeps a connection (see `createDeliveryStore`).
 */
export function createPool(config: pg.PoolConfig, log: PoolLog): pg.Pool {
  const pool = new pg.Pool({
    max: 16,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
    keepAlive: true,
    application_name: 'osmo-runner',
    Client: PreparingClient,
    ...config,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  })
  // An idle connection that breaks is replaced by the next checkout; without a listener it would end the process.
  pool.on('error', (error) => log.warn({ error: error.message }, 'An idle PostgreSQL connection was lost'))
  // One that breaks between two queries of a transaction belongs to nobody's call; the next query fails, which is enough.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

function typeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === pg.types.builtins.INT8 && format !== 'binary') return integer
  return pg.types.getTypeParser(oid, format)
}

function integer(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`Expected an integer below 2^53, got ${text}`)
  return value
}
