import { decide } from './exit.ts'
import type { Exit, Replaced, Slice, Task, WorkflowEvent } from './state.ts'
import { type FinishedState, ownsPod } from './status.ts'

/** Attempts that another one follows, and how each ended by this event; the task itself only has the state of its newest. */
export function replacedBy(before: Slice, after: Slice, event: WorkflowEvent): readonly Replaced[] {
  return [...after.groups].flatMap(([name, group]) => {
    const was = before.groups.get(name)
    return !was || was === group
      ? []
      : group.tasks.flatMap((task) =>
          replacedOf(
            was.tasks.find(({ id }) => id === task.id),
            task,
            event,
          ),
        )
  })
}

function replacedOf(was: Task | undefined, is: Task, event: WorkflowEvent): readonly Replaced[] {
  if (!was || !ownsPod(was.state) || was.state.attempt === is.state.attempt) return []
  return [{ task: is.name, state: endOf(was, event) }]
}

function endOf({ name, state, policy }: Task, event: WorkflowEvent): FinishedState {
  const exit = exitOf(name, state.attempt, event)
  const decision = decide(exit, { retries: spent }, policy)
  return {
    status: decision.kind === 'finish' ? decision.status : 'FAILED',
    attempt: state.attempt,
    retries: state.retries,
    exitCode: exit.exitCode,
    message: exit.message,
    startedAt: 'startedAt' in state ? state.startedAt : undefined,
    finishedAt: event.at,
    outputs: exit.outputs,
    pod: exit.reason === 'backend-error' ? 'abandoned' : 'exited',
  }
}

/** With no retries left, the decision is the status that the exit itself stands for. */
const spent = { user: Number.POSITIVE_INFINITY, infrastructure: Number.POSITIVE_INFINITY }

function exitOf(task: string, attempt: number, event: WorkflowEvent): Exit {
  const isOwn = 'attempt' in event && event.task === task && event.attempt === attempt
  if (isOwn && event.kind === 'task-exited') return event.exit
  if (isOwn && event.kind === 'pod-lost') return { ...restartedWithGroup, message: event.message }
  return restartedWithGroup
}

const restartedWithGroup: Exit = {
  exitCode: 3001,
  reason: 'backend-error',
  message: 'Started again together with its group',
  outputs: 'none',
}
