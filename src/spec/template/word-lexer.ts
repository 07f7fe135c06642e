import { balance } from './brackets.ts'
import { kindsAt, matchAt, patterns, type WordKind } from './lexemes.ts'
import type { ShieldedText } from './shield.ts'
import { decodeString } from './string-literals.ts'
import type { Token, TokenKind } from './tokens.ts'

export type LexedText = ShieldedText & { readonly source: string; readonly end: number }

/** What stands at one place inside a tag: a token, or only white space, and where the next begins. */
export type Word = { readonly token: Token | undefined; readonly next: number }

/** @param open closing brackets that are still due, the innermost last; kept up to date. */
export function readWord(text: LexedText, start: number, open: string[]): Word {
  const shielded = text.tokens.get(start)
  if (shielded !== undefined) return misplacedToken(start, shielded.end, shielded.text)
  for (const kind of kindsAt(text.masked.charCodeAt(start))) {
    if (kind === 'float' && text.masked[start - 1] === '.') continue
    const found = matchAt(text.masked, patterns[kind], start)
    if (found === undefined) continue
    if (kind === 'space') return { token: undefined, next: start + found.length }
    return wordOf(kind, found, start, text, open)
  }
  return unexpected(text, start)
}

function wordOf(kind: Exclude<WordKind, 'space'>, found: string, start: number, text: LexedText, open: string[]): Word {
  const end = start + found.length
  if (kind === 'string') return stringOf(text.source, start, end)
  const fault = kind === 'operator' ? balance(found, open) : kind === 'name' ? faultOfName(found) : undefined
  return fault === undefined ? word(kind, found, start, end) : word('invalid', fault, start, end)
}

function faultOfName(name: string): string | undefined {
  return patterns.identifier.test(name)
    ? undefined
    : `Expected a name of letters, digits and "_", and "${shortened(name)}" is none. Rename it.`
}

function stringOf(source: string, start: number, end: number): Word {
  const decoded = decodeString(source.slice(start + 1, end - 1).replaceAll(/\r\n?/g, '\n'))
  return decoded.kind === 'text' ? word('string', decoded.text, start, end) : word('invalid', decoded.message, start, end)
}

function misplacedToken(start: number, end: number, text: string): Word {
  const message = `Expected an expression, and ${shortened(text)} is a token of OSMO's that is replaced later. Write it outside of braces.`
  return word('invalid', message, start, end)
}

/** Messages quote the source, and one token may be most of it. */
export function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}

function unexpected(text: LexedText, start: number): Word {
  const character = String.fromCodePoint(text.masked.codePointAt(start) ?? 0)
  if (character === '"' || character === "'") return unterminatedString(start, character, text.end)
  const message = `Unexpected character ${JSON.stringify(character)} in an expression. Remove it.`
  return word('invalid', message, start, start + character.length)
}

/** Nothing behind it can be read: to look for another end at every later quote would take quadratic time. */
function unterminatedString(start: number, quote: string, next: number): Word {
  const message = `Expected a second ${quote} to end this string, and the text ends before it. Add it.`
  return { token: { kind: 'invalid', text: message, start, end: start + 1 }, next }
}

function word(kind: TokenKind, text: string, start: number, end: number): Word {
  return { token: { kind, text, start, end }, next: end }
}
