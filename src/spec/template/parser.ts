import { readAutoescape, readBlock, readFilterBlock, readFor, readIf, readPrintTag, readSet, readWith } from './block-tags.ts'
import { ExpressionParser } from './expressions.ts'
import type { RenderLimits } from './limits.ts'
import { readCallBlock, readMacro } from './macro-tags.ts'
import type { Body, Expression, Statement, SyntaxFault } from './syntax.ts'
import { isContinuation, misplacedTag, unknownTag } from './tag-names.ts'
import type { Opening, TagReader } from './tag-reader.ts'
import { SyntaxFailure, TokenStream } from './token-stream.ts'

export type ParsedTemplate = { readonly body: Body; readonly faults: readonly SyntaxFault[] }

/** A person mends one screen of faults at a time; the rest often follows from the first. */
const maximumFaults = 20

/** Shells, other templates and Python's f-strings use the same braces. */
const rawAdvice = 'Correct it, or put {% raw %} before and {% endraw %} behind text that only looks like Jinja'

/** Reads a whole template. A tag with a fault is skipped to its end, so that later faults are found too; with faults the body is not to be rendered. */
export function parseTemplate(source: string, limits: RenderLimits): ParsedTemplate {
  return new Parser(source, limits).parse()
}

/** Ends parsing: what follows would only be faults that are none. */
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
  readonly #maximumDepth: number
  readonly blocks = new Set<string>()
  #depth = 0
  /** Tags that nobody knows and that no end has answered yet. */
  #unknownTags = 0

  constructor(source: string, limits: RenderLimits) {
    this.#maximumDepth = limits.depth
    this.stream = new TokenStream(source)
    this.expressions = new ExpressionParser(this.stream, Math.floor(limits.depth / 2))
  }

  parse(): ParsedTemplate {
    try {
      const body = this.body([], undefined)
      return { body, faults: [...this.#faults, ...this.expressions.unknownNames] }
    } catch (error) {
      if (!(error instanceof Stop)) throw error
      return { body: [], faults: [...this.#faults, ...this.expressions.unknownNames] }
    }
  }

  body(closers: readonly string[], opening: Opening | undefined): Body {
    const statements: Statement[] = []
    for (;;) {
      const { kind, text, start, end } = this.stream.current
      if (kind === 'end') return this.#ended(statements, closers, opening)
      if (kind === 'data') {
        this.stream.next()
        statements.push({ kind: 'text', text, start, end })
      } else if (kind === 'print-begin') statements.push(...this.#print())
      else if (kind === 'block-begin') {
        if (this.stream.following.kind === 'name' && closers.includes(this.stream.following.text)) {
          this.stream.next()
          return statements
        }
        statements.push(...this.#statement(opening?.name))
      } else this.#strayToken()
    }
  }

  #ended(statements: Body, closers: readonly string[], opening: Opening | undefined): Body {
    if (opening === undefined) return statements
    const wanted = closers.at(-1) ?? ''
    // A fault behind the opening tag may have swallowed the closing one.
    if (this.#faults.some(({ start }) => start > opening.start)) throw new Stop()
    this.#record({
      code: 'template/syntax',
      message: `Expected {% ${wanted} %} for this {% ${opening.name} %}, and the text ends before it. Add it.`,
      start: opening.start,
      end: opening.end,
    })
    throw new Stop()
  }

  /** An unterminated comment or `raw`. */
  #strayToken(): void {
    const token = this.stream.current
    this.#record({ code: 'template/syntax', message: token.text, start: token.start, end: token.end })
    this.stream.skip()
  }

  #print(): Statement[] {
    const { start } = this.stream.next()
    try {
      const value = this.expressions.tuple()
      const end = this.stream.current
      if (end.kind !== 'print-end') this.#unfinished(value)
      this.stream.next()
      return [{ kind: 'print', value, start, end: end.end }]
    } catch (error) {
      this.#recover(error instanceof SyntaxFailure ? error.withAdvice(rawAdvice) : error, 'print-end')
      return []
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

  #statement(enclosing: string | undefined): Statement[] {
    const { start } = this.stream.next()
    const token = this.stream.current
    if (++this.#depth > this.#maximumDepth) {
      this.#record({
        code: 'limit/template-depth',
        message: `Expected at most ${this.#maximumDepth} blocks inside each other, and here are more. Nest less.`,
        start,
        end: token.end,
      })
      throw new Stop()
    }
    const statement = token.kind === 'name' ? this.#tag(token.text, start, enclosing) : this.#noTag()
    this.#depth--
    return statement === undefined ? [] : [statement]
  }

  #noTag(): undefined {
    this.#attempt(() => this.stream.fail('the name of a tag'))
  }

  #tag(name: string, start: number, enclosing: string | undefined): Statement | undefined {
    const read = readers.get(name)
    return read === undefined ? this.#unknownTag(name, enclosing) : read(this, start)
  }

  #unknownTag(name: string, enclosing: string | undefined): undefined {
    const token = this.stream.current
    const misplaced = isContinuation(name)
    if (misplaced && this.#unknownTags > 0 && name.startsWith('end')) {
      // It ends what the unknown tag was meant to open.
      this.#unknownTags--
      this.stream.skipTag('block-end')
      return
    }
    if (!misplaced) this.#unknownTags++
    this.#record(misplaced ? misplacedTag(name, enclosing, token) : unknownTag(name, token))
    if (misplaced && enclosing !== undefined) throw new Stop()
    this.stream.skipTag('block-end')
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
    this.#record(error.fault)
    this.expressions.restart()
    this.stream.skipTag(end)
  }

  #record(fault: SyntaxFault): void {
    this.#faults.push(fault)
    if (this.#faults.length >= maximumFaults) throw new Stop()
  }
}
