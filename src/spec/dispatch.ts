import { isSafeText } from './git/dispatch-input.ts'
import { compilePattern } from './pattern.ts'
import { suggest } from './suggestion.ts'
import type { DispatchInput, TemplateValue, Triggers } from './types.ts'

export type DispatchResult =
  | { readonly kind: 'accepted'; readonly values: Readonly<Record<string, TemplateValue>> }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }

/**
 * Template values of a run by hand: what was given as `key=value`, over the declared defaults. Only declared inputs, and
 * only values that fit them, since they are rendered into YAML and shell (extensions.md §1).
 */
export function readDispatch(triggers: Triggers | undefined, given: Readonly<Record<string, string>>): DispatchResult {
  const inputs = triggers?.workflowDispatch?.inputs ?? {}
  const reasons: string[] = []
  const values: Record<string, TemplateValue> = {}
  for (const [name, input] of Object.entries(inputs)) if (input.default !== undefined) values[name] = templateNumber(input.default)
  for (const [name, text] of Object.entries(given)) {
    const read = Object.hasOwn(inputs, name) ? readValue(name, text, inputs[name] as DispatchInput) : unknownInput(name, inputs)
    if (typeof read === 'object') values[name] = read.value
    else reasons.push(read)
  }
  return reasons.length === 0 ? { kind: 'accepted', values } : { kind: 'refused', reasons }
}

function unknownInput(name: string, inputs: Readonly<Record<string, DispatchInput>>): string {
  const names = Object.keys(inputs)
  const known = names.length === 0 ? 'This spec declares none in on.workflow_dispatch.inputs.' : `Known are ${names.join(', ')}.`
  return `There is no input "${name.slice(0, 64)}".${suggest(name, names)} ${known}`
}

function readValue(name: string, text: string, input: DispatchInput): { readonly value: TemplateValue } | string {
  switch (input.type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : `Expected true or false for ${name}.`
    case 'choice':
      return input.options.includes(text) ? { value: text } : `Expected one of ${input.options.join(', ')} for ${name}.`
    case 'number':
      return readNumber(name, text, input)
    case 'string':
      return fits(text, input.pattern)
        ? { value: text }
        : `Expected ${input.pattern ?? 'letters, digits and ._/:@+- (at most 256)'} for ${name}.`
  }
}

function readNumber(name: string, text: string, { min = -Infinity, max = Infinity }: { min?: number; max?: number }) {
  const value = /^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return { value: templateNumber(value) }
  return `Expected a number${min === -Infinity ? '' : ` from ${min}`}${max === Infinity ? '' : ` to ${max}`} for ${name}.`
}

/** A fraction prints as Python prints a float. */
function templateNumber(value: number | string | boolean): TemplateValue {
  return typeof value === 'number' && !Number.isInteger(value) ? { float: value } : value
}

function fits(text: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return isSafeText(text)
  const compiled = compilePattern(pattern)
  return compiled.kind === 'compiled' && text.length <= 4_096 && compiled.pattern.matchesWhole(text)
}
