import { normalCdf, normalQuantile } from './normal.ts'

export type MannWhitney = {
  /** Pairs (b, a) with b > a, plus half of those with b = a. */
  readonly u: number
  /** One-sided: values of b tend to be larger. */
  readonly pGreater: number
  /** One-sided: values of b tend to be smaller. */
  readonly pLess: number
  readonly method: 'exact' | 'normal'
}

/** Largest arm for which the null distribution is enumerated; beyond, the normal approximation differs by less than 1e-4. */
const exactLimit = 50

/**
 * Mann and Whitney's test of b against a: exact without ties, else the normal approximation with tie and continuity correction.
 * Both arms must be non-empty.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const ranks = rankSum(a, b)
  const u = ranks.sumOfB - (b.length * (b.length + 1)) / 2
  if (ranks.tieTerm === 0 && Math.max(a.length, b.length) <= exactLimit) return exact(u, a.length, b.length)
  return approximate(u, a.length, b.length, ranks.tieTerm)
}

/** P(U ≤ u) for each u from 0 to n·m, without ties. */
export function uDistribution(n: number, m: number): readonly number[] {
  const key = `${Math.min(n, m)},${Math.max(n, m)}`
  const known = distributions.get(key)
  if (known) return known
  const computed = cumulate(uProbabilities(Math.min(n, m), Math.max(n, m)))
  if (distributions.size >= 64) distributions.clear()
  distributions.set(key, computed)
  return computed
}

/** Smallest u with P(U ≤ u) ≥ probability (R's `qwilcox`). */
export function uQuantile(probability: number, n: number, m: number): number {
  if (Math.max(n, m) > exactLimit) return Math.max(0, Math.floor(normalU(probability, n, m)))
  return uDistribution(n, m).findIndex((cumulative) => cumulative >= probability)
}

/** A pure function's results, kept because one judgement asks for the same two sizes for every metric. */
const distributions = new Map<string, readonly number[]>()

function exact(u: number, n: number, m: number): MannWhitney {
  const atMost = uDistribution(n, m)
  const pLess = atMost[u] ?? 1
  // Without ties U is symmetric: P(U ≥ u) = P(U ≤ n·m − u).
  return { u, pGreater: atMost[n * m - u] ?? 1, pLess, method: 'exact' }
}

function approximate(u: number, n: number, m: number, tieTerm: number): MannWhitney {
  const total = n + m
  const variance = ((n * m) / 12) * (total + 1 - tieTerm / (total * (total - 1)))
  if (variance <= 0) return { u, pGreater: 1, pLess: 1, method: 'normal' }
  const deviation = u - (n * m) / 2
  const spread = Math.sqrt(variance)
  return { u, pGreater: normalCdf((0.5 - deviation) / spread), pLess: normalCdf((0.5 + deviation) / spread), method: 'normal' }
}

/** Mid-ranks of the pooled values, and Σ(t³ − t) over groups of t equal ones. */
function rankSum(a: readonly number[], b: readonly number[]): { sumOfB: number; tieTerm: number } {
  const pooled = [...a.map((value) => ({ value, inB: 0 })), ...b.map((value) => ({ value, inB: 1 }))].sort((x, y) => x.value - y.value)
  let sumOfB = 0
  let tieTerm = 0
  for (let start = 0; start < pooled.length; ) {
    let end = start
    let countOfB = 0
    while (end < pooled.length && pooled[end]?.value === pooled[start]?.value) countOfB += pooled[end++]?.inB ?? 0
    sumOfB += (countOfB * (start + 1 + end)) / 2
    tieTerm += (end - start) ** 3 - (end - start)
    start = end
  }
  return { sumOfB, tieTerm }
}

/**
 * P(U = u) by the recurrence on which arm holds the largest value: p(i, j, u) = i/(i+j)·p(i−1, j, u−j) + j/(i+j)·p(i, j−1, u).
 * All terms are positive, so nothing cancels.
 */
function uProbabilities(n: number, m: number): readonly number[] {
  let row: number[][] = Array.from({ length: m + 1 }, () => [1])
  for (let i = 1; i <= n; i++) {
    const next: number[][] = [[1]]
    for (let j = 1; j <= m; j++) next.push(combine(row[j] ?? [], next[j - 1] ?? [], i, j))
    row = next
  }
  return row[m] ?? [1]
}

function combine(fewerI: readonly number[], fewerJ: readonly number[], i: number, j: number): number[] {
  return Array.from({ length: i * j + 1 }, (_, u) => (i * (fewerI[u - j] ?? 0) + j * (fewerJ[u] ?? 0)) / (i + j))
}

function cumulate(probabilities: readonly number[]): readonly number[] {
  let sum = 0
  return probabilities.map((probability) => {
    sum += probability
    return Math.min(1, sum)
  })
}

function normalU(probability: number, n: number, m: number): number {
  return (n * m) / 2 + normalQuantile(probability) * Math.sqrt((n * m * (n + m + 1)) / 12)
}
