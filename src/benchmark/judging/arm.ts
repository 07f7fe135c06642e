import type { BenchmarkRun, Direction, MeasuredValue } from '../types.ts'
import { unitFactor } from '../units.ts'

/** What all runs of one arm gave, by metric. */
export type ArmReading = {
  /** Why nothing of this arm can be trusted, such as a truncated file in one run; every metric may have been in it. */
  readonly fault: string | undefined
  readonly runs: number
  readonly metrics: ReadonlyMap<string, MetricReading>
}

export type MetricReading = {
  readonly unit: string
  /** `unknown` when files disagree. */
  readonly direction: Direction
  readonly values: readonly RunValue[]
}

export type RunValue = { readonly pair: number; readonly unit: string; readonly value: MeasuredValue }

/** Puts the files of each run together. `pairs` are those that ran in either arm: a run that is missing is a fault. */
export function readArm(runs: readonly BenchmarkRun[], pairs: ReadonlySet<number>): ArmReading {
  const values = runs.flatMap(valuesOfRun)
  const metrics = new Map([...Map.groupBy(values, ({ metric }) => metric)].map(([metric, own]) => [metric, metricReading(own)]))
  return { fault: faultOf(runs, pairs), runs: runs.length, metrics }
}

type NamedValue = RunValue & { readonly metric: string; readonly direction: Direction }

function metricReading(values: readonly NamedValue[]): MetricReading {
  const directions = new Set(values.map(({ direction }) => direction))
  const [direction = 'unknown'] = directions
  return { unit: values.find(({ unit }) => unit !== '')?.unit ?? '', direction: directions.size === 1 ? direction : 'unknown', values }
}

function faultOf(runs: readonly BenchmarkRun[], pairs: ReadonlySet<number>): string | undefined {
  if (runs.length === 0) return 'it did not run'
  const missing = [...pairs].find((pair) => !runs.some((run) => run.pair === pair))
  if (missing !== undefined) return `run ${missing + 1} of ${pairs.size} is missing`
  for (const run of runs) {
    const where = runs.length > 1 ? ` (run ${run.pair + 1} of ${runs.length})` : ''
    if (run.files.length === 0) return `no file matches the path${where}`
    for (const { path, parsed } of run.files) if (parsed.kind === 'unmeasured') return `${path}: ${parsed.reason}${where}`
  }
  return undefined
}

function valuesOfRun(run: BenchmarkRun): readonly NamedValue[] {
  const measurements = run.files.flatMap(({ parsed }) => (parsed.kind === 'measured' ? parsed.measurements : []))
  return [...Map.groupBy(measurements, ({ metric }) => metric)].map(([metric, parts]) => {
    const unit = parts[0]?.unit ?? ''
    const directions = new Set(parts.map(({ direction }) => direction))
    const direction = directions.size === 1 ? (parts[0]?.direction ?? 'unknown') : 'unknown'
    return { metric, pair: run.pair, unit, direction, value: mergeFiles(parts.map((part) => inUnit(part.value, part.unit, unit))) }
  })
}

/** Shards of one run: samples are put together, episodes joined, counts added. Anything else given by two files is unmeasured. */
function mergeFiles(values: readonly MeasuredValue[]): MeasuredValue {
  const [first] = values
  const faulty = values.find(({ kind }) => kind === 'unmeasured')
  if (faulty) return faulty
  if (values.length === 1 && first) return first
  if (values.every((value) => value.kind === 'samples')) return { kind: 'samples', samples: values.flatMap(({ samples }) => samples) }
  if (values.every((value) => value.kind === 'episodes')) return { kind: 'episodes', episodes: values.flatMap(({ episodes }) => episodes) }
  if (values.every((value) => value.kind === 'rate'))
    return { kind: 'rate', successes: sum(values.map(({ successes }) => successes)), trials: sum(values.map(({ trials }) => trials)) }
  return { kind: 'unmeasured', reason: `${values.length} files give it in ways that cannot be put together` }
}

/** The same value in another unit, or unmeasured when the two cannot be converted. */
export function inUnit(value: MeasuredValue, from: string, to: string): MeasuredValue {
  const factor = unitFactor(from, to)
  if (factor === undefined) return { kind: 'unmeasured', reason: `its unit is ${from} and ${to} was expected` }
  if (factor === 1) return value
  if (value.kind === 'samples') return { kind: 'samples', samples: value.samples.map((sample) => sample * factor) }
  if (value.kind === 'summary') return { ...value, mean: value.mean * factor, standardDeviation: value.standardDeviation * factor }
  return value
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
