import { Lexer } from './lexer.ts'
import type { FaultCode, Span } from './limits.ts'
import type { SyntaxFault } from './syntax.ts'
import type { Token, TokenKind } from './tokens.ts'

const generalAdvice = 'Correct it'

/** Ends the tag that is being read; the parser goes on behind it. */
export class SyntaxFailure extends Error {
  override readonly name = 'SyntaxFailure'
  readonly fault: SyntaxFault

  constructor(message: string, span: Span, code: FaultCode = 'template/syntax') {
    super(message)
    this.fault = { code, message, start: span.start, end: span.end }
  }

  /** With other words at the end where there are only general ones. */
  withAdvice(advice: string): SyntaxFailure {
    const { code, message } = this.fault
    return new SyntaxFailure(
      message.replace(new RegExp(`${generalAdvice}\\.$`), () => `${advice}.`),
      this.fault,
      code,
    )
  }
}

/** A cursor over the tokens of a template. */
export class TokenStream {
  readonly #source: string
  readonly #lexer: Lexer
  readonly #tokens: Token[] = []
  #index = 0

  constructor(source: string) {
    this.#source = source
    this.#lexer = new Lexer(source)
  }

  get current(): Token {
    return this.#at(this.#index)
  }

  get following(): Token {
    return this.#at(this.#index + 1)
  }

  /** Where the token before the cursor ends. */
  get previousEnd(): number {
    return this.#tokens[this.#index - 1]?.end ?? 0
  }

  /** The cursor stands right behind the opening braces. */
  get isTagEmpty(): boolean {
    const before = this.#tokens[this.#index - 1]
    return before?.kind === 'print-begin' && before.end === this.current.start
  }

  next(): Token {
    const token = this.current
    if (token.kind === 'invalid') throw new SyntaxFailure(token.text, token)
    if (token.kind !== 'end') this.#index++
    return token
  }

  is(kind: TokenKind, text: string): boolean {
    return this.current.kind === kind && this.current.text === text
  }

  isOperator(text: string): boolean {
    return this.is('operator', text)
  }

  isWord(text: string): boolean {
    return this.is('name', text)
  }

  skipOperator(text: string): boolean {
    const found = this.isOperator(text)
    if (found) this.#index++
    return found
  }

  skipWord(text: string): boolean {
    const found = this.isWord(text)
    if (found) this.#index++
    return found
  }

  expectOperator(text: string): Token {
    return this.isOperator(text) ? this.next() : this.fail(`"${text}"`)
  }

  expectWord(text: string): Token {
    return this.isWord(text) ? this.next() : this.fail(`"${text}"`)
  }

  expectName(what: string): Token {
    return this.current.kind === 'name' ? this.next() : this.fail(what)
  }

  /** `expected` is a noun phrase. */
  fail(expected: string, advice = generalAdvice): never {
    const token = this.current
    if (token.kind === 'invalid') throw new SyntaxFailure(token.text, token)
    throw new SyntaxFailure(`Expected ${expected}, got ${describe(token)}. ${advice}.`, token)
  }

  /** The word behind the cursor is read as the one that was meant. */
  correctFollowing(text: string): void {
    this.#tokens[this.#index + 1] = { ...this.following, text }
  }

  /** Tokens of the tag in which the cursor stands, up to the cursor. */
  tagSoFar(): readonly Token[] {
    let begin = this.#index
    while (begin > 0 && !this.#at(begin).kind.endsWith('-begin')) begin--
    return this.#tokens.slice(begin + 1, this.#index)
  }

  /** A quote in the tag so far whose string took in the end of its line or tag, so that what follows it makes no sense. */
  unclosedQuote(): (Span & { readonly character: string }) | undefined {
    const { kind, start, end } = this.current
    const character = this.#source[start] ?? ''
    if (kind === 'invalid' && end === start + 1 && isQuote(character)) return { character, start, end }
    if (!beginsOperand(kind)) return undefined
    const before = this.tagSoFar()
    const strings = before.slice(before.findLastIndex((token) => token.kind !== 'string') + 1)
    const open = strings.find((token) => /[\n]|[%}]\}/.test(this.#source.slice(token.start, token.end)))
    return open && { character: this.#source[open.start] ?? '', start: open.start, end: open.start + 1 }
  }

  /**
   * Behind a tag with a fault at the cursor: at its end if that stands on the line of the last good word, else at the next beginning of a tag, since then an end
   * was forgotten, else at its end on a later line.
   *
   * @returns the tokens that were passed.
   */
  skipTag(end: 'print-end' | 'block-end'): readonly Token[] {
    const begin = this.#index
    const sameLine = Math.min(this.#lineEnd(this.previousEnd), this.current.start + longestLine)
    const forgotten = this.#lexer.nextBegin(sameLine) ?? this.#source.length
    while (this.current.kind !== end && this.current.kind !== 'end' && this.current.start < forgotten) this.#index++
    const passed = this.#tokens.slice(begin, this.#index)
    if (this.current.kind === end) this.#index++
    else if (this.current.kind !== 'end') this.restart(forgotten)
    return passed
  }

  /** Goes on behind the end of the tag on the line of an unclosed quote, or on the next line. */
  skipLine(quote: Span, end: 'print-end' | 'block-end'): readonly Token[] {
    const lineEnd = this.#lineEnd(quote.end)
    const found = this.#source.slice(quote.end, lineEnd).indexOf(end === 'print-end' ? '}}' : '%}')
    this.restart(found < 0 ? lineEnd : quote.end + found + 2)
    return []
  }

  /** Behind a comment that nothing ends. `${#` is a shell's length of a list: only these signs are no text. */
  skipComment({ start, end }: Span): void {
    this.skip()
    if (this.#source.startsWith('{#', start)) this.restart(this.#source[start - 1] === '$' ? end : this.#lineEnd(end))
  }

  /** Behind `{% endraw %}`. */
  skipRaw(): void {
    this.restart(this.#lexer.endOfRaw(this.current.end))
  }

  skip(): void {
    if (this.current.kind !== 'end') this.#index++
  }

  /** What follows is read again from `offset`, as text. */
  restart(offset: number): void {
    this.#tokens.length = this.#index
    this.#lexer.restart(offset)
  }

  #lineEnd(from: number): number {
    const found = this.#source.indexOf('\n', from)
    return found < 0 ? this.#source.length : found
  }

  #at(index: number): Token {
    while (this.#tokens.length <= index) this.#tokens.push(this.#lexer.next())
    return this.#tokens[index] ?? endOfText
  }
}

/** The end of a tag is looked for so far on its line, in characters: on the longest lines each fault would look through all of it. */
const longestLine = 1_000
const endOfText: Token = { kind: 'end', text: '', start: 0, end: 0 }

function isQuote(character: string | undefined): boolean {
  return character === '"' || character === "'"
}

function beginsOperand(kind: TokenKind): boolean {
  return kind === 'name' || kind === 'integer' || kind === 'float' || kind === 'invalid'
}

export function unclosedQuote(quote: Span & { readonly character: string }): SyntaxFault {
  const message = `Expected a second ${quote.character} to end this string before the end of its line and tag. Add it.`
  return { code: 'template/syntax', message, start: quote.start, end: quote.end }
}

export function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the text'
    case 'print-end':
      return 'the end of the expression, "}}"'
    case 'block-end':
      return 'the end of the tag, "%}"'
    case 'string':
      return `the string ${JSON.stringify(token.text.slice(0, 40))}`
    default:
      return `"${token.text.slice(0, 40)}"`
  }
}
