import { createHash } from 'node:crypto'
import { place } from '../spec/pool/placement.ts'
import type { PlatformConfig, WorkflowSpec } from '../spec/types.ts'
import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import { plan, type RunIdentity } from '../workflow/plan.ts'
import type { WorkflowPlan } from '../workflow/plan-types.ts'
import type { Provenance } from '../workflow/state.ts'
import { isCompleted, isFinished } from '../workflow/status.ts'
import { outcomeText } from '../workflow/text.ts'
import type { BaseRun, BaseRunWithValues } from './base-inputs.ts'
import { type BaseSpecRequest, readBaseSpec, type Values } from './base-spec.ts'
import { taskInputs } from './order.ts'
import type { OutboxLane, RepositoryReference, SourceMirror, SubmissionStore, TaskView, ViewStore, WorkflowView } from './ports.ts'
import { finishedTasks } from './reruns.ts'
import type { TreeDeps } from './spec-tree.ts'

export type BaseRunDeps = TreeDeps & {
  readonly views: ViewStore
  readonly submissions: SubmissionStore
  readonly mirror: SourceMirror
  readonly platforms: PlatformConfig
  readonly wakeWorkflow: (id: WorkflowId) => void
  readonly kick: (lane: OutboxLane) => void
}

/**
 * `compare: {base: run}`: a workflow of base's own spec at the merge base, limited to what the compared tasks read. It is trusted, since its
 * outputs count as main's; so it is opened for trusted changes alone, and only at a commit that is on their base branch now. One run per
 * (repository, spec, merge base, tasks, values): its key is the same for all who ask, however often.
 */
export function createBaseRuns(deps: BaseRunDeps) {
  const { views, submissions, mirror, reader, platforms } = deps
  return { ensure, ensureWithValues }

  /** Called when nothing at the merge base has, or can still make, the outputs that this workflow's comparisons read. */
  async function ensure(view: WorkflowView, repository: RepositoryReference, signal: AbortSignal): Promise<BaseRun> {
    return follow(view, await newest(view, {}), {}, repository, signal)
  }

  /** For a run with values that a person chose: base's upstream tasks have them too, so that both arms stand on the same. */
  async function ensureWithValues(view: WorkflowView, repository: RepositoryReference, signal: AbortSignal): Promise<BaseRunWithValues> {
    const base = await readBaseSpec(requestOf(view, repository, view.plan.dispatch.values), deps, signal)
    if (base.kind === 'unusable') return unusable(view, base.why)
    if (Object.keys(base.values).length === 0) return { kind: 'as-usual' }
    const last = await newest(view, base.values)
    return last && hasMade(last, readTasks(view)) ? { kind: 'made', run: last } : follow(view, last, base.values, repository, signal)
  }

  async function follow(
    view: WorkflowView,
    last: WorkflowView | undefined,
    values: Values,
    repository: RepositoryReference,
    signal: AbortSignal,
  ): Promise<BaseRun> {
    if (last && last.workflow.finishedAt === undefined) return { kind: 'running', workflow: last.workflow.displayId }
    const before = last && readTasks(view).every((task) => last.tasks.some(({ name }) => name === task)) ? last : undefined
    if (before && !mayTryAgain(before, view)) return ended(before, view)
    const distrust = await whyNotTrusted(view, repository, signal)
    return distrust ?? open(view, repository, { before, values }, signal)
  }

  async function newest({ workflow: { provenance, spec } }: WorkflowView, values: Values): Promise<WorkflowView | undefined> {
    const rows = await views.list({ repositoryId: provenance.repositoryId, sha: provenance.baseSha as CommitSha }, lookedThrough)
    for (const row of rows.filter((one) => one.provenance.event === 'base-run' && one.spec === spec)) {
      const run = await views.workflow(row.id)
      if (run && textOf(run.plan.dispatch.values) === textOf(values)) return run
    }
    return undefined
  }

  /** A stranger may compare with what is there, and starts nothing that counts as main's. */
  async function whyNotTrusted(
    { workflow }: WorkflowView,
    repository: RepositoryReference,
    signal: AbortSignal,
  ): Promise<BaseRun | undefined> {
    const { origin, baseSha, baseRef } = workflow.provenance
    if (origin === 'untrusted')
      return impossible(
        `Upstream tasks at the merge base ${short(baseSha)} run only for changes of people with write permission`,
        `Run \`${workflow.spec}\` on the base branch, then \`/osmo rerun ${workflow.spec}\` here.`,
      )
    const found = await reader.repository(repository, signal)
    const branches = new Set([...(found ? [found.defaultBranch] : []), ...(origin === 'trusted' ? [baseRef] : [])])
    for (const branch of branches) if (await isOn(branch, baseSha as CommitSha, repository, signal)) return undefined
    return impossible(`The merge base ${short(baseSha)} is not on \`${baseRef}\` any more`, 'Rebase it onto its base branch.')
  }

  async function isOn(branch: string, sha: CommitSha, repository: RepositoryReference, signal: AbortSignal): Promise<boolean> {
    const tip = await reader.branchHead(repository, branch, signal)
    return tip !== undefined && (tip === sha || (await mirror.isAncestor(repository, sha, tip, signal)))
  }

  async function open(
    view: WorkflowView,
    repository: RepositoryReference,
    { before, values }: Wanted,
    signal: AbortSignal,
  ): Promise<BaseRun> {
    const request = requestOf(view, repository, values)
    const base = await readBaseSpec(request, deps, signal)
    if (base.kind === 'unusable') return unusable(view, base.why)
    const { spec, settings, path } = base
    const { provenance, name } = request
    const planned = plan({
      name,
      path,
      spec,
      judge: undefined,
      mergeBase: undefined,
      provenance,
      placed: place(spec, provenance.repository, provenance.origin, settings.pool, platforms),
      platforms,
      required: 'optional',
      // Whoever compares with the usual values must not take these outputs.
      values: isUsual(values) ? 'usual' : 'special',
      run: await identity(spec, provenance, name, { before, values }),
      notices: [],
    })
    return planned.kind === 'refused' ? unusable(view, planned.reason.replace(/\.$/, '')) : submit(withOwnKey(planned.plan))
  }

  async function identity(
    spec: WorkflowSpec,
    provenance: Omit<Provenance, 'tier'>,
    name: string,
    { before, values }: Wanted,
  ): Promise<RunIdentity> {
    return {
      attempt: before ? before.plan.runAttempt + 1 : 1,
      rerunOf: before?.workflow.id,
      reuse: isUsual(values) ? await finishedAtBase(spec, provenance, name) : new Map(),
      dispatch: { nonce: '', values },
      requestedBy: '',
    }
  }

  /** Of the newest run of this commit's own that finished any of these tasks, what need not run again. */
  async function finishedAtBase(spec: WorkflowSpec, { repositoryId, sha }: Omit<Provenance, 'tier'>, name: string) {
    const tasks = spec.groups.flatMap((group) => group.tasks.map((task) => task.name))
    for (const task of tasks.toReversed()) {
      const [found] = await views.trustedOutputs(repositoryId, name, [sha], task)
      const source = found && (await views.workflow(found.reference.workflow))
      if (source?.workflow.provenance.pullRequest !== undefined || source?.plan.dispatch.nonce !== '') continue
      return new Map([...finishedTasks(source)].filter(([finished]) => tasks.includes(finished)))
    }
    return new Map<string, never>()
  }

  async function submit(planned: WorkflowPlan): Promise<BaseRun> {
    const { opened, existing } = await submissions.open({
      purpose: 'command',
      moves: 'nothing',
      provenance: planned.provenance,
      plans: [planned],
      skipped: [],
      diagnostics: [],
      notes: [],
    })
    for (const id of opened) deps.wakeWorkflow(id)
    deps.kick('work')
    const [id] = [...opened, ...existing]
    const view = id && (await views.workflow(id))
    if (!view) throw new Error(`Expected the base run of ${planned.spec} at ${planned.provenance.sha} after opening it`)
    return { kind: 'running', workflow: view.workflow.displayId }
  }
}

/** `before`: the run of the same that this one tries again. */
type Wanted = { readonly before: WorkflowView | undefined; readonly values: Values }

const isUsual = (values: Values) => Object.keys(values).length === 0
const textOf = (values: Values) => JSON.stringify(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)))

const requestOf = (view: WorkflowView, repository: RepositoryReference, given: Values): BaseSpecRequest => ({
  repository,
  provenance: provenanceOf(view),
  name: view.workflow.spec,
  tasks: readTasks(view),
  given,
})

const hasMade = (run: WorkflowView, tasks: readonly string[]) =>
  tasks.every((name) =>
    run.tasks.some((task) => task.name === name && isFinished(task.state) && isCompleted(task.state) && task.state.outputs === 'stored'),
  )

/** Runs at one commit that are looked through for a base run, newest first. */
const lookedThrough = 500

/** What all comparisons of this workflow that ask for base runs read. */
const readTasks = ({ tasks }: WorkflowView): readonly string[] => [
  ...new Set(tasks.flatMap(({ template }) => (template.compare?.base === 'run' ? taskInputs(template).map(({ task }) => task) : []))),
]

/** One that failed stays failed for everybody, until a person asks for a rerun; one that was cancelled says nothing about the commit. */
function mayTryAgain({ workflow, status }: WorkflowView, asking: WorkflowView): boolean {
  const wasOver = workflow.finishedAt !== undefined && workflow.finishedAt <= asking.workflow.openedAt
  return wasOver && (status === 'FAILED_CANCELED' || asking.plan.rerunOf !== undefined)
}

function ended(run: WorkflowView, asking: WorkflowView): BaseRun {
  const { displayId, cancellation } = run.workflow
  const wanted = readTasks(asking)
  const left = run.tasks.filter(({ name, state }) => wanted.includes(name) && !(isFinished(state) && isCompleted(state)))
  const empty = run.tasks.find(({ name, state }) => wanted.includes(name) && isFinished(state) && state.outputs !== 'stored')
  // It has just ended well; whoever looks again finds what it made.
  if (left.length === 0 && !empty) return { kind: 'running', workflow: displayId }
  const failed = run.tasks.find(({ state }) => isFinished(state) && !isCompleted(state) && state.status !== 'FAILED_UPSTREAM') ?? empty
  const how = cancellation
    ? `was cancelled by ${cancellation.by}`
    : failed
      ? `failed: task \`${failed.name}\` ${taskEnd(failed)}`
      : 'failed'
  return impossible(`The base run \`${displayId}\` ${how}`, `\`/osmo rerun ${asking.workflow.spec}\` tries it again.`)
}

const taskEnd = ({ state }: TaskView) => (isCompleted(state) ? 'left no outputs' : outcomeText(state))

/** On behalf of nobody's change: no pull request, no history of the default branch. */
function provenanceOf({ workflow: { provenance } }: WorkflowView): Omit<Provenance, 'tier'> {
  const { repositoryId, installationId, repository, baseSha, baseRef, actor } = provenance
  return {
    repositoryId,
    installationId,
    repository,
    event: 'base-run',
    sha: baseSha as CommitSha,
    baseSha: '',
    ref: `refs/heads/${baseRef}`,
    headRef: baseRef,
    baseRef,
    pullRequest: undefined,
    defaultBranch: false,
    actor,
    origin: 'trusted',
  }
}

/** The same for every pull request, whatever its base branch is called. */
function withOwnKey(planned: WorkflowPlan): WorkflowPlan {
  const { repositoryId, sha } = planned.provenance
  const tasks = planned.groups.flatMap((group) => group.tasks.map(({ name }) => name)).toSorted()
  const { values } = planned.dispatch
  const what = isUsual(values) ? JSON.stringify(tasks) : JSON.stringify([tasks, textOf(values)])
  const digest = createHash('sha256').update(what).digest('hex').slice(0, 16)
  return { ...planned, runKey: [repositoryId, planned.spec, sha, 'base-run', digest, planned.runAttempt].join('|') }
}

function unusable({ workflow }: WorkflowView, why: string): BaseRun {
  const { baseSha, baseRef } = workflow.provenance
  return impossible(
    `\`${workflow.spec}\` cannot run at the merge base ${short(baseSha)}: ${why}`,
    `Mend it on \`${baseRef}\`, then rebase onto it.`,
  )
}

const short = (sha: string) => sha.slice(0, 7)
const impossible = (reason: string, remedy: string): BaseRun => ({ kind: 'impossible', reason, remedy })
