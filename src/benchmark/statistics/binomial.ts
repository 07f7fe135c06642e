/** P(X = k) for X ~ Binomial(n, p). */
export function binomialProbability(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0
  if (p <= 0) return k === 0 ? 1 : 0
  if (p >= 1) return k === n ? 1 : 0
  return Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p))
}

/** P(X ≤ k). */
export function binomialAtMost(k: number, n: number, p: number): number {
  let sum = 0
  for (let i = Math.max(0, Math.floor(k)); i >= 0 && k >= 0; i--) sum += binomialProbability(i, n, p)
  return Math.min(1, sum)
}

/** P(X ≥ k). */
export function binomialAtLeast(k: number, n: number, p: number): number {
  return binomialAtMost(n - k, n, 1 - p)
}

/** ln of "n choose k". */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

/** ln n!, by sum below 32 and by Stirling's series (error below 1e-16) above. */
function logFactorial(n: number): number {
  if (n < 32) return logFactorials[n] ?? Number.NaN
  const inverse = 1 / n
  const series = inverse / 12 - inverse ** 3 / 360 + inverse ** 5 / 1260
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + series
}

const logFactorials: readonly number[] = Array.from({ length: 32 }, (_, n) => {
  let sum = 0
  for (let i = 2; i <= n; i++) sum += Math.log(i)
  return sum
})
