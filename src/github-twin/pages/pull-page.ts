import { html, raw } from 'hono/html'
import { repositoryPage } from '../payloads/urls.ts'
import type { PullRequest, Repository, User } from '../state.ts'
import { fullName, headRepositoryOf, ownerOf, roleOf, userOf, type World } from '../world.ts'
import { checksFragment } from './checks.ts'
import { conversationFragment } from './conversation.ts'
import { type Html, shell, versionOf } from './layout.ts'

/** The parts of a page that move, by the id of the element that holds them. */
export type Parts = Readonly<Record<string, string>>

export type Speaker = 'may speak' | 'must come by the printed address'

export async function pullParts(world: World, repository: Repository, pull: PullRequest): Promise<Parts> {
  return {
    heading: await heading(world, repository, pull),
    checks: await checksFragment(world, repository, pull.headSha, pull.baseRef),
    conversation: await conversationFragment(world, repository, pull),
  }
}

/** `/<owner>/<repository>/pull/<number>` */
export async function pullPage(world: World, repository: Repository, pull: PullRequest, speaker: Speaker): Promise<Html> {
  const parts = await pullParts(world, repository, pull)
  const path = `/${fullName(world, repository)}/pull/${pull.number}`
  const body = html`<div id="heading">${raw(parts.heading ?? '')}</div>
<h2>Checks</h2><section class="box" id="checks" aria-live="polite">${raw(parts.checks ?? '')}</section>
<h2>Conversation</h2><section id="conversation">${raw(parts.conversation ?? '')}</section>
${sayForm(world, repository, `${path}/comment`, 'comment', speaker)}`
  return shell({
    title: `${pull.title} · Pull Request #${pull.number} · ${fullName(world, repository)}`,
    trail: trail(world, repository),
    live: `${path}/live`,
    body,
  })
}

export function trail(world: World, repository: Repository): { text: string; href: string }[] {
  return [{ text: fullName(world, repository), href: `/${fullName(world, repository)}` }]
}

async function heading(world: World, repository: Repository, pull: PullRequest): Promise<string> {
  const state = pull.mergedAt !== null ? 'merged' : pull.state === 'closed' ? 'closed' : pull.draft ? 'draft' : 'open'
  const commits = pull.commits === 1 ? '1 commit' : `${pull.commits} commits`
  const inner = await html`<h1>${pull.title} <span class="number">#${pull.number}</span></h1>
<p><span class="state ${state}" data-state="${state}">${state.charAt(0).toUpperCase() + state.slice(1)}</span>
<span class="quiet"><b>${userOf(world, pull.authorId).login}</b> wants to merge ${commits} into <span class="branch">${pull.baseRef}</span> from <span class="branch">${headName(world, repository, pull)}</span>
· <a href="${repositoryPage(world, repository, `/commit/${pull.headSha}`)}" class="sha" data-head-sha="${pull.headSha}">${pull.headSha.slice(0, 7)}</a>
· ${pull.changedFiles === 1 ? '1 file' : `${pull.changedFiles} files`}, <span class="success">+${pull.additions}</span> <span class="failure">−${pull.deletions}</span></span> ${pull.labels.map((label) => html`<span class="tag">${label.name}</span> `)}</p>`
  return `<div id="heading-text" data-version="${versionOf(String(inner))}">${inner}</div>`
}

function headName(world: World, repository: Repository, pull: PullRequest): string {
  if (pull.headRepositoryId === repository.id) return pull.headRef
  const fork = headRepositoryOf(world, pull)
  return fork === undefined ? 'a deleted repository' : `${ownerOf(world, fork).login}:${pull.headRef}`
}

/** Who one is, and what one says. A page without conversation has it for its buttons only. */
export function sayForm(world: World, repository: Repository, action: string, kind: 'comment' | 'buttons', speaker: Speaker): Html {
  if (speaker !== 'may speak')
    return html`<p class="quiet" id="must-sign-in">To comment or re-run, open this page through the address that was printed at the start.</p>`
  // Nobody is an owner first of all: the account that a repository belongs to is most often an organisation.
  const isOwner = (user: User) => Number(user.id === repository.ownerId)
  const people = world.state.users.filter((user) => user.kind === 'User').toSorted((a, b) => isOwner(a) - isOwner(b))
  return html`<form class="say" id="comment-form" method="post" action="${action}">
<div class="row"><label for="person">You are</label> <select id="person" name="person">${people.map((user) => html`<option value="${user.login}">${user.login} (${roleOf(world, repository, user)})</option>`)}</select></div>
${kind === 'comment' ? html`<label for="comment-body" class="quiet">Leave a comment, such as <code>/osmo help</code></label><textarea id="comment-body" name="body" required maxlength="65536"></textarea><div class="row"><span class="grow"></span><button id="send" class="main">Comment</button></div>` : ''}
<p id="notice" role="status"></p></form>`
}
