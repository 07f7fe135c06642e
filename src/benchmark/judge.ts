import type { Asker } from './judging/asker.ts'
import { pairsNeededForFine } from './judging/capacity.ts'
import { type Asked, type Draft, draftRows } from './judging/draft.ts'
import type { Sample, Scale } from './judging/effect.ts'
import { firstOutcomes } from './judging/episode-pairs.ts'
import type { Limit } from './judging/limit.ts'
import { type Answer, answer, type Counted, gateLevel, infoLevel, type Question } from './judging/question.ts'
import type { Series } from './judging/series.ts'
import { asRates } from './judging/series.ts'
import type { Estimate } from './statistics/intervals.ts'
import { median } from './statistics/median.ts'
import { benjaminiHochberg } from './statistics/multiple-testing.ts'
import { smallestDetectableDrop, smallestDetectableShift } from './statistics/sample-size.ts'
import type { BenchmarkInput, Direction, Outcome } from './types.ts'

export type Conclusion = 'success' | 'failure' | 'neutral' | 'action_required'

/** What may be concluded from all benchmarks of one workflow. */
export type Judgement = {
  readonly conclusion: Conclusion
  /** Worst first: gates before metrics that only inform. */
  readonly rows: readonly MetricRow[]
  /** How many questions were asked of gates, by whom. Those of `base` and of `head` are families, over each of which q values are adjusted. */
  readonly gateTests: Readonly<Record<Asker, number>>
  /** What the parsers remarked, each once. */
  readonly warnings: readonly string[]
}

export type MetricRow = {
  readonly benchmark: string
  readonly task: string
  readonly testbed: string
  readonly metric: string
  readonly role: 'gate' | 'info'
  readonly unit: string
  readonly direction: Direction
  /** `shown`: a number that nothing was asked of. */
  readonly outcome: Outcome | 'shown'
  /** For `unmeasured`: whose number is missing, or that the spec does not say enough. */
  readonly cause: Answer['cause']
  /** What it does to the check; `none` for metrics that only inform. */
  readonly effect: Conclusion | 'none'
  readonly base: ShownValue
  readonly head: ShownValue
  readonly change: ShownChange
  readonly budget: { readonly scale: Scale; readonly amount: number } | undefined
  readonly limits: readonly Limit[]
  readonly sample: Sample | undefined
  /** Adjusted for all metrics of its family; of the side that the estimate lies on. */
  readonly q: number | undefined
  readonly further: { readonly count: number; readonly counted: Counted } | undefined
  /** Smallest worsening that this run would find in 80 % of repetitions, in the scale of the change. */
  readonly detectable: number | undefined
  readonly note: string
  readonly history: readonly number[]
}

export type ShownValue =
  | { readonly kind: 'missing'; readonly reason: string }
  | { readonly kind: 'rate'; readonly successes: number; readonly trials: number }
  | { readonly kind: 'number'; readonly value: number; readonly runs: number }

export type ShownChange = { readonly kind: 'none' } | ({ readonly kind: Scale } & Estimate)

/**
 * Judges all benchmarks of one workflow together. Gates decide, each at q ≤ 0.01 and only beyond its budget; all other metrics inform.
 * Whatever is missing is never a success. Never throws for any measured values.
 */
export function judge(inputs: readonly BenchmarkInput[]): Judgement {
  const drafts = inputs.flatMap(draftRows)
  const gates = concludeRole(
    drafts.filter(({ role }) => role === 'gate'),
    gateLevel,
  )
  const infos = concludeRole(
    drafts.filter(({ role }) => role === 'info'),
    infoLevel,
  )
  const rows = [...gates, ...infos].sort(worstFirst)
  const asked = drafts.filter(({ role }) => role === 'gate').flatMap(({ questions }) => questions)
  const countOf = (asker: Asker) => family(asked, asker).length
  const gateTests = { base: countOf('base'), head: countOf('head'), unknown: countOf('unknown') }
  return { conclusion: conclude(inputs, rows), rows, gateTests, warnings: warningsOf(inputs) }
}

/**
 * Base's questions are a family of their own, so that gates and names which head adds cannot dilute them (extensions.md §5: a pull request
 * cannot soften its own judge). Where nobody knows which names are base's, each stands alone, which is the strictest.
 */
function concludeRole(drafts: readonly Draft[], level: number): readonly MetricRow[] {
  const asked = drafts.flatMap((draft) => draft.questions)
  const families = [family(asked, 'base'), family(asked, 'head'), ...family(asked, 'unknown').map((question) => [question])]
  const answers = new Map(families.flatMap((questions) => [...answerFamily(questions, level)]))
  return drafts.map((draft) =>
    toRow(
      draft,
      draft.questions.flatMap(({ question }) => answers.get(question) ?? []),
    ),
  )
}

const family = (asked: readonly Asked[], by: Asker) => asked.filter((one) => one.by === by).map(({ question }) => question)

function answerFamily(questions: readonly Question[], level: number): ReadonlyMap<Question, Answered> {
  const worse = adjusted(questions, ({ pWorse }) => pWorse)
  const better = adjusted(questions, ({ pBetter }) => pBetter)
  return new Map(
    questions.map((question) => {
      const q = { worse: worse.get(question) ?? 1, better: better.get(question) ?? 1 }
      return [question, { question, q, ...answer(question, q, level, questions.length) }]
    }),
  )
}

/** Questions that nothing could be tested for count with p = 1, so that the size of the family does not depend on the results. */
function adjusted(questions: readonly Question[], pOf: (question: Question & { kind: 'open' }) => number): ReadonlyMap<Question, number> {
  const q = benjaminiHochberg(questions.map((question) => (question.kind === 'open' ? pOf(question) : 1)))
  return new Map(questions.map((question, index) => [question, q[index] ?? 1]))
}

type Answered = Answer & { readonly question: Question; readonly q: { worse: number; better: number } }

function toRow(draft: Draft, answers: readonly Answered[]): MetricRow {
  const decisive = answers.toSorted((a, b) => severity(draft, b) - severity(draft, a))[0]
  const { input, effect } = draft
  const outcome = decisive?.outcome ?? (draft.head.kind === 'missing' ? 'unmeasured' : 'shown')
  return {
    benchmark: input.name,
    task: input.task,
    testbed: input.testbed,
    metric: draft.metric,
    role: draft.role,
    unit: draft.unit,
    direction: draft.direction,
    outcome,
    cause: decisive?.cause ?? (outcome === 'unmeasured' ? 'head' : 'none'),
    effect: decisive ? effectOf(draft, decisive) : 'none',
    base: shownValue(draft.base),
    head: shownValue(draft.head),
    change: effect.kind === 'missing' ? { kind: 'none' } : { kind: effect.scale, ...effect.change },
    budget: draft.budget,
    limits: draft.limits,
    sample: effect.kind === 'tested' ? effect.sample : undefined,
    q: decisive?.question.kind === 'open' ? (decisive.question.worsening < 0 ? decisive.q.better : decisive.q.worse) : undefined,
    further: decisive?.further,
    detectable: detectableOf(draft),
    note: noteOf(draft, answers),
    history: Object.hasOwn(input.history, draft.metric) ? (input.history[draft.metric] ?? []) : [],
  }
}

function effectOf({ role, required }: Draft, { outcome, cause }: Answer): MetricRow['effect'] {
  if (role === 'info') return 'none'
  const open = required ? 'action_required' : 'neutral'
  switch (outcome) {
    case 'regressed':
      return 'failure'
    case 'unmeasured':
      return cause === 'configuration' ? 'action_required' : cause === 'base' ? open : 'failure'
    case 'inconclusive':
      return open
    case 'fine':
    case 'improved':
      return 'success'
  }
}

const conclusionOrder = ['none', 'success', 'neutral', 'action_required', 'failure'] as const
const outcomeOrder = ['shown', 'fine', 'improved', 'inconclusive', 'unmeasured', 'regressed'] as const

function severity(draft: Draft, given: Answer): number {
  return conclusionOrder.indexOf(effectOf(draft, given)) * outcomeOrder.length + outcomeOrder.indexOf(given.outcome)
}

function worstFirst(a: MetricRow, b: MetricRow): number {
  const rank = (row: MetricRow) => conclusionOrder.indexOf(row.effect) * outcomeOrder.length + outcomeOrder.indexOf(row.outcome)
  return rank(b) - rank(a)
}

/** A benchmark without gates whose files gave nothing is not green either. */
function conclude(inputs: readonly BenchmarkInput[], rows: readonly MetricRow[]): Conclusion {
  const effects = new Set(rows.map(({ effect }) => effect))
  if (effects.has('failure')) return 'failure'
  if (effects.has('action_required')) return 'action_required'
  const isSilent = (input: BenchmarkInput) =>
    !rows.some((row) => row.benchmark === input.name && row.task === input.task && row.head.kind !== 'missing')
  return effects.has('neutral') || inputs.length === 0 || inputs.some(isSilent) ? 'neutral' : 'success'
}

function shownValue(series: Series): ShownValue {
  if (series.kind === 'missing') return series
  if (series.kind === 'continuous') return { kind: 'number', value: median(series.values), runs: series.values.length }
  const rates = series.kind === 'episodes' ? distinctRate(series) : asRates(series)
  const runs = rates.kind === 'rates' ? rates.runs : []
  return { kind: 'rate', successes: runs.reduce((sum, { k }) => sum + k, 0), trials: runs.reduce((sum, { n }) => sum + n, 0) }
}

function distinctRate(series: Series & { kind: 'episodes' }): Series {
  const outcomes = firstOutcomes(series.runs)
  return asRates({ kind: 'episodes', runs: [{ pair: 0, outcomes, repeats: 0 }] })
}

function detectableOf({ role, effect }: Draft): number | undefined {
  if (role === 'info' || effect.kind !== 'tested') return undefined
  const { sample, change, scale } = effect
  if (sample.kind === 'episodes' && scale === 'points') {
    return smallestDetectableDrop(sample.pairs, (sample.table.baseOnly + sample.table.headOnly) / sample.pairs, gateLevel)
  }
  const shift = smallestDetectableShift((change.high - change.low) / 2, gateLevel)
  return Number.isFinite(shift) ? shift : undefined
}

function noteOf(draft: Draft, answers: readonly Answered[]): string {
  const notes = [...answers.map(({ note }) => note), ...(answers.length === 0 ? [infoNote(draft)] : []), capacityNote(draft)]
  return [...new Set(notes.filter((note) => note !== ''))].join('; ')
}

/** An evaluation that is too short to be fine, whatever head does, should not pass for bad luck. */
function capacityNote({ role, effect, budget }: Draft): string {
  if (role === 'info' || effect.kind !== 'tested' || effect.sample.kind !== 'episodes' || budget?.scale !== 'points') return ''
  const needed = pairsNeededForFine(effect.sample.table, budget.amount)
  return needed === undefined ? '' : `${effect.sample.pairs} episodes cannot be fine even if none differs; about ${needed} can`
}

function infoNote({ head, direction }: Draft): string {
  if (head.kind === 'missing') return head.reason
  return direction === 'unknown' ? 'direction unknown' : ''
}

function warningsOf(inputs: readonly BenchmarkInput[]): readonly string[] {
  const files = inputs.flatMap(({ runs }) => runs.flatMap((run) => run.files))
  const warnings = files.flatMap(({ path, parsed }) =>
    parsed.kind === 'measured' ? parsed.warnings.map((warning) => `${path}: ${warning}`) : [],
  )
  return [...new Set(warnings)].slice(0, 20)
}
