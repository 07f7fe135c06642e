import { nearestWord } from '../suggestion.ts'
import { ExpressionParser } from './expressions.ts'
import { readFilter, readFilters } from './filter-syntax.ts'
import type { RenderLimits, Span } from './limits.ts'
import type { Body, Expression, ForStatement, IfStatement, MacroSignature, Statement, SyntaxFault, Target } from './syntax.ts'
import { readTarget } from './targets.ts'
import { SyntaxFailure, TokenStream } from './token-stream.ts'

export type ParsedTemplate = { readonly body: Body; readonly faults: readonly SyntaxFault[] }

/** A person mends one screen of faults at a time; the rest often follows from the first. */
const maximumFaults = 20

/** Reads a whole template. A tag with a fault is skipped to its end, so that later faults are found too; with faults the body is not to be rendered. */
export function parseTemplate(source: string, limits: RenderLimits): ParsedTemplate {
  return new Parser(source, limits).parse()
}

/** Ends parsing: what follows would only be faults that are none. */
class Stop extends Error {}

const tags = ['for', 'if', 'set', 'macro', 'call', 'filter', 'with', 'block', 'autoescape', 'raw', 'print'] as const
const continuations: ReadonlySet<string> = new Set(['else', 'elif', ...tags.map((tag) => `end${tag}`)])
const refusals: Readonly<Record<string, string>> = {
  include: 'a spec is one file, and {% include %} would read another. Put the text here.',
  import: 'a spec is one file, and {% import %} would read another. Put the macros here.',
  from: 'a spec is one file, and {% from %} would read another. Put the macros here.',
  extends: 'a spec is one file, and {% extends %} would read another. Put the text here.',
  do: '{% do %} is an extension that OSMO does not load. Write {% set _ = … %}.',
  break: '{% break %} is an extension that OSMO does not load. Write {% for … if … %} or {% if %}.',
  continue: '{% continue %} is an extension that OSMO does not load. Write {% for … if … %} or {% if %}.',
  trans: '{% trans %} is an extension that OSMO does not load. Write the text itself.',
  debug: '{% debug %} is an extension that OSMO does not load. Remove it.',
}

class Parser {
  readonly #stream: TokenStream
  readonly #expressions: ExpressionParser
  readonly #faults: SyntaxFault[] = []
  readonly #maximumDepth: number
  readonly #blocks = new Set<string>()
  #depth = 0

  constructor(source: string, limits: RenderLimits) {
    this.#maximumDepth = limits.depth
    this.#stream = new TokenStream(source)
    this.#expressions = new ExpressionParser(this.#stream, Math.floor(limits.depth / 2))
  }

  parse(): ParsedTemplate {
    try {
      const body = this.#body([], undefined)
      return { body, faults: [...this.#faults, ...this.#expressions.unknownNames] }
    } catch (error) {
      if (!(error instanceof Stop)) throw error
      return { body: [], faults: [...this.#faults, ...this.#expressions.unknownNames] }
    }
  }

  /** Statements until one of the closing words; the cursor then stands on that word. `opening` is the tag that they close. */
  #body(closers: readonly string[], opening: (Span & { readonly name: string }) | undefined): Body {
    const statements: Statement[] = []
    for (;;) {
      const { kind, text, start, end } = this.#stream.current
      if (kind === 'end') return this.#ended(statements, closers, opening)
      if (kind === 'data') {
        this.#stream.next()
        statements.push({ kind: 'text', text, start, end })
      } else if (kind === 'print-begin') statements.push(...this.#print())
      else if (kind === 'block-begin') {
        if (this.#stream.following.kind === 'name' && closers.includes(this.#stream.following.text)) {
          this.#stream.next()
          return statements
        }
        statements.push(...this.#statement(opening?.name))
      } else this.#strayToken()
    }
  }

  #ended(statements: Body, closers: readonly string[], opening: (Span & { readonly name: string }) | undefined): Body {
    if (opening === undefined) return statements
    const wanted = closers.at(-1) ?? ''
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
    const token = this.#stream.current
    this.#record({ code: 'template/syntax', message: token.text, start: token.start, end: token.end })
    this.#stream.skip()
  }

  #print(): Statement[] {
    const { start } = this.#stream.next()
    try {
      const value = this.#expressions.tuple()
      const end = this.#stream.current
      if (end.kind !== 'print-end') this.#unfinished(value)
      this.#stream.next()
      return [{ kind: 'print', value, start, end: end.end }]
    } catch (error) {
      this.#recover(error, 'print-end')
      return []
    }
  }

  #unfinished(value: Expression): never {
    const token = this.#stream.current
    if (value.kind === 'name' && (value.name === 'input' || value.name === 'host') && token.kind === 'operator' && token.text === ':') {
      const message = `Expected no blanks in a token of OSMO's, and there is one behind "{{". Write {{${value.name}:…}}.`
      throw new SyntaxFailure(message, { start: value.start, end: token.end })
    }
    return this.#stream.fail(
      'an operator or the end of the expression, "}}"',
      'Correct it, or put {% raw %} around text that only looks like Jinja',
    )
  }

  #statement(enclosing: string | undefined): Statement[] {
    const { start } = this.#stream.next()
    const token = this.#stream.current
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
    this.#attempt(() => this.#stream.fail('the name of a tag'))
  }

  #tag(name: string, start: number, enclosing: string | undefined): Statement | undefined {
    switch (name) {
      case 'if':
        return this.#if(start)
      case 'for':
        return this.#for(start)
      case 'set':
        return this.#set(start)
      case 'macro':
        return this.#macro(start)
      case 'call':
        return this.#callBlock(start)
      case 'filter':
        return this.#filterBlock(start)
      case 'with':
        return this.#with(start)
      case 'autoescape':
        return this.#autoescape(start)
      case 'block':
        return this.#block(start)
      case 'print':
        return this.#printTag(start)
      default:
        return this.#unknownTag(name, enclosing)
    }
  }

  #unknownTag(name: string, enclosing: string | undefined): undefined {
    const token = this.#stream.current
    if (continuations.has(name)) {
      const message =
        enclosing === undefined
          ? `Expected an open block before {% ${name} %}, and there is none. Remove it, or add the tag that opens it.`
          : `Expected {% end${enclosing} %} for the open {% ${enclosing} %}, got {% ${name} %}. Close blocks in the order in which they were opened.`
      this.#record({ code: 'template/syntax', message, start: token.start, end: token.end })
      if (enclosing !== undefined) throw new Stop()
    } else this.#refuse(name, token)
    this.#stream.skipTag('block-end')
  }

  #refuse(name: string, token: Span): void {
    const refusal = Object.hasOwn(refusals, name) ? refusals[name] : undefined
    const near = nearestWord(name, [...tags, ...continuations])
    const message =
      refusal === undefined
        ? `Expected a tag that Jinja knows (${tags.join(', ')}), got "${name}".${near === undefined ? '' : ` Did you mean "${near}"?`}`
        : `Expected a tag that is allowed here, got "${name}": ${refusal}`
    this.#record({ code: refusal === undefined ? 'template/syntax' : 'template/unsupported', message, start: token.start, end: token.end })
  }

  #if(start: number): Statement {
    const { unknownNames } = this.#expressions
    const known = unknownNames.length
    const opening = { name: 'if', start, end: this.#stream.current.end }
    const branches: { test: Expression; body: Body }[] = []
    do {
      this.#stream.next()
      const test = this.#header(() => this.#expressions.tuple('without-conditional'), nothing)
      branches.push({ test, body: this.#body(['elif', 'else', 'endif'], opening) })
    } while (this.#stream.isWord('elif'))
    const otherwise = this.#otherwise('endif', opening)
    // Jinja looks these up only when a branch is taken.
    unknownNames.length = known
    const statement: IfStatement = { kind: 'if', branches, otherwise }
    return { ...statement, start, end: this.#close() }
  }

  #for(start: number): Statement {
    const opening = { name: 'for', start, end: this.#stream.next().end }
    const head = this.#header(() => this.#forHead(), {
      target: noTarget,
      iterable: nothing,
      filter: undefined,
      recursion: 'plain' as const,
    })
    const body = this.#body(['else', 'endfor'], opening)
    const otherwise = this.#otherwise('endfor', opening)
    const statement: ForStatement = { kind: 'for', ...head, body, otherwise }
    return { ...statement, start, end: this.#close() }
  }

  #forHead(): Pick<ForStatement, 'target' | 'iterable' | 'filter' | 'recursion'> {
    const target = readTarget(this.#expressions, 'plain', 'in')
    this.#stream.expectWord('in')
    const iterable = this.#expressions.tuple('without-conditional', 'recursive')
    const filter = this.#stream.skipWord('if') ? this.#expressions.expression() : undefined
    return { target, iterable, filter, recursion: this.#stream.skipWord('recursive') ? 'recursive' : 'plain' }
  }

  #otherwise(closer: string, opening: Span & { readonly name: string }): Body {
    if (!this.#stream.isWord('else')) return []
    this.#stream.next()
    this.#header(() => undefined, undefined)
    return this.#body([closer], opening)
  }

  #set(start: number): Statement {
    const opening = { name: 'set', start, end: this.#stream.next().end }
    const head = this.#header(() => this.#setHead(), { target: noTarget, value: nothing, filter: undefined })
    if (head.value !== undefined) return { kind: 'set', target: head.target, value: head.value, start, end: this.#stream.previousEnd }
    const body = this.#body(['endset'], opening)
    return { kind: 'set-block', target: head.target, filter: head.filter, body, start, end: this.#close() }
  }

  #setHead(): { target: Target; value: Expression | undefined; filter: Expression | undefined } {
    const target = readTarget(this.#expressions, 'any')
    if (this.#stream.skipOperator('=')) return { target, value: this.#expressions.tuple(), filter: undefined }
    return { target, value: undefined, filter: readFilters(this.#expressions, undefined) }
  }

  #macro(start: number): Statement {
    const opening = { name: 'macro', start, end: this.#stream.next().end }
    const mentions = new Set<string>()
    const { name, parameters } = this.#header(
      () => ({ name: this.#stream.expectName('the name of the macro').text, parameters: this.#parameters() }),
      { name: '', parameters: [] },
    )
    const body = this.#macroBody(mentions, 'endmacro', opening)
    return { kind: 'macro', name, signature: { parameters, mentions }, body, start, end: this.#close() }
  }

  #macroBody(mentions: Set<string>, closer: string, opening: Span & { readonly name: string }): Body {
    this.#expressions.mentions.push(mentions)
    const body = this.#body([closer], opening)
    this.#expressions.mentions.pop()
    return body
  }

  #parameters(): MacroSignature['parameters'] {
    const parameters: { name: string; fallback: Expression | undefined }[] = []
    this.#stream.expectOperator('(')
    while (!this.#stream.isOperator(')')) {
      if (parameters.length > 0) this.#stream.expectOperator(',')
      const { text } = this.#stream.expectName('the name of a parameter')
      const fallback = this.#stream.skipOperator('=') ? this.#expressions.expression() : undefined
      if (fallback === undefined && parameters.at(-1)?.fallback !== undefined)
        this.#stream.fail('"=", since a parameter before has a default')
      parameters.push({ name: text, fallback })
    }
    this.#stream.expectOperator(')')
    return parameters
  }

  #callBlock(start: number): Statement {
    const opening = { name: 'call', start, end: this.#stream.next().end }
    const mentions = new Set<string>()
    const head = this.#header(() => this.#callHead(), { parameters: [], call: nothing })
    const body = this.#macroBody(mentions, 'endcall', opening)
    return { kind: 'call-block', call: head.call, caller: { parameters: head.parameters, mentions }, body, start, end: this.#close() }
  }

  #callHead(): { parameters: MacroSignature['parameters']; call: Expression } {
    const parameters = this.#stream.isOperator('(') ? this.#parameters() : []
    const call = this.#expressions.expression()
    if (call.kind !== 'call') throw new SyntaxFailure('Expected a call such as {% call box() %}, got another expression. Add "()".', call)
    return { parameters, call }
  }

  #filterBlock(start: number): Statement {
    const opening = { name: 'filter', start, end: this.#stream.next().end }
    const filter = this.#header(() => readFilters(this.#expressions, readFilter(this.#expressions, undefined)) ?? nothing, nothing)
    const body = this.#body(['endfilter'], opening)
    return { kind: 'filter-block', filter, body, start, end: this.#close() }
  }

  #with(start: number): Statement {
    const opening = { name: 'with', start, end: this.#stream.next().end }
    const bindings = this.#header(() => this.#bindings(), [])
    const body = this.#body(['endwith'], opening)
    return { kind: 'with', bindings, body, start, end: this.#close() }
  }

  #bindings(): (readonly [Target, Expression])[] {
    const bindings: (readonly [Target, Expression])[] = []
    while (this.#stream.current.kind !== 'block-end') {
      if (bindings.length > 0) this.#stream.expectOperator(',')
      const target = readTarget(this.#expressions, 'plain')
      this.#stream.expectOperator('=')
      bindings.push([target, this.#expressions.expression()])
    }
    return bindings
  }

  #autoescape(start: number): Statement {
    const opening = { name: 'autoescape', start, end: this.#stream.next().end }
    const enabled = this.#header(() => this.#expressions.expression(), nothing)
    const body = this.#body(['endautoescape'], opening)
    return { kind: 'autoescape', enabled, body, start, end: this.#close() }
  }

  #block(start: number): Statement {
    const opening = { name: 'block', start, end: this.#stream.next().end }
    const head = this.#header(() => this.#blockHead(), { name: '', scoped: 'unscoped' as const })
    const body = this.#body(['endblock'], opening)
    return { kind: 'block', ...head, body, start, end: this.#close(head.name) }
  }

  #blockHead(): { name: string; scoped: 'scoped' | 'unscoped' } {
    const token = this.#stream.expectName('the name of the block')
    if (this.#blocks.has(token.text))
      throw new SyntaxFailure(`Expected each block once, and "${token.text}" is there twice. Rename one.`, token)
    this.#blocks.add(token.text)
    const scoped = this.#stream.skipWord('scoped') ? 'scoped' : 'unscoped'
    if (this.#stream.isWord('required')) this.#stream.fail('a block without "required", which needs {% extends %}')
    return { name: token.text, scoped }
  }

  /** `{% print a, b %}` prints both, without anything between. */
  #printTag(start: number): Statement {
    this.#stream.next()
    const parts = this.#header(() => this.#printed(), [nothing])
    const end = this.#stream.previousEnd
    const value: Expression = parts.length === 1 ? (parts[0] ?? nothing) : { kind: 'concat', parts, start, end }
    return { kind: 'print', value, start, end }
  }

  #printed(): Expression[] {
    const parts: Expression[] = []
    while (this.#stream.current.kind !== 'block-end') {
      if (parts.length > 0) this.#stream.expectOperator(',')
      parts.push(this.#expressions.expression())
    }
    return parts.length === 0 ? this.#stream.fail('an expression') : parts
  }

  /** The rest of an opening tag with its end; Python's habit of a colon there is allowed. */
  #header<T>(parse: () => T, fallback: T): T {
    const result = this.#attempt(() => {
      const value = parse()
      this.#stream.skipOperator(':')
      if (this.#stream.current.kind !== 'block-end') this.#stream.fail('an operator or the end of the tag, "%}"')
      this.#stream.next()
      return { value }
    })
    return result === undefined ? fallback : result.value
  }

  /** Behind a closing tag such as `{% endfor %}`; gives the offset of its end. */
  #close(label?: string): number {
    this.#stream.next()
    this.#attempt(() => {
      if (label !== undefined) this.#stream.skipWord(label)
      if (this.#stream.current.kind !== 'block-end') this.#stream.fail('the end of the tag, "%}"')
      this.#stream.next()
    })
    return this.#stream.previousEnd
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
    this.#expressions.restart()
    this.#stream.skipTag(end)
  }

  #record(fault: SyntaxFault): void {
    this.#faults.push(fault)
    if (this.#faults.length >= maximumFaults) throw new Stop()
  }
}

/** Stand where a fault left nothing; a template with faults is never rendered. */
const nothing: Expression = { kind: 'literal', value: null, start: 0, end: 0 }
const noTarget: Target = { kind: 'tuple', items: [], start: 0, end: 0 }
