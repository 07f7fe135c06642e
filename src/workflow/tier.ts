import type { Placement } from '../spec/pool/placement.ts'
import type { Tier } from '../spec/types.ts'

/** From the least stake to the highest. */
const tiers: readonly Tier[] = ['none', 'sim', 'gpu', 'hardware']

/** The highest stake of all platforms that the spec's tasks use. */
export function tierOf({ platforms }: Placement): Tier {
  const used = [...platforms.values()].map(({ spec }) => tiers.indexOf(spec.tier))
  return tiers[Math.max(0, ...used)] ?? 'none'
}

export const tierIsAtMost = (tier: Tier, limit: Tier) => tiers.indexOf(tier) <= tiers.indexOf(limit)
