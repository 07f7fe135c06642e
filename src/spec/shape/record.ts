import { suggest } from '../suggestion.ts'
import { describe, type Entry, type MappingNode, quote, type ScalarNode, type YamlNode } from '../yaml/node.ts'
import { keyText } from '../yaml/plain-data.ts'
import { at, headOf, type JsonSchema, type Place, type Shape, wholeFile, wrongType } from './shape.ts'

export type Field<T> = {
  readonly shape: Shape<T>
  /** What an absent key means. `required` reports it. */
  readonly absent: { readonly kind: 'required' } | { readonly kind: 'default'; readonly value: T }
}

export function required<T>(shape: Shape<T>): Field<T> {
  return { shape, absent: { kind: 'required' } }
}

export function optional<T>(shape: Shape<T>): Field<T | undefined> {
  return { shape: { ...shape, fallback: undefined }, absent: { kind: 'default', value: undefined } }
}

export function withDefault<T>(shape: Shape<T>, value: T): Field<T> {
  return { shape, absent: { kind: 'default', value } }
}

type Fields = Readonly<Record<string, Field<unknown>>>
export type RecordOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** A mapping with known keys. Unknown ones are errors; `removed` gives old keys a message of their own. */
export function record<F extends Fields>(fields: F, removed: Readonly<Record<string, string>> = {}): Shape<RecordOf<F>> {
  const names = Object.keys(fields)
  return {
    get fallback() {
      return fallbackOf(fields)
    },
    schema: recordSchema(fields),
    read(node, place) {
      if (node.kind !== 'mapping') return wrongType(node, place, 'a mapping', fallbackOf(fields))
      reportUnknown(node, names, removed, place)
      const entries = new Map(node.entries.map((entry) => [keyText(entry.key), entry]))
      const values = names.map((name) => [name, readField(name, fields[name] as Field<unknown>, entries.get(name), node, place)])
      return Object.fromEntries(values)
    },
  }
}

function readField(name: string, field: Field<unknown>, entry: Entry | undefined, node: YamlNode, place: Place): unknown {
  if (entry !== undefined) return field.shape.read(entry.value, at(place, name))
  if (field.absent.kind === 'default') return field.absent.value
  place.reporter.error('schema/missing-key', headOf(node), `Expected the key "${name}" in ${place.path}, but it is missing. Add it.`)
  return field.shape.fallback
}

function reportUnknown(node: MappingNode, names: readonly string[], removed: Readonly<Record<string, string>>, place: Place) {
  for (const { key } of node.entries) {
    const name = keyText(key)
    if (key.kind === 'string' && names.includes(name)) continue
    const old = removed[name]
    if (old !== undefined && Object.hasOwn(removed, name)) {
      place.reporter.error('schema/removed-key', key.range, old)
    } else {
      const owner = place.path === wholeFile ? 'This file' : place.path
      const message = () => `${owner} has no key ${quote(name)}.${suggest(name, names) || ` Known are ${names.join(', ')}.`}`
      place.reporter.error('schema/unknown-key', key.range, message)
    }
  }
}

function fallbackOf<F extends Fields>(fields: F): RecordOf<F> {
  const entries = Object.entries(fields).map(([name, field]) => [
    name,
    field.absent.kind === 'default' ? field.absent.value : field.shape.fallback,
  ])
  return Object.fromEntries(entries)
}

function recordSchema(fields: Fields): JsonSchema {
  const names = Object.keys(fields)
  const needed = names.filter((name) => fields[name]?.absent.kind === 'required')
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, fieldSchema(fields[name] as Field<unknown>)])),
    ...(needed.length > 0 && { required: needed }),
    additionalProperties: false,
  }
}

function fieldSchema(field: Field<unknown>): JsonSchema {
  const value = field.absent.kind === 'default' ? field.absent.value : undefined
  const plain = ['string', 'number', 'boolean'].includes(typeof value)
  return plain ? { ...field.shape.schema, default: value } : field.shape.schema
}

export type MapEntry<T> = { readonly key: string; readonly keyNode: ScalarNode; readonly value: T }

/** A mapping whose keys people choose, in the order of the file. */
export function mapOf<T>(shape: Shape<T>, checkKey?: (key: ScalarNode, place: Place) => void): Shape<readonly MapEntry<T>[]> {
  return {
    fallback: [],
    schema: { type: 'object', additionalProperties: shape.schema },
    read(node, place) {
      if (node.kind !== 'mapping') return wrongType(node, place, 'a mapping', [])
      return node.entries.map((entry) => readEntry(entry, shape, checkKey, place))
    },
  }
}

function readEntry<T>(
  { key, value }: Entry,
  shape: Shape<T>,
  checkKey: ((key: ScalarNode, place: Place) => void) | undefined,
  place: Place,
): MapEntry<T> {
  const name = keyText(key)
  if (key.kind === 'boolean' || key.kind === 'null' || key.kind === 'date') {
    place.reporter.error(
      'schema/type',
      key.range,
      `Expected a string as key in ${place.path}, but it is ${describe(key)}. Put it in quotes.`,
    )
  }
  checkKey?.(key, place)
  return { key: name, keyNode: key, value: shape.read(value, at(place, name)) }
}

/** Entries as a plain object; `__proto__` becomes a key like any other. */
export function toObject<T>(entries: readonly MapEntry<T>[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]))
}

/** Leaves out what is undefined, as `exactOptionalPropertyTypes` wants it. */
export function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== undefined)) as Present<T>
}

export type Present<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}
