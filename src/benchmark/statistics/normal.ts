/** P(Z ≤ z) for a standard normal Z, with full relative precision in both tails. */
export function normalCdf(z: number): number {
  return z < 0 ? upperTail(-z) : 1 - upperTail(z)
}

/** The z with P(Z ≤ z) = probability; ±Infinity at 1 and 0. */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`Expected a probability between 0 and 1, got ${probability}`)
  if (probability === 0) return Number.NEGATIVE_INFINITY
  if (probability === 1) return Number.POSITIVE_INFINITY
  return probability > 0.5 ? lowerQuantile(1 - probability) * -1 : lowerQuantile(probability)
}

/** Newton from 0: the distribution function is convex below 0, so the steps approach from the right and never overshoot. */
function lowerQuantile(probability: number): number {
  let z = 0
  for (let step = 0; step < 200; step++) {
    const move = (normalCdf(z) - probability) / density(z)
    z -= move
    if (Math.abs(move) < 1e-14 * Math.max(1, Math.abs(z))) break
  }
  return z
}

function upperTail(z: number): number {
  return z < 3 ? 0.5 - density(z) * oddSeries(z) : density(z) * millsRatio(z)
}

/** z + z³/3 + z⁵/15 + …, which times the density is P(0 < Z < z). */
function oddSeries(z: number): number {
  let term = z
  let sum = z
  for (let odd = 3; term > sum * 1e-17 && odd < 400; odd += 2) {
    term *= (z * z) / odd
    sum += term
  }
  return sum
}

/** Laplace's continued fraction 1/(z + 1/(z + 2/(z + …))), evaluated from the far end; 80 levels are ample from z = 3. */
function millsRatio(z: number): number {
  let tail = z
  for (let level = 80; level >= 1; level--) tail = z + level / tail
  return 1 / tail
}

function density(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
}
