import { afterUpstream, ended, nextAttempt, withTasks } from './move.ts'
import type { Instant } from './names.ts'
import type { Counts, Group, Slice, Task, Workflow, WorkflowEvent } from './state.ts'
import {
  consideredTasks,
  type GroupCondition,
  groupCondition,
  groupOutcome,
  isCompleted,
  isFinished,
  isGroupFinished,
  isWorkflowFinished,
  ownsPod,
} from './status.ts'

export type Settled = { readonly slice: Slice; readonly followUps: readonly WorkflowEvent[] }

/** Draws the consequences of what moved, until nothing follows any more: cancellations, leads, upstreams, groups that may start. */
export function settle(before: Slice, moved: Slice, at: number): Settled {
  // Before an end is passed on: what a cancellation ends was not failed by its upstream.
  const groups = new Map([...moved.groups].map(([name, group]) => [name, cancelUnstarted(group, moved.workflow, at)]))
  const followUps: WorkflowEvent[] = []
  const queue = unsettled(before, moved)
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const group = settleGroup(before.groups.get(name), groups.get(name)!, moved.workflow, at)
    groups.set(name, group)
    if (isNewlyFinished(before.groups.get(name), group)) queue.push(...propagate(group, groups, followUps, at))
  }
  const same = [...groups].every(([name, group]) => moved.groups.get(name) === group)
  const settledGroups = same ? moved.groups : groups
  return { slice: { workflow: settleHeader(before, moved.workflow, settledGroups, at), groups: settledGroups }, followUps }
}

/** What did not change has nothing to settle, unless the header did, which concerns every group. */
function unsettled(before: Slice, moved: Slice): string[] {
  const names = [...moved.groups.keys()]
  return before.workflow === moved.workflow ? names.filter((name) => before.groups.get(name) !== moved.groups.get(name)) : names
}

function settleGroup(before: Group | undefined, moved: Group, workflow: Workflow, at: number): Group {
  const steps = [restartTogether, endWithLead, start, skipUnmeasurable]
  return steps.reduce((group, step) => step(group, { before, workflow, at }), moved)
}

type Context = { readonly before: Group | undefined; readonly workflow: Workflow; readonly at: number }

/** What has no pod yet ends at once; what has one ends when its backend says so (`difference` asks for the deletion). */
function cancelUnstarted(group: Group, { cancellation }: Workflow, at: Instant): Group {
  if (!cancellation) return group
  return withTasks(group, (task) =>
    task.state.status === 'WAITING' || task.state.status === 'PROCESSING'
      ? { ...task, state: ended(task.state, 'FAILED_CANCELED', 3001, `Cancelled by ${cancellation.by}: ${cancellation.reason}`, at) }
      : task,
  )
}

/** A new attempt of the lead, or of any task that counts, starts the others again too: they talk to each other (osmo-spec.md §4). */
function restartTogether(group: Group, { before, at }: Context): Group {
  if (group.tasks.length === 1 || !before) return group
  const restarted = consideredTasks(group).some((task) => attemptOf(before, task) < task.state.attempt)
  if (!restarted) return group
  const notBefore = Math.max(...group.tasks.map((task) => ('notBefore' in task.state ? task.state.notBefore : at)))
  return withTasks(group, (task) =>
    ownsPod(task.state) && attemptOf(before, task) === task.state.attempt
      ? { ...task, state: nextAttempt(task.state, 'nobody', at, notBefore) }
      : task,
  )
}

const attemptOf = (group: Group, task: Task) => group.tasks.find(({ id }) => id === task.id)?.state.attempt ?? 0

/**
 * When the lead has ended, or a task that counts has failed, the rest of the group ends with it. Under a cancellation each is deleted anyway
 * and ends when its backend says so: nothing is called cancelled while a part of it runs.
 */
function endWithLead(group: Group, { workflow, at }: Context): Group {
  if (workflow.cancellation) return group
  const failed = consideredTasks(group).find((task) => isFinished(task.state) && !isCompleted(task.state))
  const lead = group.tasks.find((task) => task.lead && isFinished(task.state))
  const cause = lead ?? failed
  if (!cause || isGroupFinished(group)) return group
  const status = isCompleted(cause.state) ? 'COMPLETED' : 'FAILED'
  const message = lead ? 'Lead task finished' : `Task ${cause.name} of its group failed`
  return withTasks(group, (task) =>
    isFinished(task.state) ? task : { ...task, state: ended(task.state, status, status === 'COMPLETED' ? 0 : 3002, message, at) },
  )
}

/** All tasks of a group become wanted together. */
function start(group: Group, { workflow, at }: Context): Group {
  if (!isReady(group, workflow) || group.baseInputs === 'awaited') return group
  return withTasks(group, (task) =>
    task.state.status === 'WAITING' ? { ...task, state: { ...task.state, status: 'PROCESSING', queuedAt: at, notBefore: at } } : task,
  )
}

/** Nothing but the base arm's inputs keeps it from starting. */
export function isReady(group: Group, workflow: Workflow): boolean {
  const admitted = workflow.slot !== 'waiting' && !workflow.cancellation
  return (
    admitted &&
    group.waitsFor.length === 0 &&
    group.tasks.every((task) => task.state.status === 'WAITING' || isFinished(task.state)) &&
    !isGroupFinished(group)
  )
}

/** A task that never ran has no numbers to wait for; it is judged as unmeasured. */
function skipUnmeasurable(group: Group): Group {
  return withTasks(group, (task) =>
    task.benchmarks === 'awaited' && isFinished(task.state) && task.state.pod === 'none' && task.state.outputs === 'none'
      ? { ...task, benchmarks: 'collected' }
      : task,
  )
}

const isNewlyFinished = (before: Group | undefined, after: Group) => isGroupFinished(after) && !(before && isGroupFinished(before))

/** Tells the downstream groups that are loaded, and leaves a follow-up for those that are not. Returns the ones to settle again. */
function propagate(group: Group, groups: Map<string, Group>, followUps: WorkflowEvent[], at: number): readonly string[] {
  const outcome = groupOutcome(group) === 'COMPLETED' ? 'completed' : 'failed'
  const loaded = group.downstream.filter((name) => groups.has(name))
  for (const name of loaded) groups.set(name, afterUpstream(groups.get(name)!, group.name, outcome, at))
  if (loaded.length < group.downstream.length) followUps.push({ kind: 'group-finished', at, group: group.name, outcome })
  return loaded
}

function settleHeader(before: Slice, workflow: Workflow, groups: Slice['groups'], at: number): Workflow {
  const counts = recount(before, workflow.counts, groups)
  const startedAt = workflow.startedAt ?? (counts.running > 0 ? at : undefined)
  const finishedAt = workflow.finishedAt ?? (isWorkflowFinished(counts) ? at : undefined)
  const same = counts === workflow.counts && startedAt === workflow.startedAt && finishedAt === workflow.finishedAt
  return same ? workflow : { ...workflow, counts, startedAt, finishedAt }
}

/** Moves only the groups that changed from one count to another. */
function recount(before: Slice, counts: Counts, groups: Slice['groups']): Counts {
  return [...groups].reduce((sum, [name, group]) => {
    const old = before.groups.get(name)
    if (old === group) return sum
    const [was, is] = [old ? groupCondition(old) : 'pending', groupCondition(group)]
    return was === is ? sum : counted(counted(sum, was, -1), is, +1)
  }, counts)
}

function counted(counts: Counts, condition: GroupCondition, change: 1 | -1): Counts {
  if (condition === 'pending') return counts
  if (condition === 'running') return { ...counts, running: counts.running + change }
  return { ...counts, finished: { ...counts.finished, [condition]: (counts.finished[condition] ?? 0) + change } }
}
