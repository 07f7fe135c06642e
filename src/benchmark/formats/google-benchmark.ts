import type { Direction } from '../types.ts'
import { isArray, isObject, type Json, type JsonObject } from './json.ts'
import { type Found, type Reading, rateFrom, samplesFrom, unmeasured } from './measurements.ts'

/** Recognises the JSON reporter of Google Benchmark: a context and a list of benchmarks with names. */
export function isGoogleBenchmark(value: Json): value is JsonObject {
  return isObject(value) && isObject(value.get('context')) && isArray(value.get('benchmarks'))
}

/**
 * Reads one metric per run name and number: `<run name>/real_time`, `/cpu_time` and `/<counter>`. Samples are the repetitions; the
 * aggregate rows (mean, stddev, cv, BigO) are derived from them and used only when the tool was told to print nothing else.
 */
export function readGoogleBenchmark(value: JsonObject): Reading {
  const benchmarks = value.get('benchmarks')
  const rows = isArray(benchmarks) ? benchmarks.filter(isObject) : []
  const families = Map.groupBy(rows, runName)
  const found = [...families].flatMap(([name, family]) => readFamily(name, family))
  return { kind: 'read', found, warnings: contextWarnings(value.get('context')) }
}

function readFamily(name: string, family: readonly JsonObject[]): readonly Found[] {
  const iterations = family.filter((row) => !isAggregate(row))
  if (iterations.length === 0) return readAggregates(name, family)
  const fault = faultOf(iterations)
  const numbers = new Set(iterations.flatMap(measuredKeys))
  if (fault)
    return [...new Set([...numbers, 'real_time', 'cpu_time'])].map((key) => ({
      ...labelled(name, key, iterations),
      value: unmeasured(fault),
    }))
  return [...numbers].map((key) => ({
    ...labelled(name, key, iterations),
    value: samplesFrom(iterations.map((row) => row.get(key) ?? null)),
  }))
}

/** With `--benchmark_report_aggregates_only` the mean, its spread and the repetitions are all there is. */
function readAggregates(name: string, family: readonly JsonObject[]): readonly Found[] {
  const row = (aggregate: string) => family.find((candidate) => candidate.get('aggregate_name') === aggregate)
  const mean = row('mean')
  const deviation = row('stddev')
  if (!mean) return []
  return measuredKeys(mean).map((key) => ({
    ...labelled(name, key, [mean]),
    value: summary(mean.get(key), deviation?.get(key), mean.get('repetitions')),
  }))
}

function summary(mean: Json | undefined, deviation: Json | undefined, repetitions: Json | undefined): Found['value'] {
  const checked = samplesFrom([mean ?? null])
  if (checked.kind !== 'samples' || typeof mean !== 'number') return checked
  if (typeof deviation !== 'number' || !Number.isFinite(deviation)) return checked
  const count = rateFrom(0, repetitions)
  return count.kind === 'rate' ? { kind: 'summary', mean, standardDeviation: deviation, count: count.trials } : checked
}

function labelled(name: string, key: string, rows: readonly JsonObject[]): Omit<Found, 'value'> {
  const isTime = key === 'real_time' || key === 'cpu_time'
  if (!isTime) return { name: `${name}/${key}`, ...counterLabel(key) }
  const unit = rows[0]?.get('time_unit')
  return { name: `${name}/${key}`, unit: typeof unit === 'string' ? unit : 'ns', direction: 'lower' }
}

function counterLabel(key: string): { unit?: string; direction?: Direction } {
  if (key === 'bytes_per_second') return { unit: 'B/s', direction: 'higher' }
  return key.endsWith('_per_second') ? { unit: '/s', direction: 'higher' } : {}
}

/** Why the whole family has no number: an error, a skip, two time units, or a repetition that comes twice. */
function faultOf(rows: readonly JsonObject[]): string | undefined {
  for (const row of rows) {
    if (row.get('error_occurred') === true) return `error: ${textOf(row, 'error_message')}`
    if (row.get('skipped') === true) return `skipped: ${textOf(row, 'skip_message')}`
  }
  if (new Set(rows.map((row) => row.get('time_unit'))).size > 1) return 'its repetitions have different time units'
  const repetitions = rows.map((row) => row.get('repetition_index')).filter((index) => index !== undefined)
  return new Set(repetitions).size < repetitions.length ? 'the name comes twice' : undefined
}

function textOf(row: JsonObject, key: string): string {
  const text = row.get(key)
  return typeof text === 'string' && text !== '' ? text.slice(0, 200) : 'no message'
}

/** Every number that is not bookkeeping is a time or a counter. A missing or null time is kept, to be reported as such. */
function measuredKeys(row: JsonObject): readonly string[] {
  const counters = [...row]
    .filter(([key, value]) => !bookkeeping.has(key) && typeof value !== 'string' && typeof value !== 'boolean')
    .map(([key]) => key)
  return [...new Set(['real_time', ...counters])]
}

const bookkeeping = new Set([
  'name',
  'run_name',
  'run_type',
  'family_index',
  'per_family_instance_index',
  'repetitions',
  'repetition_index',
  'threads',
  'iterations',
  'time_unit',
  'label',
  'aggregate_name',
  'aggregate_unit',
  'error_occurred',
  'error_message',
  'skipped',
  'skip_message',
  'big_o',
  'rms',
  'cpu_coefficient',
  'real_coefficient',
])

function isAggregate(row: JsonObject): boolean {
  const kind = row.get('run_type')
  return kind === 'aggregate' || (kind === undefined && /_(mean|median|stddev|cv|BigO|RMS)$/.test(textOf(row, 'name')))
}

function runName(row: JsonObject): string {
  const name = row.get('run_name') ?? row.get('name')
  return typeof name === 'string' && name !== '' ? name : 'unnamed'
}

function contextWarnings(context: Json | undefined): readonly string[] {
  if (!isObject(context)) return []
  return [
    ...(context.get('library_build_type') === 'debug' ? ['the benchmark library is a debug build'] : []),
    ...(context.get('cpu_scaling_enabled') === true ? ['CPU frequency scaling is on'] : []),
  ]
}
