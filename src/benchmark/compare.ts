import { type Random, seededRandom } from './random.ts'
import type { Arm } from './types.ts'

/** One run of the task's command. Warm-ups are thrown away and number their rounds from 0, as pairs do. */
export type PlannedRun = { readonly phase: 'warmup' | 'measured'; readonly arm: Arm; readonly pair: number }

/**
 * The order in which both arms run: warm-up rounds first, then pairs, with a fair coin for who goes first in each. A fixed order
 * (all base, then all head) would take drift of the machine for a change of the code. The seed decides; nothing else does.
 */
export function runOrder(pairs: number, warmup: number, seed: number): readonly PlannedRun[] {
  const random = seededRandom(seed)
  const rounds = (phase: PlannedRun['phase'], count: number) =>
    Array.from({ length: count }, (_, pair) => shuffledArms(random).map((arm) => ({ phase, arm, pair }))).flat()
  return [...rounds('warmup', warmup), ...rounds('measured', pairs)]
}

function shuffledArms(random: Random): readonly Arm[] {
  return random() < 0.5 ? ['base', 'head'] : ['head', 'base']
}
