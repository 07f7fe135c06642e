import type { GroupSpec, WorkflowSpec } from '../spec/types.ts'

export type Upstream = { readonly kind: 'limited'; readonly spec: WorkflowSpec } | { readonly kind: 'unknown-task'; readonly task: string }

/**
 * The part of a spec that makes these tasks' outputs: their groups and all that those read, in the file's order. Its benchmarks are left
 * out, since nothing of it is measured.
 */
export function upstreamOnly(spec: WorkflowSpec, tasks: readonly string[]): Upstream {
  const groupOf = (task: string) => spec.groups.find((group) => group.tasks.some(({ name }) => name === task))
  const unknown = tasks.find((task) => !groupOf(task))
  if (unknown !== undefined) return { kind: 'unknown-task', task: unknown }
  const kept = withUpstream(
    tasks.flatMap((task) => groupOf(task)?.name ?? []),
    spec.groups,
  )
  return { kind: 'limited', spec: { ...spec, groups: spec.groups.filter(({ name }) => kept.has(name)), benchmarks: [] } }
}

/** Groups are listed after those they read. */
function withUpstream(names: readonly string[], groups: readonly GroupSpec[]): ReadonlySet<string> {
  const kept = new Set(names)
  for (const { name, upstream } of groups.toReversed()) if (kept.has(name)) for (const other of upstream) kept.add(other)
  return kept
}
