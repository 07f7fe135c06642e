import { growthForBound, growthForTest } from '../statistics/sample-size.ts'
import type { Direction, Outcome } from '../types.ts'
import { type Effect, fewestRuns, type Sample } from './effect.ts'
import type { LimitEvidence } from './limit.ts'

/** One thing that is asked of a metric, in a form in which larger is worse. Outcomes wait for q, which needs the questions of all metrics. */
export type Question =
  | {
      readonly kind: 'open'
      readonly pWorse: number
      readonly pBetter: number
      /** How much worse head is, and how much worse it may be at the bad end of the 95 % interval. */
      readonly worsening: number
      readonly badEnd: number
      /** How much worse base would be, were the arms swapped. */
      readonly improvement: number
      readonly budget: number
      readonly count: number
      readonly counted: Counted
      readonly note: string
    }
  | ({ readonly kind: 'answered' } & Answer)

export type Counted = 'pairs' | 'episodes' | 'trials' | 'runs'

export type Answer = {
  readonly outcome: Outcome
  /** Whose number is missing, or that the spec does not say enough. */
  readonly cause: 'base' | 'head' | 'configuration' | 'none'
  readonly note: string
  /** How many more would settle it. */
  readonly further?: { readonly count: number; readonly counted: Counted }
}

export const gateLevel = 0.01
export const infoLevel = 0.1

/** Beyond this many times the present effort, "run more" is no advice. */
const mostGrowth = 50

export function askRegression(effect: Effect, direction: Direction, budget: number): Question {
  if (effect.kind === 'missing') return answered('unmeasured', effect.arm, effect.reason)
  if (direction === 'unknown' || direction === 'none')
    return answered('unmeasured', 'configuration', 'direction unknown: add `direction: lower` or `higher` to the metric')
  if (effect.kind === 'too-few') {
    const note = `${effect.runs} run${effect.runs === 1 ? '' : 's'} of an arm, and at least ${fewestRuns} are needed to test`
    return {
      kind: 'answered',
      outcome: 'inconclusive',
      cause: 'none',
      note,
      further: { count: fewestRuns - effect.runs, counted: 'pairs' },
    }
  }
  const isLower = direction === 'lower'
  return {
    kind: 'open',
    pWorse: isLower ? effect.pIncrease : effect.pDecrease,
    pBetter: isLower ? effect.pDecrease : effect.pIncrease,
    worsening: isLower ? effect.change.estimate : -effect.change.estimate,
    badEnd: isLower ? effect.change.high : -effect.change.low,
    improvement: isLower ? effect.mirrored : -effect.mirrored,
    budget,
    ...countOf(effect.sample),
    note: effect.notes.join('; '),
  }
}

export function askLimit(evidence: LimitEvidence, series: 'runs' | 'trials'): Question {
  if (evidence.kind === 'missing') return answered('unmeasured', 'head', evidence.reason)
  if (evidence.kind === 'by-value') return answered(evidence.outside > 0 ? 'regressed' : 'fine', 'none', evidence.note)
  const { outside, badEnd, p, count, note } = evidence
  return { kind: 'open', pWorse: p, pBetter: 1, worsening: outside, badEnd, improvement: 0, budget: 0, count, counted: series, note }
}

/** Applies the decision rule. `tests` is the size of the family, which the number of further runs must allow for. */
export function answer(question: Question, q: { worse: number; better: number }, level: number, tests: number): Answer {
  if (question.kind === 'answered') return question
  const { worsening, badEnd, improvement, budget, note } = question
  if (q.worse <= level && worsening > budget) return { outcome: 'regressed', cause: 'none', note }
  if (q.better <= level && improvement > budget) return { outcome: 'improved', cause: 'none', note }
  if (badEnd <= budget) return { outcome: 'fine', cause: 'none', note }
  const further = furtherNeeded(question, level / tests)
  return {
    outcome: 'inconclusive',
    cause: 'none',
    note,
    ...(further === undefined ? {} : { further: { count: further, counted: question.counted } }),
  }
}

/** How many more would settle it in 80 % of repetitions if the estimate were the truth; undefined when it sits too near the budget to say. */
function furtherNeeded(question: Question & { kind: 'open' }, alpha: number): number | undefined {
  const halfWidth = question.badEnd - question.worsening
  const spare = question.budget - question.worsening
  const growth = spare > 0 ? growthForBound(halfWidth, spare) : growthForTest(halfWidth, question.worsening, alpha)
  if (!(growth <= mostGrowth)) return undefined
  return roundUp(Math.max(1, question.count * (growth - 1)))
}

/** Two figures are more than such a forecast can promise. */
function roundUp(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1)
  return Math.ceil(count / step) * step
}

function countOf(sample: Sample): { count: number; counted: Counted } {
  switch (sample.kind) {
    case 'episodes':
      return { count: sample.pairs, counted: 'episodes' }
    case 'counts':
      return { count: Math.min(sample.base.n, sample.head.n), counted: 'trials' }
    case 'runs':
      return { count: Math.min(sample.base, sample.head), counted: 'pairs' }
  }
}

export function answered(outcome: Outcome, cause: Answer['cause'], note: string): Question {
  return { kind: 'answered', outcome, cause, note }
}
