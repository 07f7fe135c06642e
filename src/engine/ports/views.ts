import type { AttemptReference, CommitSha, Instant, WorkflowId } from '../../workflow/names.ts'
import type { TaskTemplate } from '../../workflow/plan-types.ts'
import type { Group, Provenance, TaskState, Workflow, WorkflowStatus } from '../../workflow/state.ts'
import type { StoredPlan, SubmissionId } from './submissions.ts'
import type { BaseInputs, StoredOutputs } from './workflows.ts'

export type TaskView = {
  readonly id: string
  readonly name: string
  readonly group: string
  readonly lead: boolean
  readonly state: TaskState
  readonly template: TaskTemplate
  readonly benchmarks: 'none' | 'awaited' | 'collected'
  readonly baseInputs: BaseInputs | undefined
  readonly baseInputsState: Group['baseInputs']
  readonly waitsFor: readonly string[]
  /** Where its outputs are: its own current attempt, or the one a rerun took over. */
  readonly outputs: StoredOutputs
  readonly attempts: readonly { readonly attempt: number; readonly state: TaskState }[]
}
export type WorkflowView = {
  readonly workflow: Workflow
  readonly plan: StoredPlan
  readonly status: WorkflowStatus
  readonly tasks: readonly TaskView[]
  readonly checkRunId: number | undefined
  readonly checkDigest: string | undefined
  readonly rerunBy: WorkflowId | undefined
}
export type WorkflowRow = {
  readonly id: WorkflowId
  readonly displayId: string
  readonly spec: string
  readonly repository: string
  readonly status: WorkflowStatus
  readonly provenance: Provenance
  readonly openedAt: Instant
  readonly startedAt: Instant | undefined
  readonly finishedAt: Instant | undefined
}

export interface ViewStore {
  workflow(id: WorkflowId): Promise<WorkflowView | undefined>
  byDisplayId(displayId: string): Promise<WorkflowId | undefined>
  byCheckRun(
    checkRunId: number,
  ): Promise<
    { readonly kind: 'workflow'; readonly id: WorkflowId } | { readonly kind: 'config'; readonly submission: SubmissionId } | undefined
  >
  /** Newest first. */
  list(
    filter: { readonly repositoryId?: number; readonly pullRequest?: number; readonly sha?: CommitSha; readonly before?: Instant },
    limit: number,
  ): Promise<readonly WorkflowRow[]>
  /** The newest workflow of each spec for this pull request at its newest submitted head, or for this commit; base runs have no check there. */
  latestOfPullRequest(repositoryId: number, pullRequest: number): Promise<readonly WorkflowView[]>
  latestOfCommit(repositoryId: number, sha: CommitSha): Promise<readonly WorkflowRow[]>
  /** At this commit the newest of each spec for each pull request and base branch, and for each ref that was pushed; newest first, at most 500. */
  latestByPlace(repositoryId: number, sha: CommitSha): Promise<readonly WorkflowRow[]>
  /** Reruns at this commit that this request has opened (`requestedBy`), with what each runs again. */
  openedBy(
    request: string,
    repositoryId: number,
    sha: CommitSha,
  ): Promise<readonly { readonly id: WorkflowId; readonly spec: string; readonly rerunOf: WorkflowId }[]>
  /**
   * Specs whose newest run at this commit and ref was cancelled only because the head had moved on or the pull request was closed, with the
   * highest run attempt there is. Dispatches are left out.
   */
  overtaken(change: Pick<Provenance, 'repositoryId' | 'sha' | 'ref' | 'baseRef'>): Promise<ReadonlyMap<string, number>>
  /**
   * `sharing`: the newest workflow, with its usual values, of each other open pull request that shares this one's check: same spec, same head
   * commit. `counterpart`: the newest for the same pull request or ref, of those with usual values if this one's are special, else of the others.
   */
  sharingCheck(id: WorkflowId): Promise<{ readonly sharing: readonly WorkflowView[]; readonly counterpart: WorkflowView | undefined }>
  /** Trusted workflows of this spec on a branch that completed, newest first; only what a change runs, whole and with its usual values. */
  completedOn(
    repositoryId: number,
    spec: string,
    branch: 'default' | { readonly name: string },
    limit: number,
  ): Promise<readonly WorkflowId[]>
  /** Finished task outputs that may serve as a base arm: trusted workflows of this spec at one of these commits, best first. */
  trustedOutputs(
    repositoryId: number,
    spec: string,
    shas: readonly CommitSha[],
    task: string,
  ): Promise<readonly { readonly reference: AttemptReference; readonly displayId: string; readonly sha: CommitSha }[]>
  /** Trusted workflows of this spec at this commit in which this task may still complete. */
  liveProducers(
    repositoryId: number,
    spec: string,
    sha: CommitSha,
    task: string,
  ): Promise<readonly { readonly id: WorkflowId; readonly displayId: string }[]>
  /** Workflows with a task whose base inputs are awaited, of this repository and spec. */
  awaitingBase(repositoryId: number, spec: string): Promise<readonly { readonly workflow: WorkflowId; readonly group: string }[]>
}

export interface ReportStore {
  saveCheck(id: WorkflowId, checkRunId: number, digest: string): Promise<void>
  saveConfigCheck(id: SubmissionId, checkRunId: number, digest: string): Promise<void>
  configDigest(id: SubmissionId): Promise<string | undefined>
  comment(repositoryId: number, pullRequest: number): Promise<{ readonly commentId: number; readonly digest: string } | undefined>
  saveComment(repositoryId: number, pullRequest: number, commentId: number, digest: string): Promise<void>
  /** GitHub has been told the end of what this `CheckWrite.externalId` names. */
  saveConclusion(externalId: string): Promise<void>
  /** Every check of this submission is on GitHub. */
  saveSubmissionReported(id: SubmissionId): Promise<void>
  /**
   * Asks again for reports that did not arrive: of workflows that ended, and submissions that were opened, within three days, longer than
   * two minutes ago, and whose checks do not show it. Each at most once an hour. Returns how many.
   */
  requeueOverdue(limit: number): Promise<number>
  /** The installation can be written to again: all its reports of unfinished workflows, and those that did not arrive, are due now. */
  requeueOfInstallation(installationId: number): Promise<void>
}

export interface AuditStore {
  record(entry: {
    readonly repositoryId: number
    readonly actor: string
    readonly action: string
    readonly subject: string
    readonly outcome: 'allowed' | 'denied'
    readonly detail: string
  }): Promise<void>
}
