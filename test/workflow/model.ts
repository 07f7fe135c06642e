import { fold } from '../../src/workflow/fold.ts'
import type { Effect, Folded, Group, Slice, Timer, TimerName, Workflow, WorkflowEvent } from '../../src/workflow/state.ts'

/** A workflow that is kept as the store keeps it: each fold sees only the groups that its events touch, then what follows from them. */
export class Model {
  workflow: Workflow
  groups: Map<string, Group>
  readonly timers = new Map<string, Timer>()
  readonly effects: Effect[] = []
  readonly #onFold: (before: Slice, folded: Folded, events: readonly WorkflowEvent[]) => void

  constructor(slice: Slice, onFold: (before: Slice, folded: Folded, events: readonly WorkflowEvent[]) => void = () => {}) {
    this.workflow = slice.workflow
    this.groups = new Map(slice.groups)
    this.#onFold = onFold
  }

  /** One after the other, each folded by itself. */
  tell(...events: readonly WorkflowEvent[]): void {
    for (const event of events) this.fold([event])
  }

  fold(events: readonly WorkflowEvent[]): void {
    for (let waiting = events; waiting.length > 0; ) {
      const before: Slice = { workflow: this.workflow, groups: this.#touched(waiting) }
      const folded = fold(before, waiting)
      this.#onFold(before, folded, waiting)
      this.#save(folded)
      waiting = folded.followUps
    }
  }

  /** All that is due, as the store hands it over: after other events. */
  fire(now: number): void {
    const due = [...this.timers.values()].filter(({ dueAt }) => dueAt <= now)
    for (const timer of due) this.timers.delete(keyOf(timer))
    this.fold(due.map(({ dueAt: _, ...timer }) => ({ kind: 'timer-fired', at: now, timer })))
  }

  state(task: string) {
    const found = [...this.groups.values()].flatMap((group) => group.tasks).find(({ name }) => name === task)
    if (!found) throw new Error(`No task ${task}`)
    return found.state
  }

  states(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.groups.values()].flatMap((group) => group.tasks.map(({ name, state }) => [name, state.status])))
  }

  /** The effects since the last call, in words. */
  said(): readonly string[] {
    return this.effects.splice(0).map(inWords)
  }

  #save({ slice, timers, effects }: Folded): void {
    this.workflow = slice.workflow
    for (const [name, group] of slice.groups) this.groups.set(name, group)
    for (const timer of timers.cleared) this.timers.delete(keyOf(timer))
    for (const timer of timers.set) this.timers.set(keyOf(timer), timer)
    this.effects.push(...effects)
  }

  #touched(events: readonly WorkflowEvent[]): Map<string, Group> {
    const all = events.some(({ kind }) => kind === 'cancel-requested')
    const unblocked = events.some(({ kind }) => kind === 'workflow-admitted')
    const named = new Set(events.flatMap(namesOf))
    const direct = [...this.groups.values()].filter(
      (group) =>
        all || (unblocked && group.waitsFor.length === 0) || named.has(group.name) || group.tasks.some(({ name }) => named.has(name)),
    )
    const wanted = new Set(direct.flatMap((group) => [group.name, ...group.downstream]))
    return new Map([...this.groups].filter(([name]) => wanted.has(name)))
  }
}

function namesOf(event: WorkflowEvent): readonly string[] {
  if (event.kind === 'timer-fired') return [event.timer.subject]
  return 'group' in event ? [event.group] : 'task' in event ? [event.task] : []
}

export const keyOf = ({ kind, subject, attempt }: TimerName) => `${kind}/${subject}#${attempt}`

export function inWords(effect: Effect): string {
  switch (effect.kind) {
    case 'create-pod':
      return `create ${effect.task}#${effect.attempt}`
    case 'delete-pod':
      return `delete ${effect.task}#${effect.attempt}`
    case 'settle-base-inputs':
      return `settle ${effect.group}`
    case 'collect-benchmarks':
      return `collect ${effect.task}#${effect.attempt}`
    case 'announce-outputs':
      return `announce ${effect.task}`
    case 'report':
      return `report ${effect.urgency}`
    case 'free-slot':
      return 'free slot'
  }
}
