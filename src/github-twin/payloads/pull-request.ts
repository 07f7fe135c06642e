import type { Label, PullRequest, Repository, User } from '../state.ts'
import { atLeast, headRepositoryOf, ownerOf, repositoryOf, roleOf, userOf, type World } from '../world.ts'
import { repositoryPayload } from './repository.ts'
import { nodeId, repositoryPage, repositoryUrl } from './urls.ts'
import { userPayload } from './user.ts'

/** A pull request as its own address shows it, and as webhooks carry it. */
export function pullPayload(world: World, pull: PullRequest) {
  return {
    ...simplePullPayload(world, pull),
    merged: pull.mergedAt !== null,
    mergeable: pull.state === 'closed' ? null : pull.mergeSha !== null,
    rebaseable: pull.mergeSha !== null,
    mergeable_state: mergeableState(pull),
    merged_by: pull.mergedAt === null ? null : userPayload(world, userOf(world, pull.authorId)),
    comments: world.state.comments.filter((comment) => comment.repositoryId === pull.repositoryId && comment.number === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: pull.commits,
    additions: pull.additions,
    deletions: pull.deletions,
    changed_files: pull.changedFiles,
  }
}

function mergeableState(pull: PullRequest): string {
  if (pull.state === 'closed') return 'unknown'
  if (pull.draft) return 'draft'
  return pull.mergeSha === null ? 'dirty' : 'clean'
}

/** A pull request as lists show it. */
export function simplePullPayload(world: World, pull: PullRequest) {
  const repository = repositoryOf(world, pull.repositoryId)
  const author = userOf(world, pull.authorId)
  return {
    ...pullAddresses(world, repository, pull),
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: userPayload(world, author),
    body: pull.body,
    labels: pull.labels.map((label) => labelPayload(world, repository, label)),
    milestone: null,
    active_lock_reason: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeSha,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: headSide(world, pull),
    base: side(world, repository, pull.baseRef, pull.baseSha),
    author_association: association(world, repository, author),
    auto_merge: null,
    draft: pull.draft,
  }
}

/** GitHub gives null for the repository of a fork that was deleted. */
function headSide(world: World, pull: PullRequest) {
  const repository = headRepositoryOf(world, pull)
  if (repository !== undefined) return side(world, repository, pull.headRef, pull.headSha)
  return { label: pull.headRef, ref: pull.headRef, sha: pull.headSha, user: userPayload(world, userOf(world, pull.authorId)), repo: null }
}

function side(world: World, repository: Repository, ref: string, sha: string) {
  const owner = ownerOf(world, repository)
  return { label: `${owner.login}:${ref}`, ref, sha, user: userPayload(world, owner), repo: repositoryPayload(world, repository) }
}

function pullAddresses(world: World, repository: Repository, pull: PullRequest) {
  const url = repositoryUrl(world, repository, `/pulls/${pull.number}`)
  const page = repositoryPage(world, repository, `/pull/${pull.number}`)
  const links = {
    self: url,
    html: page,
    issue: repositoryUrl(world, repository, `/issues/${pull.number}`),
    comments: repositoryUrl(world, repository, `/issues/${pull.number}/comments`),
    review_comments: `${url}/comments`,
    review_comment: repositoryUrl(world, repository, '/pulls/comments{/number}'),
    commits: `${url}/commits`,
    statuses: repositoryUrl(world, repository, `/statuses/${pull.headSha}`),
  }
  return {
    url,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: links.issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
  }
}

export function association(world: World, repository: Repository, user: User): string {
  if (user.id === repository.ownerId) return 'OWNER'
  return atLeast(roleOf(world, repository, user), 'triage') ? 'COLLABORATOR' : 'NONE'
}

export function labelPayload(world: World, repository: Repository, label: Label) {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: repositoryUrl(world, repository, `/labels/${encodeURIComponent(label.name)}`),
    name: label.name,
    description: null,
    color: label.color,
    default: false,
  }
}

/** How checks name a pull request (`pull-request-minimal`). */
export function minimalPullPayload(world: World, pull: PullRequest) {
  const end = (repository: Repository, ref: string, sha: string) => ({
    ref,
    sha,
    repo: { id: repository.id, url: repositoryUrl(world, repository), name: repository.name },
  })
  const base = repositoryOf(world, pull.repositoryId)
  return {
    id: pull.id,
    number: pull.number,
    url: repositoryUrl(world, base, `/pulls/${pull.number}`),
    head: end(repositoryOf(world, pull.headRepositoryId), pull.headRef, pull.headSha),
    base: end(base, pull.baseRef, pull.baseSha),
  }
}
