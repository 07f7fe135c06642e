import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Logger } from '../engine/log.ts'
import type { DeliveryStore } from '../engine/ports.ts'
import type { GithubClient } from './client.ts'

export type DeliverySweepOptions = {
  readonly client: Pick<GithubClient, 'asApp' | 'readAppPage'>
  readonly deliveries: Pick<DeliveryStore, 'missing' | 'sweptUntil' | 'saveSweptUntil'>
  readonly log: Logger
  readonly clock: () => number
  readonly everySeconds?: number
  /** Between two requests for a redelivery. */
  readonly pauseMs?: number
}

/** GitHub lists three days. */
const keptMs = 3 * 24 * 3600 * 1000
/** What was delivered this long before the end of the last sweep is looked at again: an answer may have come late, a redelivery failed. */
const overlapMs = 3600 * 1000
const perPage = 100
/** 10 000 deliveries; the app's own rate allows 5 000 calls an hour. */
const maxPages = 100
/** Of one sweep. */
const maxRedeliveries = 200
/** Of one delivery. With doubled pauses from five minutes on they reach over ten hours. */
const maxAttempts = 8
const firstPauseMs = 5 * 60 * 1000

/**
 * Asks GitHub, which does not try again by itself, to send what was missed: deliveries in its list that nobody answered well and that
 * never came into the inbox (architecture.md §9). Runs at once and then every five minutes, until the signal. Several workers may run
 * it: the inbox acts once on whatever comes twice.
 */
export async function sweepDeliveries(options: DeliverySweepOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweepOnce(options, signal).catch((error: unknown) => {
      if (!signal.aborted) options.log.warn({ error }, "GitHub's list of deliveries could not be swept; trying again")
    })
    await sleep(1000 * (options.everySeconds ?? 300), undefined, { signal }).catch(() => undefined)
  }
}

const Attempts = z.array(
  z.object({
    id: z.number().int(),
    guid: z.string(),
    delivered_at: z.string(),
    redelivery: z.boolean(),
    status_code: z.number(),
    event: z.string(),
  }),
)
type Attempt = z.output<typeof Attempts>[number]

/** Returns how many redeliveries it asked for. */
export async function sweepOnce(options: DeliverySweepOptions, signal: AbortSignal): Promise<number> {
  const { deliveries, log } = options
  const now = options.clock()
  const since = Math.max(now - keptMs, ((await deliveries.sweptUntil()) ?? 0) - overlapMs)
  const attempts = await listSince(options, since, signal)
  const unanswered = withoutAnswer(attempts)
  const missing = new Set(await deliveries.missing([...unanswered.keys()]))
  const open = [...unanswered].filter(([guid, tries]) => missing.has(guid) && tries.length <= maxAttempts)
  const due = open.filter(([, tries]) => isDue(tries, now)).slice(0, maxRedeliveries)
  for (const [guid, tries] of due) {
    log.info({ guid, event: tries[0]?.event, attempts: tries.length }, 'A delivery was missed; asking GitHub to send it again')
    await redeliver(options, tries, signal)
  }
  await deliveries.saveSweptUntil(Math.min(now, ...open.map(([, tries]) => firstAt(tries))))
  return due.length
}

async function listSince({ client, log }: DeliverySweepOptions, since: number, signal: AbortSignal): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = []
  let cursor: string | undefined
  for (let page = 0; page < maxPages; page++) {
    const { data, nextCursor } = await client.readAppPage({
      route: 'GET /app/hook/deliveries',
      parameters: { per_page: perPage, ...(cursor !== undefined && { cursor }) },
      schema: Attempts,
      signal,
    })
    attempts.push(...data)
    if (nextCursor === undefined || data.some((attempt) => timeOf(attempt) < since)) return attempts
    cursor = nextCursor
  }
  log.error(
    { pages: maxPages, since },
    'There are more deliveries since the last sweep than one sweep looks at; older ones are not looked at',
  )
  return attempts
}

/** Newest attempt first, per GUID; those that an attempt has got an answer of 2xx for are left out. */
function withoutAnswer(attempts: readonly Attempt[]): ReadonlyMap<string, readonly Attempt[]> {
  const byGuid = Map.groupBy(attempts, ({ guid }) => guid)
  return new Map([...byGuid].filter(([, tries]) => !tries.some(({ status_code: status }) => status >= 200 && status < 300)))
}

/** The first redelivery at once, the others later and later. */
function isDue(tries: readonly Attempt[], now: number): boolean {
  if (tries.length === 1) return true
  return now - Math.max(...tries.map(timeOf)) >= firstPauseMs * 2 ** (tries.length - 2)
}

async function redeliver(
  { client, log, pauseMs = 1000 }: DeliverySweepOptions,
  tries: readonly Attempt[],
  signal: AbortSignal,
): Promise<void> {
  const id = tries[0]?.id
  try {
    await client.asApp({
      route: 'POST /app/hook/deliveries/{delivery_id}/attempts',
      parameters: { delivery_id: id },
      schema: z.unknown(),
      signal,
    })
  } catch (error) {
    signal.throwIfAborted()
    log.warn({ error, delivery: id }, 'GitHub did not take the request for a redelivery; the next sweep asks again')
  }
  await sleep(pauseMs, undefined, { signal })
}

const timeOf = ({ delivered_at: at }: Attempt) => Date.parse(at)
const firstAt = (tries: readonly Attempt[]) => Math.min(...tries.map(timeOf))
