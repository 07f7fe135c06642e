import { pythonFloatText } from '../python-number.ts'
import { describe, type YamlNode } from '../yaml/node.ts'
import { wrongValue } from './scalars.ts'
import { type Place, type Shape, wrongType } from './shape.ts'

/** Upstream's models read leniently. What they take and nobody means gets a warning here (osmo-spec.md §2.5). */

/** Strings, and numbers as Python prints them; no booleans. */
export const coercedText: Shape<string> = {
  fallback: '',
  schema: { type: ['string', 'number'] },
  read: (node, place) => numberText(node) ?? wrongType(node, place, 'a string', ''),
}

/** A variable of the environment: also booleans, as `True` and `False`. */
export const environmentText: Shape<string> = {
  fallback: '',
  schema: { type: ['string', 'number', 'boolean'] },
  read(node, place) {
    if (node.kind === 'boolean') return node.value ? 'True' : 'False'
    return numberText(node) ?? wrongType(node, place, 'a string, a number or a boolean', '')
  },
}

function numberText(node: YamlNode): string | undefined {
  if (node.kind === 'string') return node.value
  if (node.kind === 'integer') return String(node.value)
  return node.kind === 'float' ? pythonFloatText(node.value) : undefined
}

const trueWords = ['1', 'on', 't', 'true', 'y', 'yes']
const falseWords = ['0', 'off', 'f', 'false', 'n', 'no']

export const laxFlag: Shape<boolean> = {
  fallback: false,
  schema: { type: 'boolean' },
  read(node, place) {
    if (node.kind === 'boolean') return node.value
    const word = node.kind === 'string' ? node.value.toLowerCase() : (numberText(node) ?? '').replace(/\.0$/, '')
    if (trueWords.includes(word)) return coerced(node, place, 'true or false', true)
    if (falseWords.includes(word)) return coerced(node, place, 'true or false', false)
    return wrongType(node, place, 'true or false', false)
  },
}

/** Whole numbers of a size that a machine can have. */
const greatest = 1_000_000_000

export const laxInteger: Shape<number> = {
  fallback: 0,
  schema: {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]+$' },
    ],
  },
  read(node, place) {
    const value = wholeNumber(node)
    if (value === undefined) return wrongType(node, place, 'a whole number', 0)
    if (Math.abs(value) > greatest) return wrongValue(node, place, `a whole number of at most ${greatest}`, 0)
    const usual = node.kind === 'integer' || (node.kind === 'string' && /^[0-9]+$/.test(node.value)) || node.kind === 'float'
    return usual ? value : coerced(node, place, 'a whole number', value)
  },
}

function wholeNumber(node: YamlNode): number | undefined {
  if (node.kind === 'integer') return Number(node.value)
  if (node.kind === 'boolean') return node.value ? 1 : 0
  if (node.kind === 'float') return Number.isInteger(node.value) ? node.value : undefined
  if (node.kind !== 'string' || node.value.length > 40) return undefined
  const match = /^\s*([-+]?[0-9]+(?:_[0-9]+)*)(?:\.0+)?\s*$/.exec(node.value)
  return match === null ? undefined : Number(match[1]?.replaceAll('_', ''))
}

export function coerced<T>(node: YamlNode, place: Place, wanted: string, value: T): T {
  const message = `Expected ${wanted} for ${place.path}, but it is ${describe(node)}. OSMO takes it for ${String(value)}; write that.`
  place.reporter.warning('schema/coerced', node.range, message)
  return value
}
