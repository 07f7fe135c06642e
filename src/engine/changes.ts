import { asksToSkip } from '../spec/triggers.ts'
import type { PlatformConfig } from '../spec/types.ts'
import { type CommitSha, isZeroSha } from '../workflow/names.ts'
import type { Provenance } from '../workflow/state.ts'
import type { Actor, PullRequestAction, Pushed } from './domain-event.ts'
import { hasPermission } from './permission.ts'
import type { ForgeReader, PullRequestSnapshot, RepositoryReference } from './ports.ts'
import { movesHead, type SubmittedChange } from './submit.ts'

export type ChangeDeps = { readonly reader: ForgeReader; readonly platforms: PlatformConfig }

/** `absorbed`: the branch has an open pull request, whose own events run it (extensions.md §1). */
export type ChangeResult =
  | { readonly kind: 'change'; readonly change: SubmittedChange }
  | { readonly kind: 'nothing'; readonly reason: string }

/** Works out what a push changed. */
export async function changeOfPush(event: Pushed, deps: ChangeDeps, signal: AbortSignal): Promise<ChangeResult> {
  const { repository, ref, after, before } = event
  if (event.change === 'deleted' || isZeroSha(after)) return nothing('The ref was deleted')
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined
  const isDefault = branch === event.defaultBranch
  if (branch !== undefined && !isDefault && (await deps.reader.openPullRequestsOf(repository, branch, signal)).length > 0)
    return nothing('An open pull request runs this branch')
  const origin = await originOf(repository, repository.id, event.sender, deps, signal)
  const provenance: Omit<Provenance, 'tier'> = {
    ...identity(repository, event.sender),
    event: 'push',
    sha: after,
    baseSha: event.change === 'updated' ? before : '',
    ref,
    headRef: branch ?? '',
    baseRef: branch ?? '',
    pullRequest: undefined,
    defaultBranch: isDefault,
    origin,
  }
  const changedPaths = await pathsOfPush(event, isDefault, deps.reader, signal)
  return {
    kind: 'change',
    change: {
      repository,
      provenance,
      change: { event: 'push', ...namedBy(ref, branch), changedPaths },
      judgeSha: undefined,
      requiredByRules: [],
      skipped: skipWord(event.headCommitMessage),
      moves: 'head',
    },
  }
}

/**
 * What a push changed, from what is kept of it: of the same origin, whoever asks again. What a new or forced branch changed is not kept, so
 * every file counts.
 */
export async function changeOfPushAgain(provenance: Provenance, { reader }: ChangeDeps, signal: AbortSignal): Promise<SubmittedChange> {
  const { tier: _, ...kept } = provenance
  const { sha, baseSha, ref, headRef } = kept
  const repository = { id: kept.repositoryId, installationId: kept.installationId, fullName: kept.repository }
  const changedPaths =
    baseSha === '' ? 'unknown' : await reader.changedPaths(repository, { kind: 'compare', base: baseSha, head: sha }, signal)
  return {
    repository,
    provenance: kept,
    change: { event: 'push', ...namedBy(ref, headRef === '' ? undefined : headRef), changedPaths },
    judgeSha: undefined,
    requiredByRules: [],
    skipped: skipWord(await reader.commitMessage(repository, sha, signal)),
    moves: 'nothing',
  }
}

const namedBy = (ref: string, branch: string | undefined) => (branch === undefined ? { tag: ref.replace(/^refs\/tags\//, '') } : { branch })

/** Works out what a pull request changes now, whatever the delivery said. */
export async function changeOfPullRequest(request: PullRequestRequest, deps: ChangeDeps, signal: AbortSignal): Promise<ChangeResult> {
  const { repository, number, action, sender } = request
  const snapshot = await deps.reader.pullRequest(repository, number, signal)
  if (!snapshot) return nothing('The pull request does not exist any more')
  if (snapshot.state === 'closed') return nothing('The pull request is closed')
  const [judgeSha, requiredChecks, message, changedPaths, origin] = await Promise.all([
    deps.reader.branchHead(repository, snapshot.baseRef, signal),
    deps.reader.requiredChecks(repository, snapshot.baseRef, signal),
    deps.reader.commitMessage(repository, snapshot.headSha, signal),
    deps.reader.changedPaths(repository, { kind: 'pull-request', number }, signal),
    request.originAt?.(snapshot.headSha) ?? originOf(repository, snapshot.headRepositoryId, sender, deps, signal),
  ])
  return {
    kind: 'change',
    change: {
      repository,
      provenance: pullRequestProvenance(request, snapshot, origin),
      change: { event: 'pull_request', action, baseBranch: snapshot.baseRef, labels: snapshot.labels, draft: snapshot.draft, changedPaths },
      judgeSha,
      requiredByRules: requiredChecks.flatMap((name) => (name.startsWith(checkPrefix) ? [name.slice(checkPrefix.length)] : [])),
      skipped: skipWord(message),
      moves: request.originAt === undefined && movesHead(action) ? 'head' : 'nothing',
    },
  }
}

export type PullRequestRequest = {
  readonly repository: RepositoryReference
  readonly number: number
  readonly action: PullRequestAction
  readonly sender: Actor | undefined
  /** Given for commands, which never change the origin of the code at a commit. */
  readonly originAt?: (sha: CommitSha) => Promise<Provenance['origin']>
}

export const checkPrefix = 'osmo / '

/** The external id of the check of a spec that did not run begins so; the spec follows. */
export const notRunPrefix = 'not-run/'

/** Trusted: head and base repository are the same **and** the sender has the permission at this moment (extensions.md §7). */
async function originOf(
  repository: RepositoryReference,
  headRepositoryId: number | undefined,
  sender: Actor | undefined,
  { reader, platforms }: ChangeDeps,
  signal: AbortSignal,
): Promise<Provenance['origin']> {
  if (headRepositoryId !== repository.id || !sender) return 'untrusted'
  return hasPermission(await reader.permission(repository, sender.login, signal), platforms.trust.trusted) ? 'trusted' : 'untrusted'
}

function pullRequestProvenance(
  { repository, number, sender }: PullRequestRequest,
  snapshot: PullRequestSnapshot,
  origin: Provenance['origin'],
): Omit<Provenance, 'tier'> {
  return {
    ...identity(repository, sender),
    event: 'pull_request',
    sha: snapshot.headSha,
    baseSha: snapshot.mergeBaseSha,
    ref: `refs/pull/${number}/head`,
    headRef: snapshot.headRef,
    baseRef: snapshot.baseRef,
    pullRequest: number,
    defaultBranch: false,
    origin,
  }
}

const identity = (repository: RepositoryReference, sender: Actor | undefined) => ({
  repositoryId: repository.id,
  installationId: repository.installationId,
  repository: repository.fullName,
  actor: sender?.login ?? '',
})

/** A branch's first push is judged against the default branch; the default branch's own first push changes every file. */
async function pathsOfPush(
  event: Pushed,
  isDefault: boolean,
  reader: ForgeReader,
  signal: AbortSignal,
): Promise<readonly string[] | 'unknown'> {
  // What a forced push threw away is not below its new head, so nobody can list what it changed.
  if (event.change === 'forced') return 'unknown'
  const base = event.change === 'created' ? await firstPushBase(event, isDefault, reader, signal) : event.before
  return base === undefined ? 'unknown' : reader.changedPaths(event.repository, { kind: 'compare', base, head: event.after }, signal)
}

async function firstPushBase(event: Pushed, isDefault: boolean, reader: ForgeReader, signal: AbortSignal): Promise<CommitSha | undefined> {
  return isDefault || !event.ref.startsWith('refs/heads/') ? undefined : reader.branchHead(event.repository, event.defaultBranch, signal)
}

function skipWord(message: string): SubmittedChange['skipped'] {
  return asksToSkip(message) ? 'by-commit-message' : 'no'
}

const nothing = (reason: string): ChangeResult => ({ kind: 'nothing', reason })
