import type { Origin } from '../../spec/types.ts'
import type { AttemptReference, CommitSha } from '../../workflow/names.ts'
import type { TaskTemplate } from '../../workflow/plan-types.ts'
import type { StoredOutputs } from './workflows.ts'

/** Behind the tasks' endpoint: every call proves its token first. */
export interface AttemptDesk {
  /** Undefined: unknown token, or the attempt is over. */
  authorize(reference: AttemptReference, token: string): Promise<AttemptGrant | undefined>
}
/** The part of the desk that the store answers; the proof is the engine's. */
export interface AttemptGrants {
  /** Undefined: no such attempt, or it is over. */
  attemptGrant(reference: AttemptReference): Promise<AttemptGrant | undefined>
}
export type AttemptGrant = {
  readonly reference: AttemptReference
  readonly repositoryId: number
  readonly installationId: number
  readonly repository: string
  readonly origin: Origin
  readonly sha: CommitSha
  readonly baseSha: CommitSha | ''
  readonly checkout: TaskTemplate['checkout']
  readonly inputs: readonly (StoredOutputs | undefined)[]
  readonly baseInputs: readonly (StoredOutputs | undefined)[] | undefined
}
