import { type ExportOptions, exportSpec } from '../spec/export-spec.ts'
import { locateSpec } from '../spec/parse-spec.ts'
import { readArguments } from './arguments.ts'
import { diagnosticsText, hasErrors } from './diagnostics.ts'
import { checkLocalpaths, directoriesOf } from './localpaths.ts'
import { oneSource } from './one-source.ts'
import { labelled, readBounded } from './reading.ts'
import type { Terminal } from './terminal.ts'
import { readValues, specOptions, valueOptions } from './values.ts'

const shapes = { ...valueOptions, format: { kind: 'one', words: ['text', 'json'] } } as const

/**
 * `osmo export FILE`: the spec as pure OSMO on standard output. Diagnostics go to standard error, in the format asked for; exit code 1 when
 * the spec is not valid.
 */
export async function exportCommand(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const { options, operands } = readArguments(parameters, shapes)
  const format = options.format === 'json' ? 'json' : 'text'
  const values = readValues(options)
  const source = await oneSource(operands, 'export', format, terminal)
  if (source === undefined) return 1
  const given = await specOptions(source, values)
  const located = readBounded(locateSpec, source.text, given)
  const localpaths = located.kind === 'valid' ? located.places.localpaths : []
  const exportOptions: ExportOptions = { ...given, directories: await directoriesOf(source, localpaths) }
  const result = readBounded(exportSpec, source.text, exportOptions)
  const own = result.kind === 'exported' ? result.warnings : result.diagnostics
  const diagnostics = [...labelled(own, source.label), ...(await checkLocalpaths(source, localpaths))]
  if (diagnostics.length > 0) terminal.error(diagnosticsText(diagnostics, format, () => source.text, terminal))
  if (result.kind === 'invalid' || hasErrors(diagnostics)) return 1
  terminal.out(format === 'json' ? `${JSON.stringify({ file: source.label, text: result.text }, undefined, 2)}\n` : result.text)
  return 0
}
