import { difference } from './difference.ts'
import { move } from './move.ts'
import { settle } from './settle.ts'
import type { Folded, Slice, WorkflowEvent } from './state.ts'

/**
 * Folds all waiting events into a workflow and says what the world must now do about it.
 *
 * F1. Pure: no clock, no randomness, no I/O. Time arrives inside the events.
 * F2. A late or repeated event is not an error: the same slice comes back, without effects.
 * F3. A finished task never changes again, and never runs again.
 * F4. Effects and timers are read off the difference between two states, so no transition can forget one.
 * F5. Groups that did not change keep their identity, so that saving costs what changed and not what lives.
 */
export function fold(slice: Slice, events: readonly WorkflowEvent[]): Folded {
  if (events.length === 0) return { slice, effects: [], timers: { set: [], cleared: [] }, followUps: [] }
  const at = Math.max(...events.map((event) => event.at))
  const moved = events.reduce(move, slice)
  const { slice: settled, followUps } = settle(slice, moved, at)
  return { slice: settled, ...difference(slice, settled, at), followUps }
}
