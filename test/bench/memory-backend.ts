import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend, PodOrder, Sighting } from '../../src/engine/ports.ts'
import type { PodName } from '../../src/workflow/names.ts'

/** A backend whose pods take no time: each is seen running, then completed, as fast as its sightings are taken. */
export function createMemoryBackend(): Backend {
  const pods = new Map<PodName, Sighting>()
  let fresh: Sighting[] = []
  let ring = Promise.withResolvers<void>()
  return { name: 'local', capacity: { cpu: Number.MAX_SAFE_INTEGER }, description: 'memory', create, delete: remove, list, watch, forget }

  async function create({ pod, reference }: PodOrder) {
    if (!pods.has(pod)) {
      const startedAt = Date.now()
      tell({ pod, reference, phase: { kind: 'running', startedAt } })
      setImmediate(() => {
        const exit = { exitCode: 0, reason: 'completed', message: 'The command ended with exit code 0', outputs: 'stored' } as const
        tell({ pod, reference, phase: { kind: 'exited', startedAt, exitedAt: Date.now(), exit } })
      })
    }
    return { kind: 'created' } as const
  }

  function tell(sighting: Sighting): void {
    pods.set(sighting.pod, sighting)
    fresh.push(sighting)
    ring.resolve()
  }

  async function remove(pod: PodName): Promise<void> {
    pods.delete(pod)
  }

  async function list(): Promise<readonly Sighting[]> {
    return [...pods.values()]
  }

  async function watch(onSightings: (sightings: readonly Sighting[]) => Promise<void>, signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    while (!signal.aborted) {
      await Promise.race([ring.promise, stopped])
      // As a real observer gathers a batch.
      await sleep(5)
      const batch = fresh
      fresh = []
      ring = Promise.withResolvers()
      if (batch.length > 0) await onSightings(batch)
    }
  }

  async function forget(names: readonly PodName[]): Promise<void> {
    for (const name of names) pods.delete(name)
  }
}
