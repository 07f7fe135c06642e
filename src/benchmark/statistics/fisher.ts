import { logChoose } from './binomial.ts'

/** Successes of trials in one arm. */
export type Counts = { readonly k: number; readonly n: number }

/** Fisher's exact one-sided test: P(first has as many successes, or more, given both margins and equal rates). */
export function fisherGreater(first: Counts, second: Counts): number {
  const successes = first.k + second.k
  const most = Math.min(first.n, successes)
  let sum = 0
  for (let k = first.k; k <= most; k++) sum += hypergeometric(k, first.n, second.n, successes)
  return Math.min(1, sum)
}

function hypergeometric(k: number, firstTotal: number, secondTotal: number, successes: number): number {
  if (successes - k > secondTotal || k > successes) return 0
  const ways = logChoose(firstTotal, k) + logChoose(secondTotal, successes - k)
  return Math.exp(ways - logChoose(firstTotal + secondTotal, successes))
}
