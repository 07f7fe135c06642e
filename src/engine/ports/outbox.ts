import type { Instant, WorkflowId } from '../../workflow/names.ts'
import type { Effect } from '../../workflow/state.ts'
import type { CommandAnswer } from './github.ts'
import type { SubmissionId } from './submissions.ts'

export type OutboxEffect =
  | { readonly kind: 'workflow'; readonly workflow: WorkflowId; readonly effect: Effect }
  | { readonly kind: 'config-report'; readonly submission: SubmissionId }
  | { readonly kind: 'pull-request-report'; readonly repositoryId: number; readonly pullRequest: number }
  | { readonly kind: 'answer'; readonly answer: CommandAnswer }

/** `pods:<backend>` is admitted by the dispatcher; `work` is everything inside; `reports` are writes to GitHub. */
export type OutboxLane = 'work' | 'reports' | `pods:${string}`
export type OutboxRow = {
  readonly id: string
  readonly effect: OutboxEffect
  readonly failures: number
  readonly dueAt: Instant
  /** Since it was added. */
  readonly ageSeconds: number
  /** Whose rate at GitHub it uses, if it speaks to GitHub. */
  readonly installationId: number | undefined
}

export interface Outbox {
  /** Coalesced by key: a row of the same key that nobody has taken yet is replaced (earliest due time kept). */
  add(effect: OutboxEffect, options: { readonly key: string; readonly lane: OutboxLane; readonly delaySeconds: number }): Promise<void>
  /** Takes due rows for `leaseSeconds`; a process that dies gives them back by time. Skips rows that others hold or whose installation is paused. */
  claim(lane: OutboxLane, limit: number, leaseSeconds: number): Promise<readonly OutboxRow[]>
  done(ids: readonly string[]): Promise<void>
  /** Back after a delay, with its message; the caller decides how often. */
  retry(id: string, delaySeconds: number, message: string): Promise<void>
  /** Back after a delay, because something else is not ready yet; that is no failure. */
  postpone(id: string, delaySeconds: number, message: string): Promise<void>
  /** Holds a row that was taken for longer. */
  extend(id: string, leaseSeconds: number): Promise<void>
  /** Takes a row out for good, and keeps it with its message where people find it. */
  bury(id: string, message: string): Promise<void>
  /** How many were buried. */
  buried(): Promise<number>
  /** GitHub asks this installation to wait: none of its rows is taken for so long. Others go on. */
  pause(installationId: number, seconds: number): Promise<void>
  /** Lanes with due rows that nobody holds. */
  dueLanes(): Promise<readonly OutboxLane[]>
  /** Gives back what a dead process of this installation held. Only for a data directory that is locked by us. */
  releaseAll(): Promise<void>
}
