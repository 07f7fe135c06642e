import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import { taskInputs } from './order.ts'
import type {
  BaseInputs,
  DeliveryStore,
  RepositoryReference,
  SourceMirror,
  StoredOutputs,
  TaskView,
  ViewStore,
  WorkflowStore,
  WorkflowView,
} from './ports.ts'

export type BaseInputsDeps = {
  readonly views: ViewStore
  readonly workflows: WorkflowStore
  readonly deliveries: DeliveryStore
  readonly mirror: SourceMirror
  readonly wakeWorkflow: (id: WorkflowId) => void
}

/** How far back on the base branch outputs are looked for. */
const ancestorLimit = 50

type Found = Extract<BaseInputs, { kind: 'found' }>
type Search = BaseInputs | { readonly kind: 'wait' }

/**
 * Finds what the base arm of a comparison reads: the same upstream task's outputs in the newest trusted workflow of this spec at the merge
 * base; the nearest ancestor only when nothing at the merge base can still produce it (extensions.md §4). `wait` leaves the group waiting.
 */
export function createBaseInputs({ views, workflows, deliveries, mirror, wakeWorkflow }: BaseInputsDeps) {
  return { settle, announce }

  async function settle(id: WorkflowId, group: string, signal: AbortSignal): Promise<'settled' | 'waiting'> {
    const view = await views.workflow(id)
    if (!view || view.workflow.finishedAt !== undefined) return 'settled'
    const tasks = view.tasks.filter((task) => task.group === group && task.template.compare && task.baseInputsState === 'awaited')
    if (tasks.length === 0) return 'settled'
    const searches = await Promise.all(tasks.map(async (task) => ({ task, result: await search(view, task, signal) })))
    if (searches.some(({ result }) => result.kind === 'wait')) {
      await workflows.yieldSlot(id)
      return 'waiting'
    }
    for (const { task, result } of searches) if (result.kind !== 'wait') await workflows.saveBaseInputs(id, task.name, result)
    await workflows.post(id, { kind: 'base-inputs-settled', group })
    wakeWorkflow(id)
    return 'settled'
  }

  /** A task of this spec has stored outputs: whoever waits for a base arm looks again. */
  async function announce(id: WorkflowId, signal: AbortSignal): Promise<void> {
    const view = await views.workflow(id)
    if (view?.workflow.provenance.origin !== 'trusted') return
    const { repositoryId } = view.workflow.provenance
    for (const { workflow, group } of await views.awaitingBase(repositoryId, view.workflow.spec)) await settle(workflow, group, signal)
  }

  async function search(view: WorkflowView, task: TaskView, signal: AbortSignal): Promise<Search> {
    const { baseSha } = view.workflow.provenance
    if (baseSha === '')
      return {
        kind: 'missing',
        reason: 'This pull request has no merge base with its base branch',
        remedy: 'Rebase it onto its base branch.',
      }
    const wanted = taskInputs(task.template)
    const exact = await outputsAt(view, task, [baseSha], 'merge-base')
    if (exact) return exact
    if (wanted.length > 0 && (await canStillCome(view, baseSha, wanted))) return { kind: 'wait' }
    const older = await mirror.ancestors(repositoryOf(view), baseSha, ancestorLimit, signal)
    return (await outputsAt(view, task, older, 'ancestor')) ?? missing(view, baseSha, wanted[0]?.task ?? '')
  }

  async function outputsAt(
    view: WorkflowView,
    task: TaskView,
    shas: readonly CommitSha[],
    exact: Found['exact'],
  ): Promise<Found | undefined> {
    const { provenance, spec } = view.workflow
    const wanted = taskInputs(task.template)
    const baseSha = provenance.baseSha as CommitSha
    if (wanted.length === 0) return exact === 'merge-base' ? { kind: 'found', sha: baseSha, inputs: [], exact, workflow: '' } : undefined
    const candidates = await Promise.all(wanted.map((input) => views.trustedOutputs(provenance.repositoryId, spec, shas, input.task)))
    const first = candidates[0]?.find(({ reference }) =>
      candidates.every((list) => list.some((other) => other.reference.workflow === reference.workflow)),
    )
    if (!first) return undefined
    const inputs: (StoredOutputs | undefined)[] = task.template.inputs.map(() => undefined)
    wanted.forEach(({ index }, position) => {
      inputs[index] = candidates[position]?.find((other) => other.reference.workflow === first.reference.workflow)?.reference
    })
    return { kind: 'found', sha: first.sha, inputs, exact, workflow: first.displayId }
  }

  async function canStillCome(view: WorkflowView, sha: CommitSha, wanted: readonly { readonly task: string }[]): Promise<boolean> {
    const { provenance, spec } = view.workflow
    const producers = await Promise.all(wanted.map(({ task }) => views.liveProducers(provenance.repositoryId, spec, sha, task)))
    return producers.every((list) => list.length > 0) || deliveries.anyWaitingFor(sha)
  }
}

function missing(view: WorkflowView, sha: CommitSha, task: string): BaseInputs {
  return {
    kind: 'missing',
    reason: `No trusted workflow of \`${view.workflow.spec}\` has outputs of task \`${task}\` at the merge base ${sha.slice(0, 7)} or at one of its ${ancestorLimit} ancestors`,
    remedy: `Run \`${view.workflow.spec}\` on the base branch ("Re-run" on its check there), then \`/osmo rerun ${view.workflow.spec}\` here.`,
  }
}

/** Why a task waits, while its base arm is awaited; undefined otherwise. */
export function baseWaitReason(view: WorkflowView, task: TaskView): string | undefined {
  const waits =
    task.baseInputsState === 'awaited' && task.waitsFor.length === 0 && task.state.status === 'WAITING' && view.workflow.slot !== 'waiting'
  return waits
    ? `waits for the base arm: outputs of \`${view.workflow.spec}\` at merge base ${view.workflow.provenance.baseSha.slice(0, 7)} are still being made`
    : undefined
}

export const repositoryOf = ({ workflow: { provenance } }: WorkflowView): RepositoryReference => ({
  id: provenance.repositoryId,
  installationId: provenance.installationId,
  fullName: provenance.repository,
})
