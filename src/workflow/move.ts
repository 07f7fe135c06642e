import { backoffSeconds, decide } from './exit.ts'
import type { Cancellation, Exit, Group, Slice, Task, TaskState, TimerName, WorkflowEvent } from './state.ts'
import { type FinishedState, isFinished, ownsPod, type PodState } from './status.ts'

/** What one event says by itself. What follows from it for groups and the workflow is `settle`'s. */
export function move(slice: Slice, event: WorkflowEvent): Slice {
  switch (event.kind) {
    case 'workflow-admitted':
      return { ...slice, workflow: { ...slice.workflow, slot: 'held' } }
    case 'cancel-requested':
      return slice.workflow.cancellation || slice.workflow.finishedAt !== undefined
        ? slice
        : { ...slice, workflow: { ...slice.workflow, cancellation: cancellationOf(event) } }
    case 'base-inputs-settled':
      return baseSettled(slice, event.group)
    case 'group-finished':
      return onGroups(slice, (group) => afterUpstream(group, event.group, event.outcome, event.at))
    case 'pod-created':
      return onPod(slice, event, (state) => (state.status === 'PROCESSING' ? created(state, 'SCHEDULING', event.at) : state))
    case 'pod-initializing':
      return onPod(slice, event, (state) =>
        state.status === 'PROCESSING' || state.status === 'SCHEDULING' ? created(state, 'INITIALIZING', event.at) : state,
      )
    case 'task-started':
      return onPod(slice, event, (state) => (state.status === 'RUNNING' ? state : started(state, event.at)))
    case 'task-exited':
      return onPod(slice, event, (state, task) => exited(slice, event, state, task))
    case 'pod-lost':
      return onPod(slice, event, (state, task) =>
        exited(slice, { ...event, exit: lostExit(event.message), startedAt: undefined }, state, task),
      )
    case 'benchmarks-collected':
      return onTask(slice, event.task, (task) =>
        task.benchmarks === 'awaited' && task.state.attempt === event.attempt && isFinished(task.state)
          ? { ...task, benchmarks: 'collected' }
          : task,
      )
    case 'timer-fired':
      return timedOut(slice, event.timer, event.at)
    default:
      return unreachable(event)
  }
}

function cancellationOf({ kind: _, ...cancellation }: Extract<WorkflowEvent, { kind: 'cancel-requested' }>): Cancellation {
  return cancellation
}

/** A group stops waiting for an upstream that completed; one that failed takes it down (exit code 3000). */
export function afterUpstream(group: Group, upstream: string, outcome: 'completed' | 'failed', at: number): Group {
  if (!group.waitsFor.includes(upstream)) return group
  if (outcome === 'completed') return { ...group, waitsFor: group.waitsFor.filter((name) => name !== upstream) }
  const message = `Group ${upstream}, whose outputs this one reads, did not complete`
  return withTasks(group, (task) =>
    isFinished(task.state) ? task : { ...task, state: ended(task.state, 'FAILED_UPSTREAM', 3000, message, at) },
  )
}

/** Ends a task from our side. Whatever pod it has is abandoned. */
export function ended(state: TaskState, status: FinishedState['status'], exitCode: number, message: string, at: number): FinishedState {
  const { attempt, retries } = state
  const startedAt = 'startedAt' in state ? state.startedAt : undefined
  return {
    status,
    attempt,
    retries,
    exitCode,
    message,
    startedAt,
    finishedAt: at,
    outputs: 'none',
    pod: ownsPod(state) ? 'abandoned' : 'none',
  }
}

/** The next attempt of a task, to be created not before `notBefore`. */
export function nextAttempt(state: TaskState, blame: 'user' | 'infrastructure' | 'nobody', at: number, notBefore: number): TaskState {
  const { user, infrastructure } = state.retries
  const retries = { user: user + Number(blame === 'user'), infrastructure: infrastructure + Number(blame === 'infrastructure') }
  return { status: 'PROCESSING', attempt: state.attempt + 1, retries, queuedAt: at, notBefore }
}

type Exited = { readonly at: number; readonly exit: Exit; readonly startedAt: number | undefined }

function exited(slice: Slice, { at, exit, startedAt }: Exited, state: PodState, task: Task): TaskState {
  const decision = decide(exit, state, task.policy)
  const cancelled = slice.workflow.cancellation !== undefined
  if (decision.kind === 'retry' && !cancelled) {
    return nextAttempt(
      state,
      decision.blame,
      at,
      at + 1000 * (decision.blame === 'user' ? 0 : backoffSeconds(exit, state.retries.infrastructure)),
    )
  }
  const status =
    decision.kind === 'retry' ? 'FAILED_CANCELED' : cancelled && decision.status !== 'COMPLETED' ? 'FAILED_CANCELED' : decision.status
  return {
    status,
    attempt: state.attempt,
    retries: state.retries,
    exitCode: exit.exitCode,
    message:
      cancelled && status === 'FAILED_CANCELED'
        ? `Cancelled by ${slice.workflow.cancellation?.by}: ${slice.workflow.cancellation?.reason}`
        : decision.message,
    startedAt: startedAt ?? ('startedAt' in state ? state.startedAt : undefined),
    finishedAt: at,
    outputs: exit.outputs,
    pod: exit.reason === 'backend-error' ? 'abandoned' : 'exited',
  }
}

const lostExit = (message: string): Exit => ({ exitCode: 3001, reason: 'backend-error', message, outputs: 'none' })

function timedOut(slice: Slice, timer: TimerName, at: number): Slice {
  if (timer.kind === 'base-inputs') return baseSettled(slice, timer.subject)
  return onPod(slice, { task: timer.subject, attempt: timer.attempt }, (state) => afterTimer(state, timer.kind, at))
}

/** Who had given its place in the concurrency group away stands in line again. */
function baseSettled(slice: Slice, name: string): Slice {
  const settled = onGroups(slice, (group) =>
    group.name === name && group.baseInputs === 'awaited' ? { ...group, baseInputs: 'ready' } : group,
  )
  if (settled === slice || slice.workflow.slot !== 'yielded') return settled
  return { ...settled, workflow: { ...slice.workflow, slot: 'waiting' } }
}

function afterTimer(state: PodState, kind: TimerName['kind'], at: number): TaskState {
  const queued = state.status === 'PROCESSING' || state.status === 'SCHEDULING'
  switch (kind) {
    case 'queue':
      return queued
        ? ended(state, 'FAILED_QUEUE_TIMEOUT', 3005, 'No place became free on its platform within the queue timeout', at)
        : state
    case 'start':
      return state.status === 'INITIALIZING'
        ? ended(state, 'FAILED_START_TIMEOUT', 3005, 'It did not start within the start timeout', at)
        : state
    case 'run':
      return state.status === 'RUNNING'
        ? ended(state, 'FAILED_EXEC_TIMEOUT', 3001, 'It ran past its exec timeout and did not report an end', at)
        : state
    case 'cancel':
      return ended(state, 'FAILED_CANCELED', 3001, 'Cancelled; its backend did not confirm the end in time', at)
    default:
      return state
  }
}

function created(state: PodState, status: 'SCHEDULING' | 'INITIALIZING', at: number): TaskState {
  const { attempt, retries, queuedAt } = state
  return { status, attempt, retries, queuedAt, createdAt: 'createdAt' in state ? state.createdAt : at }
}

function started(state: PodState, at: number): TaskState {
  const { attempt, retries, queuedAt } = state
  return { status: 'RUNNING', attempt, retries, queuedAt, createdAt: 'createdAt' in state ? state.createdAt : at, startedAt: at }
}

/** Only the current attempt of a task that still owns a pod listens; everything else is late or repeated (F2). */
function onPod(
  slice: Slice,
  { task: name, attempt }: { readonly task: string; readonly attempt: number },
  next: (state: PodState, task: Task) => TaskState,
): Slice {
  return onTask(slice, name, (task) => {
    if (!ownsPod(task.state) || task.state.attempt !== attempt) return task
    const state = next(task.state, task)
    return state === task.state ? task : { ...task, state }
  })
}

function onTask(slice: Slice, name: string, change: (task: Task) => Task): Slice {
  return onGroups(slice, (group) =>
    group.tasks.some((task) => task.name === name) ? withTasks(group, (task) => (task.name === name ? change(task) : task)) : group,
  )
}

function onGroups(slice: Slice, change: (group: Group) => Group): Slice {
  const groups = mapGroups(slice.groups, change)
  return groups === slice.groups ? slice : { ...slice, groups }
}

/** Keeps the identity of the group when no task changed (F6). */
export function withTasks(group: Group, change: (task: Task) => Task): Group {
  const tasks = group.tasks.map(change)
  return tasks.every((task, index) => task === group.tasks[index]) ? group : { ...group, tasks }
}

function mapGroups(groups: Slice['groups'], change: (group: Group) => Group): Slice['groups'] {
  const changed = [...groups].map(([name, group]) => [name, change(group)] as const)
  return changed.every(([name, group]) => groups.get(name) === group) ? groups : new Map(changed)
}

function unreachable(value: never): never {
  throw new Error(`Expected an event of a known kind, got ${JSON.stringify(value)}`)
}
