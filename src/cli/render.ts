import { renderSpec } from '../spec/parse-spec.ts'
import { toJsonText } from '../spec/yaml/json-text.ts'
import { writeYaml } from '../spec/yaml/write.ts'
import { readArguments } from './arguments.ts'
import { diagnosticsText, type Format } from './diagnostics.ts'
import { oneSource } from './one-source.ts'
import { labelled, readBounded } from './reading.ts'
import type { Terminal } from './terminal.ts'
import { readValues, specOptions, valueOptions } from './values.ts'

const shapes = { ...valueOptions, format: { kind: 'one', words: ['text', 'json'] } } as const

/**
 * `osmo render FILE`: the rendered `workflow` section as loaded, as YAML or JSON on standard output. Rules of the schema are not asked.
 * Diagnostics go to standard error; exit code 1 when it cannot be rendered.
 */
export async function render(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const { options, operands } = readArguments(parameters, shapes)
  const format: Format = options.format === 'json' ? 'json' : 'text'
  const values = readValues(options)
  const source = await oneSource(operands, 'render', format, terminal)
  if (source === undefined) return 1
  const result = readBounded(renderSpec, source.text, await specOptions(source, values))
  const diagnostics = labelled(result.kind === 'rendered' ? result.warnings : result.diagnostics, source.label)
  if (diagnostics.length > 0) terminal.error(diagnosticsText(diagnostics, format, () => source.text, terminal))
  if (result.kind === 'invalid') return 1
  terminal.out(format === 'json' ? `${toJsonText(result.document)}\n` : writeYaml(result.document))
  return 0
}
