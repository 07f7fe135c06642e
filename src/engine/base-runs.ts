import { createHash } from 'node:crypto'
import { place } from '../spec/pool/placement.ts'
import type { PlatformConfig, WorkflowSpec } from '../spec/types.ts'
import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import { byTrigger, plan, type RunIdentity } from '../workflow/plan.ts'
import type { WorkflowPlan } from '../workflow/plan-types.ts'
import type { Provenance } from '../workflow/state.ts'
import { isCompleted, isFinished } from '../workflow/status.ts'
import { outcomeText } from '../workflow/text.ts'
import { upstreamOnly } from '../workflow/upstream.ts'
import type { BaseRun } from './base-inputs.ts'
import { taskInputs } from './order.ts'
import type { OutboxLane, RepositoryReference, SourceMirror, SubmissionStore, TaskView, ViewStore, WorkflowView } from './ports.ts'
import { finishedTasks } from './reruns.ts'
import { readTree, type TreeDeps } from './spec-tree.ts'

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
 * (repository, spec, merge base, tasks): its key is the same for all who ask, however often.
 */
export function createBaseRuns(deps: BaseRunDeps) {
  const { views, submissions, mirror, reader, platforms } = deps
  return { ensure }

  /** Called when nothing at the merge base has, or can still make, the outputs that this workflow's comparisons read. */
  async function ensure(view: WorkflowView, repository: RepositoryReference, signal: AbortSignal): Promise<BaseRun> {
    const last = await newest(view)
    if (last && last.workflow.finishedAt === undefined) return { kind: 'running', workflow: last.workflow.displayId }
    const before = last && readTasks(view).every((task) => last.tasks.some(({ name }) => name === task)) ? last : undefined
    if (before && !mayTryAgain(before, view)) return ended(before, view)
    const distrust = await whyNotTrusted(view, repository, signal)
    return distrust ?? open(view, repository, before, signal)
  }

  async function newest({ workflow: { provenance, spec } }: WorkflowView): Promise<WorkflowView | undefined> {
    const rows = await views.list({ repositoryId: provenance.repositoryId, sha: provenance.baseSha as CommitSha }, lookedThrough)
    const row = rows.find((one) => one.provenance.event === 'base-run' && one.spec === spec)
    return row && views.workflow(row.id)
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
    before: WorkflowView | undefined,
    signal: AbortSignal,
  ): Promise<BaseRun> {
    const provenance = provenanceOf(view)
    const sha = provenance.sha
    const { spec: name } = view.workflow
    const request = { repository, provenance, sha, judge: undefined, runOf: () => undefined, specs: { only: name } } as const
    const tree = await readTree(request, deps, signal)
    const read = tree.specs[0]
    if (tree.settingsFaults.length > 0) return unusable(view, 'its `.osmo/config.yaml` has errors')
    if (!read) return unusable(view, 'there is no such spec')
    if (read.result.kind === 'invalid') return unusable(view, 'the file has errors')
    const upstream = upstreamOnly(read.result.spec, readTasks(view))
    if (upstream.kind === 'unknown-task') return unusable(view, `it has no task \`${upstream.task}\``)
    const planned = plan({
      name,
      path: read.file.path,
      spec: upstream.spec,
      judge: undefined,
      mergeBase: undefined,
      provenance,
      placed: place(upstream.spec, provenance.repository, provenance.origin, tree.settings.pool, platforms),
      platforms,
      required: 'optional',
      values: 'usual',
      run: await identity(upstream.spec, provenance, name, before),
      notices: [],
    })
    return planned.kind === 'refused' ? unusable(view, planned.reason.replace(/\.$/, '')) : submit(withOwnKey(planned.plan))
  }

  async function identity(
    spec: WorkflowSpec,
    provenance: Omit<Provenance, 'tier'>,
    name: string,
    before: WorkflowView | undefined,
  ): Promise<RunIdentity> {
    return {
      attempt: before ? before.plan.runAttempt + 1 : 1,
      rerunOf: before?.workflow.id,
      reuse: await finishedAtBase(spec, provenance, name),
      dispatch: byTrigger,
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
  const digest = createHash('sha256').update(JSON.stringify(tasks)).digest('hex').slice(0, 16)
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
