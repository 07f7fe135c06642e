import type { Span } from './limits.ts'
import { type ShieldedText, shieldTokens } from './shield.ts'

export type TokenKind =
  | 'data'
  | 'print-begin'
  | 'print-end'
  | 'block-begin'
  | 'block-end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  /** `text` is the message. */
  | 'invalid'
  | 'end'

export type Token = Span & { readonly kind: TokenKind; readonly text: string }

/** What Python calls white space, for `str.strip` and for `\s`. */
export const whitespace = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const blank = `[${whitespace}]`
const spaceCharacter = new RegExp(blank)

const patterns = {
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

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/**
 * Cuts a template into tokens as Jinja does with its default options: white space beside `-` goes, comments go, `{% raw %}` becomes
 * data, line ends become `\n`, and one line end at the end of the text is dropped. A mistake becomes an `invalid` token, never an exception.
 */
export function tokenize(source: string): Token[] {
  return new Lexer(source).tokenize()
}

class Lexer {
  readonly #source: string
  readonly #shield: ShieldedText
  readonly #masked: string
  readonly #end: number
  readonly #tokens: Token[] = []
  #position = 0

  constructor(source: string) {
    this.#source = source
    this.#end = source.length - (/(?:\r\n|\r|\n)$/.exec(source)?.[0].length ?? 0)
    this.#shield = shieldTokens(source)
    this.#masked = this.#shield.masked.slice(0, this.#end)
  }

  tokenize(): Token[] {
    while (this.#position < this.#end) this.#data()
    this.#push('end', '', this.#end, this.#end)
    return this.#tokens
  }

  #data(): void {
    const start = this.#position
    const begin = this.#find(patterns.begin, start)
    const at = begin?.index ?? this.#end
    const token = this.#shield.tokens.get(at)
    if (begin === undefined || token !== undefined) {
      this.#literal(start, at)
      if (token !== undefined) this.#push('data', token.text, at, token.end)
      this.#position = token?.end ?? this.#end
      return
    }
    const sign = this.#masked[at + 2]
    this.#literal(start, sign === '-' ? this.#withoutTrailingSpace(start, at) : at)
    this.#tag(begin[0], at, sign === '-' || sign === '+' ? at + 3 : at + 2)
  }

  #tag(opening: string, at: number, inside: number): void {
    if (opening === '{#') {
      this.#comment(at, inside)
      return
    }
    if (opening === '{{') {
      this.#expression('print', at, inside)
      return
    }
    const raw = this.#match(patterns.rawBegin, at)
    if (raw === undefined) {
      this.#expression('block', at, inside)
      return
    }
    this.#raw(at, at + raw.length)
  }

  #comment(at: number, inside: number): void {
    const end = this.#find(patterns.commentEnd, inside)
    if (end === undefined && inside < this.#end) {
      this.#push(
        'invalid',
        'Expected "#}" to end this comment, and the text ends before it. Write a shell script with {% raw %} around it.',
        at,
        at + 2,
      )
    }
    this.#position = end === undefined ? this.#end : end.index + end[0].length
  }

  #raw(at: number, inside: number): void {
    const end = this.#find(patterns.rawEnd, inside)
    if (end === undefined) {
      if (inside < this.#end)
        this.#push('invalid', 'Expected {% endraw %} for this {% raw %}, and the text ends before it. Add {% endraw %}.', at, inside)
      this.#position = this.#end
      return
    }
    this.#tokensAndText(inside, end[1] === '-' ? this.#withoutTrailingSpace(inside, end.index) : end.index)
    this.#position = end.index + end[0].length
  }

  #expression(kind: 'print' | 'block', at: number, inside: number): void {
    this.#push(`${kind}-begin`, '', at, inside)
    this.#position = inside
    if (kind === 'print' && this.#shield.tokens.has(at + 1)) {
      this.#threeBraces(at)
      return
    }
    const open: string[] = []
    const endPattern = kind === 'print' ? patterns.printEnd : patterns.blockEnd
    while (this.#position < this.#end) {
      const start = this.#position
      const end = this.#match(endPattern, start)
      if (end !== undefined && !(end === '}}' && open.at(-1) === '}')) {
        this.#tagEnd(kind, end, open)
        return
      }
      this.#word(open)
    }
  }

  /** `{{{output}}}`: Jinja reads the first two braces as its own. */
  #threeBraces(at: number): void {
    const token = this.#shield.tokens.get(at + 1) ?? { start: at, end: at + 1, text: '' }
    const message = `Expected two braces around a token of OSMO's, got three. Write "{" ~ … ~ "}" around it, or {% raw %}{{% endraw %}${token.text}.`
    this.#push('invalid', message, token.start, token.end)
    this.#position = this.#masked[token.end] === '}' ? token.end + 1 : token.end
    this.#push('print-end', '', token.end, this.#position)
  }

  /** With brackets still open this is a mistake, and the next tag is read as if they were closed. */
  #tagEnd(kind: 'print' | 'block', text: string, open: readonly string[]): void {
    const start = this.#position
    const end = start + (text.startsWith('-') || text.startsWith('+') ? 3 : 2)
    if (open.length > 0) this.#push('invalid', `Expected "${open.at(-1)}" before the end of this tag. Close the bracket.`, start, end)
    this.#push(`${kind}-end`, '', start, end)
    this.#position = start + text.length
  }

  #word(open: string[]): void {
    const start = this.#position
    const shielded = this.#shield.tokens.get(start)
    if (shielded !== undefined) {
      this.#misplacedToken(start, shielded.end, shielded.text)
      return
    }
    for (const kind of kindsAt(this.#masked.charCodeAt(start))) {
      if (kind === 'float' && this.#masked[start - 1] === '.') continue
      const text = this.#match(patterns[kind], start)
      if (text === undefined) continue
      this.#position = start + text.length
      if (kind !== 'space') this.#accept(kind, text, start, open)
      return
    }
    this.#unexpected(start)
  }

  #accept(kind: 'float' | 'integer' | 'name' | 'string' | 'operator', text: string, start: number, open: string[]): void {
    const end = start + text.length
    if (kind === 'name' && !patterns.identifier.test(text)) {
      this.#push('invalid', `Expected a name of letters, digits and "_", and "${text}" is none. Rename it.`, start, end)
    }
    if (kind === 'string') {
      this.#string(start, end)
      return
    }
    if (kind === 'operator') {
      const fault = balance(text, open)
      if (fault !== undefined) {
        this.#push('invalid', fault, start, end)
        return
      }
    }
    this.#push(kind, text, start, end)
  }

  #string(start: number, end: number): void {
    const decoded = decodeString(this.#source.slice(start + 1, end - 1).replaceAll(/\r\n?/g, '\n'))
    if (decoded.kind === 'text') this.#push('string', decoded.text, start, end)
    else this.#push('invalid', decoded.message, start, end)
  }

  #misplacedToken(start: number, end: number, text: string): void {
    this.#push(
      'invalid',
      `Expected an expression, and ${text} is a token of OSMO's that is replaced later. Write it outside of braces.`,
      start,
      end,
    )
    this.#position = end
  }

  #unexpected(start: number): void {
    const character = String.fromCodePoint(this.#masked.codePointAt(start) ?? 0)
    if (character === '"' || character === "'") {
      this.#unterminatedString(start, character)
      return
    }
    this.#push('invalid', `Unexpected character ${JSON.stringify(character)} in an expression. Remove it.`, start, start + character.length)
    this.#position = start + character.length
  }

  /** Nothing behind it can be read: to look for another end at every later quote would take quadratic time. */
  #unterminatedString(start: number, quote: string): void {
    this.#push('invalid', `Expected a second ${quote} to end this string, and the text ends before it. Add it.`, start, start + 1)
    this.#position = this.#end
  }

  /** Data in which shielded tokens are kept as they are: the inside of `{% raw %}`. */
  #tokensAndText(start: number, end: number): void {
    let position = start
    const inside = this.#masked.slice(start, end)
    for (let found = inside.indexOf('{{'); found >= 0; found = inside.indexOf('{{', found + 1)) {
      const token = this.#shield.tokens.get(start + found)
      if (token === undefined) continue
      this.#literal(position, token.start)
      this.#push('data', token.text, token.start, token.end)
      position = token.end
    }
    this.#literal(position, end)
  }

  /** Pushes text that maps to the source character by character, so a line end of two characters becomes a token of its own. */
  #literal(start: number, end: number): void {
    const text = this.#source.slice(start, end)
    let position = 0
    if (text.includes('\r')) {
      for (const lineEnd of text.matchAll(/\r\n?/g)) {
        if (lineEnd.index > position) this.#push('data', text.slice(position, lineEnd.index), start + position, start + lineEnd.index)
        position = lineEnd.index + lineEnd[0].length
        this.#push('data', '\n', start + lineEnd.index, start + position)
      }
    }
    if (position < text.length) this.#push('data', text.slice(position), start + position, end)
  }

  #withoutTrailingSpace(start: number, end: number): number {
    let position = end
    while (position > start && spaceCharacter.test(this.#masked[position - 1] ?? '')) position--
    return position
  }

  #find(pattern: RegExp, from: number): RegExpExecArray | undefined {
    pattern.lastIndex = from
    return pattern.exec(this.#masked) ?? undefined
  }

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at
    return pattern.exec(this.#masked)?.[0]
  }

  #push(kind: TokenKind, text: string, start: number, end: number): void {
    this.#tokens.push({ kind, text, start, end })
  }
}

type WordKind = 'space' | 'float' | 'integer' | 'name' | 'string' | 'operator'

/** Which words can begin with this UTF-16 unit, the likeliest first. */
function kindsAt(unit: number): readonly WordKind[] {
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

/** Follows brackets inside a tag; a fault's message, or nothing. */
function balance(operator: string, open: string[]): string | undefined {
  const closer = closing[operator]
  if (closer !== undefined) open.push(closer)
  if (operator !== ')' && operator !== ']' && operator !== '}') return undefined
  const expected = open.pop()
  if (expected === operator) return undefined
  return expected === undefined
    ? `Unexpected "${operator}": nothing is open here. Remove it.`
    : `Expected "${expected}", got "${operator}". Close brackets in the order in which they were opened.`
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

type Decoded = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'fault'; readonly message: string }

/** Python's escapes in string literals; one that Python does not know stays as it is written. */
function decodeString(body: string): Decoded {
  if (!body.includes('\\')) return { kind: 'text', text: body }
  let message: string | undefined
  const text = body.replaceAll(
    /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/gu,
    (whole, octal, x, u, long, other) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      const code = x ?? u ?? long
      if (code !== undefined) {
        const point = Number.parseInt(code, 16)
        if (point <= 0x10ffff) return String.fromCodePoint(point)
      }
      if (code !== undefined || 'xuUN'.includes(other)) {
        message = `Expected \\xHH, \\uHHHH or \\UHHHHHHHH with hexadecimal digits, got ${whole}. Write \\\\ for a backslash.`
        return whole
      }
      if (Object.hasOwn(simpleEscapes, other)) return simpleEscapes[other] ?? whole
      return /\P{ASCII}/u.test(other) ? `\\${escapeOf(other.codePointAt(0) ?? 0)}` : whole
    },
  )
  return message === undefined ? { kind: 'text', text } : { kind: 'fault', message }
}

/** Jinja turns what is beyond ASCII into escapes before it reads them, and a backslash before one makes them text. */
function escapeOf(point: number): string {
  const digits = point.toString(16)
  return point < 0x100 ? `x${digits.padStart(2, '0')}` : point < 0x10000 ? `u${digits.padStart(4, '0')}` : `U${digits.padStart(8, '0')}`
}
