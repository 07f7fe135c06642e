import { parsePlatformConfig } from '../spec/platform-config.ts'
import { readArguments, UsageError } from './arguments.ts'
import { checkSettings } from './checked.ts'
import { countText, diagnosticsText, hasErrors } from './diagnostics.ts'
import { type PlatformFile, poolNames, readPlatformFile } from './platforms.ts'
import { readSources, type Source } from './sources.ts'
import { paint, type Terminal } from './terminal.ts'

const shapes = { config: { kind: 'one' }, format: { kind: 'one', words: ['text', 'json'] } } as const

/** `osmo config check FILE`: the administrator's file, or a repository's `.osmo/config.yaml`, with everything wrong at once. */
export async function configCheck(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const { options, operands } = readArguments(parameters, shapes)
  const [check, file, ...others] = operands
  if (check !== 'check' || file === undefined || others.length > 0) throw new UsageError('Expected "osmo config check FILE".')
  const platforms = options.config === undefined ? undefined : await readPlatformFile(options.config, terminal)
  const { sources, diagnostics: unreadable } = await readSources([file], terminal)
  const [source] = sources
  const kind = source === undefined ? undefined : kindOf(source)
  const diagnostics = [...unreadable, ...(source === undefined ? [] : await read(source, kind ?? 'administrator', platforms))]
  terminal.out(diagnosticsText(diagnostics, options.format === 'json' ? 'json' : 'text', () => source?.text, terminal))
  if (options.format !== 'json') terminal.error(summary(file, kind, hasErrors(diagnostics), countText(diagnostics), terminal))
  return hasErrors(diagnostics) ? 1 : 0
}

type Kind = 'administrator' | 'repository'

/** By its name, else by its keys. */
function kindOf({ kind, text }: Source): Kind {
  if (kind === 'settings') return 'repository'
  const has = (keys: string) => new RegExp(`^(?:${keys}):`, 'm').test(text)
  return has('values|pool|required|notify|on') && !has('backends|pools|repositories|trust') ? 'repository' : 'administrator'
}

async function read(source: Source, kind: Kind, platforms: PlatformFile | undefined) {
  if (kind === 'repository') return await checkSettings(source, platforms && poolNames(platforms))
  const result = parsePlatformConfig(source.text, source.label)
  return result.kind === 'valid' ? result.warnings : result.diagnostics
}

function summary(file: string, kind: Kind | undefined, errors: boolean, count: string, terminal: Terminal): string {
  const words = kind === undefined ? file : `${file}, ${kind === 'repository' ? "a repository's settings" : "the administrator's file"}`
  return `${paint(terminal, errors ? 'red' : 'green', `${words}: ${count}`)}\n`
}
