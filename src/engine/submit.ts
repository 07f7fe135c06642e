import { selectSpecFiles } from '../spec/names.ts'
import { parseRepositoryConfig } from '../spec/repository-config.ts'
import { type Change, selects } from '../spec/triggers.ts'
import type { PlatformConfig, RepositoryConfig, SpecOptions, SpecResult, WorkflowSpec } from '../spec/types.ts'
import type { CommitSha } from '../workflow/names.ts'
import { firstRun, plan, type RunIdentity } from '../workflow/plan.ts'
import type { Provenance } from '../workflow/state.ts'
import type { ForgeReader, RepositoryReference, SpecFile, StoredDiagnostic, Submission } from './ports.ts'

/** Reads a spec's text; off the event loop in production, since a template may be hostile. Never rejects on bad text. */
export type SpecParser = (text: string, options: SpecOptions) => Promise<SpecResult>

export type SubmitDeps = {
  readonly reader: ForgeReader
  readonly parse: SpecParser
  readonly platforms: PlatformConfig
  readonly latest: Latest
}
/** Display ids of the newest successful trusted workflow of each spec on the base branch. */
export type Latest = (repositoryId: number) => Promise<Readonly<Record<string, string>>>

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
}

/** Which specs run, and as which run: the trigger rules decide, or a person named them. */
export type Selection = { readonly kind: 'triggers' } | { readonly kind: 'named'; readonly run: (spec: string) => RunIdentity | undefined }

type ReadSpec = { readonly name: string; readonly file: SpecFile; readonly result: SpecResult }
type Tree = {
  readonly specs: readonly ReadSpec[]
  readonly settings: RepositoryConfig
  /** Of `.osmo/config.yaml` alone. */
  readonly settingsFaults: readonly StoredDiagnostic[]
  readonly diagnostics: readonly StoredDiagnostic[]
}
type Skipped = Submission['skipped'][number]

const emptySettings: RepositoryConfig = { values: {}, pool: [], required: [], notify: {} }

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
  const judge = judgeSha ? await readTree(change, judgeSha, undefined, selection, deps, signal) : undefined
  const head = await readTree(change, provenance.sha, judge?.settings, selection, deps, signal)
  const mergeBase =
    judge && provenance.baseSha ? await readTree(change, provenance.baseSha, judge.settings, selection, deps, signal) : undefined
  const settings = judge?.settings ?? head.settings
  const required = new Set([...settings.required, ...change.requiredByRules])
  const outcomes = head.specs.map((spec) => decide(spec, { change, selection, settings, required, judge, mergeBase, deps }))
  const missing = judge ? [...required].filter((name) => name !== 'config' && !head.specs.some((spec) => spec.name === name)) : []
  return {
    purpose: selection.kind === 'triggers' ? 'change' : 'command',
    provenance: { ...provenance, tier: 'none' },
    plans: outcomes.flatMap((outcome) => (outcome.kind === 'planned' ? [outcome.plan] : [])),
    skipped:
      selection.kind === 'triggers'
        ? [
            ...outcomes.flatMap((outcome) => (outcome.kind === 'skipped' ? [reportable(outcome.skipped, judge)] : [])),
            ...missing.map(missingSpec),
          ]
        : [],
    diagnostics: [
      ...judgeFaults(judge),
      ...head.diagnostics,
      ...head.specs.flatMap(({ result }) => diagnosticsOf(result)),
      ...refusals(outcomes),
    ],
    notes: notesOf(change),
  }
}

type Context = {
  readonly change: SubmittedChange
  readonly selection: Selection
  readonly settings: RepositoryConfig
  readonly required: ReadonlySet<string>
  readonly judge: Tree | undefined
  readonly mergeBase: Tree | undefined
  readonly deps: SubmitDeps
}
type Outcome =
  | { readonly kind: 'planned'; readonly plan: Submission['plans'][number] }
  | { readonly kind: 'skipped'; readonly skipped: Skipped; readonly refusal?: StoredDiagnostic }
  | { readonly kind: 'ignored' }

function decide(spec: ReadSpec, context: Context): Outcome {
  const required = context.required.has(spec.name) ? 'required' : 'optional'
  if (judgeFaults(context.judge).length > 0 && context.selection.kind === 'triggers')
    return skip(
      spec.name,
      'Nobody can say what is required: `.osmo/config.yaml` of the base branch has errors. Mend it there first',
      required,
      'action_required',
    )
  if (spec.result.kind === 'invalid')
    return skip(spec.name, 'The file has errors; see the annotations of `osmo / config`', required, 'action_required')
  const selected = select(spec, spec.result.spec, required, context)
  if (selected.kind !== 'run')
    return selected.kind === 'ignored' ? { kind: 'ignored' } : skip(spec.name, selected.reason, required, selected.conclusion)
  const judged = validSpec(context.judge, spec.name)
  const planned = plan({
    name: spec.name,
    path: spec.file.path,
    spec: spec.result.spec,
    judge: judged,
    mergeBase: validSpec(context.mergeBase, spec.name),
    provenance: context.change.provenance,
    settings: context.settings,
    platforms: context.deps.platforms,
    required,
    run: selected.run,
    notices: [],
  })
  if (planned.kind === 'planned') return { kind: 'planned', plan: planned.plan }
  const skipped = { spec: spec.name, reason: planned.reason, required, conclusion: 'action_required' } as const
  return planned.conclusion === 'failure'
    ? { kind: 'skipped', skipped, refusal: refusal(spec.file.path, planned.reason) }
    : { kind: 'skipped', skipped }
}

type Selected =
  | { readonly kind: 'run'; readonly run: RunIdentity }
  | { readonly kind: 'skip'; readonly reason: string; readonly conclusion: Skipped['conclusion'] }
  | { readonly kind: 'ignored' }

function select(
  read: ReadSpec,
  spec: WorkflowSpec,
  required: Skipped['required'],
  { change, selection, settings, judge }: Context,
): Selected {
  if (selection.kind === 'named') {
    const run = selection.run(read.name)
    return run ? { kind: 'run', run } : { kind: 'ignored' }
  }
  if (change.skipped === 'by-commit-message')
    return {
      kind: 'skip',
      reason: 'The commit message says `[skip ci]`',
      conclusion: required === 'required' ? 'action_required' : 'skipped',
    }
  // For a required spec base's own `on` decides, so that head cannot deselect itself (extensions.md §5).
  const judging = required === 'required' ? (validSpec(judge, read.name) ?? spec) : spec
  const answer = selects(judging.triggers ?? settings.triggers, {
    ...change.change,
    specPath: read.file.path,
    localpaths: localpaths(spec),
  })
  return answer.kind === 'run' ? { kind: 'run', run: firstRun } : { kind: 'skip', reason: answer.reason, conclusion: 'skipped' }
}

const skip = (spec: string, reason: string, required: Skipped['required'], conclusion: Skipped['conclusion']): Outcome => ({
  kind: 'skipped',
  skipped: { spec, reason, required, conclusion },
})

/** A push has no judge but itself: a check that it skips for lack of interest must not stand in for the one of a pull request to come. */
const reportable = (skipped: Skipped, judge: Tree | undefined): Skipped => (judge ? skipped : { ...skipped, required: 'optional' })

const missingSpec = (spec: string): Skipped => ({
  spec,
  reason: 'The file of this required spec does not exist at the head commit',
  required: 'required',
  conclusion: 'action_required',
})

const isError = ({ severity }: StoredDiagnostic) => severity === 'error'

/** Settings that cannot be read would silently require nothing (law 7). */
const judgeFaults = (judge: Tree | undefined) =>
  judge?.settingsFaults.map((fault) => ({ ...fault, message: `On the base branch: ${fault.message}` })) ?? []

const validSpec = (tree: Tree | undefined, name: string) => {
  const result = tree?.specs.find((spec) => spec.name === name)?.result
  return result?.kind === 'valid' ? result.spec : undefined
}

const localpaths = (spec: WorkflowSpec) =>
  spec.groups.flatMap((group) =>
    group.tasks.flatMap((task) => task.files.flatMap((file) => (file.kind === 'local' ? [file.localpath] : []))),
  )

/** `.osmo/` at one commit. Values of the settings come from the judge for code that is not trusted (extensions.md §5). */
async function readTree(
  change: SubmittedChange,
  sha: CommitSha,
  judgeSettings: RepositoryConfig | undefined,
  selection: Selection,
  deps: SubmitDeps,
  signal: AbortSignal,
): Promise<Tree> {
  const files = await deps.reader.specFiles(change.repository, sha, signal)
  const selected = selectSpecFiles(files.map(({ path, mode, bytes }) => ({ path, mode, sizeBytes: bytes })))
  const own = readSettings(files)
  const settings = own.settings
  const values = judgeSettings && change.provenance.origin !== 'trusted' ? judgeSettings.values : settings.values
  const latest = await deps.latest(change.repository.id)
  const isSpent = budget(signal)
  const specs: ReadSpec[] = []
  for (const { name, path } of selected.files) specs.push(await readSpec(name, path))
  return { specs, settings, settingsFaults: own.diagnostics.filter(isError), diagnostics: [...selected.diagnostics, ...own.diagnostics] }

  async function readSpec(name: string, path: string): Promise<ReadSpec> {
    const file = files.find((candidate) => candidate.path === path)!
    const run = selection.kind === 'named' ? selection.run(name) : undefined
    const options = {
      file: path,
      values: { ...values, ...run?.dispatch.values },
      github: githubValues(change.provenance, sha, name, run?.attempt ?? 1),
      latest,
    }
    if (file.text === undefined) return { name, file, result: unreadable(path) }
    return { name, file, result: isSpent() ? tooSlow(path) : await deps.parse(file.text, options) }
  }
}

function readSettings(files: readonly SpecFile[]): {
  readonly settings: RepositoryConfig
  readonly diagnostics: readonly StoredDiagnostic[]
} {
  const file = files.find(({ path }) => path === '.osmo/config.yaml')
  if (file?.text === undefined) return { settings: emptySettings, diagnostics: [] }
  const parsed = parseRepositoryConfig(file.text, file.path)
  return parsed.kind === 'valid'
    ? { settings: parsed.config, diagnostics: parsed.warnings }
    : { settings: emptySettings, diagnostics: parsed.diagnostics }
}

/** Safe by their alphabet, so that they may be rendered into YAML and shell (extensions.md §3). */
function githubValues(
  provenance: Omit<Provenance, 'tier'>,
  sha: CommitSha,
  spec: string,
  attempt: number,
): Readonly<Record<string, string>> {
  return {
    sha,
    base_sha: provenance.baseSha,
    repository: provenance.repository,
    event_name: provenance.event === 'command' ? 'workflow_dispatch' : provenance.event,
    pull_request: String(provenance.pullRequest ?? ''),
    run_attempt: String(attempt),
    spec,
  }
}

/** Of all specs of one commit together: other repositories wait behind them. */
const treeBudgetMs = 15_000

function budget(signal: AbortSignal): () => boolean {
  const started = performance.now()
  return () => signal.aborted || performance.now() - started > treeBudgetMs
}

const tooSlow = (file: string): SpecResult => ({
  kind: 'invalid',
  diagnostics: [
    {
      ...place(file),
      severity: 'error',
      code: 'limit/reading',
      message: `All specs of this commit together took longer than ${treeBudgetMs / 1000} s to read. Make their templates simpler.`,
    },
  ],
})

const unreadable = (file: string): SpecResult => ({
  kind: 'invalid',
  diagnostics: [
    {
      ...place(file),
      severity: 'error',
      code: 'limit/unreadable',
      message: 'Expected UTF-8 text of at most 1 MiB in a regular file. Make the file smaller or save it as UTF-8.',
    },
  ],
})

const place = (file: string) => ({ file, line: 1, column: 1, endLine: 1, endColumn: 1 })

const refusal = (file: string, message: string): StoredDiagnostic => ({
  ...place(file),
  severity: 'error',
  code: 'semantic/placement',
  message,
})

const refusals = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap((outcome) => (outcome.kind === 'skipped' && outcome.refusal ? [outcome.refusal] : []))

const diagnosticsOf = (result: SpecResult) => (result.kind === 'valid' ? result.warnings : result.diagnostics)

/** Rules may name `osmo / config` itself, which must then exist even where it has nothing else to say. */
export const configRequiredNote = 'The rules of the base branch require this check.'

const notesOf = ({ change, requiredByRules }: SubmittedChange) => [
  ...(change.changedPaths === 'unknown'
    ? ['Not every changed file is known for this change, so every path filter counts as matching.']
    : []),
  ...(requiredByRules.includes('config') ? [configRequiredNote] : []),
]
