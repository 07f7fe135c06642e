import type { MetricRow } from '../judge.ts'
import { formatBudget, formatNumber, formatQ, formatShare } from './numbers.ts'

/** What a reader should conclude from one row. Plain text: callers escape. */
export function verdictWords(row: MetricRow): string {
  switch (row.outcome) {
    case 'regressed':
      return regressedWords(row)
    case 'improved':
      return '✅ improved'
    case 'fine':
      return row.budget && row.change.kind !== 'none' ? `✅ within ${formatBudget(row.budget, row.unit)}` : '✅ fine'
    case 'inconclusive':
      return `❔ inconclusive${furtherWords(row)}`
    case 'unmeasured':
      return unmeasuredWords(row)
    case 'shown':
      return 'ℹ️ shown'
  }
}

/** What the verdict rests on: `40 lost, 12 won · q<.001`, `10+10 runs · q=.070`. */
export function evidenceWords(row: MetricRow): string {
  const q = row.q === undefined ? '' : formatQ(row.q)
  return (
    [
      sampleWords(row),
      ...row.limits.map((limit) => `${limit.side} ${formatNumber(limit.value)}${row.unit === '' ? '' : ` ${row.unit}`}`),
      q,
    ]
      .filter(Boolean)
      .join(' · ') || '–'
  )
}

export function markOf(row: MetricRow): string {
  return row.outcome === 'unmeasured' ? unmeasuredMark(row) : marks[row.outcome]
}

const marks = { regressed: '❌', improved: '✅', fine: '✅', inconclusive: '❔', shown: 'ℹ️' } as const

function regressedWords(row: MetricRow): string {
  if (row.budget && row.change.kind !== 'none' && isBeyondBudget(row)) return `❌ over the budget of ${formatBudget(row.budget, row.unit)}`
  return row.limits.length > 0 ? '❌ outside its limit' : '❌ worse'
}

function isBeyondBudget({ budget, change }: MetricRow): boolean {
  return budget !== undefined && change.kind !== 'none' && Math.abs(change.estimate) > budget.amount
}

function furtherWords({ further, note, sample }: MetricRow): string {
  if (further) return `, needs about ${further.count} more ${further.counted}`
  return note === '' && sample ? ', the change is too near its budget' : ''
}

function unmeasuredWords(row: MetricRow): string {
  if (row.cause === 'base') return '❔ no base to compare with'
  return row.cause === 'configuration' ? '⚠️ unmeasured: the spec must say more' : `${unmeasuredMark(row)} unmeasured`
}

function unmeasuredMark({ cause, role }: MetricRow): string {
  if (role === 'info') return '–'
  if (cause === 'base') return '❔'
  return cause === 'configuration' ? '⚠️' : '❌'
}

function sampleWords({ sample, head }: MetricRow): string {
  if (!sample)
    return head.kind === 'rate' ? `${head.successes} of ${head.trials}` : head.kind === 'number' ? countWords(head.runs, 'run') : ''
  switch (sample.kind) {
    case 'episodes':
      return `${sample.pairs} pairs: ${sample.table.baseOnly} lost, ${sample.table.headOnly} won`
    case 'counts':
      return `${sample.base.k}/${sample.base.n} → ${sample.head.k}/${sample.head.n}, not paired`
    case 'runs':
      return `${sample.base}+${sample.head} runs${sample.method === 'normal' ? ', ties' : ''}`
  }
}

/** What this run could have seen, so that "fine" is not taken for more than it is. */
export function powerWords(row: MetricRow): string {
  if (row.detectable === undefined || row.change.kind === 'none') return ''
  const kind = row.change.kind
  const amount =
    kind === 'points'
      ? `${(row.detectable * 100).toFixed(1)} points`
      : kind === 'relative'
        ? formatShare(row.detectable)
        : formatBudget({ scale: 'absolute', amount: row.detectable }, row.unit)
  return `worse by ${amount} or more would be seen in 80 % of such runs`
}

function countWords(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
