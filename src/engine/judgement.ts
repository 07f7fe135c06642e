import { historyValue } from '../benchmark/history.ts'
import { type Judgement, judge } from '../benchmark/judge.ts'
import { median } from '../benchmark/statistics/median.ts'
import type { BenchmarkInput, BenchmarkRun } from '../benchmark/types.ts'
import type { PlannedBenchmark } from '../workflow/plan-types.ts'
import type { BenchmarkVerdict } from '../workflow/verdict.ts'
import { lateReason, lateRemedy } from './base-inputs.ts'
import type { SampleStore, TaskView, WorkflowView } from './ports.ts'

export type Judged = { readonly judgement: Judgement | undefined; readonly verdict: BenchmarkVerdict }

/** How each run of a comparison went, beside its files. As the only file of a base run: base was not measured, and the reason. */
export const indexPath = 'runs/index.json'

/** Runs of the default branch that the trend line shows. */
const historyLength = 30

/** What may be concluded from a workflow's benchmarks, as far as their numbers are read. Derived each time (law: verdicts are never stored). */
export async function judgeWorkflow(view: WorkflowView, samples: SampleStore): Promise<Judged> {
  const { benchmarks } = view.plan
  if (benchmarks.length === 0) return { judgement: undefined, verdict: 'none' }
  if (view.tasks.some((task) => task.benchmarks === 'awaited')) return { judgement: undefined, verdict: 'awaited' }
  const measured = await samples.ofWorkflow(view.workflow.id)
  const inputs = await Promise.all(
    benchmarks.map(async (benchmark) => {
      const runs = measured.find((sample) => sample.task === benchmark.task && sample.benchmark === benchmark.name)?.runs ?? []
      const past = await samples.history(view.workflow.id, benchmark.name, historyLength)
      return benchmarkInput(view, benchmark, runs, past)
    }),
  )
  const judgement = judge(inputs)
  return { judgement, verdict: judgement.conclusion }
}

function benchmarkInput(
  view: WorkflowView,
  benchmark: PlannedBenchmark,
  runs: readonly BenchmarkRun[],
  past: readonly (readonly BenchmarkRun[])[],
): BenchmarkInput {
  const task = view.tasks.find(({ name }) => name === benchmark.task)
  return {
    name: benchmark.name,
    task: benchmark.task,
    testbed: task?.template.platform ?? 'no platform',
    metrics: benchmark.metrics,
    askedByBase: benchmark.askedByBase,
    comparison: comparison(view, benchmark, task, runs),
    runs: withDeclared(
      runs.filter((run) => whyUnmeasured(run) === undefined),
      benchmark,
    ),
    history: history(past),
    requiredCheck: view.plan.required,
    onDefaultBranch: view.workflow.provenance.defaultBranch,
  }
}

/**
 * A comparison that was cut short may still have ended well, by its exit code; the pairs that it owes are unmeasured, so that nothing is
 * concluded from those that ran (architecture.md §3, law 7).
 */
function withDeclared(runs: readonly BenchmarkRun[], { compare, path }: PlannedBenchmark): readonly BenchmarkRun[] {
  const measured = (arm: BenchmarkRun['arm']) => new Set(runs.filter((run) => run.arm === arm).map(({ pair }) => pair))
  if (!compare || runs.length === 0) return runs
  const owed = (['head', 'base'] as const).flatMap((arm) => {
    const pairs = measured(arm)
    if (pairs.size === 0) return []
    const reason = `only ${pairs.size} of ${compare.pairs} declared runs of ${arm} took place`
    const missing = Array.from({ length: compare.pairs }, (_, pair) => pair).filter((pair) => !pairs.has(pair))
    return missing.map((pair): BenchmarkRun => ({ arm, pair, files: [{ path, parsed: { kind: 'unmeasured', reason } }] }))
  })
  return [...runs, ...owed]
}

function comparison(
  { workflow }: WorkflowView,
  { compare, task: name }: PlannedBenchmark,
  task: TaskView | undefined,
  runs: readonly BenchmarkRun[],
): BenchmarkInput['comparison'] {
  if (!compare || workflow.provenance.pullRequest === undefined) return { kind: 'none' }
  const remedy = `\`/osmo rerun ${workflow.spec}\``
  const reason = runs.map(whyUnmeasured).find((why) => why !== undefined)
  if (reason !== undefined) return { kind: 'interleaved', base: 'missing', reason, remedy }
  if (runs.some(({ arm }) => arm === 'base')) return { kind: 'interleaved', base: 'measured', task: whoseTask(task) }
  if (task?.baseInputs?.kind === 'missing')
    return { kind: 'interleaved', base: 'missing', reason: task.baseInputs.reason, remedy: task.baseInputs.remedy }
  if (task?.baseInputs?.kind === 'awaited') {
    const { workflow: late } = task.baseInputs
    return { kind: 'interleaved', base: 'missing', reason: lateReason(late), remedy: lateRemedy(late, workflow.spec) }
  }
  if (runs.length === 0) return { kind: 'interleaved', base: 'missing', reason: `Task ${name} left no runs`, remedy }
  const waited = task?.baseInputs === undefined
  return {
    kind: 'interleaved',
    base: 'missing',
    reason: waited ? "The base arm's inputs were not made within an hour" : "The base arm failed, with head's task and with its own",
    remedy,
  }
}

/** Both arms run head's task (extensions.md §4), which may be base's own. */
function whoseTask(task: TaskView | undefined): 'of-base' | 'of-head' {
  const own = task?.template.baseTemplate
  const fields = ['image', 'command', 'environment', 'files'] as const
  return own && fields.every((field) => JSON.stringify(own[field]) === JSON.stringify(task.template[field])) ? 'of-base' : 'of-head'
}

function whyUnmeasured({ arm, files }: BenchmarkRun): string | undefined {
  const [file] = files
  return arm === 'base' && file?.path === indexPath && file.parsed.kind === 'unmeasured' ? file.parsed.reason : undefined
}

/** One value a run: the median of what its files say, per metric. */
function history(past: readonly (readonly BenchmarkRun[])[]): BenchmarkInput['history'] {
  const series: Record<string, number[]> = {}
  for (const runs of past) {
    for (const [metric, values] of valuesOf(runs)) {
      series[metric] ??= []
      series[metric].push(median(values))
    }
  }
  return series
}

function valuesOf(runs: readonly BenchmarkRun[]): ReadonlyMap<string, number[]> {
  const values = new Map<string, number[]>()
  const measurements = runs.flatMap((run) => run.files.flatMap(({ parsed }) => (parsed.kind === 'measured' ? parsed.measurements : [])))
  for (const measurement of measurements) {
    const value = historyValue(measurement)
    if (value !== undefined) values.set(measurement.metric, [...(values.get(measurement.metric) ?? []), value])
  }
  return values
}
