import { html } from 'hono/html'
import type { Instant } from '../../workflow/names.ts'
import type { TaskState } from '../../workflow/state.ts'
import { isFinished } from '../../workflow/status.ts'
import { formatDuration } from '../../workflow/text.ts'
import type { Html, Tone } from './markup.ts'

/** The time that a whole page shows, so that bars of different tasks line up. */
export type Span = { readonly start: Instant; readonly end: Instant }
export type Segment = { readonly from: Instant; readonly to: Instant; readonly tone: Tone; readonly words: string }

const width = 1000
/** Whatever happened stays visible. */
const minWidth = 4

/** One task's attempts as a bar; scripts and style attributes are not needed for it. */
export function timelineBar(states: readonly TaskState[], span: Span): Html {
  const segments = states.flatMap((state) => segmentsOf(state, span.end))
  const words = segments.map((segment) => segment.words).join(', ') || 'not started'
  return html`<svg class="timeline" viewBox="0 0 ${width} 10" preserveAspectRatio="none" role="img" aria-label="${words}">
<rect class="track" x="0" y="4" width="${width}" height="2"/>${segments.map((segment) => bar(segment, span))}</svg>`
}

/** What is known of how an attempt spent its time. Of finished ones the store keeps the start and the end of the command. */
export function segmentsOf(state: TaskState, now: Instant): readonly Segment[] {
  if (state.status === 'WAITING') return []
  if (isFinished(state)) return [segment(state.startedAt ?? state.finishedAt, state.finishedAt, toneOf(state), 'ran')]
  if (state.status === 'PROCESSING') return [segment(state.queuedAt, now, 'quiet', 'queued')]
  const queued = segment(state.queuedAt, state.createdAt, 'quiet', 'queued')
  if (state.status !== 'RUNNING') return [queued, segment(state.createdAt, now, 'unsure', 'starting')]
  return [queued, segment(state.createdAt, state.startedAt, 'unsure', 'starting'), segment(state.startedAt, now, 'active', 'running')]
}

export function toneOf(state: TaskState): Tone {
  if (!isFinished(state)) return state.status === 'RUNNING' ? 'active' : 'quiet'
  if (state.status === 'COMPLETED') return 'good'
  return state.status === 'FAILED_UPSTREAM' || state.status === 'FAILED_CANCELED' ? 'quiet' : 'bad'
}

const segment = (from: Instant, to: Instant, tone: Tone, what: string): Segment => ({
  from,
  to,
  tone,
  words: `${what} ${formatDuration(to - from)}`,
})

function bar({ from, to, tone, words }: Segment, { start, end }: Span): Html {
  const scale = width / Math.max(1, end - start)
  const x = clamp((from - start) * scale, 0, width - minWidth)
  const right = clamp((to - start) * scale, x + minWidth, width)
  return html`<rect class="bar ${tone}" x="${x.toFixed(1)}" y="0" width="${(right - x).toFixed(1)}" height="10"><title>${words}</title></rect>`
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))
