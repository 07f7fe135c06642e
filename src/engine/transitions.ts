import type { Slice, TaskStatus } from '../workflow/state.ts'

/** One line of the log for each change of a task, so that an operator can follow a workflow by its name. */
export type Transition = {
  readonly workflow: string
  readonly task: string
  readonly attempt: number
  readonly from: TaskStatus
  readonly to: TaskStatus
}

export function transitionsBetween(before: Slice, after: Slice): readonly Transition[] {
  return [...after.groups].flatMap(([name, group]) => {
    const old = before.groups.get(name)
    if (!old || old === group) return []
    return group.tasks.flatMap((task, index): readonly Transition[] => {
      const [from, to] = [old.tasks[index]?.state.status ?? 'WAITING', task.state.status]
      return from === to ? [] : [{ workflow: after.workflow.displayId, task: task.name, attempt: task.state.attempt, from, to }]
    })
  })
}
