import type { Logger } from './log.ts'
import type { OutboxLane } from './ports.ts'

/** Works off one lane until it is empty; returns how many rows it took in this round. */
export type LaneWorker = (lane: OutboxLane, signal: AbortSignal) => Promise<number>

/**
 * Runs at most one worker per lane in this process. A kick while one runs leads to one more round, so that nothing added in between is
 * left until the sweep. A lane that throws is logged and left to the sweep.
 */
export function createLanes(work: LaneWorker, log: Logger) {
  const running = new Map<OutboxLane, Promise<void>>()
  const again = new Set<OutboxLane>()
  const stop = new AbortController()

  return { kick, settled, close }

  function kick(lane: OutboxLane): void {
    if (stop.signal.aborted) return
    if (running.has(lane)) again.add(lane)
    else running.set(lane, drain(lane))
  }

  async function drain(lane: OutboxLane): Promise<void> {
    try {
      do {
        again.delete(lane)
        while ((await work(lane, stop.signal)) > 0 && !stop.signal.aborted);
      } while (again.has(lane) && !stop.signal.aborted)
    } catch (error) {
      log.error({ error, lane }, 'A lane of the outbox stopped; the sweep starts it again')
    } finally {
      running.delete(lane)
    }
  }

  /** Resolves once no lane runs, for tests and a clean end. */
  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.all(running.values())
  }

  async function close(): Promise<void> {
    stop.abort()
    await settled()
  }
}
