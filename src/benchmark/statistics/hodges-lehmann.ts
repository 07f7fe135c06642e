import type { Estimate } from './intervals.ts'
import { uQuantile } from './mann-whitney.ts'
import { medianOfSorted } from './median.ts'

/** Hodges and Lehmann's shift b − a: the median of all pairwise differences, with the 95 % interval that inverts the Mann-Whitney test. */
export function hodgesLehmannDifference(a: readonly number[], b: readonly number[]): Estimate {
  return pairwise(a, b, (x, y) => y - x, Number.NEGATIVE_INFINITY)
}

/** The same for the ratio b / a. All values must be positive. */
export function hodgesLehmannRatio(a: readonly number[], b: readonly number[]): Estimate {
  return pairwise(a, b, (x, y) => y / x, 0)
}

function pairwise(a: readonly number[], b: readonly number[], effect: (x: number, y: number) => number, lowest: number): Estimate {
  const sorted = Float64Array.from(a.flatMap((x) => b.map((y) => effect(x, y)))).sort()
  const rank = uQuantile(0.025, a.length, b.length)
  return {
    estimate: medianOfSorted(sorted),
    // With so few runs that even the extreme order has 2.5 % probability, no 95 % interval exists.
    low: rank === 0 ? lowest : (sorted[rank - 1] ?? lowest),
    high: rank === 0 ? Number.POSITIVE_INFINITY : (sorted[sorted.length - rank] ?? Number.POSITIVE_INFINITY),
  }
}
