import type { MetricRow, ShownChange, ShownValue } from '../judge.ts'

/** Three significant digits, four from 1000 and for whole numbers: `0.0412`, `41.0`, `1234`, `1.20e+7`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '–'
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return minus(value.toExponential(2))
  if (Number.isInteger(value) || size >= 999.5) return minus(String(Number(value.toPrecision(4))))
  return minus(value.toPrecision(3))
}

/** `90.0 %` for a rate, `41.0 ms` for a number, `–` when there is none. */
export function formatValue(shown: ShownValue, unit: string): string {
  if (shown.kind === 'missing') return '–'
  if (shown.kind === 'rate') return formatShare(shown.successes / shown.trials)
  return withUnit(formatNumber(shown.value), unit)
}

/** `−14.0 pts`, `+4.3 %`, `+0.5 ms`; empty when nothing was compared. */
export function formatChange(change: ShownChange, unit: string): string {
  if (change.kind === 'none') return ''
  return withUnit(formatAmount(change.kind, change.estimate), changeUnit(change, unit))
}

/** `−20.9…−7.1`, the unit being that of the change beside it. */
export function formatInterval(change: ShownChange): string {
  return change.kind === 'none' ? '' : `${formatAmount(change.kind, change.low)}…${formatAmount(change.kind, change.high)}`
}

/** An unsigned amount in the scale of a change: `5 pts`, `3 %`, `2 ms`. */
export function formatBudget(budget: NonNullable<MetricRow['budget']>, unit: string): string {
  if (budget.scale === 'absolute') return withUnit(formatNumber(budget.amount), unit)
  return `${formatNumber(budget.amount * 100)} ${budget.scale === 'points' ? 'pts' : '%'}`
}

export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** `<.001`, `=.070`. */
export function formatQ(q: number): string {
  return q < 0.001 ? 'q<.001' : `q=${q.toFixed(3).replace(/^0/, '')}`
}

/** The last 30 values as bars; one bar alone says nothing. */
export function sparkline(values: readonly number[]): string {
  const shown = values.filter(Number.isFinite).slice(-30)
  if (shown.length === 0) return ''
  const low = Math.min(...shown)
  const range = Math.max(...shown) - low
  return shown.map((value) => bars[range === 0 ? 3 : Math.round(((value - low) / range) * (bars.length - 1))]).join('')
}

const bars = '▁▂▃▄▅▆▇█'

function formatAmount(kind: 'relative' | 'points' | 'absolute', amount: number): string {
  const text =
    kind === 'absolute' ? formatNumber(amount) : Number.isFinite(amount) ? minus((amount * 100).toFixed(1)) : formatNumber(amount)
  return amount > 0 ? `+${text}` : text.replace(/^−(0(\.0+)?)$/, '$1')
}

function changeUnit(change: ShownChange, unit: string): string {
  if (change.kind === 'points') return 'pts'
  return change.kind === 'relative' ? '%' : unit
}

function withUnit(text: string, unit: string): string {
  return unit === '' ? text : `${text} ${unit}`
}

function minus(text: string): string {
  return text.replaceAll('-', '−')
}
