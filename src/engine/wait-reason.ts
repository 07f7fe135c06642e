import { isFinished } from '../workflow/status.ts'
import type { TaskLine } from '../workflow/text.ts'
import { baseWaitReason } from './base-inputs.ts'
import type { TaskView, WorkflowView } from './ports.ts'

/** A task as people read about it: what it does, or why it waits. */
export function taskLine(view: WorkflowView, task: TaskView): TaskLine {
  return {
    name: task.name,
    group: task.group,
    platform: task.template.platform,
    state: task.state,
    reason: waitReason(view, task),
    attempts: task.attempts.filter(({ attempt }) => attempt < task.state.attempt).length,
  }
}

/** Every wait has a reason that people can read (law 8); undefined when it does not wait. */
export function waitReason(view: WorkflowView, task: TaskView): string | undefined {
  const { workflow, plan } = view
  if (isFinished(task.state)) return task.benchmarks === 'awaited' ? 'reading its numbers' : undefined
  if (workflow.cancellation) return `being cancelled by ${workflow.cancellation.by}`
  if (workflow.slot === 'waiting') return `waits for its turn in concurrency group ${plan.concurrency.key.split('/').slice(2).join('/')}`
  if (task.state.status === 'WAITING')
    return task.waitsFor.length > 0 ? `waits for ${task.waitsFor.map(shortName).join(', ')}` : baseWaitReason(view, task)
  if (task.state.status !== 'PROCESSING') return undefined
  const backOff =
    task.state.notBefore > task.state.queuedAt ? ' after a pause, since the last attempt failed for reasons of infrastructure' : ''
  return `waits for a free place on ${task.template.platform}${task.template.exclusive ? ', which runs one task at a time' : ''}${backOff}`
}

/** A plain task's group is `<task>-group`; people know the task. */
const shortName = (group: string) => group.replace(/-group$/, '')
