import type { PodName, WorkflowId } from '../workflow/names.ts'
import type { Logger } from './log.ts'
import type { Backend, DeliveryStore, ExpectedPod, Outbox, OutboxLane, ReportStore, Sighting, WorkflowStore } from './ports.ts'

export type SweepDeps = {
  readonly workflows: WorkflowStore
  readonly outbox: Outbox
  readonly deliveries: Pick<DeliveryStore, 'takeParked' | 'prune'>
  readonly reports: Pick<ReportStore, 'requeueOverdue'>
  readonly backends: ReadonlyMap<string, Backend>
  /** A backend that is not ours is another process's to reconcile: its pods are not in our listing. */
  readonly holds: (backend: string) => boolean
  readonly kickInbox: () => void
  readonly foldWorkflow: (id: WorkflowId) => Promise<unknown>
  readonly kick: (lane: OutboxLane) => void
  readonly wakeWorkflow: (id: WorkflowId) => void
  readonly clock: () => number
  readonly log: Logger
}

const batch = 200
/** A pod that PostgreSQL expects and its backend does not list may have been created after the listing. */
const lostAfterMs = 10_000
/** How long finished pods keep their directories or objects, for people who look. */
const forgetAfterMs = 60_000
/** Deleting is the outbox's work; the sweep only makes up for what it lost. */
const strangerAfterMs = 60_000
const strangerGraceSeconds = 30

/**
 * Finds in PostgreSQL and on the backends whatever a wake-up should have told, and does it. With every wake-up lost all still happens,
 * later (law 5). It calls the handlers directly and not through the queue, which may be what is broken.
 */
export function createSweep(deps: SweepDeps) {
  const { workflows, outbox, backends, log } = deps
  /** Running pods that nobody wants, and since when that is known. */
  const strangersSince = new Map<PodName, number>()
  return { sweepStore, sweepBackends }

  async function sweepStore(): Promise<void> {
    deps.kickInbox()
    await attempt('parked deliveries', '', tellParked)
    await attempt('old deliveries', '', () => deps.deliveries.prune(batch))
    await attempt('reports that did not arrive', '', () => deps.reports.requeueOverdue(batch))
    for (const key of await workflows.waitingConcurrencyKeys(batch)) await attempt('concurrency group', key, () => admit(key))
    for (const id of await workflows.due(batch)) await attempt('workflow', id, () => deps.foldWorkflow(id))
    for (const lane of await outbox.dueLanes()) deps.kick(lane)
  }

  async function tellParked(): Promise<void> {
    for (const parked of await deps.deliveries.takeParked(batch))
      log.error(parked, 'A delivery could not be acted on and is parked; redeliver it from the settings of the app')
  }

  async function admit(key: string): Promise<void> {
    for (const id of await workflows.admit(key)) deps.wakeWorkflow(id)
  }

  /** Read the store first and the backend second: the other way round, a pod created in between looks lost. */
  async function sweepBackends(signal: AbortSignal): Promise<void> {
    for (const backend of backends.values())
      if (deps.holds(backend.name)) await attempt('backend', backend.name, () => reconcile(backend, signal))
  }

  async function reconcile(backend: Backend, signal: AbortSignal): Promise<void> {
    const expected = await workflows.expectedPods(backend.name)
    const seen = await backend.list(signal)
    // Lost while it was listed: another process may have it and what it has started is not in our listing.
    if (!deps.holds(backend.name)) return
    const now = deps.clock()
    const sightings = [...seen, ...lost(expected, seen, now)]
    for (const id of await workflows.recordSightings(sightings)) deps.wakeWorkflow(id)
    await removeStrangers(backend, seen, now, signal)
  }

  /**
   * What ended and is safe is forgotten; what runs and has not been wanted for a minute is deleted, though its `delete-pod` was lost. The
   * store is read again: a pod is dispatched there before it appears on its backend.
   */
  async function removeStrangers(backend: Backend, seen: readonly Sighting[], now: number, signal: AbortSignal): Promise<void> {
    const wanted = new Set(
      (await workflows.expectedPods(backend.name)).filter(({ standing }) => standing === 'wanted').map(({ pod }) => pod),
    )
    for (const { pod } of seen) if (wanted.has(pod)) strangersSince.delete(pod)
    const strangers = seen.filter(({ pod }) => !wanted.has(pod))
    await deleteStrangers(backend, strangers, now, signal)
    const ended = strangers.filter(
      ({ phase }) => (phase.kind === 'exited' && phase.exitedAt < now - forgetAfterMs) || phase.kind === 'lost',
    )
    if (ended.length > 0)
      await backend.forget(
        ended.map(({ pod }) => pod),
        signal,
      )
    for (const { pod } of ended) strangersSince.delete(pod)
  }

  async function deleteStrangers(backend: Backend, strangers: readonly Sighting[], now: number, signal: AbortSignal): Promise<void> {
    for (const { pod, phase } of strangers) {
      if (phase.kind === 'exited' || phase.kind === 'lost') continue
      const since = strangersSince.get(pod) ?? now
      strangersSince.set(pod, since)
      if (since < now - strangerAfterMs) await backend.delete(pod, strangerGraceSeconds, signal)
    }
  }

  async function attempt(what: string, id: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
    } catch (error) {
      log.error({ error, what, id }, 'The sweep could not finish this one; it tries again')
    }
  }
}

/** Only what the backend had confirmed can be lost; what was never confirmed is created again by its outbox row. */
function lost(expected: readonly ExpectedPod[], seen: readonly Sighting[], now: number): readonly Sighting[] {
  const known = new Set(seen.map(({ pod }) => pod))
  return expected
    .filter(({ pod, status, since }) => !known.has(pod) && status !== 'PROCESSING' && since < now - lostAfterMs)
    .map(({ pod, reference }) => ({
      pod,
      reference,
      phase: { kind: 'lost', seenAt: now, message: 'Its backend does not know it any more' },
    }))
}
