import { isSettingsFile, settingsNameFault } from '../spec/names.ts'
import { type KnownNames, parseRepositoryConfig } from '../spec/repository-config.ts'
import type { Diagnostic, RepositoryConfig } from '../spec/types.ts'
import { readText } from './files.ts'

/** `.osmo/config.yaml` of a repository; `config` is absent where there is none, or none that is valid. */
export type Settings = {
  readonly label: string
  readonly text: string
  readonly config: RepositoryConfig | undefined
  /** Errors alone. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads settings that nobody named, so no link is followed: at a commit it is refused. */
export async function readSettings(path: string, label: string): Promise<Settings> {
  const read = await readText(path, label, 'refuse')
  if (read.kind === 'absent') return { label, text: '', config: undefined, diagnostics: [] }
  if (read.kind === 'fault') return { label, text: '', config: undefined, diagnostics: [read.fault] }
  const result = parseRepositoryConfig(read.text, label)
  return result.kind === 'valid'
    ? { label, text: read.text, config: result.config, diagnostics: [] }
    : { label, text: read.text, config: undefined, diagnostics: result.diagnostics }
}

/** What is wrong with a repository's settings, their name included: under another one the service does not read them. */
export function settingsDiagnostics(
  { text, label, path }: { readonly text: string; readonly label: string; readonly path: string },
  known: KnownNames,
): readonly Diagnostic[] {
  const result = parseRepositoryConfig(text, label, known)
  const misnamed = isSettingsFile(path) && path !== '.osmo/config.yaml' ? [{ ...settingsNameFault(path), file: label }] : []
  return [...misnamed, ...(result.kind === 'valid' ? result.warnings : result.diagnostics)]
}
