import { isSettingsFile, settingsNameFault } from '../spec/names.ts'
import { parseRepositoryConfig } from '../spec/repository-config.ts'
import type { Diagnostic } from '../spec/types.ts'
import type { Source } from './sources.ts'

/** What is wrong with a repository's settings, their name included: under another one the service does not read them. */
export function settingsDiagnostics({ text, label, path }: Source): readonly Diagnostic[] {
  const result = parseRepositoryConfig(text, label)
  const misnamed = isSettingsFile(path) && path !== '.osmo/config.yaml' ? [{ ...settingsNameFault(path), file: label }] : []
  return [...misnamed, ...(result.kind === 'valid' ? result.warnings : result.diagnostics)]
}
