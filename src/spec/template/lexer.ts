import { findFrom, literalPieces, matchAt, patterns, spaceCharacter } from './lexemes.ts'
import { shieldTokens } from './shield.ts'
import type { Token, TokenKind } from './tokens.ts'
import { type LexedText, readWord, shortened } from './word-lexer.ts'

/** Words that are code in a template, names of values among them; what stands in text, strings, comments and `{% raw %}` is not. */
export function namesIn(source: string): ReadonlySet<string> {
  const names = new Set<string>()
  const lexer = new Lexer(source)
  for (let next = lexer.next(); next.kind !== 'end'; next = lexer.next()) if (next.kind === 'name') names.add(next.text)
  return names
}

type TagKind = 'print' | 'block'

/**
 * Cuts a template into tokens as Jinja does with its default options: white space beside `-` goes, comments go, `{% raw %}` becomes
 * data, line ends become `\n`, and one line end at the end of the text is dropped. A mistake becomes an `invalid` token, never an exception.
 *
 * Only as far as it is asked: behind a mistake the parser may have it go on elsewhere, and what it had read ahead would be read again.
 */
export class Lexer {
  readonly #text: LexedText
  readonly #end: number
  /** Read ahead; those before `#given` have been given. */
  #tokens: Token[] = []
  #given = 0
  #position = 0
  /** The tag in which the cursor stands, and the closing brackets that are still due in it. */
  #tag: { readonly kind: TagKind; readonly open: string[] } | undefined

  constructor(source: string) {
    this.#end = source.length - (/(?:\r\n|\r|\n)$/.exec(source)?.[0].length ?? 0)
    const { masked, tokens } = shieldTokens(source)
    this.#text = { source, masked: masked.slice(0, this.#end), tokens, end: this.#end }
  }

  next(): Token {
    for (;;) {
      const token = this.#tokens[this.#given++]
      if (token !== undefined) return token
      this.#forget()
      if (this.#position >= this.#end) return { kind: 'end', text: '', start: this.#end, end: this.#end }
      if (this.#tag === undefined) this.#data()
      else this.#inTag(this.#tag.kind, this.#tag.open)
    }
  }

  /** Goes on with text at `offset`. */
  restart(offset: number): void {
    this.#forget()
    this.#tag = undefined
    this.#position = Math.min(offset, this.#end)
  }

  /** The next beginning of a tag or comment, or of a token of OSMO's. */
  nextBegin(from: number): number | undefined {
    return findFrom(this.#text.masked, patterns.begin, from)?.index
  }

  /** Behind `{% endraw %}`, or the end of the text. */
  endOfRaw(from: number): number {
    const end = findFrom(this.#text.masked, patterns.rawEnd, from)
    return end === undefined ? this.#end : end.index + end[0].length
  }

  #forget(): void {
    this.#tokens = []
    this.#given = 0
  }

  #data(): void {
    const start = this.#position
    const { masked, tokens } = this.#text
    const begin = findFrom(masked, patterns.begin, start)
    const at = begin?.index ?? this.#end
    const token = tokens.get(at)
    if (begin === undefined || token !== undefined) {
      this.#literal(start, at)
      if (token !== undefined) this.#push('data', token.text, at, token.end)
      this.#position = token?.end ?? this.#end
      return
    }
    const sign = masked[at + 2]
    this.#literal(start, sign === '-' ? this.#withoutTrailingSpace(start, at) : at)
    this.#begin(begin[0], at, sign === '-' || sign === '+' ? at + 3 : at + 2)
  }

  #begin(opening: string, at: number, inside: number): void {
    if (opening === '{#') {
      this.#comment(at, inside)
      return
    }
    if (opening === '{{') {
      this.#expression('print', at, inside)
      return
    }
    const raw = matchAt(this.#text.masked, patterns.rawBegin, at)
    if (raw === undefined) this.#expression('block', at, inside)
    else this.#raw(at, at + raw.length)
  }

  #comment(at: number, inside: number): void {
    const end = findFrom(this.#text.masked, patterns.commentEnd, inside)
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
    const end = findFrom(this.#text.masked, patterns.rawEnd, inside)
    if (end === undefined) {
      if (inside < this.#end)
        this.#push('invalid', 'Expected {% endraw %} for this {% raw %}, and the text ends before it. Add {% endraw %}.', at, inside)
      this.#position = this.#end
      return
    }
    this.#tokensAndText(inside, end[1] === '-' ? this.#withoutTrailingSpace(inside, end.index) : end.index)
    this.#position = end.index + end[0].length
  }

  #expression(kind: TagKind, at: number, inside: number): void {
    this.#push(`${kind}-begin`, '', at, inside)
    this.#position = inside
    if (kind === 'print' && this.#text.tokens.has(at + 1)) this.#threeBraces(at)
    else this.#tag = { kind, open: [] }
  }

  #inTag(kind: TagKind, open: string[]): void {
    const end = matchAt(this.#text.masked, kind === 'print' ? patterns.printEnd : patterns.blockEnd, this.#position)
    if (end !== undefined && !(end === '}}' && open.at(-1) === '}')) {
      this.#tagEnd(kind, end, open)
      return
    }
    const { token, next } = readWord(this.#text, this.#position, open)
    if (token !== undefined) this.#tokens.push(token)
    this.#position = next
  }

  /** `{{{output}}}`: Jinja reads the first two braces as its own. */
  #threeBraces(at: number): void {
    const token = this.#text.tokens.get(at + 1) ?? { start: at, end: at + 1, text: '' }
    const message = `Expected two braces around a token of OSMO's, got three. Write "{" ~ … ~ "}" around it, or {% raw %}{{% endraw %}${shortened(token.text)}.`
    this.#push('invalid', message, token.start, token.end)
    this.#position = this.#text.masked[token.end] === '}' ? token.end + 1 : token.end
    this.#push('print-end', '', token.end, this.#position)
  }

  /** With brackets still open this is a mistake, and the next tag is read as if they were closed. */
  #tagEnd(kind: TagKind, text: string, open: readonly string[]): void {
    const start = this.#position
    const end = start + (text.startsWith('-') || text.startsWith('+') ? 3 : 2)
    if (open.length > 0) this.#push('invalid', `Expected "${open.at(-1)}" before the end of this tag. Close the bracket.`, start, end)
    this.#push(`${kind}-end`, '', start, end)
    this.#position = start + text.length
    this.#tag = undefined
  }

  /** Data in which shielded tokens are kept as they are: the inside of `{% raw %}`. */
  #tokensAndText(start: number, end: number): void {
    let position = start
    const inside = this.#text.masked.slice(start, end)
    for (let found = inside.indexOf('{{'); found >= 0; found = inside.indexOf('{{', found + 1)) {
      const token = this.#text.tokens.get(start + found)
      if (token === undefined) continue
      this.#literal(position, token.start)
      this.#push('data', token.text, token.start, token.end)
      position = token.end
    }
    this.#literal(position, end)
  }

  #literal(start: number, end: number): void {
    for (const piece of literalPieces(this.#text.source.slice(start, end)))
      this.#push('data', piece.text, start + piece.start, start + piece.end)
  }

  #withoutTrailingSpace(start: number, end: number): number {
    let position = end
    while (position > start && spaceCharacter.test(this.#text.masked[position - 1] ?? '')) position--
    return position
  }

  #push(kind: TokenKind, text: string, start: number, end: number): void {
    this.#tokens.push({ kind, text, start, end })
  }
}
