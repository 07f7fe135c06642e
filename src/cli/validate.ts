import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Diagnostic } from '../spec/types.ts'
import { readArguments, UsageError } from './arguments.ts'
import { checkSettings, checkSpec, inOrder } from './checked.ts'
import { counted, countText, diagnosticsText, hasErrors } from './diagnostics.ts'
import { checkPlacement, type PlatformFile, poolNames, readPlatformFile } from './platforms.ts'
import { readSources, type Source } from './sources.ts'
import { paint, type Terminal } from './terminal.ts'
import { readValues, specOptions, type Values, valueOptions } from './values.ts'

const shapes = { ...valueOptions, config: { kind: 'one' }, format: { kind: 'one', words: ['text', 'json'] } } as const

/** `osmo validate PATH…`. Exit code 1 when there is any error. */
export async function validate(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const { options, operands } = readArguments(parameters, shapes)
  const values = readValues(options)
  const platforms = options.config === undefined ? undefined : await readPlatformFile(options.config, terminal)
  const { sources, diagnostics, texts } = await readSources(operands.length > 0 ? operands : [defaultPath(terminal)], terminal)
  const all = [...(platforms?.diagnostics ?? []), ...diagnostics]
  for (const source of sources) all.push(...(await check(source, values, platforms)))
  terminal.out(
    diagnosticsText(all, options.format === 'json' ? 'json' : 'text', (file) => texts.get(file) ?? platforms?.texts.get(file), terminal),
  )
  if (options.format !== 'json') terminal.error(summary(sources.length, all, terminal))
  return hasErrors(all) ? 1 : 0
}

/** The `.osmo` here, or in the nearest folder above that belongs to the same git working tree. */
function defaultPath({ directory }: Terminal): string {
  const folder = existsSync(join(directory, '.osmo')) ? directory : folderAbove(directory)
  if (folder !== undefined) return relative(directory, join(folder, '.osmo'))
  throw new UsageError('Expected a file, a directory or "-", since there is no .osmo here, nor above in a git repository.')
}

function folderAbove(directory: string): string | undefined {
  let nearest: string | undefined
  for (let at = directory, before = ''; at !== before; before = at, at = dirname(at)) {
    if (existsSync(join(at, '.osmo'))) nearest ??= at
    if (existsSync(join(at, '.git'))) return nearest
  }
  return undefined
}

async function check(source: Source, values: Values, platforms: PlatformFile | undefined): Promise<readonly Diagnostic[]> {
  if (source.kind === 'settings') return await checkSettings(source, platforms && poolNames(platforms))
  const { located, diagnostics } = await checkSpec(source, await specOptions(source, values))
  if (located === undefined || platforms === undefined) return diagnostics
  return inOrder([...diagnostics, ...(await checkPlacement(source, located, platforms, values.github.repository))])
}

function summary(files: number, diagnostics: readonly Diagnostic[], terminal: Terminal): string {
  const words = `${counted(files, 'file') || 'no files'}: ${countText(diagnostics)}`
  return `${paint(terminal, hasErrors(diagnostics) ? 'red' : 'green', words)}\n`
}
