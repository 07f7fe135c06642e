import { isGlob, matchesGlob } from '../glob.ts'
import type { BenchmarkInput, MetricPolicy } from '../types.ts'

/** One metric of one benchmark, with every policy that concerns it. No policy: it only informs. */
export type DeclaredMetric = { readonly metric: string; readonly gates: readonly MetricPolicy[]; readonly others: readonly MetricPolicy[] }

/**
 * What is asked of each name that either arm gave, then of each declared name or pattern that nothing matched.
 * All gates that match a name hold, so a narrower entry cannot lift a wider gate.
 */
export function declaredMetrics(policies: BenchmarkInput['metrics'], names: readonly string[]): readonly DeclaredMetric[] {
  const declared = Object.entries(policies)
  const present = names.map((metric) =>
    withPolicies(
      metric,
      declared.filter(([pattern]) => concerns(pattern, metric)).map(([, policy]) => policy),
    ),
  )
  const absent = declared.filter(([pattern]) => !names.some((metric) => concerns(pattern, metric)))
  return [...present, ...absent.map(([pattern, policy]) => withPolicies(pattern, [policy]))]
}

function withPolicies(metric: string, policies: readonly MetricPolicy[]): DeclaredMetric {
  return { metric, gates: policies.filter(({ gate }) => gate), others: policies.filter(({ gate }) => !gate) }
}

function concerns(pattern: string, metric: string): boolean {
  return pattern === metric || (isGlob(pattern) && matchesGlob(pattern, metric))
}
