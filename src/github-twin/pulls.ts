import { Failure } from './failure.ts'
import { copy, deleteRef, distance, fetchRef, mergeBase, mergeCommit, updateRef } from './git.ts'
import { changedFiles, type FileChange } from './git-diff.ts'
import { pullPayload } from './payloads/pull-request.ts'
import type { PullRequest, Repository, User } from './state.ts'
import { announce } from './webhooks.ts'
import { gitDirectory, headRepositoryOf, known, now, repositoryOf, type World } from './world.ts'

export type NewPull = {
  readonly repository: Repository
  readonly headRepository: Repository
  readonly headRef: string
  readonly baseRef: string
  readonly title: string
  readonly body: string | null
  readonly author: User
  readonly state: 'draft' | 'ready'
}

/** Opens a pull request. Throws 422 when a branch is missing, nothing differs, or one is open already. */
export async function openPull(world: World, input: NewPull): Promise<PullRequest> {
  const headSha = tip(input.headRepository, input.headRef, 'head')
  const baseSha = tip(input.repository, input.baseRef, 'base')
  refuseSecond(world, input)
  const number = takeNumber(world, input.repository)
  await bringHead(world, input.repository, input.headRepository, headSha, number)
  const measured = await measure(world, input.repository, number, baseSha, headSha)
  if (measured.commits === 0) throw problem(`No commits between ${input.baseRef} and ${input.headRef}`)
  return world.state.store.transaction(() => {
    const at = now(world)
    const pull = world.state.pulls.put({
      id: world.state.store.nextId(),
      repositoryId: input.repository.id,
      number,
      title: input.title,
      body: input.body,
      authorId: input.author.id,
      state: 'open',
      draft: input.state === 'draft',
      labels: [],
      headRepositoryId: input.headRepository.id,
      headRef: input.headRef,
      headSha,
      baseRef: input.baseRef,
      baseSha,
      ...measured,
      mergedAt: null,
      closedAt: null,
      createdAt: at,
      updatedAt: at,
    })
    announcePull(world, pull, input.author, 'opened')
    return pull
  })
}

function tip(repository: Repository, branch: string, side: 'head' | 'base'): string {
  const sha = repository.refs[`refs/heads/${branch}`]
  if (sha === undefined) throw new Failure(422, 'Validation Failed', [{ resource: 'PullRequest', field: side, code: 'invalid' }])
  return sha
}

function refuseSecond(world: World, input: NewPull): void {
  const same = world.state.pulls.find(
    (pull) =>
      pull.state === 'open' &&
      pull.repositoryId === input.repository.id &&
      pull.headRepositoryId === input.headRepository.id &&
      pull.headRef === input.headRef &&
      pull.baseRef === input.baseRef,
  )
  if (same !== undefined) throw problem(`A pull request already exists for ${input.headRef}.`)
}

function problem(message: string): Failure {
  return new Failure(422, 'Validation Failed', [{ resource: 'PullRequest', code: 'custom', message }])
}

function takeNumber(world: World, repository: Repository): number {
  const current = repositoryOf(world, repository.id)
  world.state.repositories.put({ ...current, nextNumber: current.nextNumber + 1 })
  return current.nextNumber
}

/** refs/pull/N/head in the base repository, also for a head that lives in a fork. */
async function bringHead(world: World, base: Repository, head: Repository, sha: string, number: number): Promise<void> {
  const directory = gitDirectory(world, base)
  const ref = `refs/pull/${number}/head`
  if (base.id === head.id) await updateRef(directory, ref, sha)
  else await fetchRef(directory, gitDirectory(world, head), sha, ref)
}

type Measured = Pick<PullRequest, 'mergeSha' | 'commits' | 'additions' | 'deletions' | 'changedFiles'>

/** What a pull request says of its size, with refs/pull/N/merge moved to fit. */
async function measure(world: World, repository: Repository, number: number, baseSha: string, headSha: string): Promise<Measured> {
  const directory = gitDirectory(world, repository)
  const { ahead } = await distance(directory, baseSha, headSha)
  const files = await filesBetween(directory, baseSha, headSha)
  return {
    mergeSha: await moveMergeRef(directory, number, baseSha, headSha),
    commits: ahead,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: files.length,
  }
}

async function moveMergeRef(directory: string, number: number, baseSha: string, headSha: string): Promise<string | null> {
  const ref = `refs/pull/${number}/merge`
  const sha = await mergeCommit(directory, baseSha, headSha)
  if (sha === null) await deleteRef(directory, ref)
  else await updateRef(directory, ref, sha)
  return sha
}

/** What the head changed since it left the base, as GitHub compares: three dots. */
export async function filesBetween(directory: string, baseSha: string, headSha: string): Promise<FileChange[]> {
  const start = await mergeBase(directory, baseSha, headSha)
  return changedFiles(directory, start ?? baseSha, headSha)
}

export function announcePull(world: World, pull: PullRequest, sender: User, action: string, more: object = {}): void {
  const body = { number: pull.number, ...more, pull_request: pullPayload(world, pull) }
  announce(world, repositoryOf(world, pull.repositoryId), sender, { name: 'pull_request', action, body })
}

/** The head branch moved. */
export async function synchronise(world: World, pull: PullRequest, headSha: string, pusher: User): Promise<void> {
  const base = repositoryOf(world, pull.repositoryId)
  const baseSha = base.refs[`refs/heads/${pull.baseRef}`] ?? pull.baseSha
  await bringHead(world, base, known(headRepositoryOf(world, pull), `repository ${pull.headRepositoryId}`), headSha, pull.number)
  const measured = await measure(world, base, pull.number, baseSha, headSha)
  const before = pull.headSha
  world.state.store.transaction(() => {
    const moved = world.state.pulls.put({ ...latest(world, pull), headSha, baseSha, ...measured, updatedAt: now(world) })
    announcePull(world, moved, pusher, 'synchronize', { before, after: headSha })
  })
}

/** The base branch moved: the test merge is made anew, and a head that is now part of the base counts as merged. */
export async function followBase(world: World, pull: PullRequest, baseSha: string, pusher: User): Promise<void> {
  const directory = gitDirectory(world, repositoryOf(world, pull.repositoryId))
  const { ahead } = await distance(directory, baseSha, pull.headSha)
  if (ahead === 0) return setState(world, pull, pusher, 'merged')
  const mergeSha = await moveMergeRef(directory, pull.number, baseSha, pull.headSha)
  world.state.pulls.put({ ...latest(world, pull), mergeSha })
}

/** Closes or reopens. Nothing is said when nothing changes. */
export function setState(world: World, pull: PullRequest, sender: User, state: 'open' | 'closed' | 'merged'): void {
  const current = latest(world, pull)
  if ((state === 'open') === (current.state === 'open')) return
  const at = now(world)
  const closing = { state: 'closed' as const, closedAt: at, mergedAt: state === 'merged' ? at : null }
  const changes = state === 'open' ? { state: 'open' as const, closedAt: null, mergedAt: null } : closing
  world.state.store.transaction(() => {
    const moved = world.state.pulls.put({ ...current, ...changes, updatedAt: at })
    announcePull(world, moved, sender, state === 'open' ? 'reopened' : 'closed')
  })
}

export type PullEdit = {
  readonly title?: string | undefined
  readonly body?: string | null | undefined
  readonly base?: string | undefined
}

/** Changes title, body or base branch. */
export async function editPull(world: World, pull: PullRequest, editor: User, edit: PullEdit): Promise<PullRequest> {
  const base = repositoryOf(world, pull.repositoryId)
  const baseRef = edit.base ?? pull.baseRef
  const baseSha = edit.base === undefined ? pull.baseSha : tip(base, edit.base, 'base')
  const measured = edit.base === undefined ? {} : await measure(world, base, pull.number, baseSha, pull.headSha)
  return world.state.store.transaction(() => {
    const edited = { ...latest(world, pull), title: edit.title ?? pull.title, body: edit.body ?? pull.body, baseRef, baseSha, ...measured }
    world.state.pulls.put({ ...edited, updatedAt: now(world) })
    announcePull(world, edited, editor, 'edited', { changes: changesOf(pull, edited) })
    return edited
  })
}

function changesOf(before: PullRequest, after: PullRequest): object {
  return {
    ...(before.title === after.title ? {} : { title: { from: before.title } }),
    ...(before.body === after.body ? {} : { body: { from: before.body ?? '' } }),
    ...(before.baseRef === after.baseRef ? {} : { base: { ref: { from: before.baseRef }, sha: { from: before.baseSha } } }),
  }
}

export function setDraft(world: World, pull: PullRequest, sender: User, state: 'draft' | 'ready'): void {
  world.state.store.transaction(() => {
    const moved = world.state.pulls.put({ ...latest(world, pull), draft: state === 'draft', updatedAt: now(world) })
    announcePull(world, moved, sender, state === 'draft' ? 'converted_to_draft' : 'ready_for_review')
  })
}

function latest(world: World, pull: PullRequest): PullRequest {
  return known(world.state.pulls.get(pull.id), `pull request ${pull.id}`)
}

/** Copies a repository to another owner. */
export async function forkRepository(world: World, source: Repository, owner: User): Promise<Repository> {
  const at = now(world)
  const fork: Repository = {
    ...repositoryOf(world, source.id),
    id: world.state.store.nextId(),
    ownerId: owner.id,
    formerNames: [],
    parentId: source.id,
    pusherId: owner.id,
    nextNumber: 1,
    requiredChecks: [],
    createdAt: at,
    pushedAt: at,
  }
  await copy(gitDirectory(world, source), gitDirectory(world, fork), source.defaultBranch)
  return world.state.repositories.put(fork)
}
