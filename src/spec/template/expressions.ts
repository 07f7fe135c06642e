import { readAccess } from './access.ts'
import { type ExpressionReader, isTupleEnd } from './expression-reader.ts'
import { readFiltersAndTests } from './filter-syntax.ts'
import { readPrimary } from './primary.ts'
import type { BinaryOperator, CompareOperator, Comparison, Expression, SyntaxFault } from './syntax.ts'
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
export class ExpressionParser implements ExpressionReader {
  readonly stream: TokenStream
  readonly #maximumDepth: number
  /** Names that macro bodies mention, one set for each macro around the cursor. */
  readonly mentions: Set<string>[] = []
  readonly unknownNames: SyntaxFault[] = []
  openLoops = 0
  /** Directly inside `if`, filters and tests are looked up only when they are used. */
  lookUp: 'when-read' | 'when-used' = 'when-read'
  #depth = 0

  constructor(stream: TokenStream, maximumDepth: number) {
    this.stream = stream
    this.#maximumDepth = maximumDepth
  }

  /** What belongs to the inside of a block: Jinja looks filters up there even where `if` is around the block. */
  inside<T>(read: () => T): T {
    const { lookUp } = this
    this.lookUp = 'when-read'
    try {
      return read()
    } finally {
      this.lookUp = lookUp
    }
  }

  /** Forgets how deep a tag that failed was. */
  restart(): void {
    this.#depth = 0
  }

  /** Expressions with commas between them make a tuple. */
  tuple(form: ConditionalForm = 'with-conditional'): Expression {
    const { start } = this.stream.current
    const items: Expression[] = []
    let commas = 0
    while (!isTupleEnd(this.stream)) {
      items.push(this.expression(form))
      if (!this.stream.skipOperator(',')) break
      commas++
    }
    const only = items[0]
    if (only === undefined) this.stream.fail('an expression')
    return commas === 0 ? only : { kind: 'tuple', items, start, end: this.stream.previousEnd }
  }

  expression(form: ConditionalForm = 'with-conditional'): Expression {
    this.enter()
    const known = this.unknownNames.length
    let node = this.#operators(1)
    while (form === 'with-conditional' && this.stream.skipWord('if')) {
      const test = this.#operators(1)
      const alternative = this.stream.skipWord('else') ? this.expression() : undefined
      // Jinja looks these up only when a branch is taken.
      this.unknownNames.length = known
      node = { kind: 'conditional', test, consequent: node, alternative, start: node.start, end: this.stream.previousEnd }
    }
    this.leave()
    return node
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
    this.enter()
    const operand = this.#operators(notPrecedence)
    this.leave()
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
      this.enter()
      const operand = this.#unary('without-filters')
      this.leave()
      node = { kind: 'unary', operator: text, operand, start, end: operand.end }
    } else {
      node = readPrimary(this)
    }
    node = readAccess(this, node)
    return form === 'with-filters' ? readFiltersAndTests(this, node) : node
  }

  mention(name: string): void {
    for (const mentioned of this.mentions) mentioned.add(name)
  }

  enter(): void {
    if (++this.#depth <= this.#maximumDepth) return
    const message = `Expected at most ${this.#maximumDepth} expressions inside each other, and here are more. Split the expression with {% set %}.`
    throw new SyntaxFailure(message, this.stream.current, 'limit/template-depth')
  }

  leave(): void {
    this.#depth--
  }
}
