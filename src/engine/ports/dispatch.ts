import type { AttemptReference, Instant } from '../../workflow/names.ts'
import type { TaskTemplate } from '../../workflow/plan-types.ts'
import type { Group, Workflow } from '../../workflow/state.ts'
import type { BaseInputs, StoredOutputs } from './workflows.ts'

export type PendingPod = {
  readonly outboxId: string
  readonly reference: AttemptReference
  readonly repositoryId: number
  readonly group: string
  readonly exclusive: boolean
  readonly cpu: number
  readonly queuedAt: Instant
  /** Times that creating it failed. */
  readonly failures: number
}
export type LivePod = {
  readonly reference: AttemptReference
  readonly repositoryId: number
  readonly exclusive: boolean
  readonly cpu: number
}

export interface DispatchStore {
  /**
   * Under one lock per backend: shows `choose` what lives and what waits (due `create-pod` rows whose attempt is still wanted, oldest first,
   * at most `limit`), marks the chosen ones dispatched and leases their rows. Rows whose attempt is no longer wanted are dropped.
   */
  claim(
    backend: string,
    limit: number,
    leaseSeconds: number,
    choose: (live: readonly LivePod[], pending: readonly PendingPod[]) => readonly PendingPod[],
  ): Promise<readonly PendingPod[]>
  /** What is needed to build the pod; undefined when the attempt is no longer the current one or the workflow is cancelled. */
  order(reference: AttemptReference): Promise<DispatchOrder | undefined>
}
export type DispatchOrder = {
  readonly workflow: Workflow
  readonly taskId: string
  readonly taskName: string
  readonly group: Pick<Group, 'name'> & { readonly members: readonly string[]; readonly barrier: boolean }
  readonly policy: Group['tasks'][number]['policy']
  readonly template: TaskTemplate
  /** Per `inputs` entry of the template; undefined for url inputs. */
  readonly inputs: readonly (StoredOutputs | undefined)[]
  readonly baseInputs: BaseInputs | undefined
}
