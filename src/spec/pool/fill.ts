import type { Json, JsonObject } from '../types.ts'
import { type Variable, type Variables, variableText } from './variables.ts'

export type FillResult =
  | { readonly kind: 'filled'; readonly template: JsonObject }
  | { readonly kind: 'unknown'; readonly names: readonly string[] }

const token = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g

/**
 * Puts variables into a template's strings, keys included. A string that is nothing but one token becomes the value with its type, so that
 * `"{{USER_GPU}}"` is a number where it is one; `USER_EXCLUDED_NODES` becomes a list there. Names that nobody knows are told, all at once.
 */
export function fillTemplate(template: JsonObject, variables: Variables): FillResult {
  const unknown = new Set<string>()
  const filled = fill(template, variables, unknown) as JsonObject
  return unknown.size === 0 ? { kind: 'filled', template: filled } : { kind: 'unknown', names: [...unknown].sort() }
}

function fill(value: Json, variables: Variables, unknown: Set<string>): Json {
  if (typeof value === 'string') return fillText(value, variables, unknown)
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map((item) => fill(item, variables, unknown))
  const entries = Object.entries(value).map(([key, child]) => [String(fillText(key, variables, unknown)), fill(child, variables, unknown)])
  return Object.fromEntries(entries)
}

function fillText(text: string, variables: Variables, unknown: Set<string>): Json {
  const whole = /^\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}$/.exec(text)?.[1]
  const value = whole === undefined ? undefined : variables.get(whole)
  if (whole !== undefined && value !== undefined) return typed(whole, value)
  return text.replaceAll(token, (found, name: string) => {
    const known = variables.get(name)
    if (known === undefined) unknown.add(name)
    return known === undefined ? found : variableText(known)
  })
}

function typed(name: string, value: Variable): Json {
  if (name === 'USER_EXCLUDED_NODES') return JSON.parse(String(value))
  return typeof value === 'object' ? value.float : value
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
