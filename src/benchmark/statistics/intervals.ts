import { binomialAtLeast, binomialAtMost } from './binomial.ts'
import { normalQuantile } from './normal.ts'

export type Interval = { readonly low: number; readonly high: number }
export type Estimate = Interval & { readonly estimate: number }

/** Successes of trials; both arms over the same episodes, by who succeeded. */
export type PairedTable = { readonly both: number; readonly baseOnly: number; readonly headOnly: number; readonly neither: number }

/** The bad end of a two-sided 95 % interval is a one-sided 97.5 % bound. */
export const z95 = normalQuantile(0.975)

/** Wilson's 95 % score interval for k of n (Wilson 1927; Newcombe 1998, method 3). */
export function wilson(k: number, n: number): Interval {
  const share = k / n
  const squared = z95 * z95
  const centre = share + squared / (2 * n)
  const spread = z95 * Math.sqrt((share * (1 - share)) / n + squared / (4 * n * n))
  const scale = 1 + squared / n
  return { low: k === 0 ? 0 : (centre - spread) / scale, high: k === n ? 1 : (centre + spread) / scale }
}

/** Clopper and Pearson's exact 95 % interval for k of n: never too narrow, often too wide. */
export function clopperPearson(k: number, n: number): Interval {
  return {
    low: k === 0 ? 0 : bisect((p) => binomialAtLeast(k, n, p) - 0.025),
    high: k === n ? 1 : bisect((p) => 0.025 - binomialAtMost(k, n, p)),
  }
}

/** Difference of two independent rates, first minus second, by Newcombe's hybrid of two Wilson intervals (1998, method 10). */
export function newcombeDifference(first: { k: number; n: number }, second: { k: number; n: number }): Estimate {
  const one = marginal(first.k, first.n)
  const two = marginal(second.k, second.n)
  const estimate = one.share - two.share
  return { estimate, low: estimate - Math.hypot(one.below, two.above), high: estimate + Math.hypot(one.above, two.below) }
}

/**
 * Difference of two rates over the same episodes, head minus base: Newcombe's method 10 for paired data
 * (Statistics in Medicine 17, 1998, 2635-2650), with its continuity correction of the correlation.
 */
export function newcombePaired(table: PairedTable): Estimate {
  const n = table.both + table.baseOnly + table.headOnly + table.neither
  const head = marginal(table.both + table.headOnly, n)
  const base = marginal(table.both + table.baseOnly, n)
  const phi = correctedCorrelation(table)
  const estimate = (table.headOnly - table.baseOnly) / n
  return {
    estimate,
    low: estimate - correlatedLength(head.below, base.above, phi),
    high: estimate + correlatedLength(head.above, base.below, phi),
  }
}

function marginal(k: number, n: number) {
  const { low, high } = wilson(k, n)
  return { share: k / n, below: k / n - low, above: high - k / n }
}

function correlatedLength(a: number, b: number, phi: number): number {
  return Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b))
}

/** A positive correlation is pulled towards 0 by n/2 in its numerator; a negative one is left as it is. */
function correctedCorrelation({ both, baseOnly, headOnly, neither }: PairedTable): number {
  const n = both + baseOnly + headOnly + neither
  const product = (both + baseOnly) * (headOnly + neither) * (both + headOnly) * (baseOnly + neither)
  if (product === 0) return 0
  const cross = both * neither - baseOnly * headOnly
  return (cross > 0 ? Math.max(cross - n / 2, 0) : cross) / Math.sqrt(product)
}

/** Root between 0 and 1 of a function that rises through 0. */
function bisect(rising: (p: number) => number): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (rising(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
