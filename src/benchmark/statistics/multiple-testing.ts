/**
 * Benjamini and Hochberg's adjusted p-values (1995), in the order given: rejecting all that are ≤ q keeps the expected share of false
 * alarms among alarms at or below q.
 */
export function benjaminiHochberg(p: readonly number[]): readonly number[] {
  return stepUp(p, p.length)
}

/** Benjamini and Yekutieli's (2001): the same under any dependence. */
export function benjaminiYekutieli(p: readonly number[]): readonly number[] {
  return stepUp(p, p.length * p.reduce((sum, _, index) => sum + 1 / (index + 1), 0))
}

function stepUp(p: readonly number[], tests: number): readonly number[] {
  const order = p.map((_, index) => index).sort((a, b) => (p[b] ?? 1) - (p[a] ?? 1))
  const adjusted = new Array<number>(p.length)
  let smallest = 1
  order.forEach((index, position) => {
    smallest = Math.min(smallest, ((p[index] ?? 1) * tests) / (p.length - position))
    adjusted[index] = smallest
  })
  return adjusted
}
