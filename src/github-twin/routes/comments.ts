import { z } from 'zod'
import { type Identity, identityUser } from '../auth.ts'
import { read } from '../check-rules.ts'
import { commentsOn, createComment, deleteComment, editComment, react } from '../comments.ts'
import { Failure, forbidden, notFound } from '../failure.ts'
import { commentPayload, issuePayload, reactionContents, reactionPayload } from '../payloads/comment.ts'
import { created, numberParam, ok, paged, type Reply, type RepositoryCall, repositoryRoute } from '../router.ts'
import type { Comment, PullRequest } from '../state.ts'
import { atLeast, pullByNumber, roleOf } from '../world.ts'

const readComments = { permission: 'comments', level: 'read' } as const
const writeComments = { permission: 'comments', level: 'write' } as const

/** Pull requests as issues, their comments, and reactions to these. */
export const commentRoutes = [
  repositoryRoute('GET', '/repos/{owner}/{repo}/issues/comments/{comment_id}', readComments, (call) =>
    ok(commentPayload(call.world, commentIn(call))),
  ),
  repositoryRoute('PATCH', '/repos/{owner}/{repo}/issues/comments/{comment_id}', writeComments, (call) => {
    const editor = identityUser(call.world, call.identity)
    return ok(commentPayload(call.world, editComment(call.world, ownComment(call), editor, bodyIn(call))))
  }),
  repositoryRoute('DELETE', '/repos/{owner}/{repo}/issues/comments/{comment_id}', writeComments, (call) => {
    deleteComment(call.world, ownComment(call), identityUser(call.world, call.identity))
    return { status: 204, body: undefined }
  }),
  repositoryRoute('GET', '/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', readComments, listReactions),
  repositoryRoute('POST', '/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', writeComments, postReaction),
  repositoryRoute('DELETE', '/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}', writeComments, removeReaction),
  repositoryRoute('GET', '/repos/{owner}/{repo}/issues/{issue_number}', readComments, (call) =>
    ok(issuePayload(call.world, issueIn(call))),
  ),
  repositoryRoute('GET', '/repos/{owner}/{repo}/issues/{issue_number}/comments', readComments, listComments),
  repositoryRoute('POST', '/repos/{owner}/{repo}/issues/{issue_number}/comments', writeComments, (call) => {
    const comment = createComment(call.world, issueIn(call), identityUser(call.world, call.identity), bodyIn(call))
    return created(commentPayload(call.world, comment))
  }),
]

function issueIn(call: RepositoryCall): PullRequest {
  const pull = pullByNumber(call.world, call.repository, numberParam(call, 'issue_number'))
  if (pull === undefined) throw notFound()
  return pull
}

function commentIn(call: RepositoryCall): Comment {
  const comment = call.world.state.comments.get(numberParam(call, 'comment_id'))
  if (comment === undefined || comment.repositoryId !== call.repository.id) throw notFound()
  return comment
}

/** People change their own comments, and any with write access; so does an app. */
function ownComment(call: RepositoryCall): Comment {
  const comment = commentIn(call)
  if (!mayChange(call, call.identity, comment))
    throw call.identity.kind === 'installation' ? forbidden() : new Failure(403, 'Must have admin rights to Repository.')
  return comment
}

function mayChange({ world, repository }: RepositoryCall, identity: Identity, comment: Comment): boolean {
  if (identity.kind === 'installation') return true
  const user = identityUser(world, identity)
  return user.id === comment.authorId || atLeast(roleOf(world, repository, user), 'write')
}

function bodyIn(call: RepositoryCall): string {
  return read(z.object({ body: z.string() }), call.body).body
}

/** Oldest first, as GitHub lists them; `since` leaves out what was last changed before. */
function listComments(call: RepositoryCall): Reply {
  const since = Date.parse(call.query.get('since') ?? '') || 0
  const all = commentsOn(call.world, call.repository, issueIn(call).number).filter((comment) => Date.parse(comment.updatedAt) >= since)
  const { items, headers } = paged(call, all)
  return ok(
    items.map((comment) => commentPayload(call.world, comment)),
    headers,
  )
}

function listReactions(call: RepositoryCall): Reply {
  const comment = commentIn(call)
  const content = call.query.get('content')
  const all = call.world.state.reactions.filter((found) => found.commentId === comment.id && (content ?? found.content) === found.content)
  const { items, headers } = paged(call, all)
  return ok(
    items.map((reaction) => reactionPayload(call.world, reaction)),
    headers,
  )
}

function postReaction(call: RepositoryCall): Reply {
  const { content } = read(z.object({ content: z.enum(reactionContents) }), call.body)
  const { reaction, outcome } = react(call.world, commentIn(call), identityUser(call.world, call.identity), content)
  return { status: outcome === 'added' ? 201 : 200, body: reactionPayload(call.world, reaction) }
}

function removeReaction(call: RepositoryCall): Reply {
  const reaction = call.world.state.reactions.get(numberParam(call, 'reaction_id'))
  const own = reaction?.commentId === commentIn(call).id && reaction.userId === identityUser(call.world, call.identity).id
  if (reaction === undefined || !own) throw notFound()
  call.world.state.reactions.delete(reaction.id)
  return { status: 204, body: undefined }
}
