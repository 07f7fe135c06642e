import { platformSchema, settingsSchema, specSchema } from '../spec/json-schema.ts'
import { readArguments, UsageError } from './arguments.ts'
import type { Terminal } from './terminal.ts'

const kinds = { spec: specSchema, config: settingsSchema, platform: platformSchema } as const

/** `osmo schema [spec|config|platform]`: a JSON Schema for editors, of a spec, of `.osmo/config.yaml` or of the administrator's file. */
export async function schema(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const { operands } = readArguments(parameters, { format: { kind: 'one', words: ['json'] } })
  const [kind = 'spec', ...others] = operands
  if (!isKind(kind) || others.length > 0) throw new UsageError(`Expected ${Object.keys(kinds).join(', ')} or nothing behind "osmo schema".`)
  terminal.out(`${JSON.stringify(kinds[kind](), undefined, 2)}\n`)
  return 0
}

function isKind(word: string): word is keyof typeof kinds {
  return Object.hasOwn(kinds, word)
}
