import { html } from 'hono/html'
import type { Html } from './layout.ts'

/** What a check shows: its conclusion once it has one, its status before. `expected` is a required check that nobody has reported. */
export type Look =
  | 'queued'
  | 'in_progress'
  | 'expected'
  | 'success'
  | 'failure'
  | 'neutral'
  | 'cancelled'
  | 'skipped'
  | 'timed_out'
  | 'action_required'

const shapes: Readonly<Record<Look, string>> = {
  queued: '',
  in_progress: '',
  expected: '',
  success: 'M4.5 8.5l2.3 2.3 4.7-5.2',
  failure: 'M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4',
  neutral: 'M5 8h6',
  cancelled: 'M4.6 11.4l6.8-6.8',
  skipped: 'M5 11l6-6',
  timed_out: 'M8 4.5V8l2.4 1.6',
  action_required: 'M8 4.3v4.4M8 11.4v.1',
}

const words: Readonly<Record<Look, string>> = {
  queued: 'Queued',
  in_progress: 'In progress',
  expected: 'Expected',
  success: 'Successful',
  failure: 'Failing',
  neutral: 'Neutral',
  cancelled: 'Cancelled',
  skipped: 'Skipped',
  timed_out: 'Timed out',
  action_required: 'Action required',
}

export function wordFor(look: Look): string {
  return words[look]
}

export function lookOf(status: string, conclusion: string | null): Look {
  const word = status === 'completed' ? (conclusion ?? 'neutral') : status
  return word in words ? (word as Look) : 'neutral'
}

export function icon(look: Look): Html {
  return html`<svg class="icon ${look}" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" role="img" aria-label="${words[look]}">${outline(look)}<path d="${shapes[look]}"/></svg>`
}

function outline(look: Look): Html {
  if (look === 'in_progress')
    return html`<circle cx="8" cy="8" r="6.2" opacity=".25"/><path class="turn" d="M8 1.8a6.2 6.2 0 0 1 6.2 6.2"/><circle cx="8" cy="8" r="2" fill="currentColor" stroke="none"/>`
  if (look === 'queued' || look === 'expected')
    return html`<circle cx="8" cy="8" r="6.2" stroke-dasharray="2 2.2"/><circle cx="8" cy="8" r="2" fill="currentColor" stroke="none"/>`
  return html`<circle cx="8" cy="8" r="6.8"/>`
}
