import type { Category, Member } from './characters.ts'
import type { PatternReader } from './reader.ts'
import type { Assertion, Flags } from './syntax.ts'

export type Escape = Member | { readonly kind: 'assertion'; readonly what: Assertion }

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 0x5c }

const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** What stands behind a backslash outside of a class. */
export function readEscape(reader: PatternReader, flags: Flags): Escape {
  const letter = reader.next('a character')
  const what = assertionOf(letter, flags)
  if (what !== undefined) return { kind: 'assertion', what }
  if (/[1-9]/.test(letter)) return readOctalOrReference(letter, reader)
  return readCommon(letter, reader)
}

/** What stands behind a backslash inside of a class, where `\b` is the backspace. */
export function readClassEscape(reader: PatternReader): Member {
  const letter = reader.next('a character')
  if (letter === 'b') return single(8)
  if (/[1-7]/.test(letter)) return octal(letter + reader.takeWhile(/[0-7]/, 2), reader)
  return readCommon(letter, reader)
}

function assertionOf(letter: string, flags: Flags): Assertion | undefined {
  if (letter === 'A') return 'start'
  if (letter === 'Z') return 'end'
  if (letter === 'b') return flags.has('a') ? 'ascii-boundary' : 'boundary'
  if (letter === 'B') return flags.has('a') ? 'no-ascii-boundary' : 'no-boundary'
  return undefined
}

function readCommon(letter: string, reader: PatternReader): Member {
  if (/[dDsSwW]/.test(letter)) return { kind: 'category', name: letter as Category }
  const control = controls[letter]
  if (control !== undefined) return single(control)
  const digits = hexDigits[letter]
  if (digits !== undefined) return hexadecimal(letter, digits, reader)
  if (letter === '0') return octal(reader.takeWhile(/[0-7]/, 2), reader)
  if (letter === 'N') throw reader.fault('a character called by its name (\\N{…}) is not supported here; write its number')
  if (/[0-9A-Za-z]/.test(letter)) throw reader.fault(`Python knows no escape \\${letter},`)
  return single(letter.codePointAt(0) ?? 0)
}

function hexadecimal(letter: string, count: number, reader: PatternReader): Member {
  const digits = reader.takeWhile(/[0-9A-Fa-f]/, count)
  if (digits.length < count) throw reader.fault(`\\${letter} needs ${count} hexadecimal digits, and ${digits.length} came,`)
  const codePoint = Number.parseInt(digits, 16)
  if (codePoint > 0x10ffff) throw reader.fault(`\\${letter}${digits} is beyond the last character,`)
  return single(codePoint)
}

/** Three octal digits are a character, anything less the number of a group. */
function readOctalOrReference(first: string, reader: PatternReader): Member {
  const start = reader.position()
  const more = reader.takeWhile(/[0-7]/, 2)
  if (/[1-7]/.test(first) && more.length === 2) return octal(first + more, reader)
  reader.back(start)
  throw reader.fault('a reference back to a group cannot be searched for in linear time and is not supported here:')
}

function octal(digits: string, reader: PatternReader): Member {
  const codePoint = Number.parseInt(digits || '0', 8)
  if (codePoint > 0o377) throw reader.fault(`the octal number \\${digits} is above \\377,`)
  return single(codePoint)
}

function single(codePoint: number): Member {
  return { kind: 'range', from: codePoint, to: codePoint }
}
