import { UsageError } from './arguments.ts'
import { diagnosticsText, type Format, hasErrors } from './diagnostics.ts'
import { readSources, type Source } from './sources.ts'
import type { Terminal } from './terminal.ts'

/** The one spec that a command works on; undefined after it has been said why it cannot be read. */
export async function oneSource(
  operands: readonly string[],
  command: string,
  format: Format,
  terminal: Terminal,
): Promise<Source | undefined> {
  const [path, ...others] = operands
  if (path === undefined || others.length > 0)
    throw new UsageError(`Expected one file, or "-", for "osmo ${command}", but there are ${operands.length}.`)
  const { sources, diagnostics, texts } = await readSources([path], terminal)
  const [source, second] = sources.filter(({ kind }) => kind === 'spec')
  if (second !== undefined) throw new UsageError(`Expected one file for "osmo ${command}", but ${path} has several specs. Name one.`)
  if (diagnostics.length > 0) terminal.error(diagnosticsText(diagnostics, format, (file) => texts.get(file), terminal))
  if (hasErrors(diagnostics)) return undefined
  if (source !== undefined) return source
  throw new UsageError(`Expected a spec for "osmo ${command}", but ${path} has none.`)
}
