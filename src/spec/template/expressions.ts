import { filters } from './filters.ts'
import type { Span } from './limits.ts'
import { parseFloatLiteral, parseIntegerLiteral } from './literals.ts'
import type { Arguments, BinaryOperator, CompareOperator, Comparison, Expression, FilterExpression, SyntaxFault, Target } from './syntax.ts'
import { tests } from './tests.ts'
import { SyntaxFailure, type TokenStream } from './token-stream.ts'

/** Weakest first. Unlike Python's, Jinja's `**` is left-associative, and a sign binds tighter than it. */
const precedences: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  'not in': 4,
  '+': 5,
  '-': 5,
  '~': 6,
  '*': 7,
  '/': 7,
  '//': 7,
  '%': 7,
  '**': 8,
}
const notPrecedence = 3
const comparePrecedence = 4

type ConditionalForm = 'with-conditional' | 'without-conditional'

/** Reads expressions; Jinja's grammar, whose precedence differs from Python's in places. */
export class ExpressionParser {
  readonly stream: TokenStream
  readonly #source: string
  readonly #maximumDepth: number
  /** Names that macro bodies mention, one set for each macro around the cursor. */
  readonly mentions: Set<string>[] = []
  /** Filters and tests that there are not. */
  readonly unknownNames: SyntaxFault[] = []
  #depth = 0

  constructor(stream: TokenStream, source: string, maximumDepth: number) {
    this.stream = stream
    this.#source = source
    this.#maximumDepth = maximumDepth
  }

  /** Forgets how deep a tag that failed was. */
  restart(): void {
    this.#depth = 0
  }

  /** Expressions with commas between them make a tuple. `endWord` may follow, as `in` does in `for x in`. */
  tuple(form: ConditionalForm = 'with-conditional', endWord?: string): Expression {
    const { start } = this.stream.current
    const items: Expression[] = []
    let commas = 0
    while (!this.#atTupleEnd(endWord)) {
      items.push(this.expression(form))
      if (!this.stream.skipOperator(',')) break
      commas++
    }
    const only = items[0]
    if (only === undefined) this.stream.fail('an expression')
    return commas === 0 ? only : { kind: 'tuple', items, start, end: this.stream.previousEnd }
  }

  expression(form: ConditionalForm = 'with-conditional'): Expression {
    this.#enter()
    const known = this.unknownNames.length
    let node = this.#operators(1)
    while (form === 'with-conditional' && this.stream.skipWord('if')) {
      const test = this.#operators(1)
      const alternative = this.stream.skipWord('else') ? this.expression() : undefined
      // Jinja looks these up only when a branch is taken.
      this.unknownNames.length = known
      node = { kind: 'conditional', test, consequent: node, alternative, start: node.start, end: this.stream.previousEnd }
    }
    this.#depth--
    return node
  }

  filters(target: Expression | undefined): Expression | undefined {
    let node = target
    while (this.stream.skipOperator('|')) node = this.filter(node)
    return node
  }

  filter(target: Expression | undefined): Expression {
    const nameStart = this.stream.current.start
    const name = this.#dottedName('the name of a filter')
    const nameSpan = { start: nameStart, end: this.stream.previousEnd }
    this.#check(filters, name, nameSpan)
    const given = this.stream.isOperator('(') ? this.#callArguments() : noGiven
    const filter: FilterExpression = { kind: 'filter', target, name, given, nameSpan }
    return { ...filter, start: target?.start ?? nameStart, end: this.stream.previousEnd }
  }

  target(form: 'any' | 'plain', endWord?: string): Target {
    const { start } = this.stream.current
    const items: Target[] = []
    let commas = 0
    while (!this.#atTupleEnd(endWord) && !this.stream.isOperator('=')) {
      items.push(this.#singleTarget(form))
      if (!this.stream.skipOperator(',')) break
      commas++
    }
    const only = items[0]
    if (only === undefined) this.stream.fail('a name to assign to')
    return commas === 0 ? only : { kind: 'tuple', items, start, end: this.stream.previousEnd }
  }

  #singleTarget(form: 'any' | 'plain'): Target {
    const { start } = this.stream.current
    if (this.stream.skipOperator('(')) {
      this.#enter()
      const inner = this.target(form)
      this.stream.expectOperator(')')
      this.#depth--
      return inner
    }
    const token = this.stream.expectName('a name to assign to')
    if (constants.has(token.text))
      throw new SyntaxFailure(`Expected a name to assign to, and "${token.text}" is a constant. Use another name.`, token)
    if (form === 'any' && this.stream.skipOperator('.')) {
      const attribute = this.stream.expectName('the name of an attribute').text
      return { kind: 'namespace', name: token.text, attribute, start, end: this.stream.previousEnd }
    }
    return { kind: 'name', name: token.text, start, end: token.end }
  }

  #atTupleEnd(endWord: string | undefined): boolean {
    const { kind, text } = this.stream.current
    if (kind === 'print-end' || kind === 'block-end' || kind === 'end') return true
    return (kind === 'operator' && text === ')') || (kind === 'name' && text === endWord)
  }

  /** Precedence climbing: one call for each level that is really there. */
  #operators(minimum: number): Expression {
    let left = this.stream.isWord('not') && minimum <= notPrecedence ? this.#negation() : this.#unary('with-filters')
    for (;;) {
      const operator = this.#operator()
      const precedence = operator === undefined ? undefined : precedences[operator]
      if (operator === undefined || precedence === undefined || precedence < minimum) return left
      left = this.#continued(left, operator, precedence)
    }
  }

  #negation(): Expression {
    const { start } = this.stream.next()
    this.#enter()
    const operand = this.#operators(notPrecedence)
    this.#depth--
    return { kind: 'unary', operator: 'not', operand, start, end: operand.end }
  }

  #operator(): string | undefined {
    const { kind, text } = this.stream.current
    if (kind === 'operator') return text
    if (kind !== 'name') return undefined
    if (text === 'not') return this.stream.following.kind === 'name' && this.stream.following.text === 'in' ? 'not in' : undefined
    return text === 'or' || text === 'and' || text === 'in' ? text : undefined
  }

  #continued(left: Expression, operator: string, precedence: number): Expression {
    if (precedence === comparePrecedence) return this.#comparison(left)
    if (operator === '~') return this.#concatenation(left)
    this.stream.next()
    const right = this.#operators(precedence + 1)
    const span = { start: left.start, end: right.end }
    if (operator === 'or' || operator === 'and') return { kind: 'logic', operator, left, right, ...span }
    return { kind: 'binary', operator: operator as BinaryOperator, left, right, ...span }
  }

  #comparison(first: Expression): Expression {
    const rest: Comparison[] = []
    for (
      let operator = this.#operator();
      operator !== undefined && precedences[operator] === comparePrecedence;
      operator = this.#operator()
    ) {
      this.stream.next()
      if (operator === 'not in') this.stream.next()
      rest.push({ operator: operator as CompareOperator, operand: this.#operators(comparePrecedence + 1) })
    }
    return { kind: 'compare', first, rest, start: first.start, end: this.stream.previousEnd }
  }

  #concatenation(first: Expression): Expression {
    const parts = [first]
    while (this.stream.skipOperator('~')) parts.push(this.#operators((precedences['~'] ?? 0) + 1))
    return { kind: 'concat', parts, start: first.start, end: this.stream.previousEnd }
  }

  #unary(form: 'with-filters' | 'without-filters'): Expression {
    const { start, kind, text } = this.stream.current
    let node: Expression
    if (kind === 'operator' && (text === '-' || text === '+')) {
      this.stream.next()
      this.#enter()
      const operand = this.#unary('without-filters')
      this.#depth--
      node = { kind: 'unary', operator: text, operand, start, end: operand.end }
    } else {
      node = this.#primary()
    }
    node = this.#postfix(node)
    return form === 'with-filters' ? this.#filtersAndTests(node) : node
  }

  #primary(): Expression {
    const token = this.stream.current
    switch (token.kind) {
      case 'name':
        return this.#name()
      case 'string':
        return this.#string()
      case 'integer':
        this.stream.next()
        return { kind: 'literal', value: parseIntegerLiteral(token.text, token), ...span(token) }
      case 'float':
        this.stream.next()
        return { kind: 'literal', value: parseFloatLiteral(token.text), ...span(token) }
      default:
        return this.#bracketed()
    }
  }

  #name(): Expression {
    const token = this.stream.next()
    const constant = constants.get(token.text)
    if (constant !== undefined) return { kind: 'literal', value: constant, ...span(token) }
    for (const mentioned of this.mentions) mentioned.add(token.text)
    return { kind: 'name', name: token.text, ...span(token) }
  }

  #string(): Expression {
    const { start } = this.stream.current
    const parts: string[] = []
    while (this.stream.current.kind === 'string') parts.push(this.stream.next().text)
    return { kind: 'literal', value: parts.join(''), start, end: this.stream.previousEnd }
  }

  #bracketed(): Expression {
    const { start } = this.stream.current
    if (this.stream.skipOperator('(')) {
      const empty = this.stream.isOperator(')')
      const inner: Expression = empty ? { kind: 'tuple', items: [], start, end: start } : this.tuple()
      this.stream.expectOperator(')')
      return { ...inner, start, end: this.stream.previousEnd }
    }
    if (this.stream.skipOperator('[')) {
      const items = this.#listOf(']', () => this.expression())
      return { kind: 'list', items, start, end: this.stream.previousEnd }
    }
    if (this.stream.skipOperator('{')) {
      const pairs = this.#listOf('}', () => this.#pair())
      return { kind: 'dict', pairs, start, end: this.stream.previousEnd }
    }
    return this.#noExpression()
  }

  #noExpression(): never {
    const token = this.stream.current
    if (token.kind === 'name' || token.kind === 'invalid') this.stream.fail('an expression')
    if (this.#source.startsWith('{{', token.start - 2) && token.kind === 'print-end') {
      throw new SyntaxFailure(
        'Expected an expression between "{{" and "}}", and there is none. Write one, or {% raw %} around text with braces.',
        token,
      )
    }
    this.stream.fail('an expression')
  }

  #pair(): readonly [Expression, Expression] {
    const key = this.expression()
    this.stream.expectOperator(':')
    return [key, this.expression()]
  }

  #listOf<T>(close: string, one: () => T): T[] {
    const items: T[] = []
    while (!this.stream.isOperator(close)) {
      items.push(one())
      if (!this.stream.skipOperator(',')) break
    }
    this.stream.expectOperator(close)
    return items
  }

  #postfix(first: Expression): Expression {
    let node = first
    for (;;) {
      if (this.stream.isOperator('.')) node = this.#attribute(node)
      else if (this.stream.isOperator('[')) node = this.#subscript(node)
      else if (this.stream.isOperator('(')) node = this.#call(node)
      else return node
    }
  }

  #filtersAndTests(first: Expression): Expression {
    let node = first
    for (;;) {
      if (this.stream.skipOperator('|')) node = this.filter(node)
      else if (this.stream.isWord('is')) node = this.#test(node)
      else if (this.stream.isOperator('(')) node = this.#call(node)
      else return node
    }
  }

  #attribute(target: Expression): Expression {
    this.stream.next()
    const token = this.stream.current
    if (token.kind === 'name') {
      this.stream.next()
      return { kind: 'attribute', target, name: token.text, start: target.start, end: token.end }
    }
    if (token.kind !== 'integer') this.stream.fail('a name or a number behind "."')
    this.stream.next()
    const index: Expression = { kind: 'literal', value: parseIntegerLiteral(token.text, token), ...span(token) }
    return { kind: 'item', target, index, start: target.start, end: token.end }
  }

  #subscript(target: Expression): Expression {
    const { start } = this.stream.next()
    if (this.stream.isOperator(']')) this.stream.fail('an index')
    const parts: Expression[] = []
    do parts.push(this.#index())
    while (this.stream.skipOperator(','))
    this.stream.expectOperator(']')
    const only = parts[0]
    const end = this.stream.previousEnd
    const index: Expression = parts.length === 1 && only !== undefined ? only : { kind: 'tuple', items: parts, start, end }
    return { kind: 'item', target, index, start: target.start, end }
  }

  #index(): Expression {
    const { start } = this.stream.current
    const from = this.stream.isOperator(':') ? undefined : this.expression()
    if (from !== undefined && !this.stream.isOperator(':')) return from
    this.stream.next()
    const to = this.#sliceBound()
    const step = this.stream.skipOperator(':') ? this.#sliceBound() : undefined
    return { kind: 'slice', from, to, step, start, end: this.stream.previousEnd }
  }

  #sliceBound(): Expression | undefined {
    const absent = this.stream.isOperator(':') || this.stream.isOperator(']') || this.stream.isOperator(',')
    return absent ? undefined : this.expression()
  }

  #call(target: Expression): Expression {
    const given = this.#callArguments()
    return { kind: 'call', target, given, start: target.start, end: this.stream.previousEnd }
  }

  #callArguments(): Arguments {
    this.stream.expectOperator('(')
    const positional: Expression[] = []
    const named: (readonly [string, Expression])[] = []
    let spread: Expression | undefined
    let spreadNamed: Expression | undefined
    this.#listOf(')', () => {
      const token = this.stream.current
      const { following } = this.stream
      if (this.stream.isOperator('*') && spread === undefined && spreadNamed === undefined) spread = this.#spread()
      else if (this.stream.isOperator('**') && spreadNamed === undefined) spreadNamed = this.#spread()
      else if (token.kind === 'name' && following.kind === 'operator' && following.text === '=' && spreadNamed === undefined) {
        this.stream.next()
        this.stream.next()
        named.push([token.text, this.expression()])
      } else if (named.length === 0 && spread === undefined && spreadNamed === undefined) positional.push(this.expression())
      else this.stream.fail('arguments without a name before those with one')
    })
    return { positional, named, spread, spreadNamed }
  }

  #spread(): Expression {
    this.stream.next()
    return this.expression()
  }

  #test(target: Expression): Expression {
    this.stream.next()
    const negated = this.stream.skipWord('not')
    const nameStart = this.stream.current.start
    const name = this.#dottedName('the name of a test')
    const nameSpan = { start: nameStart, end: this.stream.previousEnd }
    this.#check(tests, name, nameSpan)
    const given = this.#testArguments()
    const spans = { start: target.start, end: this.stream.previousEnd }
    const test: Expression = { kind: 'test', target, name, given, nameSpan, ...spans }
    return negated ? { kind: 'unary', operator: 'not', operand: test, ...spans } : test
  }

  /** `x is divisibleby 3` and `x is divisibleby(3)` are the same. */
  #testArguments(): Arguments {
    const { kind, text } = this.stream.current
    if (kind === 'operator' && text === '(') return this.#callArguments()
    const begins = kind === 'name' ? !['else', 'or', 'and'].includes(text) : kind === 'string' || kind === 'integer' || kind === 'float'
    if (!begins && !(kind === 'operator' && (text === '[' || text === '{'))) return noGiven
    if (kind === 'name' && text === 'is') {
      throw new SyntaxFailure('Expected one test, and "is" stands twice. Write "x is a and x is b".', this.stream.current)
    }
    return { ...noGiven, positional: [this.#postfix(this.#primary())] }
  }

  #check(registry: Pick<typeof filters, 'has' | 'unknown'>, name: string, at: Span): void {
    if (!registry.has(name)) this.unknownNames.push({ ...registry.unknown(name), ...at })
  }

  #dottedName(what: string): string {
    let name = this.stream.expectName(what).text
    while (this.stream.skipOperator('.')) name += `.${this.stream.expectName(what).text}`
    return name
  }

  #enter(): void {
    if (++this.#depth <= this.#maximumDepth) return
    const message = `Expected at most ${this.#maximumDepth} expressions inside each other, and here are more. Split the expression with {% set %}.`
    throw new SyntaxFailure(message, this.stream.current, 'limit/template-depth')
  }
}

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
])

const noGiven: Arguments = { positional: [], named: [], spread: undefined, spreadNamed: undefined }

function span(of: Span): Span {
  return { start: of.start, end: of.end }
}
