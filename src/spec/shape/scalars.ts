import { suggest } from '../suggestion.ts'
import { describe, quote, type YamlNode } from '../yaml/node.ts'
import { type Place, type Shape, wrongType } from './shape.ts'

/** A string and nothing else. */
export const text: Shape<string> = {
  fallback: '',
  schema: { type: 'string' },
  read: (node, place) => (node.kind === 'string' ? node.value : wrongType(node, place, 'a string', '')),
}

/** Text as it was written, whatever YAML makes of it: `1.10` is a fine branch. */
export const writtenText: Shape<string> = {
  fallback: '',
  schema: { type: ['string', 'number', 'boolean'] },
  read(node, place) {
    if (node.kind === 'mapping' || node.kind === 'sequence' || node.kind === 'null') return wrongType(node, place, 'a string', '')
    return node.kind === 'string' ? node.value : node.text
  },
}

export const flag: Shape<boolean> = {
  fallback: false,
  schema: { type: 'boolean' },
  read: (node, place) => (node.kind === 'boolean' ? node.value : wrongType(node, place, 'true or false', false)),
}

/** A finite number, whole or not. */
export const number: Shape<number> = {
  fallback: 0,
  schema: { type: 'number' },
  read(node, place) {
    if (node.kind === 'integer') return Number(node.value)
    if (node.kind === 'float' && Number.isFinite(node.value)) return node.value
    return wrongType(node, place, 'a number', 0)
  },
}

export function integerBetween(least: number, most: number): Shape<number> {
  return {
    fallback: least,
    schema: { type: 'integer', minimum: least, maximum: most },
    read(node, place) {
      if (node.kind === 'integer' && node.value >= least && node.value <= most) return Number(node.value)
      return wrongValue(node, place, `an integer from ${least} to ${most}`, least)
    },
  }
}

export function oneOf<const W extends string>(words: readonly W[], fallback: NoInfer<W>): Shape<W> {
  return {
    fallback,
    schema: { enum: words },
    read(node, place) {
      const word = node.kind === 'string' ? node.value : undefined
      const found = words.find((candidate) => candidate === word)
      if (found !== undefined) return found
      const hint = () => (word === undefined ? '' : suggest(word, words))
      const message = () => `Expected one of ${words.join(', ')} for ${place.path}, but it is ${describe(node)}.${hint()}`
      place.reporter.error('schema/value', node.range, message)
      return fallback
    },
  }
}

export function matching(pattern: RegExp, wanted: string): Shape<string> {
  return {
    fallback: '',
    schema: { type: 'string', pattern: pattern.source },
    read(node, place) {
      const value = writtenText.read(node, place)
      if (node.kind === 'mapping' || node.kind === 'sequence' || node.kind === 'null' || pattern.test(value)) return value
      return wrongValue(node, place, wanted, '')
    },
  }
}

export function wrongValue<T>(node: YamlNode, place: Place, wanted: string, fallback: T): T {
  const came = node.kind === 'string' ? quote(node.value) : describe(node)
  place.reporter.error('schema/value', node.range, `Expected ${wanted} for ${place.path}, but it is ${came}. Change it.`)
  return fallback
}
