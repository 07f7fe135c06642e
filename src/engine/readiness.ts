import type { PendingPod } from './ports.ts'

/** More wait for their turn. */
const maxAtOnce = 2
/** After so long the repository is looked at again: its mirror may have been made anew. */
const lastsMs = 10 * 60_000

/**
 * Of which exclusive attempts the code is here. Such an attempt keeps everybody else off the machine from the moment it has its place, so
 * what it has to wait for comes first (extensions.md §7). What a restart forgets is looked at again.
 */
export function createReadiness(clock: () => number) {
  const readySince = new Map<string, number>()
  const looking = new Set<string>()
  return { mayStart, toPrepare, prepare, forget: (outboxId: string) => readySince.delete(outboxId) }

  function mayStart({ exclusive, outboxId }: PendingPod): boolean {
    return !exclusive || clock() - (readySince.get(outboxId) ?? Number.NEGATIVE_INFINITY) < lastsMs
  }

  /** Those to look at now, oldest first. */
  function toPrepare(pending: readonly PendingPod[]): readonly PendingPod[] {
    return pending.filter((pod) => !mayStart(pod) && !looking.has(pod.outboxId)).slice(0, maxAtOnce - looking.size)
  }

  /** Rejects as `look` does. */
  async function prepare({ outboxId }: PendingPod, look: () => Promise<void>): Promise<void> {
    looking.add(outboxId)
    try {
      await look()
      for (const [id, since] of readySince) if (clock() - since >= lastsMs) readySince.delete(id)
      readySince.set(outboxId, clock())
    } finally {
      looking.delete(outboxId)
    }
  }
}
