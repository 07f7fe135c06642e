import type { BenchmarkInput, Direction, MetricPolicy } from '../types.ts'
import { type ArmReading, readArm } from './arm.ts'
import { type Asker, askersOfBase } from './asker.ts'
import { resolveBudget } from './budget.ts'
import { type Declared, type DeclaredMetric, declaredMetrics } from './declared.ts'
import { compareSeries, type Effect, type Scale } from './effect.ts'
import { againstLimit, type Limit } from './limit.ts'
import { answered, askLimit, askRegression, type Question } from './question.ts'
import { type Series, seriesOf } from './series.ts'

/** A row before its q values are known. */
export type Draft = {
  readonly input: BenchmarkInput
  readonly metric: string
  readonly role: 'gate' | 'info'
  readonly required: boolean
  readonly unit: string
  readonly direction: Direction
  readonly base: Series
  readonly head: Series
  readonly effect: Effect
  readonly budget: { readonly scale: Scale; readonly amount: number } | undefined
  readonly limits: readonly Limit[]
  readonly questions: readonly Asked[]
}
/** What head adds, be it gates or names that fit base's patterns, must not make what base asks any easier to pass. */
export type Asked = { readonly question: Question; readonly by: Asker }

/** A change of an unlisted metric smaller than this is not worth a mark: 2 %, or 2 points of a rate. */
const worthMentioning = 0.02

/** Reads both arms and asks of every metric what its policies ask. */
export function draftRows(input: BenchmarkInput): readonly Draft[] {
  const pairs = new Set(input.runs.map(({ pair }) => pair))
  const baseRuns = input.runs.filter(({ arm }) => arm === 'base')
  const base = baseArm(input) ?? readArm(baseRuns, pairs)
  const head = readArm(
    input.runs.filter(({ arm }) => arm === 'head'),
    pairs,
  )
  const names = [...new Set([...head.metrics.keys(), ...base.metrics.keys()])]
  const askerOf = askersOfBase(input, base)
  return declaredMetrics(input.metrics, names).map((declared) => draftRow(input, declared, { base, head, askerOf }))
}

/** Undefined when base was measured. */
function baseArm({ comparison }: BenchmarkInput): ArmReading | undefined {
  if (comparison.kind === 'interleaved' && comparison.base === 'measured') return undefined
  const fault = comparison.kind === 'none' ? 'no base ran with it: only head was measured' : `${comparison.reason}; ${comparison.remedy}`
  return { fault, runs: 0, metrics: new Map() }
}

type Readings = { readonly base: ArmReading; readonly head: ArmReading; readonly askerOf: (metric: string) => Asker }

function draftRow(input: BenchmarkInput, declared: DeclaredMetric, { base: baseArm, head: headArm, askerOf }: Readings): Draft {
  const policies = [...declared.gates, ...declared.others]
  const reading = { base: baseArm.metrics.get(declared.metric), head: headArm.metrics.get(declared.metric) }
  const unit = policies.find((policy) => policy.unit !== undefined)?.unit ?? (reading.head?.unit || reading.base?.unit || '')
  const base = seriesOf(baseArm, declared.metric, unit)
  const head = seriesOf(headArm, declared.metric, unit)
  const fromFiles = agreedDirection(reading.head?.direction, reading.base?.direction)
  const row = { input, metric: declared.metric, asker: askerOf(declared.metric), unit, base, head, fromFiles }
  return declared.gates.length > 0 ? draftGate(row, declared.gates) : draftInfo(row, declared.others)
}

/** `asker`: of what base asks of this name. */
type RowStart = Pick<Draft, 'input' | 'metric' | 'unit' | 'base' | 'head'> & { readonly asker: Asker; readonly fromFiles: Direction }

function draftGate({ fromFiles, asker, ...row }: RowStart, gates: readonly Declared[]): Draft {
  const asked = gates.map((gate) => askGate({ ...row, asker }, gate, gate.direction ?? fromFiles))
  const budget = asked.find((one) => one.budget)?.budget
  return {
    ...row,
    role: 'gate',
    required: row.input.requiredCheck || gates.some(({ required }) => required),
    direction: gates.find((gate) => gate.direction)?.direction ?? fromFiles,
    effect: compareSeries(row.base, row.head, budget?.scale ?? defaultScale(row.head)),
    budget,
    limits: gates.flatMap(limitsOf),
    questions: asked.flatMap(({ questions }) => questions),
  }
}

function draftInfo({ fromFiles, asker: _, ...row }: RowStart, policies: readonly MetricPolicy[]): Draft {
  const direction = policies.find((policy) => policy.direction)?.direction ?? fromFiles
  const effect = compareSeries(row.base, row.head, defaultScale(row.head))
  const isTestable = effect.kind === 'tested' && direction !== 'unknown' && direction !== 'none'
  const questions = isTestable ? [{ question: askRegression(effect, direction, worthMentioning), by: 'base' as const }] : []
  return { ...row, role: 'info', required: false, direction, effect, budget: undefined, limits: [], questions }
}

function askGate(
  row: Omit<RowStart, 'fromFiles'>,
  gate: Declared,
  direction: Direction,
): { questions: readonly Asked[]; budget?: Draft['budget'] } {
  const known = knownToBase(row.input, gate)
  const limits = limitsOf(gate)
  const limitQuestions = limits.map((limit) => ({
    question: askLimit(againstLimit(row.head, inShare(limit, row)), row.head.kind === 'continuous' ? 'runs' : 'trials'),
    by: known?.[limit.side] === undefined ? ('head' as const) : row.asker,
  }))
  const change = (question: Question): Asked => ({ question, by: known?.maxRegression ? row.asker : 'head' })
  const fault = (answer: Question): Asked => ({ question: answer, by: known ? row.asker : 'head' })
  if (row.head.kind === 'missing') return { questions: [fault(answered('unmeasured', 'head', row.head.reason))] }
  if (!gate.maxRegression)
    return {
      questions:
        limits.length > 0
          ? limitQuestions
          : [fault(answered('unmeasured', 'configuration', 'the gate has no `max-regression`, `min` or `max`'))],
    }
  if (row.input.comparison.kind === 'none' && row.input.onDefaultBranch)
    return { questions: [...limitQuestions, change(answered('fine', 'none', 'recorded as the level of the default branch'))] }
  const budget = resolveBudget(gate.maxRegression, row.head, row.unit)
  if (budget.kind === 'unfit') return { questions: [...limitQuestions, change(answered('unmeasured', 'configuration', budget.reason))] }
  const effect = compareSeries(row.base, row.head, budget.scale)
  return {
    questions: [change(askRegression(effect, direction, budget.amount)), ...limitQuestions],
    budget: { scale: budget.scale, amount: budget.amount },
  }
}

/** The gate as base has it; the gate itself where nobody else judges. */
function knownToBase({ askedByBase }: BenchmarkInput, gate: Declared): MetricPolicy | undefined {
  if (!askedByBase) return gate
  const own = Object.hasOwn(askedByBase, gate.pattern) ? askedByBase[gate.pattern] : undefined
  return own?.gate ? own : undefined
}

/** Rates are shares; a limit written in percent is one hundredth of it. */
function inShare(limit: Limit, { head, unit }: { head: Series; unit: string }): Limit {
  return head.kind !== 'continuous' && unit === '%' ? { ...limit, value: limit.value / 100 } : limit
}

function limitsOf(gate: MetricPolicy): readonly Limit[] {
  return [
    ...(gate.min === undefined ? [] : [{ side: 'min' as const, value: gate.min }]),
    ...(gate.max === undefined ? [] : [{ side: 'max' as const, value: gate.max }]),
  ]
}

function defaultScale(head: Series): Scale {
  return head.kind === 'episodes' || head.kind === 'rates' ? 'points' : 'relative'
}

/** Head's file must not turn a metric round: where the arms disagree, nothing is known. */
function agreedDirection(head: Direction | undefined, base: Direction | undefined): Direction {
  if (head !== undefined && base !== undefined && head !== base) return 'unknown'
  return head ?? base ?? 'unknown'
}
