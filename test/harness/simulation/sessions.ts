import type pg from 'pg'
import type { Life } from './turns.ts'

export type Sessions = ReturnType<typeof createSessions>
type Held = { readonly client: pg.PoolClient; readonly life: Life; isInTransaction: boolean; hasWritten: boolean; isAsking: boolean }

/**
 * Pools over one real PostgreSQL whose every statement is a call of the life that the pool was made for. When a life ends, what it had not
 * committed is rolled back, as PostgreSQL does when a connection breaks; the connections then serve the next life, since making one costs
 * more than a whole transaction.
 */
export function createSessions(pool: pg.Pool) {
  const held = new Set<Held>()
  let opening = 0
  return { poolOf, rollBack, isOpening: () => opening > 0 }

  /** The part of a pool that the store uses. */
  function poolOf(life: Life): pg.Pool {
    const facade = { connect: () => connect(life), end: async () => undefined, options: {} }
    return facade as unknown as pg.Pool
  }

  async function connect(life: Life): Promise<object> {
    if (life.isOver()) return new Promise(() => undefined)
    opening++
    const client = await pool.connect().finally(() => {
      opening--
    })
    const session: Held = { client, life, isInTransaction: false, hasWritten: false, isAsking: false }
    held.add(session)
    return { query: (text: string, values: readonly unknown[]) => query(session, text, values), release: () => release(session) }
  }

  function release(session: Held): void {
    // What a dead life still does in memory reaches nobody.
    if (session.life.isOver() || !held.delete(session)) return
    session.client.release()
  }

  function query(session: Held, text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    return session.life.call({
      label: text.replaceAll(/\s+/g, ' ').trim().slice(0, 140),
      act: () => ask(session, text, values),
      lock: { mayWait: () => mayWait(session), isWaiting: () => isWaiting(session) },
    })
  }

  /** Only somebody in the middle of a transaction, or behind one, keeps a lock. */
  function mayWait(session: Held): boolean {
    return [...held].some((one) => one !== session && (one.isInTransaction || one.isAsking))
  }

  async function ask(session: Held, text: string, values: readonly unknown[]) {
    session.isAsking = true
    try {
      const value = await session.client.query(text, [...values])
      return { value, changed: changes(session, text, value) }
    } finally {
      session.isAsking = false
    }
  }

  /** By one of these sessions, that is; PostgreSQL's own maintenance gives way by itself. */
  async function isWaiting({ client }: Held): Promise<boolean> {
    const others = [...held].filter((one) => one.client !== client).map((one) => pidOf(one.client))
    const { rows } = await pool.query<{ blocked: boolean }>('select pg_blocking_pids($1) && $2::int[] as blocked', [pidOf(client), others])
    return rows[0]?.blocked === true
  }

  /** Ends all transactions of a life that is over. */
  async function rollBack(life: Life): Promise<void> {
    for (const session of [...held].filter((one) => one.life === life)) {
      held.delete(session)
      if (session.isAsking) await pool.query('select pg_terminate_backend($1, 5000)', [pidOf(session.client)])
      else if (session.isInTransaction) await session.client.query('rollback')
      session.client.release(session.isAsking)
    }
  }
}

/** Notes where the session is, and says whether others can see a difference now. */
function changes(session: Held, text: string, { rowCount }: pg.QueryResult): boolean {
  const word = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? ''
  const hadWritten = session.hasWritten
  if (word === 'begin' || word === 'start') Object.assign(session, { isInTransaction: true, hasWritten: false })
  if (word === 'commit' || word === 'rollback') Object.assign(session, { isInTransaction: false, hasWritten: false })
  if (word === 'commit') return hadWritten
  // A `with` may write in its parts and return nothing.
  const wrote = word === 'with' || (['insert', 'update', 'delete'].includes(word) && (rowCount ?? 0) > 0)
  if (session.isInTransaction) session.hasWritten ||= wrote
  return wrote && !session.isInTransaction
}

function pidOf(client: pg.PoolClient): number {
  const { processID } = client as unknown as { readonly processID: unknown }
  if (typeof processID !== 'number') throw new Error('Expected the connection to know its process')
  return processID
}
