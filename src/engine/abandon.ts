import type { WorkflowId } from '../workflow/names.ts'
import { type CollectDeps, leaveUnmeasured } from './collect.ts'
import type { OutboxRow, ViewStore, WorkflowStore } from './ports.ts'

export type AbandonDeps = CollectDeps & {
  readonly views: ViewStore
  readonly workflows: WorkflowStore
  readonly wakeWorkflow: (id: WorkflowId) => void
}

/**
 * Ends what waits for an effect that will never happen, so that people see why and nothing hangs. Reports are asked for again by the sweep,
 * places are given by it, and whoever waits for a base arm looks again by itself.
 */
export async function abandon({ effect }: OutboxRow, message: string, deps: AbandonDeps): Promise<void> {
  if (effect.kind !== 'workflow') return
  if (effect.effect.kind === 'settle-base-inputs') return goOnWithoutBase(effect.workflow, effect.effect.group, message, deps)
  if (effect.effect.kind === 'collect-benchmarks')
    return leaveUnmeasured({ workflow: effect.workflow, task: effect.effect.task, attempt: effect.effect.attempt }, message, deps)
}

async function goOnWithoutBase(
  id: WorkflowId,
  group: string,
  message: string,
  { views, workflows, wakeWorkflow }: AbandonDeps,
): Promise<void> {
  const view = await views.workflow(id)
  const tasks = view?.tasks.filter((task) => task.group === group && task.template.compare && task.baseInputsState === 'awaited') ?? []
  if (!view || tasks.length === 0) return
  const reason = `The base arm's inputs could not be found: ${message.slice(0, 300)}`
  for (const { name } of tasks)
    await workflows.saveBaseInputs(id, name, { kind: 'missing', reason, remedy: `\`/osmo rerun ${view.workflow.spec}\`` })
  await workflows.post(id, { kind: 'base-inputs-settled', group })
  wakeWorkflow(id)
}
