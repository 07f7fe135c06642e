import pg from 'pg'

export type BackendClaim = {
  /** PostgreSQL has confirmed it a moment ago. While it has not, another process may have the backend. */
  isHeld(): boolean
  release(): Promise<void>
}
export type ClaimLog = { warn(details: object, message: string): void }

const retryMs = 1000
/** PostgreSQL may take a moment to notice that the process that had it is dead. */
const patienceMs = 3000
const confirmEveryMs = 1000
/** Without an answer for this long the connection counts as lost; a process that slept for longer must ask again before it acts. */
const confirmedForMs = 5000

/**
 * Claims a backend for this process while it lives: an advisory lock on a connection of its own. A `local` backend's pods are in one
 * machine's directory, so a second process that listed its own would take them all for lost. Undefined: another process has it.
 * When PostgreSQL goes away the claim is not held, and is taken again as soon as PostgreSQL is back, unless another process was first.
 */
export function claimBackend(
  connection: pg.ClientConfig,
  name: string,
  log: ClaimLog,
  clock?: () => number,
): Promise<BackendClaim | undefined> {
  return claimAlone(connection, `backend/${name}`, log, clock)
}

/** The same for outputs that are kept in a directory: a second worker on this database would look for the first one's in its own, and miss them. */
export function claimOutputs(connection: pg.ClientConfig, log: ClaimLog): Promise<BackendClaim | undefined> {
  return claimAlone(connection, 'outputs', log)
}

async function claimAlone(
  connection: pg.ClientConfig,
  name: string,
  log: ClaimLog,
  clock: () => number = () => performance.now(),
): Promise<BackendClaim | undefined> {
  const first = await claimPatiently(connection, name)
  if (!first) return undefined
  let client: pg.Client | undefined
  let confirmedAt = Number.NEGATIVE_INFINITY
  let released = false
  hold(first)
  return { isHeld, release }

  function isHeld(): boolean {
    return client !== undefined && clock() - confirmedAt < confirmedForMs
  }

  function hold(held: pg.Client): void {
    client = held
    confirmedAt = clock()
    held.once('end', () => lose(held))
    void confirm(held)
  }

  async function confirm(held: pg.Client): Promise<void> {
    while (client === held && !released) {
      await pause(confirmEveryMs)
      if (client !== held || released) return
      const askedAt = clock()
      const answer = await held.query('select 1').catch((error: unknown) => error)
      if (answer instanceof Error) return lose(held)
      confirmedAt = askedAt
    }
  }

  function lose(held: pg.Client): void {
    if (client !== held) return
    client = undefined
    // Whatever PostgreSQL still thinks of it, this connection must not keep the lock from ourselves or from others.
    void held.end().catch(() => undefined)
    if (!released) void again()
  }

  async function again(): Promise<void> {
    log.warn({ claim: name }, 'A claim of this process is lost; what it stands for stands still until it is held again')
    while (!released) {
      await pause(retryMs)
      const next = released ? undefined : await claim(connection, name).catch(() => undefined)
      if (next && released) return next.end()
      if (next) return hold(next)
    }
  }

  async function release(): Promise<void> {
    released = true
    await client?.end()
  }
}

async function claimPatiently(connection: pg.ClientConfig, name: string): Promise<pg.Client | undefined> {
  for (const deadline = Date.now() + patienceMs; ; ) {
    const client = await claim(connection, name)
    if (client || Date.now() > deadline) return client
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function claim(connection: pg.ClientConfig, name: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 10_000, query_timeout: confirmedForMs, keepAlive: true })
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as held', [`osmo/${name}`])
  if (rows[0]?.held) return client
  await client.end()
  return undefined
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
