import { html, raw } from 'hono/html'
import { commentsOn } from '../comments.ts'
import { association } from '../payloads/pull-request.ts'
import type { Comment, PullRequest, Repository } from '../state.ts'
import { roleOf, userOf, type World } from '../world.ts'
import { type Html, versionOf } from './layout.ts'
import { renderMarkdown } from './markdown.ts'

const faces: Readonly<Record<string, string>> = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  confused: '😕',
  heart: '❤️',
  hooray: '🎉',
  rocket: '🚀',
  eyes: '👀',
}

/** The description, then every comment in order. */
export async function conversationFragment(world: World, repository: Repository, pull: PullRequest): Promise<string> {
  const comments = commentsOn(world, repository, pull.number)
  const parts = [description(world, repository, pull), ...comments.map((comment) => commentBlock(world, repository, comment))]
  return (await Promise.all(parts)).join('')
}

async function block(
  id: string,
  author: { login: string; badge: string; at: string; edited: string },
  body: string,
  below: Html | '',
): Promise<string> {
  const inner =
    await html`<div class="by"><b data-author>${author.login}</b> <span class="tag">${author.badge}</span> <time datetime="${author.at}">${author.at.replace('T', ' ').replace('Z', ' UTC')}</time>${author.edited}</div>
<div class="markdown">${raw(body)}</div>${below}`
  return `<article class="comment box" id="${id}" data-author="${author.login}" data-version="${versionOf(String(inner))}">${inner}</article>`
}

function description(world: World, repository: Repository, pull: PullRequest): Promise<string> {
  const author = userOf(world, pull.authorId)
  const body =
    pull.body === null || pull.body === '' ? '<p class="quiet">No description provided.</p>' : renderMarkdown(pull.body, 'comment')
  const by = { login: author.login, badge: association(world, repository, author).toLowerCase(), at: pull.createdAt, edited: '' }
  return block(`pullrequest-${pull.id}`, by, body, '')
}

function commentBlock(world: World, repository: Repository, comment: Comment): Promise<string> {
  const author = userOf(world, comment.authorId)
  const badge = author.kind === 'Bot' ? 'bot' : roleOf(world, repository, author)
  const edited = comment.updatedAt === comment.createdAt ? '' : ' · edited'
  const by = { login: author.login, badge, at: comment.createdAt, edited }
  return block(`issuecomment-${comment.id}`, by, renderMarkdown(comment.body, 'comment'), reactions(world, comment))
}

function reactions(world: World, comment: Comment): Html | '' {
  const all = world.state.reactions.filter((reaction) => reaction.commentId === comment.id)
  if (all.length === 0) return ''
  const counted = Map.groupBy(all, (reaction) => reaction.content)
  return html`<div class="reactions">${[...counted].map(([content, found]) => html`<span class="tag" data-reaction="${content}">${faces[content] ?? content} ${found.length}</span>`)}</div>`
}
