import { html, raw } from 'hono/html'
import { commitOf, history } from '../git.ts'
import { branchesOf } from '../routes/repositories.ts'
import type { PullRequest, Repository } from '../state.ts'
import { fullName, gitDirectory, userOf, type World } from '../world.ts'
import { checksFragment, overall, runsAt } from './checks.ts'
import { icon } from './icons.ts'
import { type Html, shell, versionOf } from './layout.ts'
import { type Parts, type Speaker, sayForm, trail } from './pull-page.ts'

const commitsShown = 20
const branchesShown = 50

/** `/`: what there is. */
export function homePage(world: World, visible: readonly Repository[]): Html {
  const rows = visible.map((repository) => {
    const name = fullName(world, repository)
    const open = openPulls(world, repository).length
    return html`<div class="row"><a class="grow" href="/${name}"><b>${name}</b></a><span class="quiet">${repository.description ?? ''}</span><span class="tag">${open} open</span></div>`
  })
  const body = html`<h1>Repositories</h1><div class="box">${rows.length === 0 ? html`<p class="row quiet">None yet.</p>` : rows}</div>`
  return shell({ title: 'Repositories · github-twin', trail: [], live: undefined, body })
}

function openPulls(world: World, repository: Repository): PullRequest[] {
  return world.state.pulls.filter((pull) => pull.repositoryId === repository.id && pull.state === 'open')
}

export async function repositoryParts(world: World, repository: Repository): Promise<Parts> {
  const [pulls, branches, commits] = await Promise.all([
    pullRows(world, repository),
    branchRows(world, repository),
    commitRows(world, repository),
  ])
  return { pulls, branches, commits }
}

/** `/<owner>/<repository>`: open pull requests, branches with how they stand, latest commits. */
export async function repositoryPage(world: World, repository: Repository): Promise<Html> {
  const parts = await repositoryParts(world, repository)
  const body = html`<h1>${fullName(world, repository)}</h1><p class="quiet">${repository.description ?? ''}</p>
<p class="quiet">Clone with <code>git clone ${world.url}/${fullName(world, repository)}.git</code></p>
<h2>Pull requests</h2><div class="box" id="pulls">${raw(parts.pulls ?? '')}</div>
<h2>Branches</h2><div class="box" id="branches">${raw(parts.branches ?? '')}</div>
<h2>Commits of ${repository.defaultBranch}</h2><div class="box" id="commits">${raw(parts.commits ?? '')}</div>`
  const name = fullName(world, repository)
  return shell({ title: name, trail: trail(world, repository), live: `/${name}/live`, body })
}

/** A list of fragments, each with an id and a mark of its content; a line for people when there is none. */
async function rows(prefix: string, found: readonly { key: string; content: Html }[]): Promise<string> {
  if (found.length === 0) return `<div class="row quiet" id="${prefix}-none" data-version="0">None.</div>`
  const texts = await Promise.all(found.map(async ({ key, content }) => ({ key, text: String(await content) })))
  return texts
    .map(({ key, text }) => `<div class="row" id="${prefix}-${versionOf(key)}" data-version="${versionOf(text)}">${text}</div>`)
    .join('')
}

function pullRows(world: World, repository: Repository): Promise<string> {
  const all = world.state.pulls
    .filter((pull) => pull.repositoryId === repository.id)
    .sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || b.number - a.number)
  return rows(
    'pull',
    all.slice(0, branchesShown).map((pull) => ({ key: String(pull.number), content: pullRow(world, repository, pull) })),
  )
}

function pullRow(world: World, repository: Repository, pull: PullRequest): Html {
  return html`${standing(world, repository, pull.headSha)}<a class="grow" href="/${fullName(world, repository)}/pull/${pull.number}"><b>${pull.title}</b></a><span class="quiet">#${pull.number} by ${userOf(world, pull.authorId).login}</span>${pull.state === 'open' ? '' : html`<span class="tag">${pull.mergedAt === null ? 'closed' : 'merged'}</span>`}`
}

function standing(world: World, repository: Repository, sha: string): Html | '' {
  const runs = runsAt(world, repository, sha)
  return runs.length === 0 ? '' : icon(overall(runs, []))
}

function branchRows(world: World, repository: Repository): Promise<string> {
  const name = fullName(world, repository)
  return rows(
    'branch',
    branchesOf(repository)
      .slice(0, branchesShown)
      .map(([branch, sha]) => ({
        key: branch,
        content: html`${standing(world, repository, sha)}<span class="grow"><span class="branch">${branch}</span></span><a class="sha" href="/${name}/commit/${sha}">${sha.slice(0, 7)}</a>`,
      })),
  )
}

async function commitRows(world: World, repository: Repository): Promise<string> {
  const sha = repository.refs[`refs/heads/${repository.defaultBranch}`]
  const commits = sha === undefined ? [] : await history(gitDirectory(world, repository), sha, [], commitsShown)
  return rows(
    'commit',
    commits.map((commit) => ({
      key: commit.sha,
      content: html`${standing(world, repository, commit.sha)}<a class="grow" href="/${fullName(world, repository)}/commit/${commit.sha}">${commit.message.split('\n')[0]}</a><span class="quiet">${commit.author.name}</span><span class="sha">${commit.sha.slice(0, 7)}</span>`,
    })),
  )
}

export async function commitParts(world: World, repository: Repository, sha: string): Promise<Parts> {
  return { checks: await checksFragment(world, repository, sha, undefined) }
}

/** `/<owner>/<repository>/commit/<sha>` */
export async function commitPage(world: World, repository: Repository, sha: string, speaker: Speaker): Promise<Html> {
  const commit = await commitOf(gitDirectory(world, repository), sha)
  const parts = await commitParts(world, repository, sha)
  const name = fullName(world, repository)
  const [subject = '', ...rest] = commit.message.split('\n')
  const body = html`<h1>${subject}</h1><p class="quiet">${commit.author.name} · ${commit.author.date} · <span class="sha">${sha}</span></p><pre>${rest.join('\n').trim()}</pre>
<h2>Checks</h2><section class="box" id="checks" aria-live="polite">${raw(parts.checks ?? '')}</section>${sayForm(world, repository, '', 'buttons', speaker)}`
  return shell({ title: `${subject} · ${name}`, trail: trail(world, repository), live: `/${name}/commit/${sha}/live`, body })
}
