import type { Origin } from '../../spec/types.ts'
import type { CommitSha, Instant, WorkflowId } from '../../workflow/names.ts'
import type { WorkflowPlan } from '../../workflow/plan-types.ts'
import type { Provenance } from '../../workflow/state.ts'

/** Everything one change at one commit led to: workflows, skipped specs, faults. Shown as `osmo / config`. */
export type Submission = {
  /** `change`: what a push or pull request led to; it alone speaks in `osmo / config` and says what a pull request's head is. `command`: a rerun or a dispatch. */
  readonly purpose: 'change' | 'command'
  /** `head`: it tells of a new head, so its origin is the one that the code at that commit has. */
  readonly moves: 'head' | 'nothing'
  readonly provenance: Provenance
  readonly plans: readonly WorkflowPlan[]
  readonly skipped: readonly {
    readonly spec: string
    readonly reason: string
    readonly required: 'required' | 'optional'
    /** `neutral`: nobody need act, and a reviewer should know. */
    readonly conclusion: 'skipped' | 'neutral' | 'action_required'
  }[]
  readonly diagnostics: readonly StoredDiagnostic[]
  readonly notes: readonly string[]
}
export type StoredDiagnostic = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
}
export type SubmissionId = string

export interface SubmissionStore {
  /**
   * Saves the submission and opens its workflows, their groups and tasks and the first effects, all in one transaction.
   * A `runKey` that exists already is left alone (same delivery twice, same commit pushed twice): its workflow comes back as `existing`.
   * Display ids are counted per name. `supersede`: unfinished workflows of the same concurrency key and pull request whose sha is no
   * longer the head get `cancel-requested` in the same transaction.
   */
  open(
    submission: Submission,
  ): Promise<{ readonly id: SubmissionId; readonly opened: readonly WorkflowId[]; readonly existing: readonly WorkflowId[] }>
  /**
   * The same for a change as it stands: those of one pull request take turns, and so do pushes to one branch that may end each other's
   * runs, so that an older head that was slow to read never follows a newer one. Of a push that a newer one has overtaken what would end
   * the newer one's runs is cancelled itself. Undefined: it is `gone`, and nothing was saved.
   */
  openIf(
    submission: Submission,
    standing: () => Promise<Standing>,
  ): Promise<{ readonly id: SubmissionId; readonly opened: readonly WorkflowId[]; readonly existing: readonly WorkflowId[] } | undefined>
  /** The pull request is closed, if `stands`: once this returns, what was opened for it before can be seen, and reports of others that shared its commit are due. */
  close(repositoryId: number, pullRequest: number, stands: () => Promise<boolean>): Promise<'closed' | 'open'>
  get(id: SubmissionId): Promise<SubmissionView | undefined>
  /** Whose code this head of a pull request is, as judged when it was last pushed; undefined when that delivery is not worked off yet. */
  originOf(repositoryId: number, pullRequest: number, sha: CommitSha): Promise<Origin | undefined>
  /** The newest change at this commit of which this spec did not run. */
  findNotRun(repositoryId: number, sha: CommitSha, spec: string): Promise<SubmissionId | undefined>
  /** This one, and of each open pull request whose head is its commit the newest change, in the order of their numbers. */
  sharing(id: SubmissionId): Promise<readonly SharedSubmission[]>
  ofOpenPullRequests(repositoryId: number, sha: CommitSha): Promise<readonly SharedSubmission[]>
  /** Of the changes of this pull request the newest. */
  newestOf(repositoryId: number, pullRequest: number): Promise<SubmissionView | undefined>
}
/** Of a push: the order among pushes of its branch matters, since it would end running workflows of older ones. */
export const mayEndOthers = ({ plans }: Submission) => plans.some(({ concurrency }) => concurrency.cancelInProgress === 'any-ref')
/** `tip`: where the branch of a push is now, undefined when it is gone; `current`: nobody can have overtaken it. */
export type Standing = { readonly kind: 'gone' | 'current' } | { readonly kind: 'pushed'; readonly tip: CommitSha | undefined }
/** With the specs that have run for this pull request and base branch, or this ref, at this commit. */
export type SharedSubmission = { readonly submission: SubmissionView; readonly ran: readonly string[] }
/** A plan as it is kept: its groups are rows of their own. */
export type StoredPlan = Omit<WorkflowPlan, 'groups'>
export type SubmissionView = Omit<Submission, 'plans'> & {
  readonly id: SubmissionId
  readonly plans: readonly StoredPlan[]
  readonly openedAt: Instant
  readonly configCheckRunId: number | undefined
  readonly workflows: readonly WorkflowId[]
}
