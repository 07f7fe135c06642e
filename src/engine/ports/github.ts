import type { PathEntries } from '../../spec/localpaths.ts'
import type { Permission } from '../../spec/types.ts'
import type { CommitSha, Instant } from '../../workflow/names.ts'
import type { StoredDiagnostic } from './submissions.ts'

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
  /** What a commit has at each of these paths from its root; paths beyond what may be asked for at once are left out. */
  entriesAt(
    repository: RepositoryReference,
    sha: CommitSha,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, PathEntries>>
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
