import { admit } from '../workflow/admission.ts'
import type { AttemptReference } from '../workflow/names.ts'
import type { Logger } from './log.ts'
import { buildOrder, type OrderDeps, WrongOrder } from './order.ts'
import type { Backend, DispatchStore, Outbox, OutboxRow, PendingPod, WorkflowStore } from './ports.ts'

export type DispatcherDeps = OrderDeps & {
  readonly backends: ReadonlyMap<string, Backend>
  readonly dispatch: DispatchStore
  readonly outbox: Outbox
  readonly workflows: WorkflowStore
  readonly wakeWorkflow: (id: AttemptReference['workflow']) => void
  readonly log: Logger
}

const leaseSeconds = 30
const batch = 100
/** Creating the same pod again and again: 1, 2, 4 … 30 s apart; then the attempt counts as an infrastructure failure. */
const maxCreateFailures = 8

/**
 * Turns saved effects into pods of one backend: deletions first, since they make room, then as many waiting pods as admission lets start.
 * Every call may be repeated: names are deterministic, and an attempt that nobody wants any more is dropped (law 4).
 */
export function createDispatcher(deps: DispatcherDeps) {
  const { backends, dispatch, outbox, workflows, log } = deps
  return { dispatchLane }

  /** Returns how many rows it worked off. */
  async function dispatchLane(backendName: string, signal: AbortSignal): Promise<number> {
    const backend = backends.get(backendName)
    if (!backend) return 0
    const deletions = await outbox.claim(`pods:${backendName}`, batch, leaseSeconds)
    await Promise.all(deletions.map((row) => deletePod(backend, row, signal)))
    const chosen = await dispatch.claim(backendName, batch, leaseSeconds, (live, pending) => admit(live, pending, backend.capacity.cpu))
    await Promise.all(chosen.map((pending) => createPod(backend, pending, signal)))
    return deletions.length + chosen.length
  }

  async function deletePod(backend: Backend, row: OutboxRow, signal: AbortSignal): Promise<void> {
    if (row.effect.kind !== 'workflow' || row.effect.effect.kind !== 'delete-pod') return outbox.done([row.id])
    try {
      await backend.delete(row.effect.effect.pod, row.effect.effect.graceSeconds, signal)
      await outbox.done([row.id])
    } catch (error) {
      log.warn({ error, pod: row.effect.effect.pod }, 'A pod could not be deleted; trying again')
      await outbox.retry(row.id, Math.min(30, 2 ** row.failures), String(error))
    }
  }

  async function createPod(backend: Backend, pending: PendingPod, signal: AbortSignal): Promise<void> {
    try {
      await attemptCreate(backend, pending, signal)
      await outbox.done([pending.outboxId])
    } catch (error) {
      if (error instanceof WrongOrder) return refuse(pending, error.message, 'start-error')
      log.warn({ error, ...pending.reference }, 'A pod could not be created; trying again')
      if (pending.failures >= maxCreateFailures)
        return refuse(pending, `Its pod could not be created: ${messageOf(error)}`, 'backend-error')
      await outbox.retry(pending.outboxId, Math.min(30, 2 ** pending.failures), messageOf(error))
    }
  }

  async function attemptCreate(backend: Backend, { reference }: PendingPod, signal: AbortSignal): Promise<void> {
    const wanted = await dispatch.order(reference)
    if (!wanted) return
    const created = await backend.create(await buildOrder(wanted, reference, deps, signal), signal)
    if (created.kind === 'refused') throw new WrongOrder(created.message)
    await workflows.post(reference.workflow, { kind: 'pod-created', task: reference.task, attempt: reference.attempt })
    deps.wakeWorkflow(reference.workflow)
  }

  async function refuse({ outboxId, reference }: PendingPod, message: string, reason: 'start-error' | 'backend-error'): Promise<void> {
    const exitCode = reason === 'start-error' ? 3003 : 3001
    await workflows.post(reference.workflow, {
      kind: 'task-exited',
      task: reference.task,
      attempt: reference.attempt,
      startedAt: undefined,
      exit: { exitCode, reason, message, outputs: 'none' },
    })
    await outbox.done([outboxId])
    deps.wakeWorkflow(reference.workflow)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
