import { type Counts, fisherGreater } from '../statistics/fisher.ts'
import { hodgesLehmannDifference, hodgesLehmannRatio } from '../statistics/hodges-lehmann.ts'
import { type Estimate, newcombeDifference, newcombePaired, type PairedTable } from '../statistics/intervals.ts'
import { mannWhitney } from '../statistics/mann-whitney.ts'
import { mcnemarMidpLost } from '../statistics/mcnemar.ts'
import { median } from '../statistics/median.ts'
import { pairEpisodes } from './episode-pairs.ts'
import { asRates, type CountRun, type Series } from './series.ts'

/** How a change is expressed: as a share of base, as a difference of rates (0.05 is 5 points), or in the metric's unit. */
export type Scale = 'relative' | 'points' | 'absolute'

/** Head against base, with no opinion yet on which way is worse. */
export type Effect =
  | {
      readonly kind: 'tested'
      readonly scale: Scale
      readonly change: Estimate
      /** The estimate if the arms were swapped: what an improvement is measured by, so that swapping mirrors every verdict. */
      readonly mirrored: number
      /** One-sided: head is larger; head is smaller. */
      readonly pIncrease: number
      readonly pDecrease: number
      readonly sample: Sample
      readonly notes: readonly string[]
    }
  | { readonly kind: 'too-few'; readonly scale: Scale; readonly change: Estimate; readonly runs: number }
  | { readonly kind: 'missing'; readonly arm: 'base' | 'head'; readonly reason: string }

export type Sample =
  | { readonly kind: 'episodes'; readonly table: PairedTable; readonly pairs: number }
  | { readonly kind: 'counts'; readonly base: Counts; readonly head: Counts }
  | { readonly kind: 'runs'; readonly base: number; readonly head: number; readonly method: 'exact' | 'normal' }

/** Runs per arm below which continuous numbers are shown and not tested. */
export const fewestRuns = 5

/** Compares two arms. `wanted` is how the budget is expressed; rates are always compared as a difference and may be shown relative to base. */
export function compareSeries(base: Series, head: Series, wanted: Scale): Effect {
  if (head.kind === 'missing') return { kind: 'missing', arm: 'head', reason: head.reason }
  if (base.kind === 'missing') return { kind: 'missing', arm: 'base', reason: base.reason }
  if (base.kind === 'episodes' && head.kind === 'episodes') return compareEpisodes(base, head, wanted)
  const [left, right] = [asRates(base), asRates(head)]
  if (left.kind === 'rates' && right.kind === 'rates') return compareCounts(left.runs, right.runs, wanted)
  if (left.kind === 'continuous' && right.kind === 'continuous') return compareNumbers(left.values, right.values, wanted)
  return { kind: 'missing', arm: 'head', reason: 'it is a rate in one arm and a number in the other' }
}

function compareEpisodes(base: Series & { kind: 'episodes' }, head: Series & { kind: 'episodes' }, wanted: Scale): Effect {
  const pairing = pairEpisodes(base.runs, head.runs)
  if (pairing.kind === 'incomplete') return { kind: 'missing', arm: pairing.arm, reason: pairing.reason }
  const { table, notes } = pairing
  const pairs = table.both + table.baseOnly + table.headOnly + table.neither
  const discordant = { lost: table.baseOnly, won: table.headOnly }
  const rates = { base: (table.both + table.baseOnly) / pairs, head: (table.both + table.headOnly) / pairs }
  return {
    kind: 'tested',
    ...rateScale(newcombePaired(table), rates, wanted),
    pIncrease: mcnemarMidpLost({ lost: discordant.won, won: discordant.lost }),
    pDecrease: mcnemarMidpLost(discordant),
    sample: { kind: 'episodes', table, pairs },
    notes,
  }
}

/** Successes without episodes to pair: Fisher's exact test on all runs together, and Newcombe's interval for independent rates. */
function compareCounts(baseRuns: readonly CountRun[], headRuns: readonly CountRun[], wanted: Scale): Effect {
  const same = baseRuns.length > 1 && isConstant(baseRuns) && isConstant(headRuns)
  const base = total(same ? baseRuns.slice(0, 1) : baseRuns)
  const head = total(same ? headRuns.slice(0, 1) : headRuns)
  if (head.n === 0 || base.n === 0) return { kind: 'missing', arm: head.n === 0 ? 'head' : 'base', reason: '0 trials' }
  return {
    kind: 'tested',
    ...rateScale(newcombeDifference(head, base), { base: base.k / base.n, head: head.k / head.n }, wanted),
    pIncrease: fisherGreater(head, base),
    pDecrease: fisherGreater(base, head),
    sample: { kind: 'counts', base, head },
    notes: same ? ['all pairs have the same counts and count once'] : [],
  }
}

function compareNumbers(base: readonly number[], head: readonly number[], wanted: Scale): Effect {
  const scaled =
    wanted === 'relative' ? relativeChange(base, head) : { scale: wanted, ...bothWays(hodgesLehmannDifference(base, head), 1, 1) }
  const runs = Math.min(base.length, head.length)
  if (runs < fewestRuns) return { kind: 'too-few', scale: scaled.scale, change: scaled.change, runs }
  const test = mannWhitney(base, head)
  const sample = { kind: 'runs', base: base.length, head: head.length, method: test.method } as const
  return { kind: 'tested', ...scaled, pIncrease: test.pGreater, pDecrease: test.pLess, sample, notes: [] }
}

type Scaled = { readonly scale: Scale; readonly change: Estimate; readonly mirrored: number }

/** A ratio needs positive numbers; others (rewards, signed errors) are measured against the size of base's median. */
function relativeChange(base: readonly number[], head: readonly number[]): Scaled {
  if ([...base, ...head].some((value) => value <= 0)) {
    return { scale: 'relative', ...bothWays(hodgesLehmannDifference(base, head), Math.abs(median(base)), Math.abs(median(head))) }
  }
  const ratio = hodgesLehmannRatio(base, head)
  return { scale: 'relative', change: mapEstimate(ratio, (value) => value - 1), mirrored: 1 / ratio.estimate - 1 }
}

function rateScale(difference: Estimate, rates: { base: number; head: number }, wanted: Scale): Scaled {
  if (wanted === 'relative') return { scale: 'relative', ...bothWays(difference, rates.base, rates.head) }
  return { scale: 'points', ...bothWays(difference, 1, 1) }
}

function bothWays(difference: Estimate, baseSize: number, headSize: number): Omit<Scaled, 'scale'> {
  return { change: mapEstimate(difference, (value) => shareOf(value, baseSize)), mirrored: shareOf(-difference.estimate, headSize) }
}

/** Any change from nothing is infinitely large, and no change is none. */
function shareOf(difference: number, whole: number): number {
  return difference === 0 ? 0 : difference / whole
}

function mapEstimate({ estimate, low, high }: Estimate, change: (value: number) => number): Estimate {
  return { estimate: change(estimate), low: change(low), high: change(high) }
}

function isConstant(runs: readonly CountRun[]): boolean {
  return runs.every(({ k, n }) => k === runs[0]?.k && n === runs[0]?.n)
}

function total(runs: readonly CountRun[]): Counts {
  return { k: runs.reduce((sum, { k }) => sum + k, 0), n: runs.reduce((sum, { n }) => sum + n, 0) }
}
