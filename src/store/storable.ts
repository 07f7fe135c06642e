import { type RawBuilder, sql } from 'kysely'

/** PostgreSQL's text and jsonb take neither NUL nor half a surrogate pair; both become U+FFFD, as a decoder would make them. */
export const storableText = (text: string) => text.replaceAll('\0', '\uFFFD').toWellFormed()

/** A value as a `jsonb` parameter. Absent and undefined fields are the same; undefined in an array is read back as null. */
export function json<T>(value: T): RawBuilder<T> {
  return sql<T>`${jsonText(value)}::jsonb`
}

export function jsonText(value: unknown): string {
  const text = JSON.stringify(value)
  // Nearly every value is clean; walking it twice is left to those that are not.
  return /\\u(0000|d[89a-f])/i.test(text) ? JSON.stringify(storable(value)) : text
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(storable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), storable(inner)]))
}
