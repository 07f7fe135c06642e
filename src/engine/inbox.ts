import { setTimeout as sleep } from 'node:timers/promises'
import type { BurstGauge } from './burst-gauge.ts'
import type { Logger } from './log.ts'

export type InboxDeps = {
  readonly processNext: () => Promise<'processed' | 'failed' | 'none'>
  /** Of webhooks that this process takes. */
  readonly webhooks: Pick<BurstGauge, 'isHigh'>
  readonly log: Logger
}

/** Deliveries handled at once in this process. Each keeps a connection, and what they ask of GitHub comes out of one budget. */
const maxWorkers = 4
/** While many webhooks come in, accepting them goes first: each has seconds, and what it leads to has minutes. */
const breathMs = 100

/**
 * Works off the inbox until nothing in it is due. A kick means that something may have come; a worker that finds something brings in the
 * next one. When PostgreSQL fails, the sweep's kick starts it again.
 */
export function createInbox({ processNext, webhooks, log }: InboxDeps) {
  const workers = new Set<Promise<void>>()
  let isKicked = false
  let isClosed = false
  return { kick, settled, close }

  function kick(): void {
    isKicked = true
    if (workers.size === 0 || !webhooks.isHigh()) addWorker()
  }

  function addWorker(): void {
    if (isClosed || workers.size >= maxWorkers) return
    const worker = Promise.withResolvers<void>()
    workers.add(worker.promise)
    void work(worker.promise).finally(worker.resolve)
  }

  /**
   * Forgetting the kick comes before looking, so that one that comes while the last look is under way leads to another; between the last
   * check for a kick and leaving nothing is awaited, so none falls in between.
   */
  async function work(self: Promise<void>): Promise<void> {
    try {
      do {
        isKicked = false
        while (!isClosed && (await processNext()) !== 'none') if ((await pace(self)) === 'leave') return
      } while (isKicked && !isClosed)
    } catch (error) {
      log.error({ error }, 'A worker of the inbox stopped; the sweep starts it again')
    } finally {
      workers.delete(self)
    }
  }

  /** In a burst of webhooks one worker stays, and waits a little. Who leaves is gone before anybody else counts. */
  async function pace(self: Promise<void>): Promise<'stay' | 'leave'> {
    if (!webhooks.isHigh()) addWorker()
    else if (workers.size > 1) return workers.delete(self) ? 'leave' : 'stay'
    else await sleep(breathMs)
    return 'stay'
  }

  /** Resolves once nobody works, for tests and a clean end. */
  async function settled(): Promise<void> {
    while (workers.size > 0) await Promise.all(workers)
  }

  async function close(): Promise<void> {
    isClosed = true
    await settled()
  }
}
