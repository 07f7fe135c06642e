import type { Comment, PullRequest, Reaction, Repository } from '../state.ts'
import { repositoryOf, userOf, type World } from '../world.ts'
import { appPayload } from './app.ts'
import { association, labelPayload } from './pull-request.ts'
import { nodeId, repositoryPage, repositoryUrl } from './urls.ts'
import { userPayload } from './user.ts'

export const reactionContents = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const

/** A comment on a pull request, as the API shows it and as webhooks carry it. */
export function commentPayload(world: World, comment: Comment) {
  const repository = repositoryOf(world, comment.repositoryId)
  const author = userOf(world, comment.authorId)
  const url = repositoryUrl(world, repository, `/issues/comments/${comment.id}`)
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url,
    html_url: repositoryPage(world, repository, `/pull/${comment.number}#issuecomment-${comment.id}`),
    issue_url: repositoryUrl(world, repository, `/issues/${comment.number}`),
    user: userPayload(world, author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: association(world, repository, author),
    body: comment.body,
    reactions: rollup(world, comment, url),
    performed_via_github_app: comment.via === 'app' ? appPayload(world) : null,
  }
}

function rollup(world: World, comment: Comment, url: string) {
  const reactions = world.state.reactions.filter((reaction) => reaction.commentId === comment.id)
  const count = (content: string) => reactions.filter((reaction) => reaction.content === content).length
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    ...Object.fromEntries(reactionContents.map((content) => [content, count(content)])),
  }
}

export function reactionPayload(world: World, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: userPayload(world, userOf(world, reaction.userId)),
    content: reaction.content,
    created_at: reaction.createdAt,
  }
}

/** A pull request seen as the issue that it also is. */
export function issuePayload(world: World, pull: PullRequest) {
  const repository = repositoryOf(world, pull.repositoryId)
  const author = userOf(world, pull.authorId)
  return {
    ...issueAddresses(world, repository, pull.number),
    id: pull.id,
    node_id: nodeId('Issue', pull.id),
    number: pull.number,
    title: pull.title,
    user: userPayload(world, author),
    labels: pull.labels.map((label) => labelPayload(world, repository, label)),
    state: pull.state,
    state_reason: null,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: world.state.comments.filter((comment) => comment.repositoryId === repository.id && comment.number === pull.number).length,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    author_association: association(world, repository, author),
    active_lock_reason: null,
    draft: pull.draft,
    body: pull.body,
    closed_by: null,
    performed_via_github_app: null,
    pull_request: pullMark(world, repository, pull),
    reactions: noReactions(repositoryUrl(world, repository, `/issues/${pull.number}/reactions`)),
  }
}

function issueAddresses(world: World, repository: Repository, number: number) {
  const url = repositoryUrl(world, repository, `/issues/${number}`)
  return {
    url,
    repository_url: repositoryUrl(world, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    timeline_url: `${url}/timeline`,
    html_url: repositoryPage(world, repository, `/pull/${number}`),
  }
}

function pullMark(world: World, repository: Repository, pull: PullRequest) {
  const page = repositoryPage(world, repository, `/pull/${pull.number}`)
  return {
    url: repositoryUrl(world, repository, `/pulls/${pull.number}`),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    merged_at: pull.mergedAt,
  }
}

function noReactions(url: string) {
  return { url, total_count: 0, ...Object.fromEntries(reactionContents.map((content) => [content, 0])) }
}
