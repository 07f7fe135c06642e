import { html } from 'hono/html'
import type { Judgement, MetricRow } from '../../benchmark/judge.ts'
import { formatChange, formatInterval, formatValue, sparkline } from '../../benchmark/report/numbers.ts'
import { evidenceWords, powerWords, verdictWords } from '../../benchmark/report/words.ts'
import { type Html, line, nothing, numberCell, unmarked } from './markup.ts'

const maxGates = 100
const maxDetails = 300

/** What was concluded from the numbers: gates first, the worst on top, then everything that only informs. */
export function benchmarkSection(judgement: Judgement): Html {
  const gates = judgement.rows.filter(({ role }) => role === 'gate')
  const infos = judgement.rows.filter(({ role }) => role === 'info')
  return html`<section class="benchmarks"><h2>Benchmarks</h2>
${gates.length > 0 ? metricTable('Gates', gates, maxGates) : nothing}
${infos.length > 0 ? infoMetrics(infos, gates.length === 0 ? 'open' : 'closed') : nothing}
${judgement.rows.length === 0 ? html`<p>No benchmark was measured.</p>` : nothing}
${judgement.warnings.length > 0 ? html`<ul class="remarks">${judgement.warnings.slice(0, 20).map((warning) => html`<li>${line(warning, 300)}</li>`)}</ul>` : nothing}
</section>`
}

function infoMetrics(rows: readonly MetricRow[], state: 'open' | 'closed'): Html {
  const title = `${rows.length} ${rows.length === 1 ? 'metric that informs' : 'metrics that inform'}`
  return html`<details${state === 'open' ? html` open` : nothing}><summary>${title}</summary>${metricTable(title, rows, maxDetails)}</details>`
}

function metricTable(caption: string, rows: readonly MetricRow[], longest: number): Html {
  const hasBase = rows.some(({ base }) => base.kind !== 'missing')
  const shown = rows.slice(0, longest)
  const more = rows.length > longest ? html`<p class="faint">… and ${rows.length - longest} more</p>` : nothing
  return html`<table class="cards metrics"><caption class="hidden">${caption}</caption>
<thead><tr><th>Metric</th>${hasBase ? html`<th class="number">Base</th>` : nothing}<th class="number">${hasBase ? 'Head' : 'Value'}</th>${hasBase ? html`<th class="number">Change, 95 %</th>` : nothing}<th>Evidence</th><th>Verdict</th></tr></thead>
<tbody>${shown.map((row) => metricRow(row, hasBase ? 'compared' : 'alone'))}</tbody></table>${more}`
}

function metricRow(row: MetricRow, mode: 'compared' | 'alone'): Html {
  const isCompared = mode === 'compared'
  return html`<tr class="${row.effect}">
<th scope="row"><code>${line(row.metric, 120)}</code>${arrow(row)}<span class="faint place">${line(placeOf(row), 160)}</span>${trend(row)}</th>
${isCompared ? numberCell('Base', line(formatValue(row.base, row.unit), 60)) : nothing}
${numberCell(isCompared ? 'Head' : 'Value', line(formatValue(row.head, row.unit), 60))}
${isCompared ? changeCell(row) : nothing}
<td class="evidence" data-label="Evidence">${line(evidenceWords(row), 160)}</td>
<td data-label="Verdict"><span class="outcome" title="${powerWords(row)}">${line(unmarked(verdictWords(row)), 200)}</span>${row.note === '' ? nothing : html`<span class="note">${line(row.note, 300)}</span>`}</td>
</tr>`
}

function changeCell(row: MetricRow): Html {
  if (row.change.kind === 'none') return numberCell('Change', undefined)
  const interval = html`<span class="faint">(${formatInterval(row.change)})</span>`
  return numberCell('Change', html`<strong>${line(formatChange(row.change, row.unit), 60)}</strong> ${interval}`)
}

function arrow({ direction }: MetricRow): Html {
  if (direction === 'lower') return html` <span title="lower is better">↓</span>`
  return direction === 'higher' ? html` <span title="higher is better">↑</span>` : nothing
}

function placeOf({ benchmark, task, testbed }: MetricRow): string {
  return [benchmark === task ? task : `${benchmark} (${task})`, testbed].filter(Boolean).join(' on ')
}

function trend({ history }: MetricRow): Html {
  const bars = sparkline(history)
  return bars === '' ? nothing : html`<span class="trend" title="Default branch, oldest to newest">${bars}</span>`
}
