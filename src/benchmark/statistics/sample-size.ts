import { logChoose } from './binomial.ts'
import { z95 } from './intervals.ts'
import { normalQuantile } from './normal.ts'

const zPower80 = normalQuantile(0.8)

/** Trials per arm to tell two independent rates apart, with pooled variance under the null (as R's `power.prop.test`). Not rounded. */
export function trialsForTwoRates(rates: { first: number; second: number; zAlpha: number; power: number }): number {
  const { first, second, zAlpha } = rates
  const pooled = (first + second) / 2
  const underNull = zAlpha * Math.sqrt(2 * pooled * (1 - pooled))
  const underAlternative = normalQuantile(rates.power) * Math.sqrt(first * (1 - first) + second * (1 - second))
  return ((underNull + underAlternative) / (first - second)) ** 2
}

/** Runs per arm below which even perfect separation cannot reach alpha: the least n with 1 / (2n choose n) ≤ alpha. */
export function fewestRunsPerArm(alpha: number): number {
  let runs = 1
  while (-logChoose(2 * runs, runs) > Math.log(alpha) + 1e-9) runs++
  return runs
}

/** Values below which even unanimity cannot reach alpha in a sign test: the least n with 2⁻ⁿ ≤ alpha. */
export function fewestSignedValues(alpha: number): number {
  return Math.ceil(Math.log2(1 / alpha) - 1e-9)
}

/**
 * How much larger a sample must be so that in 80 % of repetitions the 95 % bound, now `halfWidth` from the estimate, lies
 * `distance` from it or nearer. Widths shrink with the square root of the sample.
 */
export function growthForBound(halfWidth: number, distance: number): number {
  return (((z95 + zPower80) / z95) * (halfWidth / distance)) ** 2
}

/** The same for a one-sided test at alpha of an effect as large as the estimate. */
export function growthForTest(halfWidth: number, effect: number, alpha: number): number {
  return (((-normalQuantile(alpha) + zPower80) / z95) * (halfWidth / effect)) ** 2
}

/** Smallest shift that a test at alpha finds in 80 % of repetitions, given the half width of the 95 % interval. */
export function smallestDetectableShift(halfWidth: number, alpha: number): number {
  return ((-normalQuantile(alpha) + zPower80) / z95) * halfWidth
}

/**
 * Smallest drop of a paired rate that McNemar's test at alpha finds in 80 % of repetitions (Connor 1987), as a fraction,
 * when the share `discordant` of the pairs differs. A drop is itself made of pairs that differ, so their share is at least the drop.
 */
export function smallestDetectableDrop(pairs: number, discordant: number, alpha: number): number {
  const found = (drop: number) => {
    const differing = Math.max(discordant, drop)
    const needed = -normalQuantile(alpha) * Math.sqrt(differing) + zPower80 * Math.sqrt(Math.max(0, differing - drop * drop))
    return drop * Math.sqrt(pairs) >= needed
  }
  for (let drop = 0.001; drop < 1; drop += 0.001) if (found(drop)) return drop
  return 1
}
