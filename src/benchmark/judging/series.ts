import { median } from '../statistics/median.ts'
import type { MeasuredValue } from '../types.ts'
import { type ArmReading, inUnit, type RunValue } from './arm.ts'

/** One metric of one arm over its runs, ready to be compared. */
export type Series =
  /** `values` has one number per run: the median of its samples. `samples` are those of all runs. */
  | { readonly kind: 'continuous'; readonly values: readonly number[]; readonly samples: readonly number[] }
  | { readonly kind: 'episodes'; readonly runs: readonly EpisodeRun[] }
  | { readonly kind: 'rates'; readonly runs: readonly CountRun[] }
  | { readonly kind: 'missing'; readonly reason: string }

export type EpisodeRun = { readonly pair: number; readonly outcomes: ReadonlyMap<string, boolean>; readonly repeats: number }
export type CountRun = { readonly pair: number; readonly k: number; readonly n: number }

/** A metric is missing as soon as one run lacks it: the runs that remain may be the lucky ones. */
export function seriesOf(arm: ArmReading, metric: string, unit: string): Series {
  if (arm.fault !== undefined) return { kind: 'missing', reason: arm.fault }
  const values = (arm.metrics.get(metric)?.values ?? []).map((run) => ({ ...run, value: inUnit(run.value, run.unit, unit) }))
  if (values.length === 0) return { kind: 'missing', reason: 'it is in no file' }
  if (values.length < arm.runs) return { kind: 'missing', reason: `it is in ${values.length} of ${arm.runs} runs only` }
  const faulty = values.find(({ value }) => value.kind === 'unmeasured')
  if (faulty?.value.kind === 'unmeasured')
    return {
      kind: 'missing',
      reason: arm.runs > 1 ? `${faulty.value.reason} (run ${faulty.pair + 1} of ${arm.runs})` : faulty.value.reason,
    }
  return joinRuns(values)
}

/** Episodes seen as plain counts, for an arm whose counterpart has no episodes. */
export function asRates(series: Series): Series {
  if (series.kind !== 'episodes') return series
  return {
    kind: 'rates',
    runs: series.runs.map(({ pair, outcomes }) => ({ pair, k: [...outcomes.values()].filter(Boolean).length, n: outcomes.size })),
  }
}

/** One number for a run or a history: the median of samples, a rate, a mean. */
export function typicalValue(value: MeasuredValue): number | undefined {
  switch (value.kind) {
    case 'samples':
      return median(value.samples)
    case 'episodes':
      return value.episodes.filter(({ success }) => success).length / value.episodes.length
    case 'rate':
      return value.successes / value.trials
    case 'summary':
      return value.mean
    case 'unmeasured':
      return undefined
  }
}

function joinRuns(runs: readonly RunValue[]): Series {
  const kinds = new Set(runs.map(({ value }) => (value.kind === 'summary' ? 'samples' : value.kind)))
  if (kinds.size > 1) return { kind: 'missing', reason: `its runs give it in different ways: ${[...kinds].join(' and ')}` }
  if (kinds.has('episodes')) return { kind: 'episodes', runs: runs.map(episodeRun) }
  if (kinds.has('rate')) return { kind: 'rates', runs: runs.map(countRun) }
  return joinNumbers(runs)
}

function joinNumbers(runs: readonly RunValue[]): Series {
  const values = runs.map(({ value }) => typicalValue(value) ?? Number.NaN)
  const samples = runs.flatMap(({ value }) => (value.kind === 'samples' ? value.samples : value.kind === 'summary' ? [value.mean] : []))
  // Guards what the parsers promise: a number that is none must never reach a comparison, where it would compare as false.
  if (values.length === 0 || ![...values, ...samples].every(Number.isFinite))
    return { kind: 'missing', reason: 'it is not a finite number' }
  return { kind: 'continuous', values, samples }
}

function episodeRun({ pair, value }: RunValue): EpisodeRun {
  const episodes = value.kind === 'episodes' ? value.episodes : []
  const outcomes = new Map<string, boolean>()
  for (const { key, success } of episodes) if (!outcomes.has(key)) outcomes.set(key, success)
  return { pair, outcomes, repeats: episodes.length - outcomes.size }
}

function countRun({ pair, value }: RunValue): CountRun {
  return value.kind === 'rate' ? { pair, k: value.successes, n: value.trials } : { pair, k: 0, n: 0 }
}
