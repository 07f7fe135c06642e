import { decide } from '../workflow/exit.ts'
import type { Exit, Task, TaskState, WorkflowEvent } from '../workflow/state.ts'

/** How an attempt ended that was followed by another, from the event that ended it. Shown in the task's list of attempts. */
export function replacedState(was: Task, is: Task, events: readonly WorkflowEvent[]): TaskState {
  const { attempt, retries } = was.state
  const { exit, at } = endOf(was, events) ?? { exit: restartedWithGroup, at: 'queuedAt' in is.state ? is.state.queuedAt : 0 }
  const decision = decide(exit, { retries: spent }, was.policy)
  return {
    status: decision.kind === 'finish' ? decision.status : 'FAILED',
    attempt,
    retries,
    exitCode: exit.exitCode,
    message: exit.message,
    startedAt: 'startedAt' in was.state ? was.state.startedAt : undefined,
    finishedAt: at,
    outputs: exit.outputs,
    pod: exit.reason === 'backend-error' ? 'abandoned' : 'exited',
  }
}

/** With no retries left, the decision is the status that the exit itself stands for. */
const spent = { user: Number.POSITIVE_INFINITY, infrastructure: Number.POSITIVE_INFINITY }

function endOf({ name, state }: Task, events: readonly WorkflowEvent[]): { readonly exit: Exit; readonly at: number } | undefined {
  const event = events.find((event) => 'attempt' in event && event.task === name && event.attempt === state.attempt && isEnd(event))
  if (event?.kind === 'task-exited') return { exit: event.exit, at: event.at }
  if (event?.kind === 'pod-lost') return { exit: { ...restartedWithGroup, message: event.message }, at: event.at }
  return undefined
}

const isEnd = ({ kind }: WorkflowEvent) => kind === 'task-exited' || kind === 'pod-lost'

const restartedWithGroup: Exit = {
  exitCode: 3001,
  reason: 'backend-error',
  message: 'Started again together with its group',
  outputs: 'none',
}
