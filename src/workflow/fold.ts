import { difference } from './difference.ts'
import { move } from './move.ts'
import type { Instant } from './names.ts'
import { replacedBy } from './replaced.ts'
import { settle } from './settle.ts'
import type { Folded, Replaced, Slice, WorkflowEvent } from './state.ts'

/**
 * Folds all waiting events into a workflow and says what the world must now do about it.
 *
 * F1. Pure: no clock, no randomness, no I/O. Time arrives inside the events; `now` is when they are folded, which may be much later.
 * F2. A late or repeated event is not an error: the same slice comes back, without effects.
 * F3. A finished task never changes again, and never runs again.
 * F4. Effects and timers are read off the difference between two states, so no transition can forget one.
 * F5. One by one or all at once, the same events in the same order lead to the same state.
 * F6. Groups that did not change keep their identity, so that saving costs what changed and not what lives.
 */
export function fold(slice: Slice, events: readonly WorkflowEvent[], now: Instant = latest(events)): Folded {
  if (events.length === 0) return { slice, replaced: [], effects: [], timers: { set: [], cleared: [] }, followUps: [] }
  const followUps: WorkflowEvent[] = []
  const replaced: Replaced[] = []
  const folded = events.reduce((before, event) => {
    const moved = move(before, event)
    if (moved === before) return before
    const settled = settle(before, moved, event.at)
    followUps.push(...settled.followUps)
    replaced.push(...replacedBy(before, settled.slice, event))
    return settled.slice
  }, slice)
  return { slice: folded, replaced, ...difference(beforeAdmission(slice, events), folded, now), followUps }
}

/** The store takes the place in line with the statement that posts the event, so that what it loads holds the place already. */
function beforeAdmission(slice: Slice, events: readonly WorkflowEvent[]): Slice {
  if (!events.some(({ kind }) => kind === 'workflow-admitted')) return slice
  return { ...slice, workflow: { ...slice.workflow, slot: 'waiting' } }
}

const latest = (events: readonly WorkflowEvent[]) => events.reduce((newest, { at }) => Math.max(newest, at), 0)
