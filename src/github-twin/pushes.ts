import { requestSuite } from './checks.ts'
import { type Commit, distance, git, history, kindOf, refs, resolveCommit, zeroSha } from './git.ts'
import { repositoryPage } from './payloads/urls.ts'
import { followBase, setState, synchronise } from './pulls.ts'
import type { Repository, User } from './state.ts'
import { announce } from './webhooks.ts'
import { gitDirectory, now, repositoryOf, userOf, type World } from './world.ts'

/** GitHub sends no event for a push of more tags than this, and lists no more commits than that. */
const tagsAnnounced = 3
const commitsListed = 2_048

type Change = { readonly ref: string; readonly before: string; readonly after: string }

/**
 * Compares what git holds with what was last announced, and announces the difference: `push`, then what follows from it. Called after
 * each push and at the start, for a push that the process did not survive.
 */
export async function settle(world: World, repositoryId: number): Promise<void> {
  const repository = repositoryOf(world, repositoryId)
  const pusher = userOf(world, repository.pusherId)
  const current = await refs(gitDirectory(world, repository))
  for (const change of announced(differences(repository.refs, current))) await announcePush(world, repository, pusher, change)
  world.state.repositories.put({ ...repositoryOf(world, repositoryId), refs: current })
}

function differences(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((ref) => ({ ref, before: before[ref] ?? zeroSha, after: after[ref] ?? zeroSha }))
    .filter((change) => change.before !== change.after)
}

function announced(changes: Change[]): Change[] {
  const tags = changes.filter((change) => change.ref.startsWith('refs/tags/'))
  return tags.length > tagsAnnounced ? changes.filter((change) => !tags.includes(change)) : changes
}

async function announcePush(world: World, repository: Repository, pusher: User, change: Change): Promise<void> {
  const body = await pushPayload(world, repository, pusher, change)
  world.state.store.transaction(() => {
    const current = repositoryOf(world, repository.id)
    const moved = world.state.repositories.put({ ...current, refs: withChange(current.refs, change), pushedAt: now(world) })
    announce(world, moved, pusher, { name: 'push', action: null, body })
  })
  if (change.ref.startsWith('refs/heads/')) await followBranch(world, repository, pusher, change)
}

function withChange(before: Readonly<Record<string, string>>, { ref, after }: Change): Record<string, string> {
  const { [ref]: _, ...others } = before
  return after === zeroSha ? others : { ...others, [ref]: after }
}

async function followBranch(world: World, repository: Repository, pusher: User, { ref, before, after }: Change): Promise<void> {
  const branch = ref.slice('refs/heads/'.length)
  const open = world.state.pulls.filter((pull) => pull.state === 'open')
  const heads = open.filter((pull) => pull.headRepositoryId === repository.id && pull.headRef === branch)
  if (after === zeroSha) {
    for (const pull of heads) setState(world, pull, pusher, 'closed')
    return
  }
  await requestSuite(world, repository, pusher, { branch, before, after })
  for (const pull of heads) await synchronise(world, pull, after, pusher)
  for (const pull of open.filter((found) => found.repositoryId === repository.id && found.baseRef === branch)) {
    await followBase(world, pull, after, pusher)
  }
}

async function pushPayload(world: World, repository: Repository, pusher: User, { ref, before, after }: Change): Promise<object> {
  const directory = gitDirectory(world, repository)
  const created = before === zeroSha
  const deleted = after === zeroSha
  const head = deleted ? null : await headCommit(directory, after)
  const listed = head === null ? [] : await newCommits(directory, repository, head, before)
  const commits = await hookCommits(world, repository, listed)
  const own = head === null ? [] : await hookCommits(world, repository, await history(directory, head, [], 1))
  return {
    ref,
    before,
    after,
    created,
    deleted,
    forced: !created && !deleted && (await isForced(directory, before, after)),
    base_ref: null,
    compare: comparePage(world, repository, created || deleted ? (deleted ? before : after) : `${before}...${after}`),
    commits: commits.reverse(),
    head_commit: own[0] ?? null,
    pusher: { name: pusher.login, email: pusher.email },
  }
}

function comparePage(world: World, repository: Repository, range: string): string {
  return repositoryPage(world, repository, range.includes('...') ? `/compare/${range}` : `/commit/${range}`)
}

/** A tag may point to a tag object, whose commit is the head. */
async function headCommit(directory: string, sha: string): Promise<string | null> {
  return (await kindOf(directory, sha)) === 'blob' ? null : resolveCommit(directory, sha)
}

/** Commits that came with the push; for a new branch those that no other announced branch has. */
async function newCommits(directory: string, repository: Repository, head: string, before: string): Promise<Commit[]> {
  if (before !== zeroSha) return (await kindOf(directory, before)) === null ? [] : history(directory, head, [before], commitsListed)
  const others = Object.entries(repository.refs)
    .filter(([ref]) => ref.startsWith('refs/heads/'))
    .map(([, sha]) => sha)
  return history(directory, head, others, commitsListed)
}

async function isForced(directory: string, before: string, after: string): Promise<boolean> {
  if ((await kindOf(directory, before)) !== 'commit' || (await kindOf(directory, after)) !== 'commit') return true
  return (await distance(directory, before, after)).behind > 0
}

async function hookCommits(world: World, repository: Repository, commits: readonly Commit[]): Promise<object[]> {
  const touched = await pathsTouched(gitDirectory(world, repository), commits)
  return commits.map((commit) => ({
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: repositoryPage(world, repository, `/commit/${commit.sha}`),
    author: hookPerson(world, commit.author),
    committer: hookPerson(world, commit.committer),
    ...touched.get(commit.sha),
  }))
}

function hookPerson(world: World, { name, email }: { name: string; email: string }): object {
  const user = world.state.users.find((found) => found.email.toLowerCase() === email.toLowerCase())
  return { name, email, ...(user === undefined ? {} : { username: user.login }) }
}

type Touched = { added: string[]; removed: string[]; modified: string[] }

/** `git diff-tree --stdin -z`: a commit's sha, then a letter and a path for each file. Merges list nothing. */
async function pathsTouched(directory: string, commits: readonly Commit[]): Promise<Map<string, Touched>> {
  const input = commits.map((commit) => `${commit.sha}\n`).join('')
  const parts = (await git(directory, ['diff-tree', '--stdin', '-r', '-z', '--root', '--no-renames', '--name-status'], input))
    .toString('utf8')
    .split('\0')
  const touched = new Map(commits.map((commit): [string, Touched] => [commit.sha, { added: [], removed: [], modified: [] }]))
  let current: Touched | undefined
  for (let at = 0; at < parts.length; at++) {
    const part = (parts[at] ?? '').trim()
    if (touched.has(part)) current = touched.get(part)
    else if (part !== '') current?.[part === 'A' ? 'added' : part === 'D' ? 'removed' : 'modified'].push(parts[++at] ?? '')
  }
  return touched
}
