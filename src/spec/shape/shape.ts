import type { PatternShelf } from '../pattern.ts'
import type { Reporter } from '../reporter.ts'
import type { Range } from '../source-text.ts'
import { describe, type MappingNode, type YamlNode } from '../yaml/node.ts'

/** Where a value stands: its path for messages, such as `workflow.tasks[0].image`, and who hears of faults. */
export type Place = {
  readonly path: string
  readonly reporter: Reporter
  /** The patterns of the file so far. */
  readonly patterns?: PatternShelf
  /** Path of the spec in its repository, which `localpath` is relative to. */
  readonly specFile?: string
  /** The task that a message is about, in quotes. */
  readonly owner?: string | undefined
}

export type JsonSchema = { readonly [key: string]: unknown }

/**
 * Reads a node into a value, reporting what is wrong. A faulty node gives `fallback`, so that reading goes on and all
 * faults of a file are found at once; whoever uses the values asks the reporter first.
 * `schema` is the same rule as JSON Schema, for editors.
 */
export type Shape<T> = {
  readonly fallback: T
  readonly schema: JsonSchema
  read(node: YamlNode, place: Place): T
}

export type Located<T> = { readonly value: T; readonly range: Range }

export function located<T>(shape: Shape<T>): Shape<Located<T>> {
  return {
    fallback: { value: shape.fallback, range: { start: 0, end: 0 } },
    schema: shape.schema,
    read: (node, place) => ({ value: shape.read(node, place), range: node.range }),
  }
}

/** The same shape, of which the schema for editors says more. */
export function narrowed<T>(shape: Shape<T>, schema: JsonSchema): Shape<T> {
  return { ...shape, schema: { ...shape.schema, ...schema } }
}

/** Nothing behind the key counts as the key left out. */
export function nullable<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    fallback: undefined,
    schema: { anyOf: [shape.schema, { type: 'null' }] },
    read: (node, place) => (node.kind === 'null' ? undefined : shape.read(node, place)),
  }
}

export function mapped<T, U>(shape: Shape<T>, change: (value: T, node: YamlNode, place: Place) => U, fallback: U): Shape<U> {
  return { fallback, schema: shape.schema, read: (node, place) => change(shape.read(node, place), node, place) }
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return {
    fallback: [],
    schema: { type: 'array', items: shape.schema },
    read(node, place) {
      if (node.kind !== 'sequence') return wrongType(node, place, 'a list', [])
      return node.items.map((item, index) => shape.read(item, at(place, `[${index}]`)))
    },
  }
}

/** Path of a settings file as a whole; what is in it is named without. */
export const wholeFile = 'this file'

export function at(place: Place, step: string): Place {
  if (place.path === wholeFile) return { ...place, path: step }
  return { ...place, path: step.startsWith('[') ? place.path + step : `${place.path}.${step}` }
}

export function wrongType<T>(node: YamlNode, place: Place, wanted: string, fallback: T): T {
  place.reporter.error(
    'schema/type',
    node.range,
    `Expected ${wanted} for ${place.path}, but it is ${describe(node)}.${typeHint(node, wanted)}`,
  )
  return fallback
}

function typeHint(node: YamlNode, wanted: string): string {
  if (node.kind === 'null') return ' Write a value, or remove the key.'
  if (wanted.startsWith('a string') && node.kind !== 'mapping' && node.kind !== 'sequence') return ' Put it in quotes.'
  if (wanted === 'a list' && node.kind === 'string') return ' Write it as [item] or as lines that begin with "- ".'
  return ''
}

/** The first key of a mapping stands for the whole in a message: nobody wants forty lines underlined. */
export function headOf(node: YamlNode): Range {
  const first = node.kind === 'mapping' ? (node as MappingNode).entries[0]?.key.range : undefined
  return first ?? node.range
}
