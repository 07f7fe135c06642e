import type { TaskSpec, WorkflowSpec } from '../spec/types.ts'
import type { PlannedBenchmark } from './plan-types.ts'

/**
 * What a pull request changes about tasks whose numbers decide its own check, in the words of the report. A change of `command` or
 * `exitActions` may be honest work or a way past the judge; the reviewer sees it first either way (extensions.md §5).
 */
export function softenings(judge: WorkflowSpec, head: WorkflowSpec, benchmarks: readonly PlannedBenchmark[]): readonly string[] {
  const gated = [...new Set(benchmarks.filter(hasGate).map(({ task }) => task))]
  const changes = gated.flatMap((name) => taskChanges(name, findTask(judge, name), findTask(head, name)))
  return same(judge.triggers, head.triggers) || gated.length === 0 ? changes : ['`on` differs from the base branch', ...changes]
}

function taskChanges(name: string, before: TaskSpec | undefined, after: TaskSpec | undefined): readonly string[] {
  if (!before) return []
  if (!after) return [`Task \`${name}\`, whose numbers decide this check on the base branch, is gone`]
  const changed = watched.filter((field) => !same(before[field], after[field]))
  return changed.length === 0
    ? []
    : [`Task \`${name}\` differs from the base branch in ${changed.map((field) => `\`${field}\``).join(', ')}`]
}

const watched = ['image', 'command', 'args', 'environment', 'inputs', 'files', 'exitActions', 'resource'] as const

const hasGate = ({ metrics }: PlannedBenchmark) => Object.values(metrics).some(({ gate }) => gate)

const findTask = (spec: WorkflowSpec, name: string) => spec.groups.flatMap((group) => group.tasks).find((task) => task.name === name)

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
