import type { BenchmarkRun } from '../benchmark/types.ts'
import type { Origin, Permission, Tier } from '../spec/types.ts'
import type { AttemptReference, CommitSha, Instant, PodName, WorkflowId } from '../workflow/names.ts'
import type { TaskTemplate, WorkflowPlan } from '../workflow/plan-types.ts'
import type {
  Effect,
  Exit,
  Folded,
  Group,
  Provenance,
  Slice,
  TaskState,
  Workflow,
  WorkflowEvent,
  WorkflowStatus,
} from '../workflow/state.ts'

/**
 * What the engine needs from the world. Ports are named for their role; adapters in `store`, `queue`, `backend`, `data`
 * and `github` for their technology. Every call may be repeated and may be cut off by its signal or by the death of the process.
 */

// ---------------------------------------------------------------- deliveries

export type Delivery = {
  /** `X-GitHub-Delivery`; the same for every redelivery. */
  readonly guid: string
  readonly event: string
  /** The exact bytes, as text; at most 26 MB. */
  readonly body: string
  readonly receivedAt: Instant
  /** Times that processing failed for a reason that does not pass by itself. */
  readonly failures: number
}

export interface DeliveryStore {
  /** `new` or `reopened` (it had failed) means: wake the worker. `seen`: it is processed, or waits to be. Commits before it returns. */
  accept(delivery: { readonly guid: string; readonly event: string; readonly body: string }): Promise<'new' | 'reopened' | 'seen'>
  /**
   * Runs `handle` on the delivery that waits longest, while no other process can; records success, or the failure and its message. `none`:
   * nothing is due, or others have it. A `ForgeError` to retry uses up no try for a day, and its `retryAfterSeconds` is honoured; after
   * eight other failures, or that day, the delivery is parked until it is redelivered.
   */
  processNext(handle: (delivery: Delivery) => Promise<void>): Promise<'processed' | 'failed' | 'none'>
  /** GUIDs waiting or failed with tries left, oldest first. */
  waiting(limit: number): Promise<readonly string[]>
  /** Does any delivery that is still unprocessed name this commit among the first sixteen of its payload? Asked before a base arm gives up on it. */
  anyWaitingFor(sha: CommitSha): Promise<boolean>
  /** How many are parked. */
  parked(): Promise<number>
  /** Those parked since the last call of any process, oldest first: each is given once, for the log. */
  takeParked(limit: number): Promise<readonly ParkedDelivery[]>
  /** Forgets deliveries that were processed, 30 days after they came: GitHub redelivers for seven at most. Oldest first; returns how many. */
  prune(limit: number): Promise<number>
  /** Of these GUIDs the ones that were never accepted, or are parked: acting on them takes a redelivery. */
  missing(guids: readonly string[]): Promise<readonly string[]>
  /** Up to when GitHub's list of deliveries was compared with the inbox; undefined when it never was. */
  sweptUntil(): Promise<Instant | undefined>
  saveSweptUntil(at: Instant): Promise<void>
}
export type ParkedDelivery = { readonly guid: string; readonly event: string; readonly message: string; readonly receivedAt: Instant }

// --------------------------------------------------------------- submissions

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
   * The same for a change of a pull request, if `stands` says that it is still what the pull request is. Those of one pull request take
   * turns, so that an older head that was slow to read never follows a newer one. Undefined: it no longer stands, and nothing was saved.
   */
  openIf(
    submission: Submission,
    stands: () => Promise<boolean>,
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

// ------------------------------------------------------------------ workflows

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
      /** Why it is not the merge base, where a run there was asked for. */
      readonly note?: string
    }
  /** Still being made by this workflow. A group that went on all the same waited in vain. */
  | { readonly kind: 'awaited'; readonly workflow: string }
  | { readonly kind: 'missing'; readonly reason: string; readonly remedy: string }
/** Files below `<workflow>/<task>/<attempt>/` of the object store. */
export type StoredOutputs = AttemptReference

// --------------------------------------------------------------------- outbox

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

// ------------------------------------------------------------------- dispatch

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

// -------------------------------------------------------------------- backend

/** Where pods run. Repeating a call is harmless: a pod that exists, or is gone already, is success. */
export interface Backend {
  readonly name: string
  /** Total CPUs it offers at once; more are clamped, and that is said in the log of the attempt. */
  readonly capacity: { readonly cpu: number }
  /** In words for the check: runtime and whether `image` is honoured. */
  readonly description: string
  /** `refused` is final (the order itself is wrong); anything thrown is retried. */
  create(
    order: PodOrder,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'created' } | { readonly kind: 'refused'; readonly message: string }>
  /** SIGTERM, grace, SIGKILL. A pod that was never created can never be created afterwards. Returns once the request is safe, not once the pod is gone. */
  delete(pod: PodName, graceSeconds: number, signal: AbortSignal): Promise<void>
  /** Everything this installation has there, as seen now. */
  list(signal: AbortSignal): Promise<readonly Sighting[]>
  /** Calls back soon after changes; losing a call is allowed, `list` is the truth. Stops with the signal. */
  watch(onSightings: (sightings: readonly Sighting[]) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Forgets finished pods whose results and logs are safe. */
  forget(pods: readonly PodName[], signal: AbortSignal): Promise<void>
}

export type Sighting = {
  readonly pod: PodName
  readonly reference: AttemptReference
  readonly phase:
    | { readonly kind: 'created' | 'initializing' }
    | { readonly kind: 'running'; readonly startedAt: Instant }
    | { readonly kind: 'exited'; readonly startedAt: Instant | undefined; readonly exitedAt: Instant; readonly exit: Exit }
    /** It had begun and its supervisor is gone without an exit record. */
    | { readonly kind: 'lost'; readonly seenAt: Instant; readonly message: string }
}

/** All that a pod needs to know. Plain JSON: a local supervisor reads it from its directory. Tokens are not resolved yet. */
export type PodOrder = {
  readonly pod: PodName
  readonly reference: AttemptReference
  readonly displayId: string
  readonly origin: Origin
  readonly tier: Tier
  readonly platform: string
  readonly image: string
  readonly command: readonly string[]
  /** The spec's, with ours (`GITHUB_SHA`, `OSMO_WORKFLOW_ID` …) already on top. `OSMO_ARM` and `OSMO_SEED` are set per run. */
  readonly environment: Readonly<Record<string, string>>
  /** Head's, and base's where `localpath` files differ per arm. Contents are base64; put in after the only template pass. */
  readonly files: readonly OrderedFile[]
  /** What fills `/osmo/data/input/<i>`: names for `{{input:NAME}}`, and whether the arm `base` has content of its own. */
  readonly inputs: readonly {
    readonly index: number
    readonly task: string | undefined
    readonly regex: string | undefined
    readonly stored: 'stored' | 'none'
  }[]
  readonly checkout: 'none' | 'tree'
  readonly runs: OrderedRuns
  readonly limits: {
    readonly cpu: number
    readonly memoryBytes: number | undefined
    readonly processes: number
    readonly outputBytes: number
  }
  readonly deadlines: {
    readonly startSeconds: number
    readonly execSeconds: number
    readonly perRunSeconds: number
    readonly uploadSeconds: number
    readonly graceSeconds: number
  }
  readonly group: { readonly name: string; readonly members: readonly string[]; readonly barrier: boolean }
  /** Values for `{{workflow_id}}` and `{{host:…}}`; `{{output}}` and `{{input:…}}` are the backend's. */
  readonly tokens: { readonly workflowId: string; readonly hosts: Readonly<Record<string, string>> }
  /** Reaches `osmo-ctrl` only, never the command's environment or files. */
  readonly token: string
}
export type OrderedFile = { readonly path: string; readonly head: string; readonly base: string | undefined }
export type OrderedRuns =
  | { readonly kind: 'once'; readonly seed: number }
  | {
      readonly kind: 'arms'
      /** In order, warm-ups first. Seeds are equal for both arms of a pair. */
      readonly order: readonly {
        readonly arm: 'base' | 'head'
        readonly pair: number
        readonly purpose: 'warmup' | 'measure'
        readonly seed: number
      }[]
      /** Base's own command and files, tried once when the base arm fails under head's. */
      readonly baseFallback:
        | {
            readonly command: readonly string[]
            readonly environment: Readonly<Record<string, string>>
            readonly files: readonly OrderedFile[]
          }
        | undefined
    }

// ---------------------------------------------- what a running attempt may ask

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

// ----------------------------------------------------------------- logs, data

export type LogChunk = { readonly sequence: number; readonly text: string }
export interface LogStore {
  /** Idempotent by (attempt, sequence); at most 64 KiB a chunk. Of one attempt the first 1 MiB and the last 15 MiB are kept. */
  append(reference: AttemptReference, chunks: readonly LogChunk[]): Promise<void>
  read(reference: AttemptReference, after: number, limit: number): Promise<readonly LogChunk[]>
  /** The last lines, for a check. */
  tail(reference: AttemptReference, lines: number, bytes: number): Promise<string>
}

/** Plain files below `<workflow>/<task>/<attempt>/`; an output counts once its manifest is written, last. */
export interface ObjectStore {
  put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number },
  ): Promise<{ readonly bytes: number; readonly sha256: string }>
  get(key: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Reads small files whole; undefined when absent, throws above `maxBytes`. */
  read(key: string, maxBytes: number): Promise<Uint8Array | undefined>
  list(prefix: string, limit: number): Promise<readonly { readonly key: string; readonly bytes: number }[]>
  deletePrefix(prefix: string): Promise<void>
}
export type OutputManifest = {
  readonly files: readonly { readonly path: string; readonly mode: number; readonly bytes: number; readonly sha256: string }[]
}
export const outputPrefix = ({ workflow, task, attempt }: AttemptReference) => `${workflow}/${task}/${attempt}/`
export const manifestKey = (reference: AttemptReference) => `${outputPrefix(reference)}.osmo-manifest.json`

export interface SampleStore {
  save(reference: AttemptReference, benchmark: string, runs: readonly BenchmarkRun[]): Promise<void>
  /** Of the current attempts of a workflow. */
  ofWorkflow(
    id: WorkflowId,
  ): Promise<
    readonly { readonly task: string; readonly attempt: number; readonly benchmark: string; readonly runs: readonly BenchmarkRun[] }[]
  >
  /** Newest `limit` trusted workflows of this spec on the default branch, oldest first: per benchmark its head runs. */
  history(repositoryId: number, spec: string, benchmark: string, limit: number): Promise<readonly (readonly BenchmarkRun[])[]>
}

// ---------------------------------------------------------------------- views

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

// --------------------------------------------------------------------- GitHub

export type RepositoryReference = { readonly id: number; readonly installationId: number; readonly fullName: string }

export type CheckWrite = {
  readonly repository: RepositoryReference
  readonly name: string
  readonly sha: CommitSha
  /** The workflow's or submission's UUID: finds the run again after an uncertain create. */
  readonly externalId: string
  readonly checkRunId: number | undefined
  readonly detailsUrl: string | undefined
  readonly state:
    | { readonly status: 'queued' | 'in_progress'; readonly startedAt: Instant | undefined }
    | {
        readonly status: 'completed'
        readonly conclusion: CheckConclusion
        readonly startedAt: Instant | undefined
        readonly completedAt: Instant
      }
  readonly title: string
  readonly summary: string
  readonly text: string | undefined
  readonly annotations: readonly StoredDiagnostic[]
}
export type CheckConclusion = 'success' | 'failure' | 'neutral' | 'cancelled' | 'skipped' | 'timed_out' | 'action_required'

export type CommandAnswer = {
  readonly repository: RepositoryReference
  readonly pullRequest: number
  readonly commentId: number
  readonly reaction: '+1' | '-1' | 'eyes' | 'confused'
  /** At most one reply per comment; undefined when the reaction says it all. */
  readonly reply: string | undefined
}

/** GitHub, for writing. Thrown errors are retried by the outbox; `retryAfterSeconds` on them is honoured. */
export interface Forge {
  /** Creates or updates; splits annotations by 50; finds a run by `externalId` after an uncertain create. */
  writeCheck(check: CheckWrite, signal: AbortSignal): Promise<{ readonly checkRunId: number }>
  /** The one sticky comment: found by id, else by hidden marker **and** our own authorship, else created. */
  writeComment(
    comment: {
      readonly repository: RepositoryReference
      readonly pullRequest: number
      readonly commentId: number | undefined
      readonly marker: string
      readonly body: string
    },
    signal: AbortSignal,
  ): Promise<{ readonly commentId: number }>
  /** A reaction, and a reply that carries a hidden marker of the comment it answers, so that repeating finds it. */
  answer(answer: CommandAnswer, signal: AbortSignal): Promise<void>
}
export class ForgeError extends Error {
  override readonly name = 'ForgeError'
  /** `gone`: the repository, pull request or installation no longer exists or forbids us; repeating is pointless. */
  readonly reaction: 'retry' | 'give-up'
  readonly retryAfterSeconds: number | undefined
  constructor(message: string, reaction: 'retry' | 'give-up', retryAfterSeconds?: number, cause?: unknown) {
    super(message, { cause })
    this.reaction = reaction
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export type PullRequestSnapshot = {
  readonly number: number
  readonly state: 'open' | 'closed'
  readonly draft: boolean
  readonly headSha: CommitSha
  readonly headRef: string
  /** Undefined when the fork is gone. */
  readonly headRepositoryId: number | undefined
  readonly baseRef: string
  readonly author: string
  readonly labels: readonly string[]
  readonly mergeBaseSha: CommitSha
}

/** GitHub, for reading what ordering of webhooks could have made stale. */
export interface ForgeReader {
  repository(
    reference: RepositoryReference,
    signal: AbortSignal,
  ): Promise<{ readonly fullName: string; readonly defaultBranch: string; readonly private: 'private' | 'public' } | undefined>
  pullRequest(repository: RepositoryReference, number: number, signal: AbortSignal): Promise<PullRequestSnapshot | undefined>
  openPullRequestsOf(repository: RepositoryReference, branch: string, signal: AbortSignal): Promise<readonly number[]>
  /** Head of a branch, undefined when it is gone. */
  branchHead(repository: RepositoryReference, branch: string, signal: AbortSignal): Promise<CommitSha | undefined>
  commitMessage(repository: RepositoryReference, sha: CommitSha, signal: AbortSignal): Promise<string>
  /** The actor's permission at this moment; `none` for strangers. */
  permission(repository: RepositoryReference, login: string, signal: AbortSignal): Promise<Permission | 'none'>
  /** Required check names of the branch's rulesets and protection. */
  requiredChecks(repository: RepositoryReference, branch: string, signal: AbortSignal): Promise<readonly string[]>
  /** Paths changed, renames under both names; `unknown` when GitHub would not tell all of them. */
  changedPaths(
    repository: RepositoryReference,
    range:
      | { readonly kind: 'compare'; readonly base: CommitSha; readonly head: CommitSha }
      | { readonly kind: 'pull-request'; readonly number: number },
    signal: AbortSignal,
  ): Promise<readonly string[] | 'unknown'>
  /** `.osmo/` at a commit; texts come cached by tree sha. Symlinks, submodules and oversized files are listed without text. */
  specFiles(repository: RepositoryReference, sha: CommitSha, signal: AbortSignal): Promise<readonly SpecFile[]>
}
export type SpecFile = { readonly path: string; readonly mode: string; readonly bytes: number; readonly text: string | undefined }

/** The service's own bare mirror of a repository: code reaches tasks from here, so that no git token ever enters a pod. */
export interface SourceMirror {
  /** A tar of the tree at the commit, made from git objects: fixed times, modes and symlinks kept, none that leaves the root, at most 2 GiB. */
  archive(
    repository: RepositoryReference,
    sha: CommitSha,
    options: { readonly paths: readonly string[] | undefined },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>
  /** Files below a path relative to the root, for `localpath`; undefined when absent; throws above 1 MiB a file or 16 MiB in all, or on a symlink. */
  files(
    repository: RepositoryReference,
    sha: CommitSha,
    path: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly path: string; readonly contents: Uint8Array; readonly mode: number }[] | undefined>
  /** First-parent ancestors, nearest first, without the commit itself. */
  ancestors(repository: RepositoryReference, sha: CommitSha, limit: number, signal: AbortSignal): Promise<readonly CommitSha[]>
  /** Whether the one is the other or below it, by any parent. */
  isAncestor(repository: RepositoryReference, ancestor: CommitSha, descendant: CommitSha, signal: AbortSignal): Promise<boolean>
}

// -------------------------------------------------------------------- wake-ups

/** Ids of deliveries: whoever takes webhooks need not be who acts on them. All else starts in the process that learned of it. */
export type QueueName = 'delivery'

/** Wake-ups carry ids only; losing all of them only makes things later, since the sweep finds the same work in the store. */
export interface Waker {
  wake(queue: QueueName, id: string): Promise<void>
  wakeMany(queue: QueueName, ids: readonly string[]): Promise<void>
}
export interface WakeupConsumer {
  /** A wake-up that arrives while its id is handled leads to one more call afterwards. Handlers take less than a second. */
  consume(queue: QueueName, concurrency: number, handle: (id: string) => Promise<void>): Promise<{ close(): Promise<void> }>
  /** Proves liveness end to end with a canary job; throws with a reason when it does not come through in time. */
  probe(timeoutSeconds: number): Promise<void>
  close(): Promise<void>
}

export type Clock = () => Instant
