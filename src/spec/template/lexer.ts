import { balance } from './brackets.ts'
import { findFrom, kindsAt, literalPieces, matchAt, patterns, spaceCharacter, type WordKind } from './lexemes.ts'
import type { Span } from './limits.ts'
import { type ShieldedText, shieldTokens } from './shield.ts'
import { decodeString } from './string-literals.ts'

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

/**
 * Cuts a template into tokens as Jinja does with its default options: white space beside `-` goes, comments go, `{% raw %}` becomes
 * data, line ends become `\n`, and one line end at the end of the text is dropped. A mistake becomes an `invalid` token, never an exception.
 */
export function tokenize(source: string): Token[] {
  return new Lexer(source).tokenize()
}

/** Words that are code in a template, names of values among them; what stands in text, strings, comments and `{% raw %}` is not. */
export function namesIn(source: string): ReadonlySet<string> {
  return new Set(
    tokenize(source)
      .filter(({ kind }) => kind === 'name')
      .map(({ text }) => text),
  )
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
    const begin = findFrom(this.#masked, patterns.begin, start)
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
    const raw = matchAt(this.#masked, patterns.rawBegin, at)
    if (raw === undefined) {
      this.#expression('block', at, inside)
      return
    }
    this.#raw(at, at + raw.length)
  }

  #comment(at: number, inside: number): void {
    const end = findFrom(this.#masked, patterns.commentEnd, inside)
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
    const end = findFrom(this.#masked, patterns.rawEnd, inside)
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
      const end = matchAt(this.#masked, endPattern, start)
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
      const text = matchAt(this.#masked, patterns[kind], start)
      if (text === undefined) continue
      this.#position = start + text.length
      if (kind !== 'space') this.#accept(kind, text, start, open)
      return
    }
    this.#unexpected(start)
  }

  #accept(kind: Exclude<WordKind, 'space'>, text: string, start: number, open: string[]): void {
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

  #literal(start: number, end: number): void {
    for (const piece of literalPieces(this.#source.slice(start, end)))
      this.#push('data', piece.text, start + piece.start, start + piece.end)
  }

  #withoutTrailingSpace(start: number, end: number): number {
    let position = end
    while (position > start && spaceCharacter.test(this.#masked[position - 1] ?? '')) position--
    return position
  }

  #push(kind: TokenKind, text: string, start: number, end: number): void {
    this.#tokens.push({ kind, text, start, end })
  }
}
