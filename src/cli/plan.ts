import { existsSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { embeddedPlatforms } from '../installation/embedded-platforms.ts'
import { parsePlatformConfig } from '../spec/platform-config.ts'
import { type PlacementResult, place } from '../spec/pool/placement.ts'
import { selects } from '../spec/triggers.ts'
import type { Diagnostic, Origin, PlatformConfig, WorkflowSpec } from '../spec/types.ts'
import { tierOf } from '../workflow/tier.ts'
import { readArguments, UsageError } from './arguments.ts'
import { checkSettings, checkSpec } from './checked.ts'
import { countText, diagnosticsText, hasErrors } from './diagnostics.ts'
import { repositoryName } from './git.ts'
import { type Base, readBase } from './plan-base.ts'
import { headline, type PlannedChange, readChange } from './plan-change.ts'
import { withRequired } from './plan-required.ts'
import { type PlanRow, planTable } from './plan-table.ts'
import { forSomeRepository, placementDiagnostics, readPlatformFile, unknownRepository } from './platforms.ts'
import { readSources, type Source } from './sources.ts'
import type { Terminal } from './terminal.ts'
import { readValues, specOptions, type Values, valueOptions } from './values.ts'

const shapes = {
  ...valueOptions,
  event: { kind: 'one', words: ['push', 'pull_request'] },
  origin: { kind: 'one', words: ['trusted', 'approved', 'untrusted'] },
  changed: { kind: 'many', more: (word) => !isRepository(word) },
  branch: { kind: 'one' },
  tag: { kind: 'one' },
  draft: { kind: 'flag' },
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
  const base = await readBase(directory, change)
  const installation = await readInstallation(options.config, values.github.repository ?? (await repositoryName(directory)), terminal)
  const { sources, diagnostics, texts } = await readSources([operands[0] ?? '.'], terminal)
  const isSettings = ({ file }: Diagnostic) => file.endsWith(settingsFile)
  const planned = diagnostics.filter((one) => !isSettings(one)).map(refusedFile)
  const context = { planned: change, installation, base }
  for (const source of sources.filter(({ kind }) => kind === 'spec')) planned.push(await planOne(source, values, context))
  const own = sources[0]?.settings.config?.required ?? []
  const required = change.change.event === 'pull_request' ? (base?.settings.required ?? own) : []
  const rows = withRequired(
    planned.map(({ row }) => row),
    required,
  )
  const settings = sources.filter(({ kind }) => kind === 'settings')
  const ofSettings = await Promise.all(settings.map((source) => checkSettings(source, installation.pools)))
  const ofSpecs = planned.flatMap((one) => one.diagnostics)
  const faults = [...installation.diagnostics, ...(base?.faults ?? []), ...diagnostics.filter(isSettings), ...ofSettings.flat(), ...ofSpecs]
  if (options.format === 'json') terminal.out(`${JSON.stringify(rows, undefined, 2)}\n`)
  else terminal.out(`${headline(change)}\n${judgeLine(change, base)}\n${planTable(rows)}\n`)
  if (faults.length > 0)
    terminal.error(
      diagnosticsText(
        faults,
        options.format === 'json' ? 'json' : 'text',
        (file) => texts.get(file) ?? installation.texts.get(file) ?? (file === base?.label ? base.text : undefined),
        terminal,
      ),
    )
  return hasErrors(faults) || rows.some(({ outcome }) => outcome === 'invalid') ? 1 : 0
}

/** Who decides `on`, `pool` and `required` of a pull request. */
function judgeLine({ change }: PlannedChange, base: Base | undefined): string {
  if (change.event === 'push') return ''
  return base === undefined
    ? `Without a branch ${change.baseBranch} in git, this tree's own settings decide what is required.\n`
    : `The settings at ${base.name} decide what is required.\n`
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

/** What everything is planned against. */
type Context = { readonly planned: PlannedChange; readonly installation: Installation; readonly base: Base | undefined }

async function planOne(source: Source, values: Values, { planned, installation, base }: Context): Promise<Planned> {
  const { change, origin } = planned
  const name = { file: source.label, spec: source.path.replace(/^\.osmo\/|\.ya?ml$/g, '') }
  if (base !== undefined && base.faults.length > 0)
    return withoutFaults({
      ...name,
      outcome: 'refused',
      reason: `Nobody can say what is required: the settings at ${base.name} have errors`,
    })
  const options = await specOptions(judgedValues(source, base, origin), values)
  const github = { ...options.github, event_name: change.event, ...values.github }
  const { located, diagnostics } = await checkSpec(source, { ...options, github })
  if (located === undefined || hasErrors(diagnostics))
    return { row: { ...name, outcome: 'invalid', reason: `It has ${countText(diagnostics)}` }, diagnostics }
  const { spec, places } = located
  const settings = base?.settings ?? source.settings.config
  // For a required spec base's own `on` decides (extensions.md §5).
  const judge = base?.settings.required.includes(name.spec) ? await base.triggersOf(name.spec) : undefined
  const triggers = (judge === undefined ? spec.triggers : judge.triggers) ?? settings?.triggers
  if (planned.skipped === 'by-commit-message')
    return withoutFaults({ ...name, outcome: 'skip', reason: 'The commit message says `[skip ci]`', conclusion: 'action_required' })
  const selected = selects(triggers, { ...change, specPath: source.path, localpaths: localpathsOf(spec) })
  if (selected.kind === 'skip') return withoutFaults({ ...name, outcome: 'skip', reason: selected.reason })
  if (installation.config === undefined) return withoutFaults({ ...name, outcome: 'invalid', reason: 'The configuration has errors' })
  const placed = place(spec, installation.repository, origin, settings?.pool ?? [], installation.config)
  const row = { ...name, ...placementRow(placed, spec, change) }
  if (placed.kind === 'placed') return withoutFaults(row)
  const faults = placementDiagnostics(source, places, placed)
  // One that only says whom to ask is in the row as a whole.
  return { row: { ...row, faults }, diagnostics: placed.conclusion === 'failure' || faults.length > 1 ? faults : [] }
}

const withoutFaults = (row: PlanRow): Planned => ({ row, diagnostics: [] })

/** Values of the settings come from base for code that is not trusted (extensions.md §5). */
function judgedValues(source: Source, base: Base | undefined, origin: Origin): Source {
  if (base === undefined || origin === 'trusted') return source
  const config = { ...base.settings, ...source.settings.config, values: base.settings.values }
  return { ...source, settings: { ...source.settings, config } }
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
