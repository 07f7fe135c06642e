import { compileGlob, isGlob } from '../glob.ts'
import type { Reporter } from '../reporter.ts'
import type { Located } from '../shape/shape.ts'
import { suggest } from '../suggestion.ts'
import type { Benchmark, GroupSpec, MetricPolicy, TaskSpec } from '../types.ts'
import { quote } from '../yaml/node.ts'
import type { ReadBenchmark } from './benchmarks-shape.ts'
import type { ReadCheckout } from './checkout-shape.ts'

export type BenchmarkContext = {
  readonly groups: readonly GroupSpec[]
  readonly checkout: ReadCheckout | undefined
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
  for (const entry of read) {
    const measured = tasksOf(entry, byName, reporter)
    if (entry.compare?.value === undefined) continue
    checkCompare(entry, entry.compare, measured, context.checkout, groupOf, reporter)
    for (const task of measured) reportSecondCompare(task, entry.compare, compared, reporter)
    checkPairs(entry, entry.compare, reporter)
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

function checkPairs({ benchmark }: ReadBenchmark, compare: Located<unknown>, reporter: Reporter) {
  const pairs = benchmark.compare?.pairs ?? 0
  const least = leastPairs()
  if (pairs >= least || !Object.values(benchmark.metrics).some(isJudgedByRuns)) return
  const message = `${pairs} pairs can never show that a gate regressed: the smallest p of the exact Mann-Whitney test is ${smallestP(pairs).toFixed(3)}, above ${regressionLevel}. Write at least ${least} pairs, unless the task plays its own seeded episodes.`
  reporter.warning('semantic/too-few-pairs', compare.range, message)
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
    return kpis.map(({ index, path }) => {
      const plain = kpis.length === 1 && !names.has(task.name)
      return { name: plain ? task.name : `${task.name}/${index}`, task: task.name, path, metrics: {}, line: context.lineOfTask(task.name) }
    })
  })
}
