import { readAutoescape, readBlock, readFilterBlock, readFor, readIf, readPrintTag, readSet, readWith } from './block-tags.ts'
import { ExpressionParser } from './expressions.ts'
import { maximumFaults, type RenderLimits, type Span } from './limits.ts'
import { readCallBlock, readMacro } from './macro-tags.ts'
import { OpenBlocks } from './open-blocks.ts'
import type { Body, Expression, Statement, SyntaxFault } from './syntax.ts'
import { intendedTag, isContinuation, namesSetBy, strayTag, unclosedTag, unknownTag } from './tag-names.ts'
import { nothing, type Opening, type TagReader } from './tag-reader.ts'
import { SyntaxFailure, TokenStream, unclosedQuote } from './token-stream.ts'
import type { Token } from './tokens.ts'

export type ParsedTemplate = {
  /** Everything that could be read; where a fault stands, an expression is `broken`. */
  readonly body: Body
  readonly faults: readonly SyntaxFault[]
  /** Names that a tag with a fault may set. */
  readonly uncertain: ReadonlySet<string>
}

/** Shells, other templates and Python's f-strings use the same braces. */
const rawAdvice = 'Correct it, or put {% raw %} before and {% endraw %} behind text that only looks like Jinja'

/** Reads a whole template. A tag with a fault is skipped to its end, so that later faults are found too; with faults the body is not to be printed. */
export function parseTemplate(source: string, limits: RenderLimits): ParsedTemplate {
  return new Parser(source, limits).parse()
}

/** Ends parsing: nothing that follows would be read. */
class Stop extends Error {}

const readers: ReadonlyMap<string, (parser: TagReader, start: number) => Statement> = new Map([
  ['if', readIf],
  ['for', readFor],
  ['set', readSet],
  ['macro', readMacro],
  ['call', readCallBlock],
  ['filter', readFilterBlock],
  ['with', readWith],
  ['autoescape', readAutoescape],
  ['block', readBlock],
  ['print', readPrintTag],
])

class Parser implements TagReader {
  readonly stream: TokenStream
  readonly expressions: ExpressionParser
  readonly #faults: SyntaxFault[] = []
  readonly #uncertain = new Set<string>()
  readonly #maximumDepth: number
  readonly blocks = new Set<string>()
  readonly #open = new OpenBlocks()
  #depth = 0

  constructor(source: string, limits: RenderLimits) {
    this.#maximumDepth = limits.depth
    this.stream = new TokenStream(source)
    this.expressions = new ExpressionParser(this.stream, Math.floor(limits.depth / 2))
  }

  parse(): ParsedTemplate {
    return { body: this.#whole(), faults: [...this.#faults, ...this.expressions.unknownNames], uncertain: this.#uncertain }
  }

  #whole(): Body {
    try {
      return this.body([], undefined)
    } catch (error) {
      if (!(error instanceof Stop)) throw error
      return []
    }
  }

  body(closers: readonly string[], opening: Opening | undefined): Body {
    const statements: Statement[] = []
    const { lookUp } = this.expressions
    this.expressions.lookUp = opening?.name === 'if' ? 'when-used' : 'when-read'
    this.#open.enter(closers)
    while (!this.#closes(closers, opening)) this.#one(statements, opening?.name)
    this.#open.leave()
    this.expressions.lookUp = lookUp
    return statements
  }

  /** Whether the body ends here, closed as it should be or not. */
  #closes(closers: readonly string[], opening: Opening | undefined): boolean {
    const { kind } = this.stream.current
    if (kind === 'end') {
      if (opening !== undefined && !this.#open.isDoubtful(opening)) this.fault(unclosedTag(closers, opening))
      return true
    }
    if (kind !== 'block-begin' || this.stream.following.kind !== 'name') return false
    const name = this.#tagName()
    if (closers.includes(name)) {
      this.stream.next()
      return true
    }
    if (opening === undefined || !isContinuation(name) || !this.#open.closesOuter(name)) return false
    this.fault(strayTag(name, opening.name, this.stream.following))
    this.#open.forgive(name, `end${opening.name}`)
    return true
  }

  /** The word behind `{%`. One that is mistyped is a fault, and is read as the one that was meant. */
  #tagName(): string {
    const token = this.stream.following
    const intended = intendedTag(token.text)
    if (intended === undefined || intended === token.text || intended === 'raw') return token.text
    this.fault(unknownTag(token.text, token))
    this.#open.doubt(token)
    this.stream.correctFollowing(intended)
    return intended
  }

  #one(statements: Statement[], enclosing: string | undefined): void {
    const { kind, text, start, end } = this.stream.current
    if (kind === 'data') {
      this.stream.next()
      statements.push({ kind: 'text', text, start, end })
    } else if (kind === 'print-begin') statements.push(this.#print())
    else if (kind === 'block-begin') this.#statement(statements, enclosing)
    else this.#strayToken()
  }

  /** An unterminated comment or `raw`. */
  #strayToken(): void {
    const token = this.stream.current
    this.fault({ code: 'template/syntax', message: token.text, start: token.start, end: token.end })
    this.stream.skipComment(token)
  }

  #print(): Statement {
    const { start } = this.stream.next()
    try {
      const value = this.expressions.tuple()
      const end = this.stream.current
      if (end.kind !== 'print-end') this.#unfinished(value)
      this.stream.next()
      return { kind: 'print', value, start, end: end.end }
    } catch (error) {
      this.#recover(error instanceof SyntaxFailure ? error.withAdvice(rawAdvice) : error, 'print-end')
      return { kind: 'print', value: nothing, start, end: this.stream.previousEnd }
    }
  }

  #unfinished(value: Expression): never {
    const token = this.stream.current
    if (value.kind === 'name' && (value.name === 'input' || value.name === 'host') && token.kind === 'operator' && token.text === ':') {
      const message = `Expected no blanks in a token of OSMO's, and there is one behind "{{". Write {{${value.name}:…}}.`
      throw new SyntaxFailure(message, { start: value.start, end: token.end })
    }
    return this.stream.fail('an operator or the end of the expression, "}}"')
  }

  #statement(statements: Statement[], enclosing: string | undefined): void {
    const { start } = this.stream.next()
    const token = this.stream.current
    if (++this.#depth > this.#maximumDepth) this.#tooDeep({ start, end: token.end })
    const read = token.kind === 'name' ? readers.get(token.text) : undefined
    if (read !== undefined) statements.push(read(this, start))
    else if (token.kind === 'name') this.#noStatement(token, statements, enclosing)
    else this.#attempt(() => this.stream.fail('the name of a tag'))
    this.#depth--
  }

  #tooDeep(span: Span): never {
    const message = `Expected at most ${this.#maximumDepth} blocks inside each other, and here are more. Nest less.`
    this.fault({ code: 'limit/template-depth', message, ...span })
    throw new Stop()
  }

  #noStatement(token: Token, statements: Statement[], enclosing: string | undefined): void {
    if (token.text.startsWith('end') && this.#open.answersUnknown(statements)) this.#skipTag()
    else if (isContinuation(token.text)) this.#stray(token, enclosing)
    else this.#unknownTag(token, statements)
  }

  #stray(token: Token, enclosing: string | undefined): void {
    if (!this.#open.isForgiven(token.text)) {
      this.fault(strayTag(token.text, enclosing, token))
      this.#open.doubt(token)
    }
    this.#skipTag()
  }

  #unknownTag(token: Token, statements: Statement[]): void {
    this.fault(unknownTag(token.text, token))
    if (intendedTag(token.text) === 'raw') {
      this.stream.skipRaw()
      return
    }
    this.#open.unknown(token, statements.length)
    this.#doubtNames(token.text, this.#skipTag())
  }

  #skipTag(): readonly Token[] {
    this.stream.next()
    return this.stream.skipTag('block-end')
  }

  /** Python's habit of a colon at the end is allowed. */
  header<T>(parse: () => T, fallback: T): T {
    const result = this.#attempt(() => {
      const value = parse()
      this.stream.skipOperator(':')
      if (this.stream.current.kind !== 'block-end') this.stream.fail('an operator or the end of the tag, "%}"')
      this.stream.next()
      return { value }
    })
    return result === undefined ? fallback : result.value
  }

  close(label?: string): number {
    if (this.stream.current.kind !== 'name') return this.stream.previousEnd
    this.stream.next()
    this.#attempt(() => {
      if (label !== undefined) this.stream.skipWord(label)
      if (this.stream.current.kind !== 'block-end') this.stream.fail('the end of the tag, "%}"')
      this.stream.next()
    })
    return this.stream.previousEnd
  }

  #attempt<T>(parse: () => T): T | undefined {
    try {
      return parse()
    } catch (error) {
      this.#recover(error, 'block-end')
      return undefined
    }
  }

  #recover(error: unknown, end: 'print-end' | 'block-end'): void {
    if (!(error instanceof SyntaxFailure)) throw error
    this.expressions.restart()
    const before = this.stream.tagSoFar()
    const quote = this.stream.unclosedQuote()
    // What stands behind a mistyped tag is written for another one.
    if (!this.#hasFaultAt(before[0])) this.fault(quote === undefined ? error.fault : unclosedQuote(quote))
    const passed = quote === undefined ? this.stream.skipTag(end) : this.stream.skipLine(quote, end)
    const [name, ...rest] = [...before, ...passed]
    if (end === 'block-end' && name !== undefined) this.#doubtNames(name.text, rest)
  }

  #hasFaultAt(token: Token | undefined): boolean {
    return token !== undefined && this.#faults.some(({ start, end }) => start === token.start && end === token.end)
  }

  /** The block that a broken {% set %} may open is not looked for, so that its end may stand there. */
  #doubtNames(tag: string, tokens: readonly Token[]): void {
    for (const name of namesSetBy(tag, tokens)) this.#uncertain.add(name)
    if (tag === 'set') this.#open.forgive('endset')
  }

  fault(fault: SyntaxFault): void {
    this.#faults.push(fault)
    if (this.#faults.length >= maximumFaults) throw new Stop()
  }
}
