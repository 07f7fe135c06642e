import { html, raw } from 'hono/html'
import { latestRuns } from '../payloads/check.ts'
import { repositoryPage } from '../payloads/urls.ts'
import { suitesAt } from '../routes/checks.ts'
import { requiredContexts } from '../routes/repositories.ts'
import type { Annotation, CheckRun, Repository } from '../state.ts'
import type { World } from '../world.ts'
import { icon, type Look, lookOf, wordFor } from './icons.ts'
import { duration, type Html, versionOf } from './layout.ts'
import { renderMarkdown } from './markdown.ts'

const annotationsShown = 50

/** The newest run of each name at a commit, in order of creation. */
export function runsAt(world: World, repository: Repository, sha: string): CheckRun[] {
  return suitesAt(world, repository, sha).flatMap((suite) => latestRuns(world, suite))
}

/** A line over the checks, then one line a check that opens to what it reported, then required checks that nobody reported. */
export async function checksFragment(world: World, repository: Repository, sha: string, baseBranch: string | undefined): Promise<string> {
  const runs = runsAt(world, repository, sha)
  const required = baseBranch === undefined ? [] : requiredContexts(repository, baseBranch)
  const missing = required.filter((name) => !runs.some((run) => run.name === name))
  const parts = [
    await headline(runs, missing),
    ...(await Promise.all(runs.map((run) => checkRow(world, repository, run, required.includes(run.name))))),
    ...(await Promise.all(missing.map(missingRow))),
  ]
  return parts.join('')
}

async function versioned(tag: (version: string) => Html): Promise<string> {
  return String(await tag(versionOf(String(await tag('')))))
}

function headline(runs: readonly CheckRun[], missing: readonly string[]): Promise<string> {
  const look = overall(runs, missing)
  return versioned(
    (version) =>
      html`<div class="headline" id="checks-headline" data-version="${version}" data-overall="${look}">${icon(look)} ${sentence(look, runs.length)}</div>`,
  )
}

/** Of all checks at a commit the one word that a reader needs. */
export function overall(runs: readonly CheckRun[], missing: readonly string[]): Look {
  const looks = runs.map((run) => lookOf(run.status, run.conclusion))
  const bad = (['failure', 'timed_out', 'action_required', 'cancelled'] as const).find((word) => looks.includes(word))
  if (looks.includes('in_progress')) return 'in_progress'
  if (looks.includes('queued')) return 'queued'
  if (bad !== undefined) return bad
  if (missing.length > 0) return 'expected'
  return looks.length > 0 ? 'success' : 'neutral'
}

function sentence(look: Look, count: number): string {
  switch (look) {
    case 'in_progress':
    case 'queued':
      return 'Some checks have not completed yet'
    case 'expected':
      return 'Waiting for required checks to be reported'
    case 'success':
      return count === 1 ? 'The check has passed' : 'All checks have passed'
    case 'neutral':
      return 'No checks yet'
    default:
      return 'Some checks were not successful'
  }
}

function checkRow(world: World, repository: Repository, run: CheckRun, required: boolean): Promise<string> {
  const look = lookOf(run.status, run.conclusion)
  return versioned(
    (
      version,
    ) => html`<details class="check" id="check-${run.suiteId}-${versionOf(run.name)}" data-version="${version}" data-check-id="${run.id}" data-check-name="${run.name}" data-status="${run.status}" data-conclusion="${run.conclusion ?? ''}">
<summary>${icon(look)}<span class="name">${run.name}</span><span class="said">${said(run, look)}</span>${required ? html`<span class="tag">Required</span>` : ''}</summary>
<div class="body">${output(run)}${tools(world, repository, run)}</div>
</details>`,
  )
}

function said(run: CheckRun, look: Look): string {
  const title = run.output.title
  return [wordFor(look) + took(run, look), ...(title === null ? [] : [title])].join(' — ')
}

/** Only a finished run shows its time: one under way would make the page change each second for nothing. */
function took(run: CheckRun, look: Look): string {
  if (run.startedAt === null || run.completedAt === null) return ''
  return `${look === 'success' ? ' in' : ' after'} ${duration((Date.parse(run.completedAt) - Date.parse(run.startedAt)) / 1000)}`
}

function output(run: CheckRun): Html {
  const { title, summary, text } = run.output
  if (title === null && summary === null) return html`<p class="quiet">Nothing reported yet.</p>`
  return html`<div class="markdown"><h3>${title ?? ''}</h3>${raw(renderMarkdown(summary ?? '', 'document'))}${raw(renderMarkdown(text ?? '', 'document'))}</div>
${run.annotations.slice(0, annotationsShown).map(annotationBlock)}
${run.annotations.length > annotationsShown ? html`<p class="quiet">${run.annotations.length - annotationsShown} more annotations</p>` : ''}`
}

function annotationBlock(annotation: Annotation): Html {
  const lines =
    annotation.start_line === annotation.end_line ? `L${annotation.start_line}` : `L${annotation.start_line}-L${annotation.end_line}`
  return html`<div class="annotation ${annotation.annotation_level}"><span class="quiet">${annotation.path}#${lines} · ${annotation.annotation_level}</span><br><b>${annotation.title ?? ''}</b><pre>${annotation.message}</pre>${annotation.raw_details === null ? '' : html`<details><summary>Raw details</summary><pre>${annotation.raw_details}</pre></details>`}</div>`
}

/** Buttons belong to the form below, so that they are pressed by the person chosen there, also without script. */
function tools(world: World, repository: Repository, run: CheckRun): Html {
  const at = repositoryPage(world, repository, `/runs/${run.id}`).slice(world.url.length)
  const press = (path: string, name: string, value: string, label: string, title: string) =>
    html`<button form="comment-form" formaction="${at}/${path}" formnovalidate name="${name}" value="${value}" title="${title}">${label}</button>`
  return html`<div class="tools">${press('rerun', 'rerun', String(run.id), 'Re-run', `Re-run ${run.name}`)}
${run.status === 'completed' ? run.actions.map((action) => press('action', 'identifier', action.identifier, action.label, action.description)) : ''}
${run.detailsUrl === null ? '' : html`<a href="${run.detailsUrl}" rel="noopener noreferrer">Details</a>`}</div>`
}

function missingRow(name: string): Promise<string> {
  return versioned(
    (version) =>
      html`<div class="row" id="check-expected-${versionOf(name)}" data-version="${version}" data-check-name="${name}" data-status="expected" data-conclusion="">${icon('expected')}<span class="name">${name}</span><span class="grow quiet">Expected — waiting for it to be reported</span><span class="tag">Required</span></div>`,
  )
}
