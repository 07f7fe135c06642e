import { admit } from '../workflow/admission.ts'
import type { AttemptReference } from '../workflow/names.ts'
import type { Logger } from './log.ts'
import { buildOrder, FilesNotThere, MissingInput, type OrderDeps, prepareOrder, WrongOrder } from './order.ts'
import type { Backend, DispatchStore, Outbox, OutboxRow, PendingPod, WorkflowStore } from './ports.ts'
import { createReadiness } from './readiness.ts'

export type DispatcherDeps = OrderDeps & {
  readonly backends: ReadonlyMap<string, Backend>
  readonly dispatch: DispatchStore
  readonly outbox: Outbox
  readonly workflows: WorkflowStore
  readonly wakeWorkflow: (id: AttemptReference['workflow']) => void
  readonly clock: () => number
  readonly log: Logger
  /** For tests. */
  readonly filesSeconds?: number
}

/** Longer than everything below together, so that no two dispatchers ever work on one row. */
const leaseSeconds = 45
/** Files of the repository for an order; the fetch goes on without us, and the row comes back for them. */
const filesSeconds = 10
const backendSeconds = 20
const batch = 100
/** At once in one backend; the rest of a lane's places are for deletions, which make room and never wait for what starts. */
const maxCreating = 12
/** Creating the same pod again and again: 1, 2, 4 … 30 s apart; then the attempt counts as an infrastructure failure. */
const maxCreateFailures = 8
/** A first fetch of a large repository, or GitHub being away. */
const maxFilesWaitSeconds = 30 * 60
const filesRetrySeconds = 5

/**
 * Turns saved effects into pods of one backend: deletions first, since they make room, then as many waiting pods as admission lets start.
 * Every call may be repeated: names are deterministic, and an attempt that nobody wants any more is dropped (law 4).
 */
export function createDispatcher(deps: DispatcherDeps) {
  const { backends, dispatch, outbox, workflows, log } = deps
  const creating = new Map<string, number>()
  /** Since when a row waits for its files. What a restart forgets waits anew. */
  const waitingSince = new Map<string, number>()
  const readiness = createReadiness(deps.clock)
  return { take }

  /** Returns what it began, each by itself: one that hangs keeps none of the others waiting. */
  async function take(backendName: string, room: number, signal: AbortSignal): Promise<readonly Promise<void>[]> {
    const backend = backends.get(backendName)
    if (!backend) return []
    const deletions = await outbox.claim(`pods:${backendName}`, room, leaseSeconds)
    const started = deletions.map((row) => deletePod(backend, row, signal))
    return [...started, ...(await takeCreations(backend, signal))]
  }

  async function takeCreations(backend: Backend, signal: AbortSignal): Promise<readonly Promise<void>[]> {
    const room = maxCreating - (creating.get(backend.name) ?? 0)
    if (room <= 0) return []
    const unready: PendingPod[] = []
    const chosen = await dispatch.claim(backend.name, batch, leaseSeconds, (live, pending) => {
      unready.push(...readiness.toPrepare(pending))
      return admit(live, pending.filter(readiness.mayStart), backend.capacity.cpu).slice(0, room)
    })
    const prepared = unready.map((pending) => prepare(pending, signal))
    return [...prepared, ...chosen.map((pending) => counted(backend.name, () => createPod(backend, pending, signal)))]
  }

  async function counted(backendName: string, work: () => Promise<void>): Promise<void> {
    const add = (count: number) => creating.set(backendName, (creating.get(backendName) ?? 0) + count)
    add(1)
    try {
      await work()
    } finally {
      add(-1)
    }
  }

  async function deletePod(backend: Backend, row: OutboxRow, signal: AbortSignal): Promise<void> {
    if (row.effect.kind !== 'workflow' || row.effect.effect.kind !== 'delete-pod') return outbox.done([row.id])
    try {
      await backend.delete(row.effect.effect.pod, row.effect.effect.graceSeconds, within(backendSeconds, signal))
      await outbox.done([row.id])
    } catch (error) {
      log.warn({ error, pod: row.effect.effect.pod }, 'A pod could not be deleted; trying again')
      await outbox.retry(row.id, Math.min(30, 2 ** row.failures), String(error))
    }
  }

  async function prepare(pending: PendingPod, signal: AbortSignal): Promise<void> {
    try {
      await readiness.prepare(pending, async () => {
        const wanted = await dispatch.order(pending.reference)
        if (wanted) await prepareOrder(wanted, pending.reference, deps, within(deps.filesSeconds ?? filesSeconds, signal))
      })
    } catch (error) {
      await orderFailed(pending, error)
    }
  }

  async function createPod(backend: Backend, pending: PendingPod, signal: AbortSignal): Promise<void> {
    try {
      await attemptCreate(backend, pending, signal)
      await outbox.done([pending.outboxId])
      forget(pending)
    } catch (error) {
      await orderFailed(pending, error)
    }
  }

  async function orderFailed(pending: PendingPod, error: unknown): Promise<void> {
    if (error instanceof WrongOrder) return refuse(pending, error.message, 'start-error')
    if (error instanceof MissingInput) return refuse(pending, error.message, 'input-missing')
    if (error instanceof FilesNotThere) return waitForFiles(pending, error)
    log.warn({ error, ...pending.reference }, 'A pod could not be created; trying again')
    if (pending.failures >= maxCreateFailures) return refuse(pending, `Its pod could not be created: ${messageOf(error)}`, 'backend-error')
    await outbox.retry(pending.outboxId, Math.min(30, 2 ** pending.failures), messageOf(error))
  }

  function forget({ outboxId }: PendingPod): void {
    waitingSince.delete(outboxId)
    readiness.forget(outboxId)
  }

  async function waitForFiles(pending: PendingPod, { message }: FilesNotThere): Promise<void> {
    const since = waitingSince.get(pending.outboxId) ?? deps.clock()
    const waitedSeconds = (deps.clock() - since) / 1000
    if (waitedSeconds > maxFilesWaitSeconds)
      return refuse(
        pending,
        `Its files could not be read from the repository for ${Math.round(waitedSeconds)} s: ${message}`,
        'backend-error',
      )
    for (const [id, at] of waitingSince) if (deps.clock() - at > 2000 * maxFilesWaitSeconds) waitingSince.delete(id)
    waitingSince.set(pending.outboxId, since)
    await outbox.postpone(pending.outboxId, filesRetrySeconds, message)
  }

  async function attemptCreate(backend: Backend, { reference }: PendingPod, signal: AbortSignal): Promise<void> {
    const wanted = await dispatch.order(reference)
    if (!wanted) return
    const order = await buildOrder(wanted, reference, deps, within(deps.filesSeconds ?? filesSeconds, signal))
    const created = await backend.create(order, within(backendSeconds, signal))
    if (created.kind === 'refused') throw new WrongOrder(created.message)
    await workflows.post(reference.workflow, { kind: 'pod-created', task: reference.task, attempt: reference.attempt })
    deps.wakeWorkflow(reference.workflow)
  }

  async function refuse(pending: PendingPod, message: string, reason: keyof typeof refusalCodes): Promise<void> {
    const { reference } = pending
    await workflows.post(reference.workflow, {
      kind: 'task-exited',
      task: reference.task,
      attempt: reference.attempt,
      startedAt: undefined,
      exit: { exitCode: refusalCodes[reason], reason, message, outputs: 'none' },
    })
    await outbox.done([pending.outboxId])
    forget(pending)
    deps.wakeWorkflow(reference.workflow)
  }
}

/** OSMO's numbers (osmo-spec.md §5.3). */
const refusalCodes = { 'start-error': 3003, 'backend-error': 3001, 'input-missing': 2010 } as const

const within = (seconds: number, signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(1000 * seconds)])
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
