import { readDispatch } from '../spec/dispatch.ts'
import { specNameOf } from '../spec/names.ts'
import type { DispatchValue, Triggers } from '../spec/types.ts'
import type { Command } from '../workflow/command.ts'
import { code, sentence } from '../workflow/text.ts'
import type { ForgeReader } from './ports.ts'
import type { SpecParser } from './spec-tree.ts'
import type { SubmittedChange } from './submit.ts'

export type DispatchValues =
  | { readonly kind: 'values'; readonly values: Readonly<Record<string, DispatchValue>> }
  | { readonly kind: 'refused'; readonly words: string }

/** The values that a person gave, checked against the inputs that the spec declares; only declared ones pass. */
export async function dispatchValues(
  { spec: name, values }: Extract<Command, { kind: 'run' }>,
  change: SubmittedChange,
  { reader, parse }: { readonly reader: ForgeReader; readonly parse: SpecParser },
  signal: AbortSignal,
): Promise<DispatchValues> {
  const files = await reader.specFiles(change.repository, change.provenance.sha, signal)
  const file = files.find(({ path }) => specNameOf(path) === name)
  if (file?.text === undefined)
    return refused(
      `There is no spec ${code(name)} at the head commit. It has: ${
        files
          .flatMap(({ path }) => specNameOf(path) ?? [])
          .map(code)
          .join(', ') || 'none'
      }.`,
    )
  const parsed = await parse(file.text, { file: file.path })
  if (parsed.kind === 'valid') return declaredValues(parsed.spec.triggers, values)
  // These values may be all that it lacks. What else is wrong with the file is said by its check.
  return parsed.triggers === undefined ? { kind: 'values', values: {} } : declaredValues(parsed.triggers, values)
}

/** All reasons at once, as words for a comment. */
export function declaredValues(triggers: Triggers | undefined, given: ReadonlyMap<string, string>): DispatchValues {
  const read = readDispatch(triggers, Object.fromEntries(given))
  return read.kind === 'accepted' ? { kind: 'values', values: read.values } : refused(read.reasons.map(sentence).join(' '))
}

const refused = (words: string): DispatchValues => ({ kind: 'refused', words })
