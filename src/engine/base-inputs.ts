import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import { taskInputs } from './order.ts'
import type {
  BaseInputs,
  DeliveryStore,
  Outbox,
  OutboxLane,
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
  readonly outbox: Outbox
  readonly baseRuns: {
    readonly ensure: (view: WorkflowView, repository: RepositoryReference, signal: AbortSignal) => Promise<BaseRun>
    readonly ensureWithValues: (view: WorkflowView, repository: RepositoryReference, signal: AbortSignal) => Promise<BaseRunWithValues>
  }
  readonly kick: (lane: OutboxLane) => void
  readonly wakeWorkflow: (id: WorkflowId) => void
}

/** What became of running the upstream tasks at the merge base. */
export type BaseRun =
  /** By its display id. */
  | { readonly kind: 'running'; readonly workflow: string }
  | { readonly kind: 'impossible'; readonly reason: string; readonly remedy: string }

/** For values that a person chose. `as-usual`: they do not reach what is run at the merge base. `made`: it has what is wanted. */
export type BaseRunWithValues = BaseRun | { readonly kind: 'as-usual' } | { readonly kind: 'made'; readonly run: WorkflowView }

/** How far back on the base branch outputs are looked for. */
const ancestorLimit = 50

type Found = Extract<BaseInputs, { kind: 'found' }>
/** `wait`: something may still come; `workflow` makes it, where that is known. */
type Search = Exclude<BaseInputs, { kind: 'awaited' }> | Wait
type Wait = { readonly kind: 'wait'; readonly workflow: string | undefined }

/**
 * Finds what the base arm of a comparison reads: the same upstream task's outputs in the newest trusted workflow of this spec at the merge
 * base, which are made first where the comparison says `base: run`; the nearest ancestor only when nothing at the merge base can still
 * produce it (extensions.md §4). `wait` leaves the group waiting.
 */
export function createBaseInputs(deps: BaseInputsDeps) {
  const { views, workflows, deliveries, mirror, baseRuns, wakeWorkflow } = deps
  return { settle, announce }

  async function settle(id: WorkflowId, group: string, signal: AbortSignal): Promise<'settled' | 'waiting'> {
    const view = await views.workflow(id)
    if (!view || view.workflow.finishedAt !== undefined) return 'settled'
    const tasks = view.tasks.filter((task) => task.group === group && task.template.compare && task.baseInputsState === 'awaited')
    if (tasks.length === 0) return 'settled'
    const searches = await Promise.all(tasks.map(async (task) => ({ task, result: await search(view, task, signal) })))
    if (searches.some(({ result }) => result.kind === 'wait')) {
      await workflows.yieldSlot(id)
      for (const { task, result } of searches) if (result.kind === 'wait') await sayFor(id, task, result)
      return 'waiting'
    }
    for (const { task, result } of searches) if (result.kind !== 'wait') await workflows.saveBaseInputs(id, task.name, result)
    await workflows.post(id, { kind: 'base-inputs-settled', group })
    wakeWorkflow(id)
    return 'settled'
  }

  /** Whom a task waits for is kept, so that its check and its page can say it. */
  async function sayFor(id: WorkflowId, task: TaskView, { workflow }: Wait): Promise<void> {
    if (workflow === undefined || (task.baseInputs?.kind === 'awaited' && task.baseInputs.workflow === workflow)) return
    await workflows.saveBaseInputs(id, task.name, { kind: 'awaited', workflow })
    await deps.outbox.add(
      { kind: 'workflow', workflow: id, effect: { kind: 'report', urgency: 'now' } },
      { key: `report/${id}`, lane: 'reports', delaySeconds: 0 },
    )
    deps.kick('reports')
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
    const asksRun = task.template.compare?.base === 'run'
    const special =
      asksRun && view.plan.values === 'special' ? await baseRuns.ensureWithValues(view, repositoryOf(view), signal) : undefined
    if (special?.kind === 'running') return { kind: 'wait', workflow: special.workflow }
    if (special?.kind === 'made') return madeBy(special.run, task)
    return searchUsual(view, task, usualNote(view, task, special), signal)
  }

  /** Among what ran with the values that a change has. */
  async function searchUsual(view: WorkflowView, task: TaskView, note: Pick<Found, 'note'>, signal: AbortSignal): Promise<Search> {
    const baseSha = view.workflow.provenance.baseSha as CommitSha
    const wanted = taskInputs(task.template)
    const exact = await searchMergeBase(view, task, baseSha)
    if (exact) return exact.kind === 'found' ? { ...exact, ...note } : exact
    const run = task.template.compare?.base === 'run' ? await baseRuns.ensure(view, repositoryOf(view), signal) : undefined
    if (run?.kind === 'running') return { kind: 'wait', workflow: run.workflow }
    const older = await mirror.ancestors(repositoryOf(view), baseSha, ancestorLimit, signal)
    const found = foundIn(task, await outputsAt(view, task, older), 'ancestor')
    if (found) return { ...found, ...note, ...(run ? { note: run.reason } : {}) }
    return run ? { kind: 'missing', reason: run.reason, remedy: run.remedy } : missing(view, baseSha, wanted[0]?.task ?? '')
  }

  /**
   * A delivery becomes a workflow, whose tasks become outputs. They are looked for in that order, so that what goes on meanwhile is seen as
   * what it was or as what it became, and never missed.
   */
  async function searchMergeBase(view: WorkflowView, task: TaskView, sha: CommitSha): Promise<Found | Wait | undefined> {
    if (taskInputs(task.template).length === 0) return { kind: 'found', sha, inputs: [], exact: 'merge-base', workflow: '' }
    const isAnnounced = await deliveries.anyWaitingFor(sha)
    const producers = await producersAt(view, task, sha)
    const outputs = await outputsAt(view, task, [sha])
    const found = foundIn(task, outputs, 'merge-base')
    if (found) return found
    const has = (position: number, id: string) => [...(producers[position] ?? []), ...(outputs[position] ?? [])].some(isOf(id))
    const maker = producers.flat().find(({ displayId }) => producers.every((_, position) => has(position, displayId)))
    if (maker) return { kind: 'wait', workflow: maker.displayId }
    return isAnnounced ? { kind: 'wait', workflow: undefined } : undefined
  }

  /** Of each task that this one reads, in its order. */
  function producersAt({ workflow: { provenance, spec } }: WorkflowView, { template }: TaskView, sha: CommitSha) {
    return Promise.all(taskInputs(template).map((input) => views.liveProducers(provenance.repositoryId, spec, sha, input.task)))
  }

  function outputsAt(
    { workflow: { provenance, spec } }: WorkflowView,
    { template }: TaskView,
    shas: readonly CommitSha[],
  ): Promise<Candidates> {
    return Promise.all(taskInputs(template).map((input) => views.trustedOutputs(provenance.repositoryId, spec, shas, input.task)))
  }
}

/** Stored outputs of each task that is read. */
type Candidates = readonly Awaited<ReturnType<ViewStore['trustedOutputs']>>[]

const isOf = (id: string) => (one: { readonly displayId: string }) => one.displayId === id

/** Of one workflow, which may have taken some of them over from the run before it. */
function foundIn(task: TaskView, candidates: Candidates, exact: Found['exact']): Found | undefined {
  const first = candidates[0]?.find(({ displayId }) => candidates.every((list) => list.some(isOf(displayId))))
  if (!first) return undefined
  const inputs: (StoredOutputs | undefined)[] = task.template.inputs.map(() => undefined)
  taskInputs(task.template).forEach(({ index }, position) => {
    inputs[index] = candidates[position]?.find(isOf(first.displayId))?.reference
  })
  return { kind: 'found', sha: first.sha, inputs, exact, workflow: first.displayId }
}

function madeBy({ workflow, tasks }: WorkflowView, { template }: TaskView): Found {
  const outputsOf = (name: string) => tasks.find((task) => task.name === name)?.outputs
  const inputs = template.inputs.map((input) => (input.kind === 'task' ? outputsOf(input.task) : undefined))
  return { kind: 'found', sha: workflow.provenance.sha, inputs, exact: 'merge-base', workflow: workflow.displayId }
}

function usualNote({ plan }: WorkflowView, { template }: TaskView, special: BaseRunWithValues | undefined): Pick<Found, 'note'> {
  const isAsUsual = plan.values === 'usual' || special?.kind === 'as-usual' || taskInputs(template).length === 0
  if (isAsUsual) return {}
  const why = special?.kind === 'impossible' ? `. ${special.reason}` : ''
  return { note: `They were made with the usual values, and not with those of this run${why}` }
}

function missing(view: WorkflowView, sha: CommitSha, task: string): Extract<BaseInputs, { kind: 'missing' }> {
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
  if (!waits) return undefined
  const place = `outputs of \`${view.workflow.spec}\` at merge base ${view.workflow.provenance.baseSha.slice(0, 7)}`
  return task.baseInputs?.kind === 'awaited'
    ? `waits for the base arm: \`${task.baseInputs.workflow}\` is making ${place}`
    : `waits for the base arm: ${place} are still being made`
}

/** The hour went by before this workflow had made the base arm's inputs. */
export const lateReason = (workflow: string) => `The base arm's inputs were not made within an hour; \`${workflow}\` was to make them`
export const lateRemedy = (workflow: string, spec: string) => `\`/osmo rerun ${spec}\` once \`${workflow}\` has ended.`

export const repositoryOf = ({ workflow: { provenance } }: WorkflowView): RepositoryReference => ({
  id: provenance.repositoryId,
  installationId: provenance.installationId,
  fullName: provenance.repository,
})
