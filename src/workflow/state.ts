import type { ExitActions, Origin, Tier } from '../spec/types.ts'
import type { CommitSha, Instant, PodName, WorkflowId } from './names.ts'

/**
 * A workflow as plain data: load the part that events touch, fold them in, save what changed.
 * Status names are OSMO's (`WAITING` … `FAILED_UPSTREAM`), so that people and tools who know them need no translation.
 */

export type FailedStatus =
  | 'FAILED'
  | 'FAILED_CANCELED'
  | 'FAILED_SERVER_ERROR'
  | 'FAILED_BACKEND_ERROR'
  | 'FAILED_EXEC_TIMEOUT'
  | 'FAILED_QUEUE_TIMEOUT'
  | 'FAILED_IMAGE_PULL'
  | 'FAILED_START_ERROR'
  | 'FAILED_START_TIMEOUT'
  | 'FAILED_EVICTED'
  | 'FAILED_PREEMPTED'
  | 'FAILED_UPSTREAM'
export type FinishedStatus = 'COMPLETED' | FailedStatus
export type LiveStatus = 'WAITING' | 'PROCESSING' | 'SCHEDULING' | 'INITIALIZING' | 'RUNNING'
export type TaskStatus = LiveStatus | FinishedStatus

export type WorkflowStatus = 'PENDING' | 'RUNNING' | FinishedStatus

/** Where the code came from and what the workflow runs on behalf of; never changes. */
export type Provenance = {
  /** GitHub's numeric id; names are labels that may change. */
  readonly repositoryId: number
  readonly installationId: number
  readonly repository: string
  /** `base-run`: nobody's change, but upstream tasks at a merge base, run for comparisons with it. */
  readonly event: 'push' | 'pull_request' | 'command' | 'base-run'
  readonly sha: CommitSha
  /** Merge base of a pull request, `before` of a push; empty for a new branch. */
  readonly baseSha: CommitSha | ''
  /** `refs/heads/…`, `refs/tags/…` or `refs/pull/N/head`. */
  readonly ref: string
  readonly headRef: string
  readonly baseRef: string
  readonly pullRequest: number | undefined
  readonly defaultBranch: boolean
  readonly actor: string
  readonly origin: Origin
  readonly tier: Tier
}

/** As GitHub Actions would call it. A base run does what a push of its commit would have done. */
export function eventName({ event }: Pick<Provenance, 'event'>): 'push' | 'pull_request' | 'workflow_dispatch' {
  switch (event) {
    case 'command':
      return 'workflow_dispatch'
    case 'base-run':
      return 'push'
    default:
      return event
  }
}

/**
 * `request` names the comment that asked, so that hearing it again is told from asking again. `cause`: why nobody wants the run any more; it is
 * wanted again when its commit is the head again, or its pull request open.
 */
export type Cancellation = {
  readonly at: Instant
  readonly by: string
  readonly reason: string
  readonly request?: string
  readonly cause?: 'head-moved' | 'pull-request-closed'
}

/** The header: one row, locked while events are folded. */
export type Workflow = {
  readonly id: WorkflowId
  /** `<workflow.name>-<n>`. */
  readonly displayId: string
  /** The spec's name: its path below `.osmo/` without the extension. */
  readonly spec: string
  readonly provenance: Provenance
  /** `waiting`: not its turn in its concurrency group. `yielded`: gave its place to the run whose outputs it waits for. */
  readonly slot: 'waiting' | 'held' | 'yielded'
  readonly cancellation: Cancellation | undefined
  readonly openedAt: Instant
  readonly startedAt: Instant | undefined
  readonly finishedAt: Instant | undefined
  readonly counts: Counts
}

/** How many groups there are in each condition, so that the aggregate costs the same for 3 groups and for 5 000. */
export type Counts = {
  readonly groups: number
  readonly running: number
  readonly finished: Readonly<Partial<Record<FinishedStatus, number>>>
}

export type Group = {
  readonly name: string
  /** Groups that must still complete; emptied one by one, so that hearing twice changes nothing. */
  readonly waitsFor: readonly string[]
  readonly downstream: readonly string[]
  readonly ignoreNonleadStatus: boolean
  /** `awaited`: the base arm's inputs are still being made by another workflow (extensions.md §4). */
  readonly baseInputs: 'not-needed' | 'awaited' | 'ready'
  readonly tasks: readonly Task[]
}

export type Task = {
  /** UUID, the other half of a pod's name. */
  readonly id: string
  readonly name: string
  readonly lead: boolean
  readonly policy: TaskPolicy
  readonly state: TaskState
  /** `awaited`: declared, and the numbers of the last attempt are not read yet; the check stays open until they are. */
  readonly benchmarks: 'none' | 'awaited' | 'collected'
}

/** Fixed when the workflow is planned. All in seconds. */
export type TaskPolicy = {
  /** The task's own, then the pool's. */
  readonly exitActions: ExitActions
  readonly poolExitActions: ExitActions
  readonly maxRetries: number
  readonly maxInfrastructureRetries: number
  readonly queueTimeoutSeconds: number
  readonly startTimeoutSeconds: number
  /** Of the whole attempt, all runs of a comparison together. */
  readonly execTimeoutSeconds: number
  readonly uploadTimeoutSeconds: number
  readonly terminationGraceSeconds: number
}

export type TaskState =
  | { readonly status: 'WAITING'; readonly attempt: number; readonly retries: Retries }
  /** `create-pod` is saved and may be under way, any number of times. */
  | {
      readonly status: 'PROCESSING'
      readonly attempt: number
      readonly retries: Retries
      readonly queuedAt: Instant
      readonly notBefore: Instant
    }
  | {
      readonly status: 'SCHEDULING' | 'INITIALIZING'
      readonly attempt: number
      readonly retries: Retries
      readonly queuedAt: Instant
      readonly createdAt: Instant
    }
  | {
      readonly status: 'RUNNING'
      readonly attempt: number
      readonly retries: Retries
      readonly queuedAt: Instant
      readonly createdAt: Instant
      readonly startedAt: Instant
    }
  | {
      readonly status: FinishedStatus
      readonly attempt: number
      readonly retries: Retries
      /** OSMO's numbers: 0-255 the command's own, 2010 … 3006 ours. */
      readonly exitCode: number
      readonly message: string
      readonly startedAt: Instant | undefined
      readonly finishedAt: Instant
      readonly outputs: 'stored' | 'none'
      /** `exited` by itself; `abandoned`: whatever is left of it must be deleted; `none`: there never was one. */
      readonly pod: 'exited' | 'abandoned' | 'none'
    }

/** Infrastructure failures have a count of their own, so that an eviction never uses up the task's attempts. */
export type Retries = { readonly user: number; readonly infrastructure: number }

/** What a supervisor, a wrapper or a kubelet recorded about the end of an attempt. */
export type Exit = {
  readonly exitCode: number
  readonly reason: ExitReason
  readonly message: string
  readonly outputs: 'stored' | 'none'
}
export type ExitReason =
  /** The command ended by itself, whatever its code. */
  | 'completed'
  | 'canceled'
  | 'exec-timeout'
  | 'start-timeout'
  | 'start-error'
  | 'image-pull'
  | 'download-failed'
  /** A declared input does not exist; trying again cannot help. */
  | 'input-missing'
  | 'upload-failed'
  | 'out-of-memory'
  | 'preempted'
  | 'backend-error'
  /** The service was told to stop (SIGINT); counts as infrastructure. */
  | 'interrupted'

/** Past-tense facts. `at` comes with the event, so nobody reads a clock here. */
export type WorkflowEvent =
  | { readonly kind: 'workflow-admitted'; readonly at: Instant }
  | { readonly kind: 'base-inputs-settled'; readonly at: Instant; readonly group: string }
  | { readonly kind: 'pod-created'; readonly at: Instant; readonly task: string; readonly attempt: number }
  | { readonly kind: 'pod-initializing'; readonly at: Instant; readonly task: string; readonly attempt: number }
  | { readonly kind: 'task-started'; readonly at: Instant; readonly task: string; readonly attempt: number }
  | {
      readonly kind: 'task-exited'
      readonly at: Instant
      readonly task: string
      readonly attempt: number
      readonly exit: Exit
      readonly startedAt: Instant | undefined
    }
  /** The backend does not have it and cannot say how it ended. */
  | { readonly kind: 'pod-lost'; readonly at: Instant; readonly task: string; readonly attempt: number; readonly message: string }
  | { readonly kind: 'benchmarks-collected'; readonly at: Instant; readonly task: string; readonly attempt: number }
  | ({ readonly kind: 'cancel-requested' } & Cancellation)
  | { readonly kind: 'timer-fired'; readonly at: Instant; readonly timer: TimerName }
  /** Carries the end of a group to downstream groups that were not loaded with it. */
  | { readonly kind: 'group-finished'; readonly at: Instant; readonly group: string; readonly outcome: 'completed' | 'failed' }

export type TimerKind = 'queue' | 'start' | 'run' | 'base-inputs' | 'cancel'
export type TimerName = { readonly kind: TimerKind; readonly subject: string; readonly attempt: number }
export type Timer = TimerName & { readonly dueAt: Instant }

/** Imperatives that leave the core. Each may run twice. */
export type Effect =
  | { readonly kind: 'create-pod'; readonly pod: PodName; readonly task: string; readonly attempt: number; readonly notBefore: Instant }
  | { readonly kind: 'delete-pod'; readonly pod: PodName; readonly task: string; readonly attempt: number; readonly graceSeconds: number }
  | { readonly kind: 'settle-base-inputs'; readonly group: string }
  | { readonly kind: 'collect-benchmarks'; readonly task: string; readonly attempt: number }
  | { readonly kind: 'report'; readonly urgency: 'now' | 'soon' }
  /** Somebody may be waiting for this task's outputs as a base arm. */
  | { readonly kind: 'announce-outputs'; readonly task: string }
  /** Its place in the concurrency group is free. */
  | { readonly kind: 'free-slot' }

/** The part of a workflow that a batch of events can touch. */
export type Slice = {
  readonly workflow: Workflow
  /** The groups that the events name, and those directly downstream of them. */
  readonly groups: ReadonlyMap<string, Group>
}

/** The end of an attempt that another one followed. */
export type Replaced = { readonly task: string; readonly state: Extract<TaskState, { readonly finishedAt: Instant }> }

export type Folded = {
  readonly slice: Slice
  readonly replaced: readonly Replaced[]
  readonly effects: readonly Effect[]
  readonly timers: { readonly set: readonly Timer[]; readonly cleared: readonly TimerName[] }
  /** To be folded next, with the groups they name loaded. */
  readonly followUps: readonly WorkflowEvent[]
}
