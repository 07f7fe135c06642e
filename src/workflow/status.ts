import type { Counts, FailedStatus, FinishedStatus, Group, Task, TaskState, WorkflowStatus } from './state.ts'

export type FinishedState = Extract<TaskState, { finishedAt: number }>
export type LiveState = Exclude<TaskState, FinishedState>
/** States that own exactly one pod, made or about to be made. */
export type PodState = Exclude<LiveState, { status: 'WAITING' }>

export const isFinished = (state: TaskState): state is FinishedState => 'finishedAt' in state
export const ownsPod = (state: TaskState): state is PodState => !isFinished(state) && state.status !== 'WAITING'
export const isCompleted = (state: TaskState) => state.status === 'COMPLETED'
export const isGroupFinished = (group: Group) => group.tasks.every((task) => isFinished(task.state))

/** What a group counts as in its workflow's header. */
export type GroupCondition = 'pending' | 'running' | FinishedStatus

export function groupCondition(group: Group): GroupCondition {
  if (isGroupFinished(group)) return groupOutcome(group)
  return group.tasks.some((task) => task.state.status === 'RUNNING' || isFinished(task.state)) ? 'running' : 'pending'
}

/** OSMO's aggregation (osmo-spec.md §5.2): over the lead alone, or over all tasks where non-leads count. */
export function groupOutcome(group: Group): FinishedStatus {
  const considered = consideredTasks(group).map((task) => task.state.status)
  return worstFirst.find((status) => considered.includes(status)) ?? 'COMPLETED'
}

export function consideredTasks(group: Group): readonly Task[] {
  return group.ignoreNonleadStatus ? group.tasks.filter((task) => task.lead) : group.tasks
}

/**
 * OSMO's order (osmo-spec.md §5.2): anything unfinished is RUNNING or PENDING; then the first present of cancelled, server error,
 * exec timeout, queue timeout; then the one reason all failures share, upstream failures aside; else FAILED.
 */
export function workflowStatus(counts: Counts): WorkflowStatus {
  const finished = Object.values(counts.finished).reduce((sum, count) => sum + count, 0)
  if (finished < counts.groups) return counts.running > 0 || finished > 0 ? 'RUNNING' : 'PENDING'
  const present = (Object.keys(counts.finished) as FinishedStatus[]).filter((status) => (counts.finished[status] ?? 0) > 0)
  const decisive = decisiveFirst.find((status) => present.includes(status))
  if (decisive) return decisive
  const reasons = present.filter((status) => status !== 'COMPLETED' && status !== 'FAILED_UPSTREAM')
  if (reasons.length === 0) return present.includes('FAILED_UPSTREAM') ? 'FAILED' : 'COMPLETED'
  return reasons.length === 1 ? reasons[0]! : 'FAILED'
}

export const isWorkflowFinished = (counts: Counts) => !['PENDING', 'RUNNING'].includes(workflowStatus(counts))

const decisiveFirst: readonly FailedStatus[] = ['FAILED_CANCELED', 'FAILED_SERVER_ERROR', 'FAILED_EXEC_TIMEOUT', 'FAILED_QUEUE_TIMEOUT']

const worstFirst: readonly FailedStatus[] = [
  'FAILED_UPSTREAM',
  'FAILED_CANCELED',
  'FAILED_SERVER_ERROR',
  'FAILED_EXEC_TIMEOUT',
  'FAILED_QUEUE_TIMEOUT',
  'FAILED_PREEMPTED',
  'FAILED_EVICTED',
  'FAILED_BACKEND_ERROR',
  'FAILED_IMAGE_PULL',
  'FAILED_START_ERROR',
  'FAILED_START_TIMEOUT',
  'FAILED',
]
