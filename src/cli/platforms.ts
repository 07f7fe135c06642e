import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { LocatedResult } from '../spec/parse-spec.ts'
import { placeOf } from '../spec/places.ts'
import { parsePlatformConfig } from '../spec/platform-config.ts'
import { place } from '../spec/pool/placement.ts'
import type { Diagnostic, Origin, PlatformConfig } from '../spec/types.ts'
import { UsageError } from './arguments.ts'
import { repositoryName } from './git.ts'
import type { Source } from './sources.ts'
import type { Terminal } from './terminal.ts'
import { settingsOf } from './values.ts'

/** The administrator's file; `config` is absent when it has errors. */
export type PlatformFile = {
  readonly config: PlatformConfig | undefined
  readonly diagnostics: readonly Diagnostic[]
  readonly texts: ReadonlyMap<string, string>
}

export async function readPlatformFile(path: string, { directory }: Terminal): Promise<PlatformFile> {
  const text = await readFile(resolve(directory, path), 'utf8').catch((error: Error) => {
    throw new UsageError(`Cannot read the configuration ${path}: ${error.message}`)
  })
  const result = parsePlatformConfig(text, path)
  const texts = new Map([[path, text]])
  return result.kind === 'valid'
    ? { config: result.config, diagnostics: result.warnings, texts }
    : { config: undefined, diagnostics: result.diagnostics, texts }
}

type Valid = Extract<LocatedResult, { kind: 'valid' }>

/** Whether pools, platforms and permissions of the installation suit a spec; where the repository has no name yet, any pool will do. */
export async function checkPlacement(
  source: Source,
  { spec, places }: Valid,
  { config }: PlatformFile,
  givenRepository: string | undefined,
): Promise<readonly Diagnostic[]> {
  if (config === undefined) return []
  const repository = givenRepository ?? (await nameOf(source))
  const placed = place(
    spec,
    repository ?? '',
    'trusted',
    settingsOf(source)?.pool ?? [],
    repository === undefined ? openToAll(config, 'trusted') : config,
  )
  if (placed.kind === 'placed') return []
  // That somebody has to ask for access is no fault of the file.
  const severity = placed.conclusion === 'failure' ? 'error' : 'warning'
  const [first] = places.tasks.values()
  return placed.faults.map(({ reason, about }) => {
    const place = (about && placeOf(places, about)) ?? first ?? { line: 1, column: 1, endLine: 1, endColumn: 1 }
    return { file: source.label, ...place, severity, code: 'semantic/placement', message: reason }
  })
}

async function nameOf({ root }: Source): Promise<string | undefined> {
  return root?.kind === 'git' ? await repositoryName(root.directory) : undefined
}

/** The same pools for every repository. */
export function openToAll(config: PlatformConfig, origin: Origin): PlatformConfig {
  const pools = Object.fromEntries(Object.keys(config.pools).map((name) => [name, [origin]]))
  return { ...config, repositories: [{ match: ['*/*', '*'], pools, limits: {}, credentials: [] }] }
}
