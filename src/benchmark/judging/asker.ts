import type { BenchmarkInput } from '../types.ts'
import type { ArmReading } from './arm.ts'

/**
 * Whose question one is; each kind is adjusted by itself. `head`: what base does not ask, or never measured. `unknown`: base asks it of a
 * name that fits its pattern, and nobody can say whether base measures that name.
 */
export type Asker = 'base' | 'head' | 'unknown'

/**
 * Says of a name that a gate of base's matches whether base measures it: by its spec, which spells it out; by runs of the default branch;
 * or by a base arm that ran base's own task. An arm that ran head's task proves nothing, since head's command may write any name.
 */
export function askersOfBase(input: BenchmarkInput, baseArm: ArmReading): (metric: string) => Asker {
  const { askedByBase, comparison, history } = input
  if (!askedByBase) return () => 'base'
  const isBases = comparison.kind === 'interleaved' && comparison.base === 'measured' && comparison.task === 'of-base'
  const measured = new Set([...Object.keys(history), ...(isBases ? baseArm.metrics.keys() : [])])
  const otherwise = measured.size > 0 ? 'head' : 'unknown'
  return (metric) => (Object.hasOwn(askedByBase, metric) || measured.has(metric) ? 'base' : otherwise)
}
