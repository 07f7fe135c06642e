import { setTimeout as sleep } from 'node:timers/promises'

/** Rejects when `work` takes longer; what `work` then does is nobody's concern any more. */
export async function withinSeconds<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  const settled = new AbortController()
  const late = sleep(seconds * 1000, 'late' as const, { signal: settled.signal }).catch(() => 'settled' as const)
  try {
    const first = await Promise.race([work.then((value) => ({ value })), late])
    if (typeof first === 'object') return first.value
    work.catch(() => undefined)
    throw new Error(`Expected ${what} to take at most ${seconds} s, it took longer`)
  } finally {
    settled.abort()
  }
}
