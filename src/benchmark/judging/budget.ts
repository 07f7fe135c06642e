import type { MetricPolicy } from '../types.ts'
import { unitFactor } from '../units.ts'
import type { Scale } from './effect.ts'
import type { Series } from './series.ts'

export type Budget =
  | { readonly kind: 'bounded'; readonly scale: Scale; readonly amount: number }
  /** The spec's budget does not fit the metric that the run produced. */
  | { readonly kind: 'unfit'; readonly reason: string }

/** A budget in the scale in which its metric is compared. Without a positive amount ignorance would be green, so that is refused. */
export function resolveBudget(budget: NonNullable<MetricPolicy['maxRegression']>, head: Series, unit: string): Budget {
  const resolved = inScale(budget, head, unit)
  if (resolved.kind === 'bounded' && !(resolved.amount > 0))
    return { kind: 'unfit', reason: 'the budget `max-regression` must be more than 0' }
  return resolved
}

function inScale(budget: NonNullable<MetricPolicy['maxRegression']>, head: Series, unit: string): Budget {
  const isRate = head.kind === 'episodes' || head.kind === 'rates'
  switch (budget.kind) {
    case 'relative':
      return { kind: 'bounded', scale: 'relative', amount: budget.fraction }
    case 'points':
      return isRate ? { kind: 'bounded', scale: 'points', amount: budget.points } : pointsOfNumber(budget.points, head, unit)
    case 'absolute':
      return isRate ? absoluteOfRate(budget.amount, budget.unit) : absoluteOfNumber(budget.amount, budget.unit, unit)
  }
}

/** Some tools give a rate as a bare share or a percentage. */
function pointsOfNumber(points: number, head: Series, unit: string): Budget {
  if (unit === '%') return { kind: 'bounded', scale: 'absolute', amount: points * 100 }
  const isShare = unit === '' && (head.kind !== 'continuous' || head.values.every((value) => value >= 0 && value <= 1))
  if (isShare) return { kind: 'bounded', scale: 'absolute', amount: points }
  return {
    kind: 'unfit',
    reason: `a budget in points needs a rate, and this is a number${unit === '' ? '' : ` in ${unit}`}: use % or ${unit || 'an amount'}`,
  }
}

function absoluteOfRate(amount: number, unit: string): Budget {
  if (unit !== '' && unit !== '%') return { kind: 'unfit', reason: `a budget in ${unit} does not fit a rate: use pt or %` }
  return { kind: 'bounded', scale: 'points', amount: unit === '%' ? amount / 100 : amount }
}

function absoluteOfNumber(amount: number, from: string, to: string): Budget {
  const factor = unitFactor(from, to)
  if (factor === undefined) return { kind: 'unfit', reason: `a budget in ${from} does not fit a number in ${to}` }
  return { kind: 'bounded', scale: 'absolute', amount: amount * factor }
}
