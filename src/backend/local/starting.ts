import type { PodName } from '../../workflow/names.ts'

/** Starts of one supervisor by one service; each waits twice as long as the last, at most a minute. */
const maxStarts = 6
const maxWaitMs = 60_000

export type NextStep = 'wait' | 'start' | 'give-up'

/**
 * When a supervisor that has not taken its lock is started again. One that was lost on the way is worth another try; one that dies each time,
 * for want of memory or of a readable order, would keep the machine busy with dying for ever.
 */
export function createStarting(firstWaitMs: number) {
  const tries = new Map<PodName, { readonly starts: number; readonly dueAt: number }>()
  return { next, forget: (pod: PodName) => tries.delete(pod), starts: maxStarts }

  /** Whoever is told to start does so: the next step is counted from now. */
  function next(pod: PodName, createdAt: number, now: number): NextStep {
    const { starts, dueAt } = tries.get(pod) ?? { starts: 1, dueAt: createdAt + firstWaitMs }
    if (now < dueAt) return 'wait'
    if (starts >= maxStarts) return 'give-up'
    tries.set(pod, { starts: starts + 1, dueAt: now + Math.min(maxWaitMs, firstWaitMs * 2 ** starts) })
    return 'start'
  }
}
