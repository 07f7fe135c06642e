import type { FaultCode, Span } from './limits.ts'
import type { Value } from './objects.ts'

export type Expression = Span &
  (
    | { readonly kind: 'literal'; readonly value: Value }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'list'; readonly items: readonly Expression[] }
    | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
    | { readonly kind: 'dict'; readonly pairs: readonly (readonly [Expression, Expression])[] }
    | { readonly kind: 'attribute'; readonly target: Expression; readonly name: string }
    | { readonly kind: 'item'; readonly target: Expression; readonly index: Expression }
    | SliceExpression
    | CallExpression
    | FilterExpression
    | { readonly kind: 'test'; readonly target: Expression; readonly name: string; readonly given: Arguments; readonly nameSpan: Span }
    | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly operand: Expression }
    | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'concat'; readonly parts: readonly Expression[] }
    | { readonly kind: 'compare'; readonly first: Expression; readonly rest: readonly Comparison[] }
    | ConditionalExpression
    /** A fault, which is known, stands where an expression should. */
    | { readonly kind: 'broken' }
  )

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'
export type Comparison = { readonly operator: CompareOperator; readonly operand: Expression }

export type SliceExpression = {
  readonly kind: 'slice'
  readonly from: Expression | undefined
  readonly to: Expression | undefined
  readonly step: Expression | undefined
}

export type CallExpression = { readonly kind: 'call'; readonly target: Expression; readonly given: Arguments }

export type FilterExpression = {
  readonly kind: 'filter'
  /** Absent at the start of a filter or set block, where the block's text is the value. */
  readonly target: Expression | undefined
  readonly name: string
  readonly given: Arguments
  readonly nameSpan: Span
}

export type ConditionalExpression = {
  readonly kind: 'conditional'
  readonly test: Expression
  readonly consequent: Expression
  readonly alternative: Expression | undefined
}

export type Arguments = {
  readonly positional: readonly Expression[]
  readonly named: readonly (readonly [string, Expression])[]
  readonly spread: Expression | undefined
  readonly spreadNamed: Expression | undefined
}

/** Where a value can be put. */
export type Target = Span &
  (
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'namespace'; readonly name: string; readonly attribute: string }
    | { readonly kind: 'tuple'; readonly items: readonly Target[] }
  )

export type Statement = Span &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'print'; readonly value: Expression }
    | IfStatement
    | ForStatement
    | { readonly kind: 'set'; readonly target: Target; readonly value: Expression }
    | { readonly kind: 'set-block'; readonly target: Target; readonly filter: Expression | undefined; readonly body: Body }
    | MacroStatement
    | { readonly kind: 'call-block'; readonly call: Expression; readonly caller: MacroSignature; readonly body: Body }
    | { readonly kind: 'filter-block'; readonly filter: Expression; readonly body: Body }
    | { readonly kind: 'with'; readonly bindings: readonly (readonly [Target, Expression])[]; readonly body: Body }
    | { readonly kind: 'autoescape'; readonly enabled: Expression; readonly body: Body }
    | { readonly kind: 'block'; readonly name: string; readonly scoped: 'scoped' | 'unscoped'; readonly body: Body }
  )

export type Body = readonly Statement[]

export type IfStatement = {
  readonly kind: 'if'
  readonly branches: readonly { readonly test: Expression; readonly body: Body }[]
  readonly otherwise: Body
}

export type ForStatement = {
  readonly kind: 'for'
  readonly target: Target
  readonly iterable: Expression
  readonly filter: Expression | undefined
  readonly body: Body
  readonly otherwise: Body
  readonly recursion: 'recursive' | 'plain'
}

export type MacroSignature = {
  readonly parameters: readonly { readonly name: string; readonly fallback: Expression | undefined }[]
  /** Which of `caller`, `kwargs` and `varargs` the body mentions: only then does the macro accept them. */
  readonly mentions: ReadonlySet<string>
}

export type MacroStatement = { readonly kind: 'macro'; readonly name: string; readonly signature: MacroSignature; readonly body: Body }

export type SyntaxFault = Span & { readonly code: FaultCode; readonly message: string }
