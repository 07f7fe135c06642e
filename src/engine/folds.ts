import type { WorkflowId } from '../workflow/names.ts'
import type { Logger } from './log.ts'

/**
 * Folds workflows that were woken, one fold at a time each. A wake-up while its workflow is folded leads to one more fold afterwards:
 * between looking for one and being forgotten nothing is awaited, so none falls in between.
 */
export function createFolds(fold: (id: WorkflowId) => Promise<unknown>, log: Logger) {
  const running = new Map<WorkflowId, Promise<void>>()
  const again = new Set<WorkflowId>()
  let isClosed = false
  return { soon, settled, close, isIdle: () => running.size === 0 }

  /** In this process at once; should it die, the sweep of any process finds the same events. */
  function soon(id: WorkflowId): void {
    if (isClosed) return
    if (running.has(id)) again.add(id)
    else running.set(id, untilIdle(id))
  }

  async function untilIdle(id: WorkflowId): Promise<void> {
    // So that `soon` has noted this run before it can end.
    await undefined
    try {
      do {
        again.delete(id)
        await fold(id)
      } while (again.has(id) && !isClosed)
    } catch (error) {
      again.delete(id)
      log.error({ error, workflow: id }, 'A workflow could not be folded; the sweep tries again')
    } finally {
      running.delete(id)
    }
  }

  /** Resolves once nothing is folded. */
  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.all(running.values())
  }

  async function close(): Promise<void> {
    isClosed = true
    await settled()
  }
}
