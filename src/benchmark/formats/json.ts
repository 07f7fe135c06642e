/** JSON as benchmark tools write it: bare NaN and Infinity are numbers, and a key that comes twice is remembered as such. */
export type Json = null | boolean | number | string | Duplicated | readonly Json[] | JsonObject
/** A Map: keys such as `__proto__` are names like any other. */
export type JsonObject = ReadonlyMap<string, Json>

/** Stands for the value of a key that came twice in one object. Which one was meant cannot be known. */
export const duplicated: Duplicated = Object.freeze({ duplicated: true })
type Duplicated = { readonly duplicated: true }

export type JsonReading = { readonly kind: 'read'; readonly value: Json } | { readonly kind: 'malformed'; readonly reason: string }

const deepest = 64

/** Reads one JSON text (RFC 8259 plus NaN and ±Infinity) in linear time. Deeper than 64 levels is malformed. */
export function readJson(text: string): JsonReading {
  const cursor: Cursor = { text, at: 0 }
  try {
    const value = readValue(cursor, 0)
    skipSpace(cursor)
    if (cursor.at < text.length) throw malformed(cursor, 'nothing more')
    return { kind: 'read', value }
  } catch (error) {
    if (error instanceof MalformedJson) return { kind: 'malformed', reason: error.message }
    throw error
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

type Cursor = { readonly text: string; at: number }

class MalformedJson extends Error {
  override readonly name = 'MalformedJson'
}

function readValue(cursor: Cursor, depth: number): Json {
  if (depth > deepest) throw malformed(cursor, `at most ${deepest} levels`)
  skipSpace(cursor)
  const character = cursor.text[cursor.at]
  if (character === '{') return readObject(cursor, depth)
  if (character === '[') return readArray(cursor, depth)
  return character === '"' ? readString(cursor) : readScalar(cursor)
}

function readObject(cursor: Cursor, depth: number): JsonObject {
  const object = new Map<string, Json>()
  cursor.at++
  if (accept(cursor, '}')) return object
  do {
    skipSpace(cursor)
    const key = readString(cursor)
    expect(cursor, ':')
    const value = readValue(cursor, depth + 1)
    object.set(key, object.has(key) ? duplicated : value)
  } while (accept(cursor, ','))
  expect(cursor, '}')
  return object
}

function readArray(cursor: Cursor, depth: number): readonly Json[] {
  const items: Json[] = []
  cursor.at++
  if (accept(cursor, ']')) return items
  do items.push(readValue(cursor, depth + 1))
  while (accept(cursor, ','))
  expect(cursor, ']')
  return items
}

function readString(cursor: Cursor): string {
  if (cursor.text[cursor.at] !== '"') throw malformed(cursor, '"')
  let end = cursor.at + 1
  while (end < cursor.text.length && cursor.text[end] !== '"') end += cursor.text[end] === '\\' ? 2 : 1
  const literal = cursor.text.slice(cursor.at, end + 1)
  cursor.at = Math.min(end + 1, cursor.text.length)
  return decodeString(cursor, literal)
}

function decodeString(cursor: Cursor, literal: string): string {
  try {
    return JSON.parse(literal) as string
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(cursor, 'a string that ends')
    throw error
  }
}

const words = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['-NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

function readScalar(cursor: Cursor): Json {
  const scalar = /[-+.\w]*/y
  scalar.lastIndex = cursor.at
  const token = scalar.exec(cursor.text)?.[0] ?? ''
  const word = words.get(token)
  const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(token)
  const end = cursor.at + token.length
  // A token that runs into the end of the text was cut there, rather than misspelt.
  if (word !== undefined || isNumber || end === cursor.text.length) cursor.at = end
  if (isNumber) return Number(token)
  if (word === undefined) throw malformed(cursor, 'a value')
  return word
}

function accept(cursor: Cursor, character: string): boolean {
  skipSpace(cursor)
  if (cursor.text[cursor.at] !== character) return false
  cursor.at++
  return true
}

function expect(cursor: Cursor, character: string): void {
  if (!accept(cursor, character)) throw malformed(cursor, character)
}

function skipSpace(cursor: Cursor): void {
  while (/[ \t\r\n]/.test(cursor.text[cursor.at] ?? '')) cursor.at++
}

function malformed(cursor: Cursor, expected: string): MalformedJson {
  if (cursor.at >= cursor.text.length)
    return new MalformedJson(`not complete JSON: it ends after ${cursor.text.length} characters (truncated?)`)
  const line = cursor.text.slice(0, cursor.at).split('\n').length
  return new MalformedJson(`not JSON: expected ${expected} on line ${line}`)
}
