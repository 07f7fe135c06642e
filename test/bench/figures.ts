/** One measured number beside what the machine itself does in the same run. */
export type Figure = {
  readonly name: string
  readonly unit: 'ms' | '/s'
  readonly ours: number
  readonly raw: number
  /** What the raw number is. */
  readonly floor: string
}

export type Result = {
  readonly figures: readonly Figure[]
  /** Counts and places where the time went, in words. */
  readonly notes: readonly string[]
  /** Deliveries or workflows that did not come to an end; anything above 0 makes the run fail. */
  readonly lost: number
}

/** The smallest value that at least this share (0 to 1) of all values does not exceed. Throws on no values. */
export function quantile(values: readonly number[], share: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)]
  if (value === undefined) throw new Error('Expected at least one value, got none')
  return value
}

export const median = (values: readonly number[]) => quantile(values, 0.5)

/** p50 and p99 of two lists of milliseconds. */
export function latencies(name: string, floor: string, ours: readonly number[], raw: readonly number[]): readonly Figure[] {
  return [0.5, 0.99].map((share) => ({
    name: `${name}, p${100 * share}`,
    unit: 'ms',
    ours: quantile(ours, share),
    raw: quantile(raw, share),
    floor,
  }))
}

/** A table in Markdown. The ratio is ours to raw, whichever way is better. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, ours, raw, floor }) => [
    name,
    shown(ours, unit),
    shown(raw, unit),
    `${(ours / raw).toFixed(2)}×`,
    floor,
  ])
  const cells = [['', 'ours', 'raw', 'ratio', 'raw is'], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  const [heading = '', ...rest] = lines
  return [heading, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rest].join('\n')
}

const shown = (value: number, unit: Figure['unit']) => (unit === '/s' ? `${value.toFixed(0)}/s` : `${value.toFixed(value < 10 ? 2 : 1)} ms`)
