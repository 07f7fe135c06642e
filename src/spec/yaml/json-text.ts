import type { TemplateValue } from '../types.ts'
import { jsonKey, toPlainJson } from './plain-data.ts'

/**
 * A document as JSON text. Integers keep all their digits. JSON has no word for what YAML writes as `.nan` and `.inf`, so they become
 * these very words, as strings; dates become text.
 */
export function toJsonText(value: TemplateValue, indent = ''): string {
  if (Array.isArray(value))
    return bracket(
      '[',
      ']',
      value.map((item) => toJsonText(item, `${indent}  `)),
      indent,
    )
  if (isMapping(value))
    return bracket(
      '{',
      '}',
      entriesOf(value).map((entry) => entryText(entry, `${indent}  `)),
      indent,
    )
  if (typeof value === 'bigint') return String(value)
  const plain = toPlainJson(value)
  return JSON.stringify(typeof plain === 'number' && !Number.isFinite(plain) ? wordOf(plain) : plain)
}

function isMapping(value: TemplateValue): value is ReadonlyMap<TemplateValue, TemplateValue> | { readonly [key: string]: TemplateValue } {
  if (value instanceof Map) return true
  const plain = toPlainJson(value)
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain)
}

type Entry = readonly [key: string, value: TemplateValue]

/** Keys as text; of two that become the same the last wins, as in any reader of JSON. */
function entriesOf(value: ReadonlyMap<TemplateValue, TemplateValue> | { readonly [key: string]: TemplateValue }): readonly Entry[] {
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return [...new Map(entries.map(([key, item]) => [jsonKey(key), item]))]
}

function entryText([key, value]: Entry, indent: string): string {
  return `${JSON.stringify(key)}: ${toJsonText(value, indent)}`
}

function bracket(open: string, close: string, items: readonly string[], indent: string): string {
  if (items.length === 0) return open + close
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${close}`
}

function wordOf(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  return value > 0 ? '.inf' : '-.inf'
}
