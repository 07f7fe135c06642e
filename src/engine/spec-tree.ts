import { isSettingsFile, selectSpecFiles } from '../spec/names.ts'
import type { LocatedResult } from '../spec/parse-spec.ts'
import { parseRepositoryConfig } from '../spec/repository-config.ts'
import type { RepositoryConfig, SpecOptions, WorkflowSpec } from '../spec/types.ts'
import type { CommitSha } from '../workflow/names.ts'
import type { RunIdentity } from '../workflow/plan.ts'
import { eventName, type Provenance } from '../workflow/state.ts'
import type { ForgeReader, RepositoryReference, SpecFile, StoredDiagnostic } from './ports.ts'

/** Reads a spec's text; off the event loop in production, since a template may be hostile. Never rejects on bad text. */
export type SpecParser = (text: string, options: SpecOptions) => Promise<LocatedResult>
/** Display ids of the newest successful trusted workflow of each of these specs on the base branch; specs without one are left out. */
export type Latest = (provenance: Omit<Provenance, 'tier'>, specs: readonly string[]) => Promise<Readonly<Record<string, string>>>

export type TreeDeps = { readonly reader: ForgeReader; readonly parse: SpecParser; readonly latest: Latest }
export type TreeRequest = {
  readonly repository: RepositoryReference
  /** Of the change that the specs are read for; `sha` may be another commit of it. */
  readonly provenance: Omit<Provenance, 'tier'>
  readonly sha: CommitSha
  /** Their template values come before the tree's own; undefined where the tree judges itself. */
  readonly judge: RepositoryConfig | undefined
  /** Undefined: the spec is read as its first run. */
  readonly runOf: (spec: string) => RunIdentity | undefined
  readonly specs: 'all' | { readonly only: string }
}

export type ReadSpec = { readonly name: string; readonly file: SpecFile; readonly result: LocatedResult }
export type SpecTree = {
  readonly specs: readonly ReadSpec[]
  readonly settings: RepositoryConfig
  /** Errors of the settings file alone: whoever is judged by these settings cannot be judged. */
  readonly settingsFaults: readonly StoredDiagnostic[]
  readonly diagnostics: readonly StoredDiagnostic[]
}

/** `.osmo/` at one commit, each file parsed on its own. Values of the settings come from the judge for code that is not trusted (extensions.md §5). */
export async function readTree(request: TreeRequest, deps: TreeDeps, signal: AbortSignal): Promise<SpecTree> {
  const { repository, provenance, sha, judge, runOf, specs } = request
  const files = await deps.reader.specFiles(repository, sha, signal)
  const selected = selectSpecFiles(files.map(({ path, mode, bytes }) => ({ path, mode, sizeBytes: bytes })))
  const { settings, diagnostics: own } = readSettings(files, selected.config?.path)
  const values = judge && provenance.origin !== 'trusted' ? judge.values : settings.values
  const latest = files.some(mentionsLatest)
    ? await deps.latest(
        provenance,
        selected.files.map(({ name }) => name),
      )
    : {}
  const isSpent = budget(signal)
  const read: ReadSpec[] = []
  for (const { name, path } of selected.files) if (specs === 'all' || specs.only === name) read.push(await readSpec(name, path))
  const diagnostics = [...selected.diagnostics, ...own]
  const settingsFaults = diagnostics.filter(({ file, severity }) => severity === 'error' && isSettingsFile(file))
  return { specs: read, settings, settingsFaults, diagnostics }

  async function readSpec(name: string, path: string): Promise<ReadSpec> {
    const file = files.find((candidate) => candidate.path === path)!
    const run = runOf(name)
    const options = {
      file: path,
      values,
      ...(run !== undefined && { given: run.dispatch.values }),
      github: githubValues(provenance, sha, name, run?.attempt ?? 1),
      latest,
    }
    if (file.text === undefined) return { name, file, result: { kind: 'invalid', diagnostics: [unreadable(path)] } }
    return { name, file, result: isSpent() ? tooSlow(path) : await deps.parse(file.text, options) }
  }
}

/** Few specs build upon others, and looking for what they might build upon takes a while. */
const mentionsLatest = ({ text }: SpecFile) => text !== undefined && /\blatest\b/.test(text)

export function validSpec(tree: SpecTree | undefined, name: string): WorkflowSpec | undefined {
  const result = tree?.specs.find((spec) => spec.name === name)?.result
  return result?.kind === 'valid' ? result.spec : undefined
}

const emptySettings: RepositoryConfig = { values: {}, pool: [], required: [], notify: {} }

function readSettings(
  files: readonly SpecFile[],
  path: string | undefined,
): { readonly settings: RepositoryConfig; readonly diagnostics: readonly StoredDiagnostic[] } {
  const file = files.find((candidate) => candidate.path === path)
  if (!file) return { settings: emptySettings, diagnostics: [] }
  if (file.text === undefined) return { settings: emptySettings, diagnostics: [unreadable(file.path)] }
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
    event_name: eventName(provenance),
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

const tooSlow = (file: string): LocatedResult => ({
  kind: 'invalid',
  diagnostics: [
    {
      ...atTop(file),
      severity: 'error',
      code: 'limit/reading',
      message: `All specs of this commit together took longer than ${treeBudgetMs / 1000} s to read. Make their templates simpler.`,
    },
  ],
})

const unreadable = (file: string): StoredDiagnostic => ({
  ...atTop(file),
  severity: 'error',
  code: 'limit/unreadable',
  message: 'Expected UTF-8 text of at most 1 MiB in a regular file. Make the file smaller or save it as UTF-8.',
})

/** The place of a fault that is about the whole file. */
export const atTop = (file: string) => ({ file, line: 1, column: 1, endLine: 1, endColumn: 1 })
