import { existsSync } from 'node:fs'
import { join, posix, relative, resolve, sep } from 'node:path'
import { embeddedPlatforms } from '../installation/embedded-platforms.ts'
import { parsePlatformConfig } from '../spec/platform-config.ts'
import { type PlacementResult, place } from '../spec/pool/placement.ts'
import { type Change, selects } from '../spec/triggers.ts'
import type { Diagnostic, Origin, PlatformConfig, WorkflowSpec } from '../spec/types.ts'
import { tierOf } from '../workflow/tier.ts'
import { readArguments, UsageError } from './arguments.ts'
import { checkSettings, checkSpec } from './checked.ts'
import { counted, countText, diagnosticsText, hasErrors } from './diagnostics.ts'
import { baseCommit, changedSince, git, repositoryName } from './git.ts'
import { type PlanRow, planTable } from './plan-table.ts'
import { forSomeRepository, readPlatformFile, unknownRepository } from './platforms.ts'
import { readSources, rootOf, type Source } from './sources.ts'
import type { Terminal } from './terminal.ts'
import { readValues, specOptions, type Values, valueOptions } from './values.ts'

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
  const installation = await readInstallation(options.config, values.github.repository ?? (await repositoryName(directory)), terminal)
  const { sources, diagnostics, texts } = await readSources([operands[0] ?? '.'], terminal)
  const isSettings = ({ file }: Diagnostic) => file.endsWith(settingsFile)
  const planned = diagnostics.filter((one) => !isSettings(one)).map(refusedFile)
  for (const source of sources.filter(({ kind }) => kind === 'spec')) planned.push(await planOne(source, values, change, installation))
  const rows = planned.map(({ row }) => row)
  const settings = sources.filter(({ kind }) => kind === 'settings')
  const ofSettings = await Promise.all(settings.map((source) => checkSettings(source, installation.pools)))
  const ofSpecs = planned.flatMap((one) => one.diagnostics)
  const faults = [...installation.diagnostics, ...diagnostics.filter(isSettings), ...ofSettings.flat(), ...ofSpecs]
  if (options.format === 'json') terminal.out(`${JSON.stringify(rows, undefined, 2)}\n`)
  else terminal.out(`${headline(change)}\n\n${planTable(rows)}\n`)
  if (faults.length > 0)
    terminal.error(
      diagnosticsText(
        faults,
        options.format === 'json' ? 'json' : 'text',
        (file) => texts.get(file) ?? installation.texts.get(file),
        terminal,
      ),
    )
  return hasErrors(faults) || rows.some(({ outcome }) => outcome === 'invalid') ? 1 : 0
}

function isRepository(path: string): boolean {
  return existsSync(join(path, '.osmo')) || path.endsWith('.osmo')
}

const settingsFile = join('.osmo', 'config.yaml')

function repositoryDirectory(given: string, terminal: Terminal): string {
  const named = posix.normalize(given.replace(/(^|\/)\.osmo\/?$/, '$1') || '.')
  const directory = resolve(terminal.directory, named)
  if (existsSync(join(directory, '.osmo'))) return directory
  const where = named === '.' ? 'here' : `in ${JSON.stringify(named)}`
  throw new UsageError(`Expected a directory with specs in .osmo, but there is none ${where}. "osmo new" writes one.`)
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
  const changedPaths = options.changed?.map((path) => withinRepository(path, directory)) ?? (await changesOf(directory, event))
  if (event === 'push') return { change: { event, branch: options.branch ?? (await currentBranch(directory)), changedPaths }, origin }
  const baseBranch = options.branch ?? (await defaultBranch(directory))
  return { change: { event, action: 'opened', baseBranch, labels: options.label ?? [], draft: false, changedPaths }, origin }
}

/** As git names it: from the root, without "." and "..". */
function withinRepository(path: string, directory: string): string {
  const within = relative(directory, resolve(directory, path)).replaceAll(sep, '/')
  if (within !== '' && within !== '..' && !within.startsWith('../')) return within
  throw new UsageError(`Expected a path below ${directory} for --changed, but it is ${JSON.stringify(path)}.`)
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
  readonly texts: ReadonlyMap<string, string>
  /** Of the administrator's file, where there is one without errors. */
  readonly pools: readonly string[] | undefined
}

/** The administrator's file, else what an installation without one has. */
async function readInstallation(file: string | undefined, repository: string | undefined, terminal: Terminal): Promise<Installation> {
  const name = repository ?? unknownRepository
  if (file === undefined) return { config: embedded(repository), repository: name, diagnostics: [], texts: new Map(), pools: undefined }
  const { config, diagnostics, texts } = await readPlatformFile(file, terminal)
  const pools = config && Object.keys(config.pools)
  if (config === undefined || repository !== undefined) return { config, repository: name, diagnostics, texts, pools }
  return { config: forSomeRepository(config), repository: name, diagnostics: [...diagnostics, nobodysRules(file)], texts, pools }
}

function nobodysRules(file: string): Diagnostic {
  const message =
    'The repository is unknown, because it has no remote "origin": what some rule of "repositories" opens counts as open. Say which it is with --github repository=OWNER/NAME.'
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1, severity: 'warning', code: 'semantic/unknown-repository', message }
}

function embedded(repository: string | undefined): PlatformConfig | undefined {
  const result = parsePlatformConfig(embeddedPlatforms('/'), 'the embedded configuration')
  if (result.kind === 'invalid') return undefined
  return repository === undefined ? forSomeRepository(result.config) : result.config
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
  const github = { ...options.github, event_name: change.event, ...values.github }
  const { located, diagnostics } = await checkSpec(source, { ...options, github })
  const name = { file: source.label, spec: source.path.replace(/^\.osmo\/|\.ya?ml$/g, '') }
  if (located === undefined || hasErrors(diagnostics))
    return { row: { ...name, outcome: 'invalid', reason: `It has ${countText(diagnostics)}` }, diagnostics }
  const { spec } = located
  const settings = source.settings.config
  const selected = selects(spec.triggers ?? settings?.triggers, { ...change, specPath: source.path, localpaths: localpathsOf(spec) })
  if (selected.kind === 'skip') return { row: { ...name, outcome: 'skip', reason: selected.reason }, diagnostics: [] }
  if (installation.config === undefined)
    return { row: { ...name, outcome: 'invalid', reason: 'The configuration has errors' }, diagnostics: [] }
  const placed = place(spec, installation.repository, origin, settings?.pool ?? [], installation.config)
  return { row: { ...name, ...placementRow(placed, spec, change) }, diagnostics: [] }
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
