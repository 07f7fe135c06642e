import type { CommitSha } from '../workflow/names.ts'
import type { RepositoryReference } from './ports.ts'

/**
 * What happened on GitHub, in our words. Every field comes from a signed payload and is a claim about the past: deliveries come late,
 * twice and out of order, so whoever decides on one re-reads the head and the permission of its actor first.
 */
export type DomainEvent =
  | Pushed
  | PullRequestChanged
  | CommentWritten
  | CheckRerequested
  | SuiteRerequested
  | RepositoryGone
  | InstallationChanged

/** Who did it. Git's author and committer prove nothing and are never here. */
export type Actor = {
  readonly id: number
  readonly login: string
  /** GitHub's word. A login that merely ends in `[bot]` is not a bot. */
  readonly type: 'User' | 'Bot' | 'Organization'
}

export type Pushed = {
  readonly kind: 'pushed'
  readonly repository: RepositoryReference
  /** `refs/heads/…` or `refs/tags/…`. */
  readonly ref: string
  /** Forty zeros for a new ref. */
  readonly before: CommitSha
  /** The commit, also where the ref is an annotated tag; forty zeros for a deleted ref. */
  readonly after: CommitSha
  readonly change: 'created' | 'updated' | 'forced' | 'deleted'
  readonly defaultBranch: string
  /** For `[skip ci]`; at most 64 KiB of it, empty for a deleted ref. */
  readonly headCommitMessage: string
  /** Undefined when GitHub names nobody; then nobody is to be trusted. */
  readonly sender: Actor | undefined
}

export type PullRequestChanged = {
  readonly kind: 'pull-request-changed'
  readonly repository: RepositoryReference
  readonly action: PullRequestAction
  readonly number: number
  readonly headSha: CommitSha
  readonly headRef: string
  /** Undefined when the fork is gone. */
  readonly headRepositoryId: number | undefined
  readonly baseRef: string
  readonly defaultBranch: string
  readonly draft: boolean
  /** The pull request's author, who need not be the one who acted. */
  readonly author: Actor | undefined
  readonly sender: Actor | undefined
}
export const pullRequestActions = [
  'opened',
  'synchronize',
  'reopened',
  'ready_for_review',
  'converted_to_draft',
  'labeled',
  'unlabeled',
  'edited',
  'closed',
] as const
export type PullRequestAction = (typeof pullRequestActions)[number]

export type CommentWritten = {
  readonly kind: 'comment-written'
  readonly repository: RepositoryReference
  readonly action: 'created' | 'edited'
  readonly number: number
  readonly on: 'pull-request' | 'issue'
  readonly commentId: number
  readonly body: string
  /** Before an edit; empty for a new comment, and for an edit that left the text alone the same text. */
  readonly previousBody: string
  readonly author: Actor | undefined
  /** The app that wrote it; ours answers nobody. */
  readonly viaAppId: number | undefined
  /** Who wrote or edited; this one is authorised. */
  readonly sender: Actor | undefined
}

/** "Re-run" on one check. GitHub leaves the check run as it is; for forks it names no pull request, so our own record of the id decides. */
export type CheckRerequested = {
  readonly kind: 'check-rerequested'
  readonly repository: RepositoryReference
  readonly checkRunId: number
  /** What we wrote when we made it; empty when GitHub sends none. */
  readonly externalId: string
  readonly appId: number | undefined
  readonly headSha: CommitSha
  readonly sender: Actor | undefined
}

/** "Re-run all" or "re-run failed": which of the two is decided from the state of the checks, never from the event. */
export type SuiteRerequested = {
  readonly kind: 'suite-rerequested'
  readonly repository: RepositoryReference
  readonly appId: number | undefined
  readonly headSha: CommitSha
  /** Undefined for a fork. */
  readonly headBranch: string | undefined
  readonly sender: Actor | undefined
}

/** Deleted, or taken out of the installation: its workflows can no longer report. */
export type RepositoryGone = {
  readonly kind: 'repository-gone'
  readonly repositories: readonly RepositoryReference[]
  readonly reason: 'deleted' | 'removed-from-installation' | 'transferred'
  readonly sender: Actor | undefined
}

export type InstallationChanged = {
  readonly kind: 'installation-changed'
  readonly installationId: number
  readonly change: 'created' | 'deleted' | 'suspended' | 'unsuspended' | 'permissions-accepted' | 'repositories-added'
  /** Those named in the payload, at most 10 000; the whole list must be read from the API. */
  readonly repositories: readonly RepositoryReference[]
  readonly sender: Actor | undefined
}
