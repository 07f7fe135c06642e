import { setTimeout as sleep } from 'node:timers/promises'

export type Offered = {
  readonly sent: number
  /** Milliseconds from the moment at which each was due, so that a server that stalls is charged for everything it held up. */
  readonly latencies: readonly number[]
  readonly failures: number
}

/** Acts at fixed times, however slow the answers are. */
export async function openLoop(ratePerSecond: number, seconds: number, act: (index: number) => Promise<void>): Promise<Offered> {
  const latencies: number[] = []
  const underWay: Promise<void>[] = []
  const count = Math.round(ratePerSecond * seconds)
  const start = performance.now()
  let failures = 0
  for (let index = 0; index < count; index++) {
    const dueAt = start + (1000 * index) / ratePerSecond
    const wait = dueAt - performance.now()
    if (wait > 0) await sleep(wait)
    underWay.push(one(index, dueAt))
  }
  await Promise.all(underWay)
  return { sent: count, latencies, failures }

  async function one(index: number, dueAt: number): Promise<void> {
    try {
      await act(index)
      latencies.push(performance.now() - dueAt)
    } catch {
      failures += 1
    }
  }
}
