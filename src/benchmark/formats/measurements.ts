import { cleanText } from '../clean-text.ts'
import type { Direction, MeasuredValue, Measurement, ParsedFile } from '../types.ts'
import { inferDirection, inferUnit } from './direction.ts'
import { duplicated, type Json } from './json.ts'

/** What a format's reader hands over: names, units and directions as far as the format gives them. */
export type Reading =
  | { readonly kind: 'read'; readonly found: readonly Found[]; readonly warnings: readonly string[] }
  | { readonly kind: 'unreadable'; readonly reason: string }

export type Found = { readonly name: string; readonly unit?: string; readonly direction?: Direction; readonly value: MeasuredValue }

export const limits = { metrics: 1000, names: 10_000, episodes: 100_000, nameLength: 200, unitLength: 20, warnings: 20 } as const

/** Cleans names, infers what is missing, refuses names that come twice, and bounds the whole. */
export function toParsedFile(format: string, reading: Reading): ParsedFile {
  if (reading.kind === 'unreadable') return { kind: 'unmeasured', reason: reading.reason }
  if (reading.found.length > limits.names)
    return { kind: 'unmeasured', reason: `it has more than ${limits.names} named numbers; write fewer` }
  const measurements = refuseDuplicates(reading.found.map(toMeasurement).filter((measurement) => measurement.metric !== ''))
  if (measurements.length === 0) return { kind: 'unmeasured', reason: 'there is no number in it' }
  const warnings = reading.warnings.map((warning) => cleanText(warning, 200))
  if (measurements.length > limits.metrics) warnings.unshift(`only the first ${limits.metrics} of ${measurements.length} metrics were read`)
  return { kind: 'measured', format, measurements: measurements.slice(0, limits.metrics), warnings: warnings.slice(0, limits.warnings) }
}

export function unmeasured(reason: string): MeasuredValue {
  return { kind: 'unmeasured', reason }
}

/** Samples, all of them finite, or the reason why not: a NaN among good samples hides a run that went wrong. */
export function samplesFrom(values: readonly Json[]): MeasuredValue {
  if (values.length === 0) return unmeasured('no samples')
  const bad = values.findIndex((value) => typeof value !== 'number' || !Number.isFinite(value))
  if (bad >= 0)
    return unmeasured(
      values.length === 1 ? `it is ${describe(values[bad])}` : `sample ${bad + 1} of ${values.length} is ${describe(values[bad])}`,
    )
  return { kind: 'samples', samples: values as readonly number[] }
}

/** k of n, or the reason why that is no rate. */
export function rateFrom(k: Json | undefined, n: Json | undefined): MeasuredValue {
  if (!isCount(k) || !isCount(n)) return unmeasured(`expected whole numbers k and n, got ${describe(k)} of ${describe(n)}`)
  if (n === 0) return unmeasured('0 trials')
  return k > n ? unmeasured(`${k} successes of ${n} trials`) : { kind: 'rate', successes: k, trials: n }
}

/** A value as a person would name it in a reason. */
export function describe(value: Json | undefined): string {
  if (value === undefined) return 'missing'
  if (value === duplicated) return 'given twice'
  if (typeof value === 'string') return `the text "${cleanText(value, 40)}"`
  if (typeof value === 'object' && value !== null) return 'not a number'
  return String(value)
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function toMeasurement(found: Found): Measurement {
  const metric = cleanText(found.name, limits.nameLength)
  const unit = cleanText(found.unit ?? inferUnit(metric), limits.unitLength)
  return { metric, unit, direction: found.direction ?? inferDirection(metric, unit), value: found.value }
}

/** One name with several units becomes several metrics, `name [unit]`; one name and unit twice is unmeasured, since either could be meant. */
function refuseDuplicates(measurements: readonly Measurement[]): readonly Measurement[] {
  const byName = Map.groupBy(measurements, (measurement) => measurement.metric)
  return [...byName.values()].flatMap((sameName) => {
    const byUnit = [...Map.groupBy(sameName, (measurement) => measurement.unit).values()]
    const single = byUnit.map((group) => onlyOne(group))
    return single.length === 1
      ? single
      : single.map((measurement) => ({ ...measurement, metric: `${measurement.metric} [${measurement.unit}]` }))
  })
}

function onlyOne(group: readonly Measurement[]): Measurement {
  const [first] = group
  if (!first) throw new RangeError('Expected at least one measurement in a group')
  return group.length === 1 ? first : { ...first, value: unmeasured(`the name comes ${group.length} times`) }
}
