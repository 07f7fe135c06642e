import { isSafeText } from './git/dispatch-input.ts'
import { compilePattern } from './pattern.ts'
import { suggest } from './suggestion.ts'
import type { DispatchInput, DispatchValue, Triggers } from './types.ts'

export type DispatchResult =
  | { readonly kind: 'accepted'; readonly values: Readonly<Record<string, DispatchValue>> }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }

/**
 * Template values of a run by hand: what was given as `key=value`, over the declared defaults. Only declared inputs, and
 * only values that fit them, since they are rendered into YAML and shell (extensions.md §1). In reasons, what others wrote stands between
 * backticks.
 */
export function readDispatch(triggers: Triggers | undefined, given: Readonly<Record<string, string>>): DispatchResult {
  const inputs = triggers?.workflowDispatch?.inputs ?? {}
  const reasons: string[] = []
  const values: Record<string, DispatchValue> = { ...dispatchDefaults(triggers) }
  for (const [name, text] of Object.entries(given)) {
    const read = Object.hasOwn(inputs, name) ? readValue(name, text, inputs[name] as DispatchInput) : unknownInput(name, inputs)
    if (typeof read === 'object') values[name] = read.value
    else reasons.push(read)
  }
  return reasons.length === 0 ? { kind: 'accepted', values } : { kind: 'refused', reasons }
}

/** Declared defaults: what their names mean to the template in every run that is not given others (extensions.md §6). */
export function dispatchDefaults(triggers: Triggers | undefined): Readonly<Record<string, DispatchValue>> {
  const inputs = Object.entries(triggers?.workflowDispatch?.inputs ?? {})
  return Object.fromEntries(inputs.flatMap(([name, input]) => (input.default === undefined ? [] : [[name, templateNumber(input.default)]])))
}

function unknownInput(name: string, inputs: Readonly<Record<string, DispatchInput>>): string {
  const names = Object.keys(inputs)
  const declared = names.map(span).join(', ') || 'none'
  const hint = suggest(name, names)
  return `${span(name)} is not an input of this spec. It declares ${declared} (\`on.workflow_dispatch.inputs\`).${hint}`
}

function span(text: string): string {
  return `\`${text.slice(0, 64).replaceAll('`', 'ˋ')}\``
}

function readValue(name: string, text: string, input: DispatchInput): { readonly value: DispatchValue } | string {
  const value = givenValue(text, input)
  return value === undefined ? `${span(name)} does not take ${span(text)}; expected ${expectation(input)}.` : { value }
}

function givenValue(text: string, input: DispatchInput): DispatchValue | undefined {
  switch (input.type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : undefined
    case 'choice':
      return input.options.includes(text) ? text : undefined
    case 'number':
      return numberOf(text, input)
    case 'string':
      return fits(text, input.pattern) ? text : undefined
  }
}

function numberOf(text: string, { min = -Infinity, max = Infinity }: { min?: number; max?: number }): DispatchValue | undefined {
  const value = /^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? templateNumber(value) : undefined
}

function expectation(input: DispatchInput): string {
  switch (input.type) {
    case 'number':
      return `a number${input.min === undefined ? '' : ` from ${input.min}`}${input.max === undefined ? '' : ` to ${input.max}`}`
    case 'boolean':
      return '`true` or `false`'
    case 'choice':
      return input.options.map(span).join(' or ')
    case 'string':
      return input.pattern === undefined ? 'at most 256 letters, digits and `._/:@+-`' : `text that matches ${span(input.pattern)}`
  }
}

/** A fraction prints as Python prints a float. */
function templateNumber(value: number | string | boolean): DispatchValue {
  return typeof value === 'number' && !Number.isInteger(value) ? { float: value } : value
}

function fits(text: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return isSafeText(text)
  const compiled = compilePattern(pattern)
  return compiled.kind === 'compiled' && text.length <= 4_096 && compiled.pattern.matchesWhole(text)
}
