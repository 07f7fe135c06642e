import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import pg from 'pg'
import { type Offered, openLoop } from './open-loop.ts'
import { pushHeaders, signatureOf } from './world.ts'

/** What a load process offers. `inserts`: the raw floor, the same bytes into a table of two columns. */
export type Load = {
  readonly ratePerSecond: number
  readonly seconds: number
  readonly bodies: readonly string[]
  readonly run: string
} & (
  | { readonly kind: 'deliveries'; readonly url: string; readonly secret: string }
  | { readonly kind: 'inserts'; readonly connection: pg.PoolConfig; readonly connections: number }
)

/** Offers it from a process of its own, so that the client shares no event loop with anybody. */
export async function offer(load: Load): Promise<Offered> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', import.meta.filename], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify(load))
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`The load process ended with code ${code}`)
  return JSON.parse(text) as Offered
}

if (import.meta.main) {
  let text = ''
  for await (const chunk of process.stdin) text += String(chunk)
  const load = JSON.parse(text) as Load
  process.stdout.write(JSON.stringify(await (load.kind === 'deliveries' ? deliver(load) : insert(load))))
}

async function deliver(load: Extract<Load, { kind: 'deliveries' }>): Promise<Offered> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1000 })
  const signed = load.bodies.map((body) => ({ body: Buffer.from(body), signature: signatureOf(body, load.secret) }))
  const offered = await openLoop(load.ratePerSecond, load.seconds, async (index) => {
    const { body, signature } = pick(signed, index)
    await send(load.url, agent, body, pushHeaders(`bench-${load.run}-${index}`, signature))
  })
  agent.destroy()
  return offered
}

function send(url: string, agent: Agent, body: Buffer, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', agent, timeout: 30_000, headers: { ...headers, 'content-length': body.length } })
    sending.once('response', (response) => {
      response.resume().once('end', () => (response.statusCode === 202 ? resolve() : reject(new Error(`got ${response.statusCode}`))))
    })
    sending.once('timeout', () => sending.destroy(new Error('no answer within 30 s')))
    sending.once('error', reject)
    sending.end(body)
  })
}

async function insert(load: Extract<Load, { kind: 'inserts' }>): Promise<Offered> {
  const pool = new pg.Pool({ ...load.connection, max: load.connections })
  await pool.query('create table if not exists bench_insert (guid text primary key, body text not null)')
  // Both kinds begin with open connections.
  await Promise.all(Array.from({ length: load.connections }, () => pool.query('select pg_sleep(0.05)')))
  const offered = await openLoop(load.ratePerSecond, load.seconds, async (index) => {
    const values = [`bench-${load.run}-${index}`, pick(load.bodies, index)]
    await pool.query({ name: 'insert', text: 'insert into bench_insert (guid, body) values ($1, $2)', values })
  })
  await pool.end()
  return offered
}

function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('Expected at least one body, got none')
  return item
}
