import type { Logger } from './log.ts'
import { ForgeError, type Outbox, type OutboxLane, type OutboxRow } from './ports.ts'

export type OutboxWorkerDeps = {
  readonly outbox: Outbox
  readonly perform: (row: OutboxRow, signal: AbortSignal) => Promise<'done' | 'later'>
  /** An effect will never happen: what waits for it must not wait any longer. */
  readonly abandon: (row: OutboxRow, message: string) => Promise<void>
  readonly log: Logger
  readonly timeoutSeconds?: number
}

/** Of one effect. */
const timeoutSeconds = 30
/** Longer than the effect may take, so that no two workers ever write the same thing at once. */
const marginSeconds = 15
const laterSeconds = 5
const maxBackoffSeconds = 300
/** An effect that keeps failing for another reason than GitHub being away is given up. */
const maxAgeSeconds = 24 * 3600

/**
 * Performs effects of the outbox, each with a deadline. GitHub being away never ends a report; what GitHub refuses is done with (the sweep
 * asks again for an end that was not shown); whatever else fails for a day is buried and ends in a state that people see.
 */
export function createOutboxWorker(deps: OutboxWorkerDeps) {
  const { outbox, log } = deps
  const timeout = deps.timeoutSeconds ?? timeoutSeconds
  return { take }

  async function take(lane: OutboxLane, room: number, signal: AbortSignal): Promise<readonly Promise<void>[]> {
    const rows = await outbox.claim(lane, room, timeout + marginSeconds)
    return rows.map((row) => performRow(row, signal))
  }

  async function performRow(row: OutboxRow, signal: AbortSignal): Promise<void> {
    const lease = keepLease(row)
    try {
      const result = await deps.perform(row, AbortSignal.any([signal, lease.deadline]))
      if (result === 'later') await outbox.retry(row.id, laterSeconds, 'waiting')
      else await outbox.done([row.id])
    } catch (error) {
      await failed(row, error)
    } finally {
      lease.end()
    }
  }

  /** Reading benchmark files has its own bounds, minutes in all, and holds its row as long as it goes on. */
  function keepLease(row: OutboxRow): { readonly deadline: AbortSignal; end(): void } {
    if (!isLong(row)) return { deadline: AbortSignal.timeout(1000 * timeout), end: () => undefined }
    const extend = () =>
      void outbox
        .extend(row.id, timeout + marginSeconds)
        .catch((error: unknown) => log.warn({ error, row: row.id }, 'A row could not be held'))
    const beat = setInterval(extend, 1000 * marginSeconds)
    return { deadline: AbortSignal.timeout(1000 * maxLongSeconds), end: () => clearInterval(beat) }
  }

  async function failed(row: OutboxRow, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error)
    const forge = error instanceof ForgeError ? error : undefined
    const details = { error, effect: nameOf(row), failures: row.failures }
    if (forge?.retryAfterSeconds !== undefined && row.installationId !== undefined)
      await outbox.pause(row.installationId, forge.retryAfterSeconds)
    if (forge?.reaction === 'give-up') return refused(row, message, details)
    if (isSpent(row, forge)) return bury(row, message, details)
    log.warn(details, 'An effect failed; trying again')
    await outbox.retry(row.id, forge?.retryAfterSeconds ?? Math.min(maxBackoffSeconds, 2 ** Math.min(row.failures, 20)), message)
  }

  async function refused(row: OutboxRow, message: string, details: object): Promise<void> {
    log.warn(details, 'GitHub refused an effect, which is given up')
    await deps.abandon(row, message)
    await outbox.done([row.id])
  }

  async function bury(row: OutboxRow, message: string, details: object): Promise<void> {
    log.error(details, 'An effect failed for a day and is given up')
    await deps.abandon(row, message)
    await outbox.bury(row.id, message)
  }
}

const maxLongSeconds = 900
const isLong = ({ effect }: OutboxRow) => effect.kind === 'workflow' && effect.effect.kind === 'collect-benchmarks'

/** What GitHub should show is owed for as long as GitHub may come back. */
function isSpent(row: OutboxRow, forge: ForgeError | undefined): boolean {
  const isOwed = forge !== undefined && ['report', 'config-report', 'pull-request-report'].includes(nameOf(row))
  return !isOwed && row.ageSeconds > maxAgeSeconds
}

const nameOf = ({ effect }: OutboxRow) => (effect.kind === 'workflow' ? effect.effect.kind : effect.kind)
