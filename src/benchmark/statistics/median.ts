import { binomialAtLeast, binomialAtMost } from './binomial.ts'
import type { Estimate } from './intervals.ts'

export function median(values: readonly number[]): number {
  return medianOfSorted(Float64Array.from(values).sort())
}

/** NaN when empty. */
export function medianOfSorted(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export type MedianEvidence = Estimate & {
  /** Probability that the interval covers, at least: 0.95, or less when there are too few values for that. */
  readonly confidence: number
}

/** The median with its distribution-free interval from order statistics (sign test). With fewer than 6 values that is the whole range. */
export function medianInterval(values: readonly number[]): MedianEvidence {
  const sorted = Float64Array.from(values).sort()
  const rank = Math.max(1, largestRank(sorted.length))
  return {
    estimate: medianOfSorted(sorted),
    low: sorted[rank - 1] ?? Number.NaN,
    high: sorted[sorted.length - rank] ?? Number.NaN,
    confidence: 1 - 2 * binomialAtMost(rank - 1, sorted.length, 0.5),
  }
}

/** One-sided sign test that the median lies above the limit: P(as many values above, or more, if it did not). */
export function signTestAbove(values: readonly number[], limit: number): number {
  const decisive = values.filter((value) => value !== limit)
  return binomialAtLeast(decisive.filter((value) => value > limit).length, decisive.length, 0.5)
}

/** Largest r such that the r-th value from each end bounds a 95 % interval; 0 when none does. */
function largestRank(count: number): number {
  if (count > 2000) return Math.floor(count / 2 - 0.98 * Math.sqrt(count))
  let rank = 0
  while (2 * binomialAtMost(rank, count, 0.5) <= 0.05) rank++
  return rank
}
