import type { PairedTable } from '../statistics/intervals.ts'
import type { EpisodeRun } from './series.ts'

export type EpisodePairing =
  | { readonly kind: 'paired'; readonly table: PairedTable; readonly notes: readonly string[] }
  /** Episodes that base played are missing in head, or no episode is in both. */
  | { readonly kind: 'incomplete'; readonly arm: 'base' | 'head'; readonly reason: string }

/**
 * Joins the outcomes of both arms by key. What carries no new information counts once, so that it cannot pass for evidence: a key that comes again in a
 * later run, and a pair of runs whose outcomes are those of an earlier pair throughout (an evaluation that ignores its seed).
 */
export function pairEpisodes(base: readonly EpisodeRun[], head: readonly EpisodeRun[]): EpisodePairing {
  const fresh = withoutEchoes(base, head)
  const baseOutcomes = firstOutcomes(fresh.base)
  const headOutcomes = firstOutcomes(fresh.head)
  const lost = [...baseOutcomes.keys()].filter((key) => !headOutcomes.has(key)).length
  if (lost > 0)
    return { kind: 'incomplete', arm: 'head', reason: `${lost} of the ${baseOutcomes.size} episodes that base played are missing` }
  if (baseOutcomes.size === 0) return { kind: 'incomplete', arm: 'base', reason: 'base played no episode' }
  const added = headOutcomes.size - baseOutcomes.size
  const notes = [
    ...repeatNotes(fresh.base, baseOutcomes.size, fresh.echoes),
    ...(added > 0 ? [`${added} episodes that only head played are left out`] : []),
  ]
  return { kind: 'paired', table: tabulate(baseOutcomes, headOutcomes), notes }
}

/** Distinct episodes of one arm, each with its first outcome. */
export function firstOutcomes(runs: readonly EpisodeRun[]): ReadonlyMap<string, boolean> {
  const outcomes = new Map<string, boolean>()
  for (const run of runs) for (const [key, success] of run.outcomes) if (!outcomes.has(key)) outcomes.set(key, success)
  return outcomes
}

function withoutEchoes(base: readonly EpisodeRun[], head: readonly EpisodeRun[]) {
  const seen = new Set<string>()
  const echoes = new Set<number>()
  for (const run of base) {
    const partner = head.find(({ pair }) => pair === run.pair)
    const outcomes = `${pattern(run)}|${partner ? pattern(partner) : ''}`
    if (seen.has(outcomes)) echoes.add(run.pair)
    seen.add(outcomes)
  }
  const fresh = (runs: readonly EpisodeRun[]) => runs.filter(({ pair }) => !echoes.has(pair))
  return { base: fresh(base), head: fresh(head), echoes: echoes.size }
}

function pattern(run: EpisodeRun): string {
  return [...run.outcomes.values()].map(Number).join('')
}

function repeatNotes(runs: readonly EpisodeRun[], distinct: number, echoes: number): readonly string[] {
  const played = runs.reduce((total, run) => total + run.outcomes.size + run.repeats, 0)
  return [
    ...(echoes > 0 ? [`${echoes} pairs with the same outcomes throughout as an earlier pair count once`] : []),
    ...(played > distinct ? [`${played - distinct} repeats of an episode count once`] : []),
  ]
}

function tabulate(base: ReadonlyMap<string, boolean>, head: ReadonlyMap<string, boolean>): PairedTable {
  const table = { both: 0, baseOnly: 0, headOnly: 0, neither: 0 }
  for (const [key, baseSuccess] of base) {
    const headSuccess = head.get(key) === true
    if (baseSuccess) table[headSuccess ? 'both' : 'baseOnly']++
    else table[headSuccess ? 'headOnly' : 'neither']++
  }
  return table
}
