import { binomialAtLeast, binomialProbability } from './binomial.ts'

/** Episodes that only base solved (lost by head) and that only head solved (won). Only these carry evidence about a difference. */
export type Discordant = { readonly lost: number; readonly won: number }

/** One-sided exact McNemar: P(as many lost, or more, if lost and won were equally likely). */
export function mcnemarExactLost({ lost, won }: Discordant): number {
  return binomialAtLeast(lost, lost + won, 0.5)
}

/** One-sided mid-p McNemar: counts half of the probability of what was seen; closer to its nominal level than the exact test. 0.5 when nothing differs. */
export function mcnemarMidpLost({ lost, won }: Discordant): number {
  return mcnemarExactLost({ lost, won }) - binomialProbability(lost, lost + won, 0.5) / 2
}

export function mcnemarExactTwoSided({ lost, won }: Discordant): number {
  return Math.min(1, 2 * mcnemarExactLost({ lost: Math.max(lost, won), won: Math.min(lost, won) }))
}

export function mcnemarMidpTwoSided({ lost, won }: Discordant): number {
  return lost === won ? 1 : Math.min(1, 2 * mcnemarMidpLost({ lost: Math.max(lost, won), won: Math.min(lost, won) }))
}
