import { placeOf } from '../spec/places.ts'
import { place } from '../spec/pool/placement.ts'
import { type Change, listensTo, selects } from '../spec/triggers.ts'
import type { PlatformConfig, RepositoryConfig, WorkflowSpec } from '../spec/types.ts'
import type { CommitSha } from '../workflow/names.ts'
import { byTrigger, firstRun, type PlanResult, plan, type RunIdentity } from '../workflow/plan.ts'
import type { Provenance } from '../workflow/state.ts'
import { code } from '../workflow/text.ts'
import { withLocalpathFaults } from './localpath-check.ts'
import type { RepositoryReference, StoredDiagnostic, Submission, SubmissionView } from './ports.ts'
import { atTop, type ReadSpec, readTree, type SpecTree, type TreeDeps, validSpec } from './spec-tree.ts'

export type SubmitDeps = TreeDeps & { readonly platforms: PlatformConfig }

/** One change at one commit, everything re-read that ordering of deliveries could have made stale. */
export type SubmittedChange = {
  readonly repository: RepositoryReference
  readonly provenance: Omit<Provenance, 'tier'>
  readonly change: Omit<Change, 'specPath' | 'localpaths'>
  /** The tip of the base branch, which judges a pull request; undefined for a push, which judges itself. */
  readonly judgeSha: CommitSha | undefined
  /** Required names of the branch's rules, without `osmo / `. */
  readonly requiredByRules: readonly string[]
  readonly skipped: 'no' | 'by-commit-message'
  /** It tells of a head that its sender pushed, which says whose code that is; a label or a command does not. */
  readonly moves: Submission['moves']
}

/** `overtaken`: specs whose run at this commit was cancelled while it was not wanted, with their last run attempt; they run anew. */
type Triggered = { readonly kind: 'triggers'; readonly overtaken: ReadonlyMap<string, number>; readonly before: Before }
/** What is known of a pull request when it is heard of again: nothing, another head or base branch, or what this very head led to. */
export type Before = { readonly kind: 'nothing' | 'another' } | { readonly kind: 'planned'; readonly submission: SubmissionView }
/** Which specs run, and as which run: the trigger rules decide, or a person named them. */
export type Selection = Triggered | { readonly kind: 'named'; readonly run: (spec: string) => RunIdentity | undefined }

type Skipped = Submission['skipped'][number]

/**
 * From a change to everything it leads to: each file parsed on its own, so that a bad one fails alone; specs selected and planned; and of
 * what does not run, the reason.
 */
export async function prepareSubmission(
  change: SubmittedChange,
  selection: Selection,
  deps: SubmitDeps,
  signal: AbortSignal,
): Promise<Submission> {
  const { provenance, judgeSha } = change
  const runOf = selection.kind === 'named' ? selection.run : (spec: string) => triggeredRun(selection, spec)
  const usualRunOf = (spec: string) => withoutValues(runOf(spec))
  const read = (sha: CommitSha, judging: RepositoryConfig | undefined, runs = runOf) =>
    readTree({ repository: change.repository, provenance, sha, judge: judging, runOf: runs, specs: 'all' }, deps, signal)
  // Values that a person gave must not make the judge milder, nor hide what they change.
  const judge = judgeSha ? await read(judgeSha, undefined, usualRunOf) : undefined
  const own = await read(provenance.sha, judge?.settings)
  const head = await withLocalpathFaults(own, { repository: change.repository, sha: provenance.sha }, deps.reader, signal)
  const usual = head.specs.some(({ name }) => hasValues(runOf(name))) ? await read(provenance.sha, judge?.settings, usualRunOf) : head
  const mergeBase = judge && provenance.baseSha ? await read(provenance.baseSha, judge.settings) : undefined
  const settings = judge?.settings ?? head.settings
  const required = new Set([...settings.required, ...change.requiredByRules])
  const outcomes = head.specs.map((spec) => decide(spec, { change, selection, settings, required, judge, usual, mergeBase, deps }))
  const missing = judge ? [...required].filter((name) => name !== 'config' && !head.specs.some((spec) => spec.name === name)) : []
  return {
    purpose: selection.kind === 'triggers' ? 'change' : 'command',
    moves: change.moves,
    provenance: { ...provenance, tier: 'none' },
    plans: outcomes.flatMap((outcome) => (outcome.kind === 'planned' ? [outcome.plan] : [])),
    skipped:
      selection.kind === 'triggers'
        ? [
            ...outcomes.flatMap((outcome) => (outcome.kind === 'skipped' ? [reportable(outcome.skipped, judge)] : [])),
            ...missing.map(missingSpec),
            ...deletedSpecs(head, judge, mergeBase).filter(({ spec }) => !required.has(spec)),
          ]
        : [],
    diagnostics: [...judgeFaults(judge), ...head.diagnostics, ...head.specs.flatMap(diagnosticsOf), ...refusals(outcomes)],
    notes: notesOf(change),
  }
}

type Context = {
  readonly change: SubmittedChange
  readonly selection: Selection
  readonly settings: RepositoryConfig
  readonly required: ReadonlySet<string>
  readonly judge: SpecTree | undefined
  /** Head's own, as a change renders it. */
  readonly usual: SpecTree
  readonly mergeBase: SpecTree | undefined
  readonly deps: SubmitDeps
}
type Outcome =
  | { readonly kind: 'planned'; readonly plan: Submission['plans'][number] }
  | { readonly kind: 'skipped'; readonly skipped: Skipped; readonly refusals: readonly StoredDiagnostic[] }
  | { readonly kind: 'ignored' }

function decide(spec: ReadSpec, context: Context): Outcome {
  const required = context.required.has(spec.name) ? 'required' : 'optional'
  if (context.selection.kind === 'named' && !context.selection.run(spec.name)) return { kind: 'ignored' }
  if (judgeFaults(context.judge).length > 0)
    return skip(
      spec.name,
      'Nobody can say what is required: `.osmo/config.yaml` of the base branch has errors. Mend it there first',
      required,
      'action_required',
    )
  if (spec.result.kind === 'invalid')
    return skip(spec.name, 'The file has errors; see the annotations of `osmo / config`', required, 'action_required')
  const selected = select(spec, spec.result.spec, required, context)
  if (selected.kind === 'kept') return kept(spec, required, selected.submission)
  if (selected.kind === 'skip') return skip(spec.name, selected.reason, required, selected.conclusion)
  const judged = validSpec(context.judge, spec.name)
  const { platforms } = context.deps
  const { provenance } = context.change
  const planned = plan({
    name: spec.name,
    path: spec.file.path,
    spec: spec.result.spec,
    judge: judged,
    mergeBase: validSpec(context.mergeBase, spec.name),
    provenance,
    placed: place(spec.result.spec, provenance.repository, provenance.origin, context.settings.pool, platforms),
    platforms,
    required,
    run: selected.run,
    values: isSame(spec.result.spec, validSpec(context.usual, spec.name)) ? 'usual' : 'special',
    notices: [],
  })
  if (planned.kind === 'planned') return { kind: 'planned', plan: planned.plan }
  const skipped = { spec: spec.name, reason: planned.reason, required, conclusion: 'action_required' } as const
  return { kind: 'skipped', skipped, refusals: planned.conclusion === 'failure' ? refusalsOf(spec, planned) : [] }
}

const hasValues = (run: RunIdentity | undefined) => Object.keys(run?.dispatch.values ?? {}).length > 0

const withoutValues = (run: RunIdentity | undefined) => run && { ...run, dispatch: byTrigger }

const isSame = (one: WorkflowSpec, other: WorkflowSpec | undefined) => JSON.stringify(one.document) === JSON.stringify(other?.document)

type Selected =
  | { readonly kind: 'run'; readonly run: RunIdentity }
  | { readonly kind: 'skip'; readonly reason: string; readonly conclusion: Skipped['conclusion'] }
  | { readonly kind: 'kept'; readonly submission: SubmissionView }

function select(
  read: ReadSpec,
  spec: WorkflowSpec,
  required: Skipped['required'],
  { change, selection, settings, judge }: Context,
): Selected {
  if (selection.kind === 'named') return { kind: 'run', run: selection.run(read.name) ?? firstRun }
  if (change.skipped === 'by-commit-message')
    return {
      kind: 'skip',
      reason: 'The commit message says `[skip ci]`',
      conclusion: required === 'required' ? 'action_required' : 'skipped',
    }
  // For a required spec base's own `on` decides, so that head cannot deselect itself (extensions.md §5).
  const judging = required === 'required' ? (validSpec(judge, read.name) ?? spec) : spec
  const triggers = judging.triggers ?? settings.triggers
  const action = change.change.action ?? ''
  const { before } = selection
  if (before.kind === 'planned' && !listensTo(triggers, action)) return { kind: 'kept', submission: before.submission }
  const asked = { ...change.change, specPath: read.file.path, localpaths: localpaths(spec) }
  const answers = actionsHeard(change.change, before).map((heard) => selects(triggers, { ...asked, ...heard }))
  const refused = answers.find((answer) => answer.kind === 'skip')
  return refused === undefined || answers.some(({ kind }) => kind === 'run')
    ? { kind: 'run', run: triggeredRun(selection, read.name) }
    : { kind: 'skip', reason: refused.reason, conclusion: 'skipped' }
}

/**
 * A head, or a base branch, that nobody has planned for yet counts as opened or pushed, whatever was done to the pull request: `edited` says
 * that its base changed, and deliveries come out of order. The newer reason is asked first, since it is the better one to show.
 */
function actionsHeard({ event, action }: SubmittedChange['change'], before: Before): readonly { readonly action?: string }[] {
  if (event === 'push' || action === undefined) return [{}]
  if (before.kind === 'planned' || movesHead(action)) return [{ action }]
  return [{ action: before.kind === 'nothing' ? 'opened' : 'synchronize' }, { action }]
}

/** Actions whose sender says whose code the head is. */
export const movesHead = (action: string) => ['opened', 'synchronize', 'reopened'].includes(action)

/**
 * What the spec does not wait for leaves its conclusion as it is: else a stranger could turn a refusal into `skipped`, which GitHub lets
 * pass, by making the pull request a draft.
 */
function kept(spec: ReadSpec, required: Skipped['required'], { skipped, diagnostics }: SubmissionView): Outcome {
  const entry = skipped.find((one) => one.spec === spec.name)
  if (!entry) return { kind: 'ignored' }
  const refusals = diagnostics.filter(({ file, code }) => file === spec.file.path && code === placementCode)
  return { kind: 'skipped', skipped: { ...entry, required }, refusals }
}

const placementCode = 'semantic/placement'

function triggeredRun({ overtaken }: Triggered, spec: string): RunIdentity {
  const attempt = overtaken.get(spec)
  return attempt === undefined ? firstRun : { ...firstRun, attempt: attempt + 1 }
}

const skip = (spec: string, reason: string, required: Skipped['required'], conclusion: Skipped['conclusion']): Outcome => ({
  kind: 'skipped',
  skipped: { spec, reason, required, conclusion },
  refusals: [],
})

/** A push has no judge but itself: a check that it skips for lack of interest must not stand in for the one of a pull request to come. */
const reportable = (skipped: Skipped, judge: SpecTree | undefined): Skipped => (judge ? skipped : { ...skipped, required: 'optional' })

const missingSpec = (spec: string): Skipped => ({
  spec,
  reason: 'The file of this required spec does not exist at the head commit',
  required: 'required',
  conclusion: 'action_required',
})

/** What the merge base and base still have and head has not. A gate that goes with its spec should not go unseen (extensions.md §5). */
function deletedSpecs(head: SpecTree, judge: SpecTree | undefined, mergeBase: SpecTree | undefined): readonly Skipped[] {
  const has = (tree: SpecTree | undefined, name: string) => tree?.specs.some((spec) => spec.name === name)
  const deleted = judge?.specs.filter(({ name }) => !has(head, name) && has(mergeBase, name)) ?? []
  return deleted.map(({ name }) => {
    const gates = gatesOf(validSpec(judge, name))
    const reason =
      gates.length === 0
        ? 'This pull request deletes it'
        : `This pull request deletes it, and its gates on the base branch with it (${gates.slice(0, 10).map(code).join(', ')})`
    return { spec: name, reason, required: 'optional', conclusion: gates.length === 0 ? 'skipped' : 'neutral' }
  })
}

const gatesOf = (spec: WorkflowSpec | undefined) =>
  (spec?.benchmarks ?? []).flatMap(({ metrics }) => Object.entries(metrics).flatMap(([name, { gate }]) => (gate ? [name] : [])))

/** Settings that cannot be read would silently require nothing (law 7). */
const judgeFaults = (judge: SpecTree | undefined) =>
  judge?.settingsFaults.map((fault) => ({ ...fault, message: `On the base branch: ${fault.message}` })) ?? []

const localpaths = (spec: WorkflowSpec) =>
  spec.groups.flatMap((group) =>
    group.tasks.flatMap((task) => task.files.flatMap((file) => (file.kind === 'local' ? [file.localpath] : []))),
  )

/** Each on the line of the part that does not suit, where it is one. */
function refusalsOf({ file, result }: ReadSpec, { faults }: Extract<PlanResult, { kind: 'refused' }>): readonly StoredDiagnostic[] {
  const places = result.kind === 'valid' ? result.places : undefined
  return faults.map(({ reason, about }) => {
    const place = places && about && placeOf(places, about)
    return { ...atTop(file.path), ...place, severity: 'error', code: placementCode, message: reason }
  })
}

const refusals = (outcomes: readonly Outcome[]) => outcomes.flatMap((outcome) => (outcome.kind === 'skipped' ? outcome.refusals : []))

const diagnosticsOf = ({ result }: ReadSpec) => (result.kind === 'valid' ? result.warnings : result.diagnostics)

/** Rules may name `osmo / config` itself, which must then exist even where it has nothing else to say. */
export const configRequiredNote = 'The rules of the base branch require this check.'

const notesOf = ({ change, provenance, requiredByRules }: SubmittedChange) => [
  ...(change.changedPaths === 'unknown' ? [whyAllMatch(provenance)] : []),
  ...(requiredByRules.includes('config') ? [configRequiredNote] : []),
]

/** A first or forced push of the default branch and a tag are compared with nothing; else GitHub would not tell all files. */
const whyAllMatch = ({ event, baseSha, defaultBranch, headRef }: SubmittedChange['provenance']) =>
  event === 'push' && baseSha === '' && (defaultBranch || headRef === '')
    ? 'This push continues no earlier one, so every file counts as changed.'
    : 'Not every changed file is known for this change, so every path filter counts as matching.'
