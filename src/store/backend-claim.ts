import pg from 'pg'

export type BackendClaim = { release(): Promise<void> }
export type ClaimLog = { warn(details: object, message: string): void }

const retryMs = 1000
/** PostgreSQL may take a moment to notice that the process that had it is dead. */
const patienceMs = 3000

/**
 * Claims a backend for this process while it lives: an advisory lock on a connection of its own. A `local` backend's pods are in one
 * machine's directory, so a second process that listed its own would take them all for lost. Undefined: another process has it.
 * When PostgreSQL goes away the claim is taken again as soon as it is back.
 */
export async function claimBackend(connection: pg.ClientConfig, name: string, log: ClaimLog): Promise<BackendClaim | undefined> {
  let client = await claimPatiently(connection, name)
  if (!client) return undefined
  let released = false
  watch(client)
  return { release }

  function watch(held: pg.Client): void {
    held.on('error', () => undefined)
    held.once('end', () => void again())
  }

  async function again(): Promise<void> {
    while (!released) {
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
      if (released) return
      const next = await claim(connection, name).catch(() => undefined)
      if (next) {
        client = next
        return watch(next)
      }
      log.warn({ backend: name }, 'The claim on this backend is lost; trying again')
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
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 10_000, keepAlive: true })
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as held', [
    `osmo/backend/${name}`,
  ])
  if (rows[0]?.held) return client
  await client.end()
  return undefined
}
