import { invalid } from './failure.ts'
import { commentPayload, issuePayload } from './payloads/comment.ts'
import type { Comment, PullRequest, Reaction, Repository, User } from './state.ts'
import { announce } from './webhooks.ts'
import { known, now, pullByNumber, repositoryOf, type World } from './world.ts'

/** GitHub's documented ceiling, in characters. */
const bodyLimit = 65_536

/** Posts a comment. Throws 422 for an empty or too long body. */
export function createComment(world: World, pull: PullRequest, author: User, body: string): Comment {
  checkBody(body)
  return world.state.store.transaction(() => {
    const at = now(world)
    const comment = world.state.comments.put({
      id: world.state.store.nextId(),
      repositoryId: pull.repositoryId,
      number: pull.number,
      authorId: author.id,
      via: author.kind === 'Bot' ? 'app' : 'person',
      body,
      createdAt: at,
      updatedAt: at,
    })
    world.state.pulls.put({ ...known(world.state.pulls.get(pull.id), `pull request ${pull.id}`), updatedAt: at })
    tell(world, comment, author, 'created', {})
    return comment
  })
}

function checkBody(body: string): void {
  if (body.trim() === '') throw invalid('IssueComment', 'body', "can't be blank")
  if (body.length > bodyLimit) throw invalid('IssueComment', 'body', `is too long (maximum is ${bodyLimit} characters)`)
}

export function editComment(world: World, comment: Comment, editor: User, body: string): Comment {
  checkBody(body)
  return world.state.store.transaction(() => {
    const edited = world.state.comments.put({ ...comment, body, updatedAt: now(world) })
    tell(world, edited, editor, 'edited', { changes: { body: { from: comment.body } } })
    return edited
  })
}

export function deleteComment(world: World, comment: Comment, remover: User): void {
  world.state.store.transaction(() => {
    for (const reaction of world.state.reactions.filter((found) => found.commentId === comment.id))
      world.state.reactions.delete(reaction.id)
    world.state.comments.delete(comment.id)
    tell(world, comment, remover, 'deleted', {})
  })
}

function tell(world: World, comment: Comment, sender: User, action: string, more: object): void {
  const repository = repositoryOf(world, comment.repositoryId)
  const pull = known(pullByNumber(world, repository, comment.number), `pull request ${comment.number}`)
  const body = { ...more, issue: issuePayload(world, pull), comment: commentPayload(world, comment) }
  announce(world, repository, sender, { name: 'issue_comment', action, body })
}

export function commentsOn(world: World, repository: Repository, number: number): Comment[] {
  return world.state.comments.filter((comment) => comment.repositoryId === repository.id && comment.number === number)
}

/** Adds a reaction; the same person's same reaction is found again instead. GitHub sends no webhook for it. */
export function react(world: World, comment: Comment, user: User, content: string): { reaction: Reaction; outcome: 'added' | 'found' } {
  const found = world.state.reactions.find(
    (reaction) => reaction.commentId === comment.id && reaction.userId === user.id && reaction.content === content,
  )
  if (found !== undefined) return { reaction: found, outcome: 'found' }
  const reaction = { id: world.state.store.nextId(), commentId: comment.id, userId: user.id, content, createdAt: now(world) }
  return { reaction: world.state.reactions.put(reaction), outcome: 'added' }
}
