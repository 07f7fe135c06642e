import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { embeddedPlatforms } from '../installation/embedded-platforms.ts'
import { locateSpec } from '../spec/parse-spec.ts'
import { parsePlatformConfig } from '../spec/platform-config.ts'
import { type PlacementResult, place } from '../spec/pool/placement.ts'
import { type Change, selects } from '../spec/triggers.ts'
import type { Diagnostic, Origin, PlatformConfig, WorkflowSpec } from '../spec/types.ts'
import { tierOf } from '../workflow/tier.ts'
import { readArguments, UsageError } from './arguments.ts'
import { counted, countText, diagnosticsText, hasErrors } from './diagnostics.ts'
import { baseCommit, changedSince, git, repositoryName } from './git.ts'
import { type PlanRow, planTable } from './plan-table.ts'
import { openToAll, readPlatformFile } from './platforms.ts'
import { labelled, readBounded } from './reading.ts'
import { readSources, rootOf, type Source } from './sources.ts'
import type { Terminal } from './terminal.ts'
import { readValues, settingsOf, specOptions, type Values, valueOptions } from './values.ts'

const shapes = {
  ...valueOptions,
  event: { kind: 'one', words: ['push', 'pull_request'] },
  origin: { kind: 'one', words: ['trusted', 'approved', 'untrusted'] },
  changed: { kind: 'many', more: (word) => !isRepository(word) },
  branch: { kind: 'one' },
  label: { kind: 'many', more: () => false },
  config: { kind: 'one' },
  format: { kind: 'one', words: ['text', 'json'] },
} as const satisfies Parameters<typeof readArguments>[1]

/**
 * `osmo plan [DIR]`: what a push, or a pull request, of the working tree as it is would run, and what not and why. Reads files only; exit
 * code 1 when a spec has errors or suits no pool.
 */
export async function plan(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const { options, operands } = readArguments(parameters, shapes)
  if (operands.length > 1) throw new UsageError(`Expected at most one directory, but there are ${operands.length}.`)
  const directory = repositoryDirectory(operands[0] ?? '.', terminal)
  const values = readValues(options)
  const change = await readChange(directory, options)
  const installation = await readInstallation(
    options.config,
    values.github.repository ?? (await repositoryName(directory)),
    change.origin,
    terminal,
  )
  const { sources, diagnostics } = await readSources([operands[0] ?? '.'], terminal)
  const planned = [...diagnostics.map(refusedFile)]
  for (const source of sources.filter(({ kind }) => kind === 'spec')) planned.push(await planOne(source, values, change, installation))
  const rows = planned.map(({ row }) => row)
  const faults = [...installation.diagnostics, ...planned.flatMap((one) => one.diagnostics)]
  if (options.format === 'json') terminal.out(`${JSON.stringify(rows, undefined, 2)}\n`)
  else terminal.out(`${headline(change)}\n\n${planTable(rows)}\n`)
  const texts = new Map(sources.map(({ label, text }) => [label, text]))
  if (faults.length > 0)
    terminal.error(diagnosticsText(faults, options.format === 'json' ? 'json' : 'text', (file) => texts.get(file), terminal))
  return hasErrors(faults) || rows.some(({ outcome }) => outcome === 'invalid') ? 1 : 0
}

function isRepository(path: string): boolean {
  return existsSync(join(path, '.osmo')) || path.endsWith('.osmo')
}

function repositoryDirectory(given: string, terminal: Terminal): string {
  const directory = resolve(terminal.directory, given.replace(/\/?\.osmo\/?$/, '') || '.')
  if (existsSync(join(directory, '.osmo'))) return directory
  throw new UsageError(`Expected a directory with specs in .osmo, but there is none in ${given}. "osmo new" writes one.`)
}

type PlannedChange = { readonly change: Omit<Change, 'specPath' | 'localpaths'>; readonly origin: Origin }
type Options = {
  readonly event?: string
  readonly origin?: string
  readonly changed?: readonly string[]
  readonly branch?: string
  readonly label?: readonly string[]
}

async function readChange(directory: string, options: Options): Promise<PlannedChange> {
  const event = options.event === 'pull_request' ? 'pull_request' : 'push'
  const origin = options.origin === 'approved' || options.origin === 'untrusted' ? options.origin : 'trusted'
  const changedPaths = options.changed ?? (await changesOf(directory, event))
  if (event === 'push') return { change: { event, branch: options.branch ?? (await currentBranch(directory)), changedPaths }, origin }
  const baseBranch = options.branch ?? (await defaultBranch(directory))
  return { change: { event, action: 'opened', baseBranch, labels: options.label ?? [], draft: false, changedPaths }, origin }
}

/** Without a commit to compare with, every path counts as changed, as at a branch's first push. */
async function changesOf(directory: string, event: 'push' | 'pull_request'): Promise<readonly string[] | 'unknown'> {
  const root = rootOf(join(directory, '.osmo', 'config.yaml'))
  const base = root?.kind === 'git' ? await baseCommit(directory, event) : undefined
  return base === undefined ? 'unknown' : ((await changedSince(directory, base)) ?? 'unknown')
}

async function currentBranch(directory: string): Promise<string> {
  return (await git(directory, 'symbolic-ref', '--short', 'HEAD')) || 'main'
}

async function defaultBranch(directory: string): Promise<string> {
  return (await git(directory, 'symbolic-ref', '--short', 'refs/remotes/origin/HEAD'))?.replace(/^origin\//, '') || 'main'
}

type Installation = {
  readonly config: PlatformConfig | undefined
  readonly repository: string
  readonly diagnostics: readonly Diagnostic[]
}

/** The administrator's file, else what an installation without one has. Where the repository has no name, every pool is open to it. */
async function readInstallation(
  file: string | undefined,
  repository: string | undefined,
  origin: Origin,
  terminal: Terminal,
): Promise<Installation> {
  const read = file === undefined ? undefined : await readPlatformFile(file, terminal)
  const config = read === undefined ? embedded() : read.config
  const named = config === undefined || repository !== undefined || file === undefined ? config : openToAll(config, origin)
  return { config: named, repository: repository ?? 'owner/repository', diagnostics: read?.diagnostics ?? [] }
}

function embedded(): PlatformConfig | undefined {
  const result = parsePlatformConfig(embeddedPlatforms('/'), 'the embedded configuration')
  return result.kind === 'valid' ? result.config : undefined
}

type Planned = { readonly row: PlanRow; readonly diagnostics: readonly Diagnostic[] }

function refusedFile(diagnostic: Diagnostic): Planned {
  return {
    row: { file: diagnostic.file, spec: diagnostic.file, outcome: 'invalid', reason: 'The file is refused' },
    diagnostics: [diagnostic],
  }
}

async function planOne(source: Source, values: Values, { change, origin }: PlannedChange, installation: Installation): Promise<Planned> {
  const options = await specOptions(source, values)
  const result = readBounded(locateSpec, source.text, {
    ...options,
    github: { ...options.github, event_name: change.event, ...values.github },
  })
  const name = { file: source.label, spec: source.path.replace(/^\.osmo\/|\.ya?ml$/g, '') }
  if (result.kind === 'invalid') {
    const diagnostics = labelled(result.diagnostics, source.label)
    return { row: { ...name, outcome: 'invalid', reason: `It has ${countText(diagnostics)}` }, diagnostics }
  }
  const settings = settingsOf(source)
  const selected = selects(result.spec.triggers ?? settings?.triggers, {
    ...change,
    specPath: source.path,
    localpaths: localpathsOf(result.spec),
  })
  if (selected.kind === 'skip') return { row: { ...name, outcome: 'skip', reason: selected.reason }, diagnostics: [] }
  if (installation.config === undefined)
    return { row: { ...name, outcome: 'invalid', reason: 'The configuration has errors' }, diagnostics: [] }
  const placed = place(result.spec, installation.repository, origin, settings?.pool ?? [], installation.config)
  return { row: { ...name, ...placementRow(placed, result.spec, change) }, diagnostics: [] }
}

function placementRow(placed: PlacementResult, spec: WorkflowSpec, change: PlannedChange['change']): Omit<PlanRow, 'file' | 'spec'> {
  if (placed.kind === 'refused') return { outcome: placed.conclusion === 'failure' ? 'invalid' : 'refused', reason: placed.reason }
  const tasks = spec.groups.reduce((sum, group) => sum + group.tasks.length, 0)
  const compares = change.event === 'pull_request' && spec.benchmarks.some(({ compare }) => compare !== undefined)
  return {
    outcome: 'run',
    reason: `${tasks} task${tasks === 1 ? '' : 's'}${compares ? ', base and head compared' : ''}`,
    pool: placed.placement.pool,
    platforms: [...new Set([...placed.placement.platforms.values()].map(({ name }) => name))],
    tier: tierOf(placed.placement),
  }
}

function localpathsOf(spec: WorkflowSpec): readonly string[] {
  const files = spec.groups.flatMap((group) => group.tasks.flatMap((task) => task.files))
  return files.flatMap((file) => (file.kind === 'local' ? [file.localpath] : []))
}

function headline({ change, origin }: PlannedChange): string {
  const where = change.event === 'push' ? `A push to ${change.branch}` : `A pull request into ${change.baseBranch}`
  const count =
    change.changedPaths === 'unknown'
      ? 'every path counts as changed'
      : counted(change.changedPaths.length, 'changed file') || 'no changed files'
  return `${where}, ${origin} code, ${count}:`
}
