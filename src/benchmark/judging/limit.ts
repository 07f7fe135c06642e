import { binomialAtLeast, binomialAtMost } from '../statistics/binomial.ts'
import { wilson } from '../statistics/intervals.ts'
import { median, medianInterval, signTestAbove } from '../statistics/median.ts'
import { firstOutcomes } from './episode-pairs.ts'
import type { Series } from './series.ts'

/** Head against a fixed limit. `outside` is by how much the limit is broken: positive is bad. */
export type LimitEvidence =
  | {
      readonly kind: 'tested'
      readonly outside: number
      readonly badEnd: number
      readonly p: number
      readonly count: number
      readonly note: string
    }
  /** Too few samples for an interval: the value itself decides. */
  | { readonly kind: 'by-value'; readonly outside: number; readonly note: string }
  | { readonly kind: 'missing'; readonly reason: string }

export type Limit = { readonly side: 'min' | 'max'; readonly value: number }

/** Samples below which a limit is judged by the value itself. */
const fewestSamples = 5

/** Judges by the 95 % interval: Wilson's for a rate, the sign test's for a median over runs (over all samples when there are fewer than 5 runs). */
export function againstLimit(series: Series, limit: Limit): LimitEvidence {
  switch (series.kind) {
    case 'missing':
      return { kind: 'missing', reason: series.reason }
    case 'continuous':
      return numbersAgainst(series.values.length >= fewestSamples ? series.values : series.samples, limit)
    case 'episodes': {
      const outcomes = [...firstOutcomes(series.runs).values()]
      return rateAgainst(outcomes.filter(Boolean).length, outcomes.length, limit)
    }
    case 'rates':
      return rateAgainst(sum(series.runs.map(({ k }) => k)), sum(series.runs.map(({ n }) => n)), limit)
  }
}

function numbersAgainst(values: readonly number[], { side, value }: Limit): LimitEvidence {
  // A lower limit is an upper limit of the mirrored numbers.
  const sign = side === 'max' ? 1 : -1
  const mirrored = values.map((number) => sign * number)
  if (values.length < fewestSamples) return byValue(median(mirrored) - sign * value, values.length)
  const { estimate, high, confidence } = medianInterval(mirrored)
  const note = confidence < 0.95 ? `the interval is the range of ${values.length} values (${Math.floor(confidence * 100)} %)` : ''
  return {
    kind: 'tested',
    outside: estimate - sign * value,
    badEnd: high - sign * value,
    p: signTestAbove(mirrored, sign * value),
    count: values.length,
    note,
  }
}

function rateAgainst(k: number, n: number, { side, value }: Limit): LimitEvidence {
  if (n === 0) return { kind: 'missing', reason: '0 trials' }
  const sign = side === 'max' ? 1 : -1
  const outside = sign * (k / n - value)
  if (n < fewestSamples) return byValue(outside, n)
  const { low, high } = wilson(k, n)
  const p = side === 'max' ? binomialAtLeast(k, n, value) : binomialAtMost(k, n, value)
  return { kind: 'tested', outside, badEnd: side === 'max' ? high - value : value - low, p, count: n, note: '' }
}

function byValue(outside: number, count: number): LimitEvidence {
  return {
    kind: 'by-value',
    outside,
    note: `judged by the value itself: ${count} sample${count === 1 ? '' : 's'}, fewer than ${fewestSamples}`,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
