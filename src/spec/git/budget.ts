import type { Shape } from '../shape/shape.ts'
import type { Budget } from '../types.ts'
import { describe } from '../yaml/node.ts'

/** `3%`, `5pt` or `2 ms`; undefined for anything else, also for a number without a unit, which could mean all three. */
export function parseBudget(text: string): Budget | undefined {
  const match = text.length > 64 ? null : /^([0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]{1,3})?) *([^\s0-9.][^\s]{0,31})$/.exec(text.trim())
  const amount = Number(match?.[1] ?? Number.NaN)
  const unit = match?.[2] ?? ''
  if (!Number.isFinite(amount)) return undefined
  if (unit === '%') return { kind: 'relative', fraction: amount / 100 }
  if (unit === 'pt' || unit === 'pts') return { kind: 'points', points: amount / 100 }
  return { kind: 'absolute', amount, unit }
}

export const budgetShape: Shape<Budget | undefined> = {
  fallback: undefined,
  schema: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)? *\\S+$' },
  read(node, place) {
    const budget = node.kind === 'string' ? parseBudget(node.value) : undefined
    if (budget !== undefined) return budget
    const message = `Expected a budget such as 3% (of the base), 5pt (points of a rate) or "2 ms" for ${place.path}, but it is ${describe(node)}. Add the unit.`
    place.reporter.error('schema/budget', node.range, message)
    return undefined
  },
}

/** Zero leaves no room, and then ignorance would be green (benchmarks.md §6a). */
export function isPositive(budget: Budget): boolean {
  return (budget.kind === 'relative' ? budget.fraction : budget.kind === 'points' ? budget.points : budget.amount) > 0
}
