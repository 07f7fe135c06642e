import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalSettings } from '../engine/local-attempt.ts'
import type { LogChunk, OutputManifest } from '../engine/ports.ts'
import { type BarrierCall, type BarrierState, modeHeader, taskPath } from '../engine/task-protocol.ts'
import type { AttemptReference } from '../workflow/names.ts'
import type { Deadline } from './deadline.ts'

/** The service said no (4xx): asking again will not help. */
export class ServiceRefused extends Error {
  override readonly name = 'ServiceRefused'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }

  /** It can never be given or taken, whichever attempt asks. */
  get isLasting(): boolean {
    return [400, 413, 422].includes(this.status)
  }
}

/** `patience` bounds a call: its signal ends it, and its clock stands still while nobody answers. A service that answers with a fault is there. */
export type Patience = { readonly signal: AbortSignal; readonly clock: Pick<Deadline, 'pause' | 'resume'> }

export type Ctrl = ReturnType<typeof createCtrl>
export type CtrlOptions = { readonly service: LocalSettings['service']; readonly reference: AttemptReference; readonly token: string }

/** Speaks to the service for one attempt. A service that is away is waited for, with growing pauses of at most two seconds. */
export function createCtrl(options: CtrlOptions) {
  return {
    /** Hands the tar to `consume`; a broken download begins again with a new call of it. */
    source: (arm: 'base' | 'head', consume: Consume, patience: Patience) =>
      call(options, { method: 'GET', path: `/source/${arm}`, silence: 'any' }, consume, patience),
    input(arm: 'base' | 'head', index: number, regex: string | undefined, consume: Consume, patience: Patience) {
      const query = regex === undefined ? '' : `?regex=${encodeURIComponent(regex)}`
      return call(options, { method: 'GET', path: `/inputs/${arm}/${index}${query}` }, consume, patience)
    },
    async output(path: string, mode: number, body: () => Readable, patience: Patience) {
      const encoded = path.split('/').map(encodeURIComponent).join('/')
      const headers = { [modeHeader]: mode.toString(8) }
      const text = await call(options, { method: 'PUT', path: `/outputs/${encoded}`, headers, body, silence: 'long' }, textOf, patience)
      return JSON.parse(text) as { readonly bytes: number; readonly sha256: string }
    },
    async manifest(manifest: OutputManifest, patience: Patience): Promise<void> {
      await call(options, { method: 'PUT', path: '/manifest', ...json(manifest), silence: 'long' }, textOf, patience)
    },
    async logs(chunks: readonly LogChunk[], patience: Patience): Promise<void> {
      await call(options, { method: 'POST', path: '/logs', ...json({ chunks }) }, textOf, patience)
    },
    async barrier(state: BarrierCall, patience: Patience): Promise<BarrierState> {
      const text = await call(options, { method: 'POST', path: '/barrier', ...json(state) }, textOf, patience)
      return (JSON.parse(text) as { readonly state: BarrierState }).state
    },
  }
}

type Consume<T = void> = (body: Readable) => Promise<T>
type Call = {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: () => Readable
  /** How long a service that is there may say nothing; a minute when absent. */
  readonly silence?: 'long' | 'any'
}

/** `long`: a large file is brought to disk after its last byte. `any`: the first fetch of a repository; the caller's deadline bounds it. */
const silenceMs = { short: 60_000, long: 600_000, any: 0 } as const
const keepAliveMs = 15_000

function json(value: unknown) {
  const bytes = Buffer.from(JSON.stringify(value))
  return { headers: { 'content-type': 'application/json' }, body: () => Readable.from([bytes], { objectMode: false }) }
}

const firstPauseMs = 50
const maxPauseMs = 2000

async function call<T>(options: CtrlOptions, what: Call, consume: Consume<T>, patience: Patience): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    patience.signal.throwIfAborted()
    try {
      const result = await callOnce(options, what, consume, patience)
      return result
    } catch (error) {
      patience.signal.throwIfAborted()
      if (!(error instanceof Unreachable)) throw error
      if (error.service === 'away') patience.clock.pause()
    }
    await sleep(pauseMs, undefined, { signal: patience.signal }).catch(() => undefined)
  }
}

/** `away`: nobody answered, or what stands before the service did. `faulty`: it answered, but not with what was asked for. */
class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly service: 'away' | 'faulty'
  constructor(service: Unreachable['service'], message: string, cause?: unknown) {
    super(message, { cause })
    this.service = service
  }
}

async function callOnce<T>(options: CtrlOptions, what: Call, consume: Consume<T>, patience: Patience): Promise<T> {
  const response = await send(options, what, patience.signal)
  patience.clock.resume()
  const status = response.statusCode ?? 0
  if (status >= 500) {
    response.resume()
    throw new Unreachable(status > 501 && status < 505 ? 'away' : 'faulty', `HTTP ${status}`)
  }
  if (status >= 400) throw new ServiceRefused(status, (await textOf(response)).slice(0, 1000))
  return consumed(response, consume)
}

/** A fault of the connection is worth another call; a fault of the consumer (a full disk, a bad tar) is not. */
async function consumed<T>(response: IncomingMessage, consume: Consume<T>): Promise<T> {
  try {
    return await consume(response)
  } catch (error) {
    if (response.errored !== null || !response.complete) throw new Unreachable('faulty', 'The connection broke off', error)
    throw error
  }
}

function send({ service, reference, token }: CtrlOptions, what: Call, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const target: RequestOptions = service.kind === 'socket' ? { socketPath: service.path } : {}
  const base = new URL(service.kind === 'socket' ? 'http://service' : service.url)
  const open = base.protocol === 'https:' ? httpsRequest : httpRequest
  const request = open(new URL(taskPath(reference) + what.path, base), {
    ...target,
    agent: false,
    method: what.method,
    signal,
    headers: { ...what.headers, authorization: `Bearer ${token}` },
  })
  const patienceMs = silenceMs[what.silence ?? 'short']
  request.setTimeout(patienceMs, () => request.destroy(new Error(`Silent for ${patienceMs} ms`)))
  // A machine that is gone says nothing either.
  request.once('socket', (socket) => socket.setKeepAlive(true, keepAliveMs))
  request.once('response', resolve)
  request.once('error', (cause) => reject(new Unreachable('away', cause.message, cause)))
  sendBody(request, what.body?.(), reject)
  return promise
}

function sendBody(request: ReturnType<typeof httpRequest>, body: Readable | undefined, reject: (error: Error) => void): void {
  if (body === undefined) {
    request.end()
    return
  }
  // A file of ours that cannot be read is our fault, not the connection's.
  body.once('error', (error) => {
    request.destroy()
    reject(error)
  })
  request.once('close', () => body.destroy())
  body.pipe(request)
}

const maxTextBytes = 1_000_000

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxTextBytes) throw new Error(`Expected an answer of at most ${maxTextBytes} bytes from the service`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
