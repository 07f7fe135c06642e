import type { AttemptReference, CommitSha, Instant, PodName, WorkflowId } from '../../workflow/names.ts'
import type { Folded, Slice, TaskState, WorkflowEvent } from '../../workflow/state.ts'
import type { Sighting } from './backend.ts'

export interface WorkflowStore {
  /**
   * Locks the workflow, gathers every event that waits for it (posted ones, fresh sightings, due timers), loads the groups they touch,
   * saves what `fold` returns (only rows that changed), its timers and its effects as outbox rows, and repeats for follow-ups; one transaction.
   * `busy`: another process holds it and will see the same events.
   */
  fold(
    id: WorkflowId,
    /** `now` by the store's clock. */
    fold: (slice: Slice, events: readonly WorkflowEvent[], now: Instant) => Folded,
  ): Promise<'folded' | 'idle' | 'busy' | 'gone'>
  /** Adds an event to the workflow's inbox. `at` is filled in by the store's clock when absent. */
  post(id: WorkflowId, event: EventWithoutTime): Promise<void>
  /** Workflows with events waiting or timers due, longest waiting first. */
  due(limit: number): Promise<readonly WorkflowId[]>
  /**
   * Gives free places of a concurrency group to the longest waiting workflows: marks the slot `held` and posts `workflow-admitted`.
   * With `cancelInProgress` newer workflows cancel the holders instead. Returns the workflows to wake.
   */
  admit(concurrencyKey: string): Promise<readonly WorkflowId[]>
  /** Concurrency groups in which somebody waits and a place is free, longest waiting first. */
  waitingConcurrencyKeys(limit: number): Promise<readonly string[]>
  /** Latest sighting per attempt, one statement for the whole batch; unchanged ones are not written. Returns the workflows to wake. */
  recordSightings(sightings: readonly Sighting[]): Promise<readonly WorkflowId[]>
  /** Attempts of this backend that may exist there: dispatched and not finished, or ended by us and not gone yet. */
  expectedPods(backend: string): Promise<readonly ExpectedPod[]>
  /** `awaited` never replaces an answer. */
  saveBaseInputs(id: WorkflowId, task: string, base: BaseInputs): Promise<void>
  /** Gives up (or takes back) the concurrency slot while a base arm is awaited. */
  yieldSlot(id: WorkflowId): Promise<void>
}
type WithoutTime<E> = E extends { readonly at: Instant } ? Omit<E, 'at'> : never
export type EventWithoutTime = WithoutTime<WorkflowEvent>

export type ExpectedPod = {
  readonly pod: PodName
  readonly reference: AttemptReference
  readonly status: TaskState['status']
  readonly since: Instant
  /** `ending`: by our will, and its backend has not shown the end yet. */
  readonly standing: 'wanted' | 'ending'
}

/** Where the base arm's `task:` inputs come from; per task with `compare`. */
export type BaseInputs =
  | {
      readonly kind: 'found'
      readonly sha: CommitSha
      readonly inputs: readonly (StoredOutputs | undefined)[]
      readonly exact: 'merge-base' | 'ancestor'
      readonly workflow: string
      /** Why it is not what was asked for: of the merge base, with the values of this run. */
      readonly note?: string
    }
  /** Still being made by this workflow. A group that went on all the same waited in vain. */
  | { readonly kind: 'awaited'; readonly workflow: string }
  | { readonly kind: 'missing'; readonly reason: string; readonly remedy: string }
/** Files below `<workflow>/<task>/<attempt>/` of the object store. */
export type StoredOutputs = AttemptReference
