import { resolve } from 'node:path'
import { placeOf, type SpecPlaces } from '../spec/places.ts'
import { parsePlatformConfig } from '../spec/platform-config.ts'
import { type PlacementResult, place } from '../spec/pool/placement.ts'
import type { Diagnostic, PlatformConfig } from '../spec/types.ts'
import { UsageError } from './arguments.ts'
import type { Located } from './checked.ts'
import { readText } from './files.ts'
import { repositoryName } from './git.ts'
import type { Source } from './sources.ts'
import type { Terminal } from './terminal.ts'

/** The administrator's file; `config` is absent when it has errors. */
export type PlatformFile = {
  readonly config: PlatformConfig | undefined
  readonly diagnostics: readonly Diagnostic[]
  readonly texts: ReadonlyMap<string, string>
}

export async function readPlatformFile(path: string, { directory }: Terminal): Promise<PlatformFile> {
  const read = await readText(resolve(directory, path), path, 'follow')
  if (read.kind === 'absent') throw new UsageError(`Cannot read the configuration ${path}: there is none.`)
  if (read.kind === 'fault') throw new UsageError(`Cannot read the configuration ${path}. ${read.fault.message}`)
  const result = parsePlatformConfig(read.text, path)
  const texts = new Map([[path, read.text]])
  return result.kind === 'valid'
    ? { config: result.config, diagnostics: result.warnings, texts }
    : { config: undefined, diagnostics: result.diagnostics, texts }
}

export const poolNames = ({ config }: PlatformFile) => config && Object.keys(config.pools)

/** Whether pools, platforms, permissions, rules and quota of the installation suit a spec. */
export async function checkPlacement(
  source: Source,
  { spec, places }: Located,
  { config }: PlatformFile,
  givenRepository: string | undefined,
): Promise<readonly Diagnostic[]> {
  if (config === undefined) return []
  const repository = givenRepository ?? (await nameOf(source))
  const placed = place(
    spec,
    repository ?? unknownRepository,
    'trusted',
    source.settings.config?.pool ?? [],
    repository === undefined ? forSomeRepository(config) : config,
  )
  return placed.kind === 'placed' ? [] : placementDiagnostics(source, places, placed)
}

/** All that does not suit, each fault on the line of what it is about. */
export function placementDiagnostics(
  { label }: Source,
  places: SpecPlaces,
  placed: Extract<PlacementResult, { kind: 'refused' }>,
): readonly Diagnostic[] {
  // That somebody has to ask for access is no fault of the file.
  const severity = placed.conclusion === 'failure' ? 'error' : 'warning'
  const [first] = places.tasks.values()
  return placed.faults.map(({ reason, about }) => {
    const place = (about && placeOf(places, about)) ?? first ?? { line: 1, column: 1, endLine: 1, endColumn: 1 }
    return { file: label, ...place, severity, code: 'semantic/placement', message: reason }
  })
}

async function nameOf({ root }: Source): Promise<string | undefined> {
  return root?.kind === 'git' ? await repositoryName(root.directory) : undefined
}

/** As messages name it. */
export const unknownRepository = 'this repository'

/** Where nobody knows which repository this is: every pool that some rule opens, and no further than to the origins to which a rule opens it. */
export function forSomeRepository(config: PlatformConfig): PlatformConfig {
  const opened = config.repositories.flatMap((rule) => Object.entries(rule.pools))
  const pools = [...Map.groupBy(opened, ([name]) => name)].map(([name, rules]) => [
    name,
    [...new Set(rules.flatMap(([, origins]) => origins))],
  ])
  return { ...config, repositories: [{ match: [unknownRepository], pools: Object.fromEntries(pools), limits: {}, credentials: [] }] }
}
