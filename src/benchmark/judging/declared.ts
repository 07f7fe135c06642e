import { isGlob, matchesGlob } from '../glob.ts'
import type { BenchmarkInput, MetricPolicy } from '../types.ts'

/** One metric of one benchmark, with every policy that concerns it. No policy: it only informs. */
export type DeclaredMetric = { readonly metric: string; readonly gates: readonly Declared[]; readonly others: readonly Declared[] }
/** A policy under the name or pattern that it was declared for. */
export type Declared = MetricPolicy & { readonly pattern: string }

/**
 * What is asked of each name that either arm gave, then of each declared name or pattern that nothing matched.
 * All gates that match a name hold, so a narrower entry cannot lift a wider gate.
 */
export function declaredMetrics(policies: BenchmarkInput['metrics'], names: readonly string[]): readonly DeclaredMetric[] {
  const declared = Object.entries(policies).map(([pattern, policy]) => ({ ...policy, pattern }))
  const present = names.map((metric) =>
    withPolicies(
      metric,
      declared.filter(({ pattern }) => concerns(pattern, metric)),
    ),
  )
  const absent = declared.filter(({ pattern }) => !names.some((metric) => concerns(pattern, metric)))
  return [...present, ...absent.map((policy) => withPolicies(policy.pattern, [policy]))]
}

function withPolicies(metric: string, policies: readonly Declared[]): DeclaredMetric {
  return { metric, gates: policies.filter(({ gate }) => gate), others: policies.filter(({ gate }) => !gate) }
}

function concerns(pattern: string, metric: string): boolean {
  return pattern === metric || (isGlob(pattern) && matchesGlob(pattern, metric))
}
