import type { Logger } from './log.ts'
import type { OutboxLane } from './ports.ts'

/** Takes at most `room` of what is due in a lane, and returns each as it is under way. */
export type LaneWorker = (lane: OutboxLane, room: number, signal: AbortSignal) => Promise<readonly Promise<unknown>[]>

/** Under way at once in one lane. Each is taken on its own, so that one that hangs keeps one place and not the lane. */
export const laneWidth = 16

/**
 * Works off lanes until they are empty, one worker per lane in this process. A kick while one runs leads to one more look, so that nothing
 * added in between is left until the sweep. A lane that throws is logged and left to the sweep.
 */
export function createLanes(work: LaneWorker, log: Logger) {
  const running = new Map<OutboxLane, Promise<void>>()
  const kicked = new Map<OutboxLane, () => void>()
  const again = new Set<OutboxLane>()
  const stop = new AbortController()

  return { kick, settled, close }

  function kick(lane: OutboxLane): void {
    if (stop.signal.aborted) return
    if (!running.has(lane)) return void running.set(lane, drain(lane))
    again.add(lane)
    kicked.get(lane)?.()
  }

  async function drain(lane: OutboxLane): Promise<void> {
    // So that `kick` has noted this run before it can end.
    await undefined
    const active = new Set<Promise<unknown>>()
    try {
      while (!stop.signal.aborted) {
        again.delete(lane)
        const taken = await takeMore(lane, active)
        if (again.has(lane)) continue
        if (taken === 0 && active.size === 0) break
        await change(lane, active)
      }
    } catch (error) {
      log.error({ error, lane }, 'A lane of the outbox stopped; the sweep starts it again')
    }
    await Promise.all(active)
    // Kicks that came while the last ones ended are not forgotten: nothing is awaited between this look and leaving.
    running.delete(lane)
    if (again.delete(lane)) kick(lane)
  }

  async function takeMore(lane: OutboxLane, active: Set<Promise<unknown>>): Promise<number> {
    if (active.size >= laneWidth) return 0
    const taken = await work(lane, laneWidth - active.size, stop.signal)
    for (const one of taken) {
      const ended: Promise<unknown> = one
        .catch((error: unknown) => log.error({ error, lane }, 'An effect ended without a result; its lease gives it back'))
        .finally(() => active.delete(ended))
      active.add(ended)
    }
    return taken.length
  }

  /** Resolves when one has ended, and so may have made its successor due, or on a kick. Those that end together are one change. */
  async function change(lane: OutboxLane, active: ReadonlySet<Promise<unknown>>): Promise<void> {
    const kick = new Promise<void>((resolve) => kicked.set(lane, resolve))
    if (active.size > 0) await Promise.race([kick, ...active])
    kicked.delete(lane)
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Resolves once no lane runs, for tests and a clean end. */
  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.all(running.values())
  }

  async function close(): Promise<void> {
    stop.abort()
    for (const wake of kicked.values()) wake()
    await settled()
  }
}
