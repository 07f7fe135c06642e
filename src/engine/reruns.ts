import type { Command } from '../workflow/command.ts'
import type { WorkflowId } from '../workflow/names.ts'
import type { RunIdentity } from '../workflow/plan.ts'
import { isCompleted, isFinished } from '../workflow/status.ts'
import { verdict } from '../workflow/verdict.ts'
import { repositoryOf } from './base-inputs.ts'
import { type ChangeDeps, changeOfPullRequest } from './changes.ts'
import type { Actor } from './domain-event.ts'
import { judgeWorkflow } from './judgement.ts'
import { isSamePlace } from './place.ts'
import type { SampleStore, ViewStore, WorkflowView } from './ports.ts'
import type { SubmittedChange } from './submit.ts'
import type { createSubmitter } from './submitter.ts'

export type RerunDeps = ChangeDeps & {
  readonly views: ViewStore
  readonly samples: SampleStore
  readonly submitter: ReturnType<typeof createSubmitter>
}

/** `everything` runs all tasks again; `failed` takes over the outputs of those that completed; a task runs again with all that follows it. */
export type RerunScope = { readonly kind: 'everything' } | { readonly kind: 'failed' } | { readonly kind: 'task'; readonly task: string }
export type RerunOrder = { readonly view: WorkflowView; readonly scope: RerunScope }
/** Who asked, and by which comment or click (`nonce`, never empty): heard a second time, it finds what it did the first time. */
export type RerunRequest = { readonly sender: Actor | undefined; readonly nonce: string }

/**
 * A rerun is a new workflow that names the old, at the same commit and of the same origin: a command never changes whose code it is.
 * The spec is read again at that commit, and planned against the base branch as it is now.
 */
export function createReruns(deps: RerunDeps) {
  return { rerun, failedOf, asFound }

  /** Returns all that this request opened, now or when it was heard before: each order is asked about on its own, since a hearing may break off between two. */
  async function rerun(orders: readonly RerunOrder[], request: RerunRequest, signal: AbortSignal): Promise<readonly WorkflowId[]> {
    const opened: WorkflowId[] = []
    for (const order of orders) {
      const before = await openedBefore(order.view, request.nonce)
      opened.push(...(before.length > 0 ? before.map(({ id }) => id) : await rerunOne(order, request, signal)))
    }
    return opened
  }

  /** The newest runs as this request first found them: what it has opened itself since stands for what that runs again. */
  async function asFound(views: readonly WorkflowView[], nonce: string): Promise<readonly WorkflowView[]> {
    return Promise.all(views.map(async (view) => (await rerunAlready(view, nonce)) ?? view))
  }

  async function rerunAlready({ workflow }: WorkflowView, nonce: string): Promise<WorkflowView | undefined> {
    const { repositoryId, sha } = workflow.provenance
    const opened = (await deps.views.openedBy(nonce, repositoryId, sha)).filter(({ spec }) => spec === workflow.spec)
    const found = await Promise.all(opened.map(({ rerunOf }) => deps.views.workflow(rerunOf)))
    return found.find((view) => view && isSamePlace(view.workflow.provenance, workflow.provenance))
  }

  async function openedBefore({ workflow }: WorkflowView, nonce: string): Promise<readonly { readonly id: WorkflowId }[]> {
    const { repositoryId, sha } = workflow.provenance
    return (await deps.views.openedBy(nonce, repositoryId, sha)).filter(({ rerunOf }) => rerunOf === workflow.id)
  }

  async function rerunOne(
    { view, scope }: RerunOrder,
    { sender, nonce }: RerunRequest,
    signal: AbortSignal,
  ): Promise<readonly WorkflowId[]> {
    const { spec } = view.workflow
    const { runAttempt, dispatch } = view.plan
    const run: RunIdentity = {
      attempt: runAttempt + 1,
      rerunOf: view.workflow.id,
      reuse: reused(view, scope, await failedGates(view, deps.samples)),
      dispatch,
      requestedBy: nonce,
    }
    const change = await changeOf(view, sender, signal)
    return (await deps.submitter.submit(change, { kind: 'named', run: (name) => (name === spec ? run : undefined) }, signal)).opened
  }

  /** What it was about, re-read where the world may have moved: the judge and the required names. */
  async function changeOf(view: WorkflowView, sender: Actor | undefined, signal: AbortSignal): Promise<SubmittedChange> {
    const { tier: _tier, ...provenance } = view.workflow.provenance
    const repository = repositoryOf(view)
    const number = provenance.pullRequest
    const unchanged = { repository, provenance: { ...provenance, actor: sender?.login ?? provenance.actor } }
    if (number === undefined)
      return {
        ...unchanged,
        change: { event: 'push', changedPaths: 'unknown' },
        judgeSha: undefined,
        requiredByRules: [],
        skipped: 'no',
        moves: 'nothing',
      }
    const now = await changeOfPullRequest(
      { repository, number, action: 'synchronize', sender, originAt: async () => provenance.origin },
      deps,
      signal,
    )
    const judge = now.kind === 'change' ? now.change : undefined
    return {
      ...unchanged,
      change: {
        event: 'pull_request',
        action: 'synchronize',
        baseBranch: provenance.baseRef,
        labels: [],
        draft: false,
        changedPaths: 'unknown',
      },
      judgeSha: judge?.judgeSha ?? (await deps.reader.branchHead(repository, provenance.baseRef, signal)),
      requiredByRules: judge?.requiredByRules ?? [],
      skipped: 'no',
      moves: 'nothing',
    }
  }

  /** Those whose check is red, timed out, cancelled or needs a person. A neutral one is not failed. */
  async function failedOf(views: readonly WorkflowView[]): Promise<readonly WorkflowView[]> {
    const judged = await Promise.all(
      views.map(async (view) => ({ view, shown: verdict(view.status, (await judgeWorkflow(view, deps.samples)).verdict) })),
    )
    return judged.flatMap(({ view, shown }) =>
      shown.kind === 'concluded' && !['success', 'neutral'].includes(shown.conclusion) ? [view] : [],
    )
  }
}

/** Tasks that completed, as did all they read, with where their outputs are. */
export const finishedTasks = (view: WorkflowView): RunIdentity['reuse'] => reused(view, { kind: 'failed' }, new Set())

/** Tasks that need not run again. A task whose gate failed runs again although it completed: its numbers are what is wanted. */
function reused(view: WorkflowView, scope: RerunScope, failed: ReadonlySet<string>): RunIdentity['reuse'] {
  if (scope.kind === 'everything') return new Map()
  const again = new Set(view.tasks.filter((task) => mustRunAgain(view, task.name, scope, failed)).map(({ name }) => name))
  for (let size = -1; size !== again.size; ) {
    size = again.size
    for (const task of view.tasks) if (readsAny(view, task.name, again)) again.add(task.name)
  }
  return new Map(
    view.tasks
      .filter(({ name }) => !again.has(name))
      .map(({ name, outputs }) => [name, { workflow: outputs.workflow, attempt: outputs.attempt }]),
  )
}

function mustRunAgain(view: WorkflowView, name: string, scope: RerunScope, failed: ReadonlySet<string>): boolean {
  const task = view.tasks.find((candidate) => candidate.name === name)
  if (scope.kind === 'task' && scope.task === name) return true
  if (!task || !isFinished(task.state) || !isCompleted(task.state) || task.state.outputs !== 'stored') return true
  return scope.kind === 'failed' && failed.has(name)
}

/** Tasks with a gate that is not green. */
async function failedGates(view: WorkflowView, samples: SampleStore): Promise<ReadonlySet<string>> {
  const { judgement } = await judgeWorkflow(view, samples)
  const rows = judgement?.rows.filter(({ role, effect }) => role === 'gate' && effect !== 'success' && effect !== 'none') ?? []
  return new Set(rows.map(({ task }) => task))
}

/** Whether a task reads one of these, or shares its group with one: a group starts together. */
function readsAny(view: WorkflowView, name: string, names: ReadonlySet<string>): boolean {
  const task = view.tasks.find((candidate) => candidate.name === name)
  if (!task) return false
  const reads = task.template.inputs.some((input) => input.kind === 'task' && names.has(input.task))
  return reads || view.tasks.some((other) => other.group === task.group && names.has(other.name))
}

export type RerunTarget = Extract<Command, { kind: 'rerun' }>['target']
