/** What Python calls white space, for `str.strip` and for `\s`. */
export const whitespace = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const blank = `[${whitespace}]`
export const spaceCharacter = new RegExp(blank)

export const patterns = {
  begin: /\{[{%#]/g,
  rawBegin: new RegExp(`\\{%[-+]?${blank}*raw${blank}*(?:-%\\}${blank}*|%\\})`, 'y'),
  rawEnd: new RegExp(`\\{%([-+]?)${blank}*endraw${blank}*(?:\\+%\\}|-%\\}${blank}*|%\\})`, 'g'),
  commentEnd: new RegExp(`\\+#\\}|-#\\}${blank}*|#\\}`, 'g'),
  printEnd: new RegExp(`-\\}\\}${blank}*|\\}\\}`, 'y'),
  blockEnd: new RegExp(`\\+%\\}|-%\\}${blank}*|%\\}`, 'y'),
  space: new RegExp(`${blank}+`, 'y'),
  float: /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy,
  integer: /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy,
  name: /[\p{L}\p{N}\p{M}\p{Pc}]+/uy,
  identifier: /^[\p{XID_Start}_]\p{XID_Continue}*$/u,
  string: /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y,
  operator: /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y,
} as const

export type WordKind = 'space' | 'float' | 'integer' | 'name' | 'string' | 'operator'

/** Which words can begin with this UTF-16 unit, the likeliest first. */
export function kindsAt(unit: number): readonly WordKind[] {
  if (unit >= 0x80) return wordKinds.foreign
  if (unit <= 0x20) return wordKinds.space
  if (unit >= 0x30 && unit <= 0x39) return wordKinds.number
  if (unit === 0x5f || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a)) return wordKinds.name
  return unit === 0x22 || unit === 0x27 ? wordKinds.string : wordKinds.operator
}

const wordKinds = {
  foreign: ['name', 'space'],
  space: ['space'],
  number: ['float', 'integer', 'name'],
  name: ['name'],
  string: ['string'],
  operator: ['operator'],
} as const satisfies Readonly<Record<string, readonly WordKind[]>>

export function findFrom(text: string, pattern: RegExp, from: number): RegExpExecArray | undefined {
  pattern.lastIndex = from
  return pattern.exec(text) ?? undefined
}

/** With a sticky pattern. */
export function matchAt(text: string, pattern: RegExp, at: number): string | undefined {
  return findFrom(text, pattern, at)?.[0]
}

export type Piece = { readonly text: string; readonly start: number; readonly end: number }

/** Pieces that map to the source character by character, so a line end of two characters is a piece of its own. Line ends become `\n`. */
export function literalPieces(source: string): readonly Piece[] {
  if (!source.includes('\r')) return source === '' ? [] : [{ text: source, start: 0, end: source.length }]
  const pieces: Piece[] = []
  for (const { 0: found, index } of source.matchAll(/\r\n?|[^\r]+/g)) {
    pieces.push({ text: found.startsWith('\r') ? '\n' : found, start: index, end: index + found.length })
  }
  return pieces
}
