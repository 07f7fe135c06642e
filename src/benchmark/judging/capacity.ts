import { newcombePaired, type PairedTable } from '../statistics/intervals.ts'

/** Beyond this, naming a number of episodes is no advice. */
const mostPairs = 1_000_000

/**
 * Fewest pairs of episodes at this rate of success with which a gate could be *fine*: not one pair may differ, and the bad end of the
 * interval lies inside the budget (a share of 1). Undefined when these pairs are enough already, or nothing reasonable is.
 */
export function pairsNeededForFine(table: PairedTable, budget: number): number | undefined {
  const pairs = table.both + table.baseOnly + table.headOnly + table.neither
  const rate = (table.both + table.baseOnly) / pairs
  if (canBeFine(pairs, rate, budget)) return undefined
  for (let more = pairs; more <= mostPairs; more = Math.ceil(more * 1.05)) if (canBeFine(more, rate, budget)) return more
  return undefined
}

function canBeFine(pairs: number, rate: number, budget: number): boolean {
  const both = Math.round(pairs * rate)
  const { low, high } = newcombePaired({ both, baseOnly: 0, headOnly: 0, neither: pairs - both })
  return Math.max(-low, high) <= budget
}
