import { createHmac, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import type { BurstGauge } from '../engine/burst-gauge.ts'
import type { DeliveryStore, Waker } from '../engine/ports.ts'
import { type BodyRoom, createBodyRoom, type Share } from './body-room.ts'
import { type BodyRefused, readBody } from './webhook-body.ts'

const maxBytesUnderWay = 256 * 1024 * 1024
const retryAfterSeconds = 10
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
  /** Of all bodies that are being taken. */
  readonly maxBytesUnderWay?: number
}
export type IntakeLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

type Refused = BodyRefused | { readonly status: 401; readonly reason: string }

/**
 * The webhook endpoint: checks the signature over the raw bytes before anything reads them, saves the delivery, answers 202.
 * All else is the worker's. Answers are constant words, and the log never holds a payload.
 */
export function createIntake(options: IntakeOptions): Hono {
  refuseEmptySecrets(options.secrets)
  const app = new Hono()
  const room = createBodyRoom(options.maxBytesUnderWay ?? maxBytesUnderWay)
  const intake = { ...options, room, ring: createBell(options) }
  app.post(options.path ?? '/api/github/webhooks', (context) => receive(context, intake))
  return app
}

function refuseEmptySecrets(secrets: IntakeOptions['secrets']): void {
  if (secrets.some((secret) => secret === '')) throw new RangeError('Expected webhook secrets that are not empty, since anyone knows those')
}

type Intake = IntakeOptions & { readonly room: BodyRoom; readonly ring: (guid: string) => void }

async function receive(context: Context, options: Intake): Promise<Response> {
  const headers = readHeaders(context)
  if ('status' in headers) return refuse(context, headers, options)
  const share = options.room.open()
  try {
    return await receiveBody(context, headers, share, options)
  } finally {
    share.release()
  }
}

async function receiveBody(context: Context, headers: Headers, share: Share, options: Intake): Promise<Response> {
  const body = await readBody(context.req.raw, (options.stallSeconds ?? defaultStallSeconds) * 1000, share)
  if ('status' in body) return refuse(context, body, options)
  if (!isSigned(body.bytes, headers.signature, options.secrets)) return refuse(context, badSignature, options)
  options.gauge?.note()
  return await accept(context, { guid: headers.guid, event: headers.event, body: body.bytes.toString('utf8') }, options)
}

const badSignature: Refused = { status: 401, reason: 'signature' }

type Headers = { readonly guid: string; readonly event: string; readonly signature: Buffer }

function readHeaders(context: Context): Headers | Refused {
  const signature = /^sha256=([0-9a-f]{64})$/.exec(context.req.header('x-hub-signature-256') ?? '')?.[1]
  if (signature === undefined) return badSignature
  const guid = context.req.header('x-github-delivery') ?? ''
  const event = context.req.header('x-github-event') ?? ''
  if (!/^[0-9a-zA-Z-]{1,64}$/.test(guid) || !/^[a-z_]{1,64}$/.test(event)) return { status: 400, reason: 'headers' }
  if (!/^application\/json\b/.test(context.req.header('content-type') ?? '')) return { status: 400, reason: 'content type' }
  return { guid, event, signature: Buffer.from(signature, 'hex') }
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

const words = { 400: 'bad request', 401: 'bad signature', 408: 'too slow', 413: 'too large', 503: 'busy, send it again' } as const

function refuse(context: Context, { status, reason }: Refused, { log }: IntakeOptions): Response {
  log.warn({ status, reason }, 'delivery refused')
  return context.text(words[status], status, {
    connection: 'close',
    ...(status === 503 ? { 'retry-after': String(retryAfterSeconds) } : {}),
  })
}
