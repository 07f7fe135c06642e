import { compileGlob, isGlob } from '../glob.ts'
import type { Reporter } from '../reporter.ts'
import type { Located } from '../shape/shape.ts'
import { suggest } from '../suggestion.ts'
import type { Benchmark, GroupSpec, MetricPolicy, TaskSpec, Triggers } from '../types.ts'
import { quote } from '../yaml/node.ts'
import type { Gate, ReadBenchmark } from './benchmarks-shape.ts'
import type { ReadCheckout } from './checkout-shape.ts'

export type BenchmarkContext = {
  readonly groups: readonly GroupSpec[]
  readonly checkout: ReadCheckout | undefined
  /** `on` of the file, if it has one. */
  readonly triggers: Triggers | undefined
  readonly lineOf: (offset: number) => number
  /** Where a task stands, for benchmarks that come from its `kpis`. */
  readonly lineOfTask: (task: string) => number
}

/** Benchmarks after the rules between them, the tasks and `checkout`; each `kpis` entry of a task is one without gates. */
export function resolveBenchmarks(read: readonly ReadBenchmark[], context: BenchmarkContext, reporter: Reporter): readonly Benchmark[] {
  const tasks = context.groups.flatMap((group) => group.tasks)
  const byName = new Map(tasks.map((task) => [task.name, task]))
  const groupOf = new Map(context.groups.flatMap((group) => group.tasks.map(({ name }) => [name, group])))
  checkCheckout(context.checkout, tasks, reporter)
  checkNames(read, reporter)
  const compared = new Set<string>()
  const measuredBy = new Map(read.map((entry) => [entry, tasksOf(entry, byName, reporter)]))
  for (const [entry, measured] of measuredBy) {
    if (entry.compare?.value === undefined) continue
    checkCompare(entry, entry.compare, measured, context.checkout, groupOf, reporter)
    for (const task of measured) reportSecondCompare(task, entry.compare, compared, reporter)
    checkPairs(entry, entry.compare, reporter)
    checkComparisonRuns(entry.compare, context.triggers, reporter)
  }
  for (const [entry, measured] of measuredBy) {
    if (measured.length > 0 && !measured.some(({ name }) => compared.has(name))) checkGatesDecide(entry, context, reporter)
  }
  const declared = read.map((entry) => ({ ...entry.benchmark, line: context.lineOf(entry.range.start) }))
  return [...declared, ...benchmarksOfKpis(tasks, declared, context)]
}

function checkCheckout(checkout: ReadCheckout | undefined, tasks: readonly TaskSpec[], reporter: Reporter) {
  const names = new Set(tasks.map((task) => task.name))
  for (const { value, range } of checkout?.tasks ?? []) {
    if (names.has(value)) continue
    const message = () =>
      `Expected a task of this file in checkout.tasks, but there is no task ${quote(value)}.${suggest(value, names)} Correct the name.`
    reporter.error('semantic/unknown-task', range, message)
  }
}

function checkNames(read: readonly ReadBenchmark[], reporter: Reporter) {
  const seen = new Set<string>()
  for (const { name } of read) {
    if (seen.has(name.value) && name.value !== '') {
      const message = `Expected each benchmark's name once, but ${quote(name.value)} stands here a second time. Give this one a "name" of its own.`
      reporter.error('semantic/duplicate-benchmark', name.range, message)
    }
    seen.add(name.value)
  }
}

function tasksOf({ task }: ReadBenchmark, byName: ReadonlyMap<string, TaskSpec>, reporter: Reporter): readonly TaskSpec[] {
  if (task.value === '') return []
  const found = isGlob(task.value) ? tasksLike(task.value, byName) : [byName.get(task.value)].filter((one) => one !== undefined)
  if (found.length === 0 && [...byName.keys()].some((name) => name !== '')) {
    const message = () =>
      `Expected a task of this file, but there is no task ${quote(task.value)}.${suggest(task.value, byName.keys())} Correct the name.`
    reporter.error('semantic/unknown-task', task.range, message)
  }
  return found
}

function tasksLike(pattern: string, byName: ReadonlyMap<string, TaskSpec>): readonly TaskSpec[] {
  const matches = compileGlob(pattern)
  return [...byName.values()].filter(({ name }) => matches(name))
}

function checkCompare(
  entry: ReadBenchmark,
  compare: Located<unknown>,
  measured: readonly TaskSpec[],
  checkout: ReadCheckout | undefined,
  groupOf: ReadonlyMap<string, GroupSpec>,
  reporter: Reporter,
) {
  if (checkout === undefined) {
    const message = 'A comparison runs base\'s code and head\'s, so it needs the section "checkout". Add "checkout: true".'
    reporter.error('semantic/compare-without-checkout', compare.range, message)
  }
  for (const { name } of measured) {
    const listed = checkout?.checkout.tasks
    if (listed !== undefined && !listed.includes(name)) {
      const message = `A comparison of ${quote(name)} needs its code, but checkout.tasks does not list it. Add it there.`
      reporter.error('semantic/compare-without-checkout', compare.range, message)
    }
    const group = groupOf.get(name)
    if (group === undefined || group.tasks.length === 1) continue
    const message = `Only a task that runs alone can be compared, but ${quote(name)} is one of ${group.tasks.length} in group ${quote(group.name)}. Give it a group of its own.`
    reporter.error('semantic/compare-in-group', entry.compare?.range ?? compare.range, message)
  }
}

function reportSecondCompare({ name }: TaskSpec, compare: Located<unknown>, compared: Set<string>, reporter: Reporter) {
  if (compared.has(name)) {
    const message = `Task ${quote(name)} is compared by an earlier benchmark already, and one comparison a task is allowed. Remove this "compare".`
    reporter.error('semantic/second-compare', compare.range, message)
  }
  compared.add(name)
}

/** Regressed needs p of at most this (benchmarks.md §6a). */
const regressionLevel = 0.01

function checkPairs({ benchmark, gates }: ReadBenchmark, compare: Located<unknown>, reporter: Reporter) {
  const pairs = benchmark.compare?.pairs ?? 0
  const least = leastPairs()
  const judged = gates.filter(({ policy }) => isJudgedByRuns(policy)).map(({ metric }) => quote(metric))
  if (pairs >= least || judged.length === 0) return
  const some = judged.length > 5 ? [...judged.slice(0, 4), `${judged.length - 4} more`] : judged
  const named = `the gate${some.length === 1 ? '' : 's'} ${some.join(', ')}`
  const message = `${pairs} ${pairs === 1 ? 'pair' : 'pairs'} can never show that ${named} regressed: the smallest p of the exact Mann-Whitney test is ${smallestP(pairs).toFixed(3)}, above ${regressionLevel}. Write at least ${least} pairs, unless the task plays its own seeded episodes.`
  reporter.warning('semantic/too-few-pairs', compare.range, message)
}

/** A base arm runs for pull requests; a run by hand may stand in one. */
function comparesAtAll(triggers: Triggers | undefined): boolean {
  return triggers === undefined || triggers.pullRequest !== undefined || triggers.workflowDispatch !== undefined
}

function checkComparisonRuns(compare: Located<unknown>, triggers: Triggers | undefined, reporter: Reporter) {
  if (comparesAtAll(triggers)) return
  const message =
    'A comparison runs only for a pull request, and "on" has none: this has no effect. Add "pull_request" to "on", or remove "compare".'
  reporter.warning('semantic/compare-never-runs', compare.range, message)
}

/** Without base's numbers of the same run only rates of episodes may fail a check (benchmarks.md §6a), and `min` and `max`. */
function checkGatesDecide({ task, gates }: ReadBenchmark, { triggers }: BenchmarkContext, reporter: Reporter) {
  for (const { metric, range } of gates.filter(isUndecided)) {
    const event = comparesAtAll(triggers) ? '' : ', and "pull_request" to "on"'
    const message = `The gate ${quote(metric)} can never show a regression: a number is judged only beside base's of the same run, and no benchmark of ${quote(task.value)} compares. Add "compare: true" to this one${event}, or a "min" or "max" to the gate.`
    reporter.warning('semantic/gate-never-fails', range, message)
  }
}

function isUndecided({ policy }: Gate): boolean {
  return isJudgedByRuns(policy) && policy.min === undefined && policy.max === undefined
}

/** A budget in points is a rate over episodes, which one pair can decide. */
function isJudgedByRuns(policy: MetricPolicy): boolean {
  return policy.gate && policy.maxRegression !== undefined && policy.maxRegression.kind !== 'points'
}

/** Smallest one-sided p of the exact Mann-Whitney test with n values on each side: 1 / C(2n, n). */
export function smallestP(pairs: number): number {
  let arrangements = 1
  for (let step = 1; step <= pairs; step++) arrangements = (arrangements * (pairs + step)) / step
  return 1 / arrangements
}

function leastPairs(): number {
  let pairs = 1
  while (smallestP(pairs) > regressionLevel) pairs++
  return pairs
}

function benchmarksOfKpis(tasks: readonly TaskSpec[], declared: readonly Benchmark[], context: BenchmarkContext): readonly Benchmark[] {
  const names = new Set(declared.map(({ name }) => name))
  const pathsOf = new Map<string, Set<string>>()
  for (const { task, path } of declared) pathsOf.set(task, (pathsOf.get(task) ?? new Set()).add(path))
  return tasks.flatMap((task) => {
    const kpis = task.kpis.filter(({ path }) => pathsOf.get(task.name)?.has(path) !== true)
    const times = new Map<string, number>()
    return kpis.map(({ index, path }) => {
      const plain = kpis.length === 1 && !names.has(task.name)
      const earlier = times.get(index) ?? 0
      times.set(index, earlier + 1)
      return {
        name: plain ? task.name : `${task.name}/${index}${earlier === 0 ? '' : `#${earlier + 1}`}`,
        task: task.name,
        path,
        metrics: {},
        line: context.lineOfTask(task.name),
      }
    })
  })
}
