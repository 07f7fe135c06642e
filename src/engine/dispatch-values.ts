import { RE2JS } from 're2js'
import { specNameOf } from '../spec/names.ts'
import type { DispatchInput, WorkflowSpec } from '../spec/types.ts'
import type { Command } from '../workflow/command.ts'
import { code } from '../workflow/text.ts'
import type { ForgeReader } from './ports.ts'
import type { SpecParser, SubmittedChange } from './submit.ts'

export type DispatchValues =
  | { readonly kind: 'values'; readonly values: Readonly<Record<string, string | number | boolean>> }
  | { readonly kind: 'refused'; readonly words: string }

/** Anchored; the default for a string without `options` or `pattern`, since values are rendered into YAML and shell (extensions.md §1). */
const safeText = '(?:[A-Za-z0-9._/+](?:[A-Za-z0-9._/:@+-]{0,254}[A-Za-z0-9._/@+-])?)?'

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
  return parsed.kind === 'valid' ? declaredValues(parsed.spec, values) : { kind: 'values', values: {} }
}

export function declaredValues(spec: WorkflowSpec, given: ReadonlyMap<string, string>): DispatchValues {
  const inputs = spec.triggers?.workflowDispatch?.inputs ?? {}
  const unknown = [...given.keys()].find((key) => !Object.hasOwn(inputs, key))
  if (unknown !== undefined)
    return refused(
      `${code(unknown)} is not an input of this spec. It declares: ${
        Object.keys(inputs).map(code).join(', ') || 'none'
      } (\`on.workflow_dispatch.inputs\`).`,
    )
  const values: Record<string, string | number | boolean> = {}
  for (const [key, input] of Object.entries(inputs)) {
    const text = given.get(key)
    const value = text === undefined ? input.default : readValue(text, input)
    if (text !== undefined && value === undefined)
      return refused(`${code(key)} does not take ${code(text)}; expected ${expectation(input)}.`)
    if (value !== undefined) values[key] = value
  }
  return { kind: 'values', values }
}

function readValue(text: string, input: DispatchInput): string | number | boolean | undefined {
  switch (input.type) {
    case 'number':
      return readNumber(text, input)
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'choice':
      return input.options.includes(text) ? text : undefined
    case 'string':
      return text.length <= 256 && RE2JS.matches(`(?:${input.pattern ?? safeText})`, text) ? text : undefined
  }
}

function readNumber(text: string, { min, max }: Extract<DispatchInput, { type: 'number' }>): number | undefined {
  const value = /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN
  return Number.isNaN(value) || value < (min ?? -Infinity) || value > (max ?? Infinity) ? undefined : value
}

function expectation(input: DispatchInput): string {
  switch (input.type) {
    case 'number':
      return `a number${input.min === undefined ? '' : ` from ${input.min}`}${input.max === undefined ? '' : ` to ${input.max}`}`
    case 'boolean':
      return '`true` or `false`'
    case 'choice':
      return input.options.map(code).join(' or ')
    case 'string':
      return input.pattern === undefined ? 'at most 256 letters, digits and `._/:@+-`' : `text that matches ${code(input.pattern)}`
  }
}

const refused = (words: string): DispatchValues => ({ kind: 'refused', words })
