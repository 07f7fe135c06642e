import { type Token, type TokenKind, tokenize } from './lexer.ts'
import type { FaultCode, Span } from './limits.ts'
import type { SyntaxFault } from './syntax.ts'

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
  readonly #tokens: readonly Token[]
  #index = 0

  constructor(source: string) {
    this.#tokens = tokenize(source)
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

  /** Behind the end of the tag in which the cursor stands. */
  skipTag(end: 'print-end' | 'block-end'): void {
    while (this.current.kind !== 'end' && this.current.kind !== end) this.#index++
    if (this.current.kind === end) this.#index++
  }

  skip(): void {
    if (this.current.kind !== 'end') this.#index++
  }

  #at(index: number): Token {
    return this.#tokens[Math.min(index, this.#tokens.length - 1)] ?? { kind: 'end', text: '', start: 0, end: 0 }
  }
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
