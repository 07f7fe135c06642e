import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { anInstallation, repository, type TestInstallation } from '../harness/installation.ts'

/** A real installation in processes of its own, its database, and pushes whose webhook the benchmark itself sends. */
export type World = {
  readonly installation: TestInstallation
  readonly connection: pg.PoolConfig
  readonly pool: pg.Pool
  readonly webhook: { readonly url: string; readonly secret: string }
  /** Commits to main; GitHub's stand-in notes the webhook and does not send it. Returns its body. */
  commit(files: Readonly<Record<string, string | null>>): Promise<string>
  /** Sends it, signed. */
  post(body: string): Promise<Sent>
  end(): Promise<void>
}

/** `at` is the instant just before. */
export type Sent = { readonly guid: string; readonly at: number }

/** `npm start -- --empty` on a fresh directory: embedded PostgreSQL with its usual settings, fsync included, and every role in one process. */
export async function startWorld(): Promise<World> {
  const installation = await anInstallation()
  const connection = connectionOf(installation.directory)
  const pool = new pg.Pool({ ...connection, max: 2 })
  pool.on('error', () => undefined)
  const webhook = {
    url: `http://127.0.0.1:${installation.kept('webhookPort')}/api/github/webhooks`,
    secret: installation.kept('webhookSecret'),
  }
  return {
    installation,
    connection,
    pool,
    webhook,
    commit: (files) => commit(installation, files),
    post: (body) => post(webhook, body),
    end,
  }

  async function end(): Promise<void> {
    await pool.end()
    await installation.end()
  }
}

/** PostgreSQL writes where it listens into its pid file: the fourth line is the port, the fifth the directory of its socket. */
function connectionOf(directory: string): pg.PoolConfig {
  const [, , , port = '', host = ''] = readFileSync(join(directory, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')
  return { host, port: Number(port), user: 'osmo', database: 'postgres' }
}

type Noted = { readonly id: number; readonly payload: string }

async function commit({ admin, push }: TestInstallation, files: Readonly<Record<string, string | null>>): Promise<string> {
  await admin('setFaults', { deliveries: [{ kind: 'lose', event: 'push' }] })
  await push('main', files)
  await admin('idle', {})
  const noted = await admin<readonly Noted[]>('deliveries', { event: 'push' })
  const newest = noted.toSorted((a, b) => b.id - a.id)[0]
  if (!newest) throw new Error(`Expected a push to ${repository} to be noted, got none`)
  return newest.payload
}

export const signatureOf = (body: string, secret: string) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

export const pushHeaders = (guid: string, signature: string) => ({
  'content-type': 'application/json',
  'x-github-event': 'push',
  'x-github-delivery': guid,
  'x-hub-signature-256': signature,
})

async function post({ url, secret }: World['webhook'], body: string): Promise<Sent> {
  const at = Date.now()
  const guid = `bench-${randomUUID()}`
  const headers = pushHeaders(guid, signatureOf(body, secret))
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) })
  if (response.status !== 202) throw new Error(`Expected 202 for a signed push, got ${response.status}`)
  return { guid, at }
}

/** Asks every few milliseconds until there is an answer. */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined>, everyMs = 100): Promise<T> {
  const deadline = Date.now() + 1000 * seconds
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`Expected ${what} within ${seconds} s`)
    await sleep(everyMs)
  }
}
