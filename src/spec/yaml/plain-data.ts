import { pythonFloatText } from '../python-number.ts'
import type { TemplateValue } from '../types.ts'
import type { ScalarNode, YamlNode } from './node.ts'

/** The document as template values: mappings are `Map`s that keep their keys' types, floats `{ float }`, dates `{ date }`. */
export function toTemplateValue(node: YamlNode): TemplateValue {
  if (node.kind === 'sequence') return node.items.map(toTemplateValue)
  if (node.kind === 'mapping') return new Map(node.entries.map(({ key, value }) => [scalarValue(key), toTemplateValue(value)]))
  return scalarValue(node)
}

function scalarValue(node: ScalarNode): TemplateValue {
  switch (node.kind) {
    case 'string':
    case 'boolean':
      return node.value
    case 'integer':
      return Number.isSafeInteger(Number(node.value)) ? Number(node.value) : node.value
    case 'float':
      return { float: node.value }
    case 'null':
      return null
    case 'date':
      return node.value
  }
}

/**
 * The document as JSON can hold it, for storing and for digests. What JSON's numbers cannot tell is marked: `1.0` is
 * `{ float: "1.0" }`, as are `.inf` and `.nan`, and an integer beyond 2^53 is `{ integer: "…" }`.
 */
export function toDocument(node: YamlNode): unknown {
  if (node.kind === 'sequence') return node.items.map(toDocument)
  if (node.kind === 'mapping') return Object.fromEntries(node.entries.map(({ key, value }) => [keyText(key), toDocument(value)]))
  return scalarDocument(node)
}

function scalarDocument(node: ScalarNode): unknown {
  switch (node.kind) {
    case 'integer':
      return Number.isSafeInteger(Number(node.value)) ? Number(node.value) : { integer: String(node.value) }
    case 'float':
      return Number.isFinite(node.value) && !Number.isInteger(node.value) ? node.value : { float: node.text }
    case 'date':
      return node.text
    case 'null':
      return null
    default:
      return node.value
  }
}

/** Template values as JSON's plain numbers and objects: what Python's `json.dumps` would be read as. */
export function toPlainJson(value: TemplateValue): unknown {
  if (Array.isArray(value)) return value.map(toPlainJson)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, child]) => [jsonKey(key), toPlainJson(child)]))
  if (typeof value === 'bigint') return Number(value)
  if (value === null || typeof value !== 'object') return value
  if ('float' in value && typeof value.float === 'number') return value.float
  if ('date' in value && typeof value.date === 'string') return value.date
  if ('datetime' in value && typeof value.datetime === 'string') return value.datetime
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toPlainJson(child)]))
}

/** `json.dumps` writes keys that are no strings as text. */
export function jsonKey(key: TemplateValue): string {
  if (typeof key === 'object' && key !== null && 'float' in key && typeof key.float === 'number') return pythonFloatText(key.float)
  return typeof key === 'string' ? key : String(toPlainJson(key))
}

export function keyText(key: ScalarNode): string {
  return key.kind === 'string' ? key.value : key.text
}
