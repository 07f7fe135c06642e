import { html } from 'hono/html'
import type { Instant } from '../../workflow/names.ts'
import type { Provenance } from '../../workflow/state.ts'
import { formatDuration, plain } from '../../workflow/text.ts'
import type { Verdict } from '../../workflow/verdict.ts'

/** Everything that is put into `html` is escaped, other than other `html`. Attributes are always in double quotes. */
export type Html = ReturnType<typeof html>

export const nothing: Html = html``

export type Tone = 'quiet' | 'active' | 'good' | 'bad' | 'unsure'

export const badge = (tone: Tone, text: string): Html => html`<span class="badge ${tone}">${text}</span>`

export function verdictBadge(verdict: Verdict): Html {
  if (verdict.kind !== 'concluded') return badge(verdict.kind === 'running' ? 'active' : 'quiet', verdict.kind)
  const { tone, text } = conclusions[verdict.conclusion]
  return badge(tone, text)
}

const conclusions = {
  success: { tone: 'good', text: 'passed' },
  failure: { tone: 'bad', text: 'failed' },
  timed_out: { tone: 'bad', text: 'timed out' },
  action_required: { tone: 'unsure', text: 'needs attention' },
  neutral: { tone: 'unsure', text: 'inconclusive' },
  cancelled: { tone: 'quiet', text: 'cancelled' },
} as const satisfies Readonly<Record<string, { readonly tone: Tone; readonly text: string }>>

/** `3 m 10 s ago`, and the time itself in UTC when one points at it. */
export function ago(at: Instant, now: Instant): Html {
  return timeTag(at, now - at < 1000 ? 'just now' : `${coarse(now - at)} ago`)
}

/** Time since the workflow was opened: `+42 s`. */
export function offset(at: Instant | undefined, start: Instant): Html | undefined {
  return at === undefined ? undefined : timeTag(at, `+${formatDuration(at - start)}`)
}

function timeTag(at: Instant, text: string): Html {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}" title="${iso.slice(0, 19).replace('T', ' ')} UTC">${text}</time>`
}

/** Days for what is long ago, else as durations are written. */
function coarse(milliseconds: number): string {
  const days = Math.floor(milliseconds / 86_400_000)
  return days >= 2 ? `${days} days` : formatDuration(Math.max(1000, Math.floor(milliseconds / 1000) * 1000)).replace('.0', '')
}

/** One line of untrusted text: no control or bidirectional characters, and an end. */
export function line(text: string, longest = 200): string {
  const clean = plain(text).replace(/\s+/g, ' ').trim()
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 1)}…`
}

/** Without the marks that texts for GitHub begin with: pages have colours for that, and not every machine has such glyphs. */
export const unmarked = (text: string) => text.replace(/\p{Extended_Pictographic}\uFE0F?\s*/gu, '')

/** A number in a table; on a phone one that does not exist takes no line. */
export function numberCell(label: string, value: Html | string | undefined): Html {
  if (value === undefined || value === '' || value === '–') return html`<td class="number none" data-label="${label}">–</td>`
  return html`<td class="number" data-label="${label}">${value}</td>`
}

export const workflowPath = (displayId: string) => `/workflows/${encodeURIComponent(displayId)}`
export const taskPath = (displayId: string, task: string) => `${workflowPath(displayId)}/tasks/${encodeURIComponent(task)}`
export const attemptQuery = (attempt: number) => `?attempt=${attempt}`

export type ForgeLinks = { readonly url: string | undefined }

/** `#12 feature`, or the branch alone. */
export function changeLink(provenance: Provenance, forge: ForgeLinks): Html {
  const { pullRequest, repository } = provenance
  if (pullRequest === undefined) return branchName(provenance)
  return html`${forgeLink(forge, `${repository}/pull/${pullRequest}`, `#${pullRequest}`)} ${branchName(provenance)}`
}

export function branchName({ headRef, ref }: Provenance): Html {
  return html`<span class="ref">${line(headRef || ref.replace(/^refs\/(heads|tags)\//, ''), 80)}</span>`
}

export function commitLink({ repository, sha }: Provenance, forge: ForgeLinks): Html {
  return html`<code>${forgeLink(forge, `${repository}/commit/${sha}`, sha.slice(0, 7))}</code>`
}

export function repositoryLink({ repository }: Provenance, forge: ForgeLinks): Html {
  return forgeLink(forge, repository, line(repository, 140))
}

function forgeLink({ url }: ForgeLinks, path: string, text: string): Html {
  if (url === undefined) return html`${text}`
  return html`<a href="${url}/${path.split('/').map(encodeURIComponent).join('/')}" rel="noreferrer">${text}</a>`
}
