import { createHash } from 'node:crypto'
import type { Placement, PlacementResult } from '../spec/pool/placement.ts'
import type { Benchmark, Compare, DispatchValue, GroupSpec, PlatformConfig, TaskSpec, WorkflowSpec } from '../spec/types.ts'
import { isSame, strictest } from './judge-policy.ts'
import type { WorkflowId } from './names.ts'
import type { BaseTemplate, Dispatch, PlannedBenchmark, PlannedGroup, PlannedTask, TaskTemplate, WorkflowPlan } from './plan-types.ts'
import { softenings } from './softening.ts'
import type { Provenance, TaskPolicy } from './state.ts'
import { code } from './text.ts'
import { tierIsAtMost, tierOf } from './tier.ts'

export type PlanInput = {
  readonly name: string
  readonly path: string
  readonly spec: WorkflowSpec
  /** At the tip of the base branch, for a pull request: it is the judge. */
  readonly judge: WorkflowSpec | undefined
  /** At the merge base: what the base arm runs when it cannot run head's task. */
  readonly mergeBase: WorkflowSpec | undefined
  readonly provenance: Omit<Provenance, 'tier'>
  /** Where the spec may run, for this repository and origin. */
  readonly placed: PlacementResult
  readonly platforms: PlatformConfig
  readonly required: 'required' | 'optional'
  readonly run: RunIdentity
  /** `special`: what a person gave changes what runs. */
  readonly values: WorkflowPlan['values']
  readonly notices: readonly string[]
}

/** What makes this run another one than the last at the same commit. */
export type RunIdentity = {
  readonly attempt: number
  readonly rerunOf: WorkflowId | undefined
  readonly reuse: ReadonlyMap<string, { readonly workflow: WorkflowId; readonly attempt: number }>
  readonly dispatch: Dispatch
  /** The comment or click that asked for it; empty for pushes and pull requests. */
  readonly requestedBy: string
}

export const byTrigger: Dispatch = { nonce: '', values: {} }
export const firstRun: RunIdentity = { attempt: 1, rerunOf: undefined, reuse: new Map(), dispatch: byTrigger, requestedBy: '' }

export type PlanResult = { readonly kind: 'planned'; readonly plan: WorkflowPlan } | Extract<PlacementResult, { readonly kind: 'refused' }>

/** Turns one valid spec at one commit into a workflow that can be saved, or says why it cannot run here. */
export function plan(input: PlanInput): PlanResult {
  const { placed } = input
  return placed.kind === 'placed' ? { kind: 'planned', plan: planned(input, placed.placement) } : placed
}

function planned(input: PlanInput, placement: Placement): WorkflowPlan {
  const { spec, run, required, judge } = input
  const provenance: Provenance = { ...input.provenance, tier: tierOf(placement) }
  const declared = judge ? strictest(judge.benchmarks, spec.benchmarks) : spec.benchmarks
  const benchmarks = declared.flatMap((entry) => expand(entry, spec, judge))
  return {
    spec: input.name,
    path: input.path,
    name: spec.name,
    provenance,
    runKey: runKey(input.name, provenance, run),
    runAttempt: run.attempt,
    rerunOf: run.rerunOf,
    dispatch: run.dispatch,
    values: input.values,
    requestedBy: run.requestedBy,
    digest: digest(spec.document, placement.pool),
    pool: placement.pool,
    concurrency: concurrency(input, provenance),
    groups: spec.groups.map((group) => plannedGroup(group, input, placement, benchmarks, provenance)),
    benchmarks,
    notices: [...valuesNotice(input), ...(judge ? softenings(judge, spec, benchmarks) : []), ...input.notices],
    required: required === 'required',
  }
}

/** Said before all else: the numbers below are those of another run than a change would have started. */
function valuesNotice({ values, run }: PlanInput): readonly string[] {
  if (values === 'usual') return []
  const given = Object.entries(run.dispatch.values).map(([name, value]) => `${code(name)} = ${code(valueText(value))}`)
  return [`Run by hand with ${given.join(', ')}, which changes what runs`]
}

export const valueText = (value: DispatchValue) => String(typeof value === 'object' ? value.float : value)

/** A rerun has its own number; a dispatch its own nonce; a pull request with a changed base branch is planned anew. */
function runKey(spec: string, { repositoryId, sha, ref, pullRequest, baseRef }: Provenance, { attempt, dispatch }: RunIdentity): string {
  return [repositoryId, spec, sha, ref, pullRequest === undefined ? '' : baseRef, attempt, dispatch.nonce].join('|')
}

const digest = (document: unknown, pool: string) =>
  createHash('sha256')
    .update(JSON.stringify([document, pool]))
    .digest('hex')

function concurrency({ spec, name }: PlanInput, provenance: Provenance): WorkflowPlan['concurrency'] {
  const { repositoryId, origin, pullRequest } = provenance
  const ref = refOf(provenance)
  const values: Record<string, string> = { ref, spec: name, pull_request: String(pullRequest ?? '') }
  const group = (spec.concurrency?.group ?? '{spec} {ref}').replace(/\{(ref|spec|pull_request)\}/g, (_, word: string) => values[word] ?? '')
  return {
    key: `${repositoryId}/${origin}/${group}`,
    limit: spec.concurrency?.limit ?? (spec.concurrency?.group === undefined ? undefined : 1),
    cancelInProgress: cancelInProgress(spec.concurrency, provenance),
  }
}

/**
 * What nobody wrote reaches no further than the pull request itself: a group named without `{ref}` must not let it end main's day of
 * training. A base run ends nobody.
 */
function cancelInProgress(
  written: WorkflowSpec['concurrency'],
  { event, pullRequest, tier }: Provenance,
): WorkflowPlan['concurrency']['cancelInProgress'] {
  if (event === 'base-run' || written?.cancelInProgress === false) return 'never'
  if (written?.cancelInProgress === true) return 'any-ref'
  return pullRequest !== undefined && tierIsAtMost(tier, 'sim') ? 'own-ref' : 'never'
}

/** A base run is of no ref: pushes to the branch of its commit neither wait for it nor end it. */
function refOf({ event, sha, ref, pullRequest }: Provenance): string {
  if (event === 'base-run') return `base/${sha}`
  return pullRequest === undefined ? ref : `refs/pull/${pullRequest}`
}

function plannedGroup(
  group: GroupSpec,
  input: PlanInput,
  placement: Placement,
  benchmarks: readonly PlannedBenchmark[],
  provenance: Provenance,
): PlannedGroup {
  const tasks = group.tasks.map((task) => plannedTask(task, input, placement, benchmarks))
  const compares = provenance.pullRequest !== undefined && tasks.some(({ template, reuse }) => template.compare && !reuse)
  return {
    name: group.name,
    upstream: group.upstream,
    downstream: input.spec.groups.filter(({ upstream }) => upstream.includes(group.name)).map(({ name }) => name),
    ignoreNonleadStatus: group.ignoreNonleadStatus,
    barrier: group.barrier && group.tasks.length > 1,
    baseInputs: compares ? 'awaited' : 'not-needed',
    tasks,
  }
}

function plannedTask(task: TaskSpec, input: PlanInput, placement: Placement, benchmarks: readonly PlannedBenchmark[]): PlannedTask {
  const compare = benchmarks.find((entry) => entry.task === task.name && entry.compare)?.compare
  const runSeconds = runTimeout(input, placement)
  return {
    name: task.name,
    lead: task.lead,
    policy: policy(task, input, placement, compare, runSeconds),
    template: template(task, input, placement, compare, runSeconds),
    reuse: input.run.reuse.get(task.name),
  }
}

function template(
  task: TaskSpec,
  { spec, mergeBase }: PlanInput,
  { config, platforms }: Placement,
  compare: Compare | undefined,
  runTimeoutSeconds: number,
): TaskTemplate {
  const resource = spec.resources[task.resource]
  const platform = platforms.get(task.resource)!
  const { checkout } = spec
  const checksOut = checkout && (checkout.tasks === undefined || checkout.tasks.includes(task.name))
  return {
    ...baseTemplate(task),
    inputs: task.inputs,
    outputs: task.outputs,
    backend: config.backend,
    platform: platform.name,
    tier: platform.spec.tier,
    exclusive: platform.spec.exclusive,
    cpu: resource?.cpu || platform.defaults.cpu,
    memoryBytes: resource?.memoryBytes || platform.defaults.memoryBytes,
    checkout: checksOut ? { paths: checkout.paths, history: checkout.history, submodules: checkout.submodules, lfs: checkout.lfs } : 'none',
    compare,
    runTimeoutSeconds,
    baseTemplate: compare ? findTask(mergeBase, task.name) : undefined,
  }
}

const baseTemplate = ({ image, command, args, environment, files }: TaskSpec): BaseTemplate => ({
  image,
  command: [...command, ...args],
  environment,
  files,
})

function findTask(spec: WorkflowSpec | undefined, name: string): BaseTemplate | undefined {
  const found = spec?.groups.flatMap((group) => group.tasks).find((task) => task.name === name)
  return found && baseTemplate(found)
}

/** One time-out a run: the spec's, else the pool's, else the installation's, each clamped to the maximum (osmo-spec.md §1.6). */
function runTimeout({ spec, platforms }: PlanInput, { config }: Placement): number {
  const wanted = spec.timeout.execSeconds ?? config.defaultExecTimeoutSeconds ?? platforms.workflow.defaultExecTimeoutSeconds
  return Math.min(wanted, maxExec(config.maxExecTimeoutSeconds, platforms))
}

const maxExec = (poolMaximum: number | undefined, platforms: PlatformConfig) =>
  Math.min(poolMaximum ?? Number.POSITIVE_INFINITY, platforms.workflow.maxExecTimeoutSeconds)

/** Evictions, lost nodes and the like, which use up none of the task's own attempts (architecture.md §6). */
const maxInfrastructureRetries = 3
/** From a place on its backend to a running command, inputs included; as long as OSMO lets a pod pull its image (osmo-spec.md §5.3). */
const startTimeoutSeconds = 30 * 60
/** Ours: OSMO gives up a transfer that is silent for ten minutes (osmo-spec.md §3), which bounds no upload that goes on slowly. */
const uploadTimeoutSeconds = 30 * 60

function policy(
  task: TaskSpec,
  input: PlanInput,
  { config, platforms: placed }: Placement,
  compare: Compare | undefined,
  runSeconds: number,
): TaskPolicy {
  const { platforms, spec, judge, required } = input
  const judged = required === 'required' ? judge?.groups.flatMap((group) => group.tasks).find(({ name }) => name === task.name) : undefined
  // Both arms, warm-ups, and one more try of the base arm with its own task.
  const runs = compare ? 2 * (compare.pairs + compare.warmup) + 1 : 1
  const queue = spec.timeout.queueSeconds ?? config.defaultQueueTimeoutSeconds ?? platforms.workflow.defaultQueueTimeoutSeconds
  return {
    exitActions: judged?.exitActions ?? task.exitActions,
    poolExitActions: config.defaultExitActions,
    maxRetries: platforms.workflow.maxRetryPerTask,
    maxInfrastructureRetries,
    queueTimeoutSeconds: Math.min(
      queue,
      config.maxQueueTimeoutSeconds ?? Number.POSITIVE_INFINITY,
      platforms.workflow.maxQueueTimeoutSeconds,
    ),
    startTimeoutSeconds,
    execTimeoutSeconds: Math.min(runs * runSeconds, maxExec(config.maxExecTimeoutSeconds, platforms)),
    uploadTimeoutSeconds,
    terminationGraceSeconds: placed.get(task.resource)!.spec.terminationGraceSeconds,
  }
}

/**
 * One entry per task that the glob matches. One that matches none stays, and so do the tasks that base's entry has on base, so that gates
 * of a task that head drops are unmeasured and never forgotten.
 */
function expand(entry: Benchmark, spec: WorkflowSpec, judge: WorkflowSpec | undefined): readonly PlannedBenchmark[] {
  const own = judge?.benchmarks.find((other) => isSame(entry, other))
  const judged = judge && own ? taskNames(judge) : []
  const names = [...new Set([...taskNames(spec), ...judged])].filter((name) => matchesTask(entry.task, name))
  const { name, path, metrics, line } = entry
  const isBases = (task: string) => judged.includes(task) || names.length === 0
  const askedOf = (task: string) => (judge ? ((isBases(task) ? own?.metrics : undefined) ?? {}) : undefined)
  const planned = (task: string): PlannedBenchmark => ({
    name,
    task,
    path,
    metrics,
    askedByBase: askedOf(task),
    line,
    format: entry.format,
    compare: entry.compare,
  })
  return names.length === 0 ? [planned(entry.task)] : names.map(planned)
}

const taskNames = ({ groups }: WorkflowSpec) => groups.flatMap((group) => group.tasks.map(({ name }) => name))

/** `*` stands for any run of characters; names of tasks hold no slash. Linear: the pieces are looked for from left to right. */
export function matchesTask(glob: string, name: string): boolean {
  const [first = '', ...rest] = glob.split('*')
  if (rest.length === 0) return glob === name
  if (!name.startsWith(first)) return false
  let position = first.length
  for (const piece of rest.slice(0, -1)) {
    const found = name.indexOf(piece, position)
    if (found < 0) return false
    position = found + piece.length
  }
  const last = rest.at(-1) ?? ''
  return name.length - last.length >= position && name.endsWith(last)
}
