import { type Instant, podName } from './names.ts'
import { isReady } from './settle.ts'
import type { Effect, Folded, Group, Slice, Task, Timer, TimerName, Workflow } from './state.ts'
import { groupCondition, isCompleted, isFinished, ownsPod, workflowStatus } from './status.ts'

type Difference = Pick<Folded, 'effects' | 'timers'>

/** Effects and timers, read off two states of the same slice (F4). */
export function difference(before: Slice, after: Slice, now: Instant): Difference {
  const pairs = [...after.groups].map(([name, group]) => ({ was: before.groups.get(name), is: group }))
  const tasks = pairs.flatMap(({ was, is }) => taskEffects(was, is, before.workflow, after.workflow))
  const bases = pairs.flatMap(({ was, is }) =>
    awaitsBase(is, after.workflow) && !(was && awaitsBase(was, before.workflow))
      ? [{ kind: 'settle-base-inputs' as const, group: is.name }]
      : [],
  )
  return { effects: [...tasks, ...bases, ...workflowEffects(before, after)], timers: timerChanges(before, after, now) }
}

function taskEffects(was: Group | undefined, is: Group, workflowBefore: Workflow, workflow: Workflow): readonly Effect[] {
  return is.tasks.flatMap((task) => {
    const old = was?.tasks.find(({ id }) => id === task.id)
    if (!old) return []
    return [...podEffects(old, task, workflowBefore, workflow), ...outputEffects(old, task)]
  })
}

function podEffects(old: Task, task: Task, workflowBefore: Workflow, workflow: Workflow): readonly Effect[] {
  const { state } = task
  const wasCreated = ownsPod(old.state) && old.state.attempt === state.attempt
  const creates: Effect[] =
    state.status === 'PROCESSING' && !wasCreated
      ? [
          {
            kind: 'create-pod',
            pod: podName(workflow.id, task.id, state.attempt),
            task: task.name,
            attempt: state.attempt,
            notBefore: state.notBefore,
          },
        ]
      : []
  const deletes: Effect[] = isUnwanted(old, task, workflowBefore, workflow)
    ? [
        {
          kind: 'delete-pod',
          pod: podName(workflow.id, task.id, old.state.attempt),
          task: task.name,
          attempt: old.state.attempt,
          graceSeconds: task.policy.terminationGraceSeconds,
        },
      ]
    : []
  return [...deletes, ...creates]
}

/** The pod that was there is now superseded, abandoned, or condemned by a cancellation. */
function isUnwanted(old: Task, task: Task, workflowBefore: Workflow, workflow: Workflow): boolean {
  if (!ownsPod(old.state)) return false
  if (old.state.attempt !== task.state.attempt) return true
  if (isFinished(task.state)) return task.state.pod === 'abandoned'
  return workflow.cancellation !== undefined && workflowBefore.cancellation === undefined
}

function outputEffects(old: Task, { name, state, benchmarks }: Task): readonly Effect[] {
  if (!isFinished(state) || isFinished(old.state)) return []
  const collect: Effect[] = benchmarks === 'awaited' ? [{ kind: 'collect-benchmarks', task: name, attempt: state.attempt }] : []
  return isCompleted(state) && state.outputs === 'stored' ? [...collect, { kind: 'announce-outputs', task: name }] : collect
}

function workflowEffects(before: Slice, after: Slice): readonly Effect[] {
  const finished = after.workflow.finishedAt !== undefined && before.workflow.finishedAt === undefined
  const inLineAgain = before.workflow.slot === 'yielded' && after.workflow.slot === 'waiting'
  const ends: Effect[] = finished || inLineAgain ? [{ kind: 'free-slot' }] : []
  const [was, is] = [workflowStatus(before.workflow.counts), workflowStatus(after.workflow.counts)]
  const important = was !== is || before.workflow.cancellation !== after.workflow.cancellation || isCollected(before, after)
  if (important) return [...ends, { kind: 'report', urgency: 'now' }]
  return looksDifferent(before, after) ? [...ends, { kind: 'report', urgency: 'soon' }] : ends
}

const isCollected = (before: Slice, after: Slice) =>
  [...after.groups].some(([name, group]) =>
    group.tasks.some(
      (task) =>
        task.benchmarks === 'collected' && before.groups.get(name)?.tasks.find(({ id }) => id === task.id)?.benchmarks === 'awaited',
    ),
  )

function looksDifferent(before: Slice, after: Slice): boolean {
  if (before.workflow.slot !== after.workflow.slot) return true
  return [...after.groups].some(([name, group]) => {
    const old = before.groups.get(name)
    if (old === group) return false
    return (
      !old ||
      groupCondition(old) !== groupCondition(group) ||
      group.tasks.some((task, index) => task.state.status !== old.tasks[index]?.state.status)
    )
  })
}

const awaitsBase = (group: Group, workflow: Workflow) => group.baseInputs === 'awaited' && isReady(group, workflow)

// -------------------------------------------------------------------- timers

/** Backends enforce start and run deadlines themselves; our timers come later, for the case that they cannot. */
const slackSeconds = 60
/** How long a base arm's inputs are waited for (extensions.md §4). */
const baseInputsSeconds = 3600

function timerChanges(before: Slice, after: Slice, now: Instant): Difference['timers'] {
  const [was, is] = [timersOf(before, now), timersOf(after, now)]
  const keys = (timers: readonly Timer[]) => new Set(timers.map(timerKey))
  const [wasKeys, isKeys] = [keys(was), keys(is)]
  return {
    set: is.filter((timer) => !wasKeys.has(timerKey(timer))),
    cleared: was.filter((timer) => !isKeys.has(timerKey(timer))).map(({ kind, subject, attempt }) => ({ kind, subject, attempt })),
  }
}

const timerKey = ({ kind, subject, attempt }: TimerName) => `${kind}/${subject}/${attempt}`

function timersOf({ workflow, groups }: Slice, now: Instant): readonly Timer[] {
  return [...groups.values()].flatMap((group) => [
    ...(awaitsBase(group, workflow)
      ? [{ kind: 'base-inputs' as const, subject: group.name, attempt: 0, dueAt: now + 1000 * baseInputsSeconds }]
      : []),
    ...group.tasks.flatMap((task) => taskTimers(task, workflow, now)),
  ])
}

function taskTimers({ name, state, policy }: Task, { cancellation }: Workflow, now: Instant): readonly Timer[] {
  if (!ownsPod(state)) return []
  const timer = (kind: Timer['kind'], since: number, seconds: number): Timer => ({
    kind,
    subject: name,
    attempt: state.attempt,
    dueAt: since + 1000 * seconds,
  })
  if (cancellation) return [timer('cancel', cancellation.at, policy.terminationGraceSeconds + slackSeconds)]
  switch (state.status) {
    case 'PROCESSING':
      // What it follows may have ended long before anybody could hear of it.
      return [timer('queue', Math.max(state.notBefore, now), policy.queueTimeoutSeconds)]
    case 'SCHEDULING':
      return [timer('queue', state.queuedAt, policy.queueTimeoutSeconds)]
    case 'INITIALIZING':
      return [timer('start', state.createdAt, policy.startTimeoutSeconds + slackSeconds)]
    case 'RUNNING':
      return [
        timer(
          'run',
          state.startedAt,
          policy.execTimeoutSeconds + policy.terminationGraceSeconds + policy.uploadTimeoutSeconds + slackSeconds,
        ),
      ]
  }
}
