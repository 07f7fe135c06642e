import { html } from 'hono/html'
import type { Instant } from '../../workflow/names.ts'
import { formatDuration } from '../../workflow/text.ts'
import type { ListedWorkflow, Listing } from '../listing.ts'
import { type ListQuery, listUrl } from '../parameters.ts'
import { type Standing, standings } from '../verdicts.ts'
import { ago, branchName, commitLink, type ForgeLinks, type Html, line, nothing, verdictBadge, workflowPath } from './markup.ts'

export type ListPage = { readonly listing: Listing; readonly query: ListQuery; readonly now: Instant; readonly forge: ForgeLinks }

export function listMain(page: ListPage): Html {
  const { listing, query } = page
  return html`<h1>Workflows</h1>
<nav class="filters" aria-label="Filter">${standingChips(query)}${repositoryChip(page)}${pullRequestChip(query)}</nav>
${listing.rows.length === 0 ? emptyList(page) : html`<ul class="rows">${listing.rows.map((row) => listItem(row, page))}</ul>`}
${pager(page)}`
}

function standingChips(query: ListQuery): Html {
  const chip = (standing: Standing | undefined, text: string) => {
    const current = query.standing === standing ? html` aria-current="true"` : nothing
    return html`<a class="chip" href="${listUrl({ ...query, standing, before: undefined })}"${current}>${text}</a>`
  }
  return html`${chip(undefined, 'all')}${standings.map((standing) => chip(standing, standing))}`
}

/** Its name is on the rows; the address holds its number. */
function repositoryChip({ query, listing }: ListPage): Html {
  if (query.repositoryId === undefined) return nothing
  const name = listing.rows[0]?.repository ?? `repository ${query.repositoryId}`
  return removableChip(line(name, 80), listUrl({ ...query, repositoryId: undefined, pullRequest: undefined, before: undefined }))
}

function pullRequestChip(query: ListQuery): Html {
  if (query.pullRequest === undefined) return nothing
  return removableChip(`pull request #${query.pullRequest}`, listUrl({ ...query, pullRequest: undefined, before: undefined }))
}

const removableChip = (text: string, url: string): Html =>
  html`<a class="chip" aria-current="true" href="${url}" title="Remove this filter">${text} <span aria-hidden="true">×</span></a>`

function listItem(row: ListedWorkflow, { query, now, forge }: ListPage): Html {
  const { provenance } = row
  // Ids are made of the name of the workflow, which need not be that of its file.
  const spec = row.displayId.startsWith(`${row.spec}-`) ? nothing : html` <span class="faint">${line(row.spec)}</span>`
  return html`<li>
<div class="row-state">${verdictBadge(row.verdict)}</div>
<div class="row-name"><a href="${workflowPath(row.displayId)}">${line(row.displayId)}</a>${spec}</div>
<div class="row-time">${duration(row, now)}<span class="faint">${ago(row.openedAt, now)}</span></div>
<div class="row-facts">${repositoryFilter(row, query)}<span>${pullRequestFilter(row, query)}${branchName(provenance)}</span>${commitLink(provenance, forge)}<span>${line(provenance.actor, 60)}</span></div>
</li>`
}

function repositoryFilter({ provenance }: ListedWorkflow, query: ListQuery): Html {
  const url = listUrl({ standing: query.standing, repositoryId: provenance.repositoryId })
  return html`<a href="${url}" title="Only this repository">${line(provenance.repository, 140)}</a>`
}

function pullRequestFilter({ provenance }: ListedWorkflow, query: ListQuery): Html {
  if (provenance.pullRequest === undefined) return nothing
  const url = listUrl({ standing: query.standing, repositoryId: provenance.repositoryId, pullRequest: provenance.pullRequest })
  return html`<a href="${url}" title="Only this pull request">#${provenance.pullRequest}</a> `
}

function duration({ startedAt, finishedAt }: ListedWorkflow, now: Instant): Html {
  return startedAt === undefined ? nothing : html`<span>${formatDuration((finishedAt ?? now) - startedAt)}</span> `
}

function emptyList({ query, listing }: ListPage): Html {
  if (listing.next !== undefined) return html`<p class="empty">None among the newer ones; older ones may match.</p>`
  const isFiltered =
    query.repositoryId !== undefined || query.pullRequest !== undefined || query.standing !== undefined || query.before !== undefined
  if (isFiltered) return html`<p class="empty">No workflow matches. <a href="/">Show all</a></p>`
  return html`<p class="empty">No workflow yet. Put a spec into <code>.osmo/</code> of a repository and push.</p>`
}

function pager({ query, listing }: ListPage): Html {
  const newest = query.before === undefined ? nothing : html`<a href="${listUrl({ ...query, before: undefined })}">Newest</a>`
  const older = listing.next === undefined ? nothing : html`<a rel="next" href="${listUrl({ ...query, before: listing.next })}">Older</a>`
  return html`<nav class="pager" aria-label="Pages">${newest} ${older}</nav>`
}
