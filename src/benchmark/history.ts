import { typicalValue } from './judging/series.ts'
import type { Measurement } from './types.ts'

/** The one number that history keeps of a measurement: the median of samples, a rate between 0 and 1, a mean. Undefined when it was not measured. */
export function historyValue(measurement: Measurement): number | undefined {
  const value = typicalValue(measurement.value)
  return value !== undefined && Number.isFinite(value) ? value : undefined
}
