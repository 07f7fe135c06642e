import { z } from 'zod'
import type { CommandAnswer, Forge, RepositoryReference } from '../engine/ports.ts'
import type { GithubClient } from './client.ts'
import { clipMarkdown } from './clip.ts'
import { isStatus, notFound } from './failures.ts'

/** GitHub's documented ceiling is 65 536 characters; what is close to it was seen refused. */
const maxBodyLength = 60_000
const clipped = '_This comment was cut to what GitHub takes. The checks link to all of it._'

const Comment = z.object({
  id: z.number(),
  body: z.string().nullish(),
  user: z.object({ login: z.string(), type: z.string() }).nullish(),
  performed_via_github_app: z.object({ id: z.number() }).nullish(),
})
type Comment = z.output<typeof Comment>
const Comments = z.array(Comment)
const Created = z.object({ id: z.number() })
const Reaction = z.object({ id: z.number(), user: z.object({ id: z.number() }).nullish() })
const Reactions = z.array(Reaction)
const App = z.object({ id: z.number(), slug: z.string() })

type Target = { readonly repository: RepositoryReference; readonly pullRequest: number }

/** Comments on a pull request: one that is kept up to date, and replies. Found again by a hidden marker and our own authorship. */
export function createCommentWriter(client: GithubClient) {
  let slug: string | undefined
  return { writeComment, react, reply }

  async function writeComment(comment: Parameters<Forge['writeComment']>[0], signal: AbortSignal): Promise<{ readonly commentId: number }> {
    const body = bodyWith(comment.marker, comment.body)
    if (comment.commentId !== undefined && (await update(comment, comment.commentId, body, signal)) === 'updated')
      return { commentId: comment.commentId }
    const found = await find(comment, comment.marker, signal)
    if (found !== undefined && (await update(comment, found.id, body, signal)) === 'updated') return { commentId: found.id }
    return { commentId: await create(comment, body, signal) }
  }

  /**
   * GitHub gives the same reaction back when it is there already. A comment that was edited has the reaction to what it says now, and no
   * other of ours, as far as these are among its first hundred.
   */
  async function react({ repository, commentId, reaction }: CommandAnswer, signal: AbortSignal): Promise<void> {
    const { id, user } = await client.write({
      repository,
      route: 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
      parameters: { comment_id: commentId, content: reaction },
      schema: Reaction,
      signal,
    })
    if (!user) return
    const all = await client.read({
      repository,
      route: 'GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
      parameters: { comment_id: commentId, per_page: 100 },
      schema: Reactions,
      signal,
    })
    const older = all.filter((one) => one.user?.id === user.id && one.id !== id)
    for (const one of older) await removeReaction(repository, commentId, one.id, signal)
  }

  async function removeReaction(
    repository: RepositoryReference,
    commentId: number,
    reactionId: number,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await client.write({
        repository,
        route: 'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}',
        parameters: { comment_id: commentId, reaction_id: reactionId },
        schema: z.unknown(),
        signal,
      })
    } catch (error) {
      if (!isStatus(error, notFound)) throw error
    }
  }

  async function reply(answer: CommandAnswer, text: string, signal: AbortSignal): Promise<void> {
    const marker = answerMarker(answer.commentId)
    const body = bodyWith(marker, text)
    const found = await find(answer, marker, signal)
    if (found === undefined) await create(answer, body, signal)
    else if (found.body !== body) await update(answer, found.id, body, signal)
  }

  async function update({ repository }: Target, commentId: number, body: string, signal: AbortSignal): Promise<'updated' | 'gone'> {
    try {
      await client.write({
        repository,
        route: 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
        parameters: { comment_id: commentId, body },
        schema: Created,
        signal,
      })
      return 'updated'
    } catch (error) {
      // Somebody deleted it. If the repository is gone too, creating says so.
      if (isStatus(error, notFound)) return 'gone'
      throw error
    }
  }

  async function create({ repository, pullRequest }: Target, body: string, signal: AbortSignal): Promise<number> {
    const created = await client.write({
      repository,
      route: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
      parameters: { issue_number: pullRequest, body },
      schema: Created,
      signal,
    })
    return created.id
  }

  /** Anyone can write a marker, so it counts only in a comment of ours. */
  async function find(target: Target, marker: string, signal: AbortSignal): Promise<Comment | undefined> {
    const first = await readPage(target, 1, signal)
    const ours = await findIn(first.data, marker, signal)
    if (ours) return ours
    for (const page of pagesAfterFirst(first.lastPage)) {
      const found = await findIn((await readPage(target, page, signal)).data, marker, signal)
      if (found) return found
    }
    return undefined
  }

  function readPage({ repository, pullRequest }: Target, page: number, signal: AbortSignal) {
    return client.readPage({
      repository,
      route: 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
      parameters: { issue_number: pullRequest, per_page: 100, page },
      schema: Comments,
      signal,
    })
  }

  async function findIn(comments: readonly Comment[], marker: string, signal: AbortSignal): Promise<Comment | undefined> {
    for (const comment of comments) if (comment.body?.includes(marker) && (await isOurs(comment, signal))) return comment
    return undefined
  }

  async function isOurs({ user, performed_via_github_app: app }: Comment, signal: AbortSignal): Promise<boolean> {
    if (app) return app.id === client.appId
    if (user?.type !== 'Bot') return false
    slug ??= (await client.asApp({ route: 'GET /app', parameters: {}, schema: App, signal })).slug
    return user.login === `${slug}[bot]`
  }
}

/**
 * GitHub lists the oldest first. Ours is among the first when the pull request is new, and among the last when an uncertain
 * create of a moment ago made it; at most six pages are read, however many there are.
 */
export function pagesAfterFirst(lastPage: number): readonly number[] {
  const wanted = [2, 3, lastPage, lastPage - 1, lastPage - 2]
  return [...new Set(wanted)].filter((page) => page > 1 && page <= lastPage)
}

export const answerMarker = (commentId: number) => `<!-- osmo:answer comment=${commentId} -->`

/** The marker comes first, so that nothing which is cut off can take it along. */
function bodyWith(marker: string, body: string): string {
  const rest = body.includes(marker) ? body.replace(marker, '').trimStart() : body
  return `${marker}\n${clipMarkdown(rest, maxBodyLength - marker.length - 1, clipped)}`
}
