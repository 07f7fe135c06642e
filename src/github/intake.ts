import { createHmac, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import type { BurstGauge } from '../engine/burst-gauge.ts'
import type { DeliveryStore, Waker } from '../engine/ports.ts'

/** GitHub sends no payload above 25 MB. */
const maxBodyBytes = 26 * 1024 * 1024
/** A sender that stays silent for so long is hung up on; GitHub itself waits 10 s for the whole answer. Thrice that for a whole body. */
const defaultStallSeconds = 10

export type IntakeOptions = {
  /** The secret in use, and during rotation the one before it. */
  readonly secrets: readonly [current: string, previous?: string]
  readonly deliveries: Pick<DeliveryStore, 'accept'>
  readonly waker: Pick<Waker, 'wake'>
  /** Told of each signed delivery, so that what is less urgent can stand back. */
  readonly gauge?: Pick<BurstGauge, 'note'>
  readonly log: IntakeLog
  readonly path?: string
  readonly stallSeconds?: number
}
export type IntakeLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

type Refused = { readonly status: 400 | 401 | 408 | 413; readonly reason: string }

/**
 * The webhook endpoint: checks the signature over the raw bytes before anything reads them, saves the delivery, answers 202.
 * All else is the worker's. Answers are constant words, and the log never holds a payload.
 */
export function createIntake(options: IntakeOptions): Hono {
  refuseEmptySecrets(options.secrets)
  const app = new Hono()
  const intake = { ...options, ring: createBell(options) }
  app.post(options.path ?? '/api/github/webhooks', (context) => receive(context, intake))
  return app
}

function refuseEmptySecrets(secrets: IntakeOptions['secrets']): void {
  if (secrets.some((secret) => secret === '')) throw new RangeError('Expected webhook secrets that are not empty, since anyone knows those')
}

type Intake = IntakeOptions & { readonly ring: (guid: string) => void }

async function receive(context: Context, options: Intake): Promise<Response> {
  const headers = readHeaders(context)
  if ('status' in headers) return refuse(context, headers, options)
  const body = await readBody(context.req.raw, (options.stallSeconds ?? defaultStallSeconds) * 1000)
  if ('status' in body) return refuse(context, body, options)
  if (!isSigned(body.bytes, headers.signature, options.secrets)) return refuse(context, badSignature, options)
  options.gauge?.note()
  return await accept(context, { guid: headers.guid, event: headers.event, body: body.bytes.toString('utf8') }, options)
}

const badSignature: Refused = { status: 401, reason: 'signature' }

function readHeaders(context: Context): { readonly guid: string; readonly event: string; readonly signature: Buffer } | Refused {
  const signature = /^sha256=([0-9a-f]{64})$/.exec(context.req.header('x-hub-signature-256') ?? '')?.[1]
  if (signature === undefined) return badSignature
  const guid = context.req.header('x-github-delivery') ?? ''
  const event = context.req.header('x-github-event') ?? ''
  if (!/^[0-9a-zA-Z-]{1,64}$/.test(guid) || !/^[a-z_]{1,64}$/.test(event)) return { status: 400, reason: 'headers' }
  if (!/^application\/json\b/.test(context.req.header('content-type') ?? '')) return { status: 400, reason: 'content type' }
  return { guid, event, signature: Buffer.from(signature, 'hex') }
}

/** Reads while counting, so that a large body costs no more memory than the limit, whatever its length header says. */
async function readBody(request: Request, stallMs: number): Promise<{ readonly bytes: Buffer } | Refused> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) return { status: 413, reason: 'size' }
  const reader = request.body?.getReader()
  if (!reader) return emptyBody
  const deadline = timeoutOf(stallMs * 3)
  try {
    return await readAll(reader, stallMs, deadline.promise)
  } finally {
    deadline.clear()
  }
}

const emptyBody: Refused = { status: 400, reason: 'empty body' }

async function readAll(reader: Reader, stallMs: number, deadline: Promise<'stalled'>): Promise<{ readonly bytes: Buffer } | Refused> {
  const chunks: Uint8Array[] = []
  for (let size = 0; ; ) {
    const next = await readChunk(reader, stallMs, deadline)
    if (next === 'stalled') return await hangUp(reader, { status: 408, reason: 'stalled' })
    if (next === 'end') return size === 0 ? emptyBody : { bytes: Buffer.concat(chunks, size) }
    size += next.byteLength
    if (size > maxBodyBytes) return await hangUp(reader, { status: 413, reason: 'size' })
    chunks.push(next)
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function readChunk(reader: Reader, stallMs: number, deadline: Promise<'stalled'>): Promise<Uint8Array | 'end' | 'stalled'> {
  const silence = timeoutOf(stallMs)
  try {
    // A connection that broke says nothing more either.
    const next = await Promise.race([reader.read().catch(() => 'stalled' as const), silence.promise, deadline])
    return next === 'stalled' ? next : (next.value ?? 'end')
  } finally {
    silence.clear()
  }
}

function timeoutOf(milliseconds: number) {
  const { promise, resolve } = Promise.withResolvers<'stalled'>()
  const timer = setTimeout(resolve, milliseconds, 'stalled')
  return { promise, clear: () => clearTimeout(timer) }
}

async function hangUp(reader: Reader, refused: Refused): Promise<Refused> {
  // The sender may be gone already; what it still had to say is of no use.
  await reader.cancel().catch(() => undefined)
  return refused
}

/** Compares every secret, so that the time taken does not tell which one matched. */
function isSigned(bytes: Buffer, signature: Buffer, secrets: IntakeOptions['secrets']): boolean {
  const known = secrets.filter((secret) => secret !== undefined)
  return known.map((secret) => timingSafeEqual(createHmac('sha256', secret).update(bytes).digest(), signature)).includes(true)
}

async function accept(
  context: Context,
  delivery: { readonly guid: string; readonly event: string; readonly body: string },
  { deliveries, ring, log }: Intake,
): Promise<Response> {
  const { guid, event } = delivery
  let accepted: Awaited<ReturnType<DeliveryStore['accept']>>
  try {
    accepted = await deliveries.accept(delivery)
  } catch (error) {
    log.error({ guid, event, reason: clip(error) }, 'delivery not saved')
    return context.text('not saved, send it again', 503)
  }
  log.info({ guid, event, accepted, bytes: delivery.body.length }, 'delivery')
  // Saved is enough: GitHub does not wait for the queue.
  if (accepted !== 'seen') ring(guid)
  return context.text('accepted', 202)
}

const pauseMs = 100

/**
 * Wakes the worker, which then takes all that waits: one wake-up at a time, and in a burst one every 100 ms instead of one for each delivery.
 * A wake-up that is lost makes the sweep find the row.
 */
function createBell({ waker, log }: Pick<IntakeOptions, 'waker' | 'log'>): (guid: string) => void {
  let isRinging = false
  let next: string | undefined
  return (guid) => {
    next = guid
    if (!isRinging) void ringWhileAsked()
  }

  async function ringWhileAsked(): Promise<void> {
    isRinging = true
    while (next !== undefined) {
      const guid = next
      next = undefined
      await waker.wake('delivery', guid).catch((error) => log.warn({ guid, reason: clip(error) }, 'wake-up lost'))
      if (next !== undefined) await sleep(pauseMs)
    }
    isRinging = false
  }
}

const clip = (error: unknown) => String(error instanceof Error ? error.message : error).slice(0, 500)

const words = { 400: 'bad request', 401: 'bad signature', 408: 'too slow', 413: 'too large' } as const

function refuse(context: Context, { status, reason }: Refused, { log }: IntakeOptions): Response {
  log.warn({ status, reason }, 'delivery refused')
  return context.text(words[status], status, { connection: 'close' })
}
