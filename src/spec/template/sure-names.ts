import type { Arguments, Expression, Statement } from './syntax.ts'

type Name = Extract<Expression, { readonly kind: 'name' }>

/** The expression that a statement cannot do without. */
export function surelyEvaluated(statement: Statement): Expression | undefined {
  switch (statement.kind) {
    case 'print':
    case 'set':
      return statement.value
    case 'if':
      return statement.branches[0]?.test
    case 'call-block':
      return statement.call
    default:
      return undefined
  }
}

/**
 * Names that an expression looks up and uses whatever their values are. Not: names behind `and`, `or` and in branches, names whose value may be
 * undefined because a test, a filter such as `default` or a macro gets it.
 */
export function surelyUsedNames(node: Expression): readonly Name[] {
  switch (node.kind) {
    case 'name':
      return [node]
    case 'attribute':
      return surelyUsedNames(node.target)
    case 'item':
      return [...surelyUsedNames(node.target), ...surelyUsedNames(node.index)]
    case 'call':
      return surelyUsedNames(node.target)
    case 'binary':
      return [...surelyUsedNames(node.left), ...surelyUsedNames(node.right)]
    case 'concat':
      return node.parts.flatMap(surelyUsedNames)
    case 'unary':
      return surelyUsedNames(node.operand)
    case 'logic':
      return surelyUsedNames(node.left)
    case 'conditional':
      return surelyUsedNames(node.test)
    case 'compare':
      return [node.first, ...node.rest.slice(0, 1).map(({ operand }) => operand)].flatMap(surelyUsedNames)
    case 'filter':
      return node.target === undefined || lenient.has(node.name) ? [] : surelyUsedNames(node.target)
    default:
      return []
  }
}

const lenient: ReadonlySet<string> = new Set(['default', 'd', 'map', 'select', 'reject', 'list'])

/** Expressions of a statement itself, without those of statements inside it. */
export function ownExpressions(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case 'print':
    case 'set':
      return [statement.value]
    case 'if':
      return statement.branches.map(({ test }) => test)
    case 'for':
      return statement.filter === undefined ? [statement.iterable] : [statement.iterable, statement.filter]
    case 'call-block':
      return [statement.call]
    case 'filter-block':
      return [statement.filter]
    case 'set-block':
      return statement.filter === undefined ? [] : [statement.filter]
    case 'with':
      return statement.bindings.map(([, value]) => value)
    case 'autoescape':
      return [statement.enabled]
    default:
      return []
  }
}

/** The expressions of which an expression is made. */
export function innerExpressions(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'list':
    case 'tuple':
      return node.items
    case 'dict':
      return node.pairs.flat()
    case 'attribute':
      return [node.target]
    case 'item':
      return [node.target, node.index]
    case 'slice':
      return present(node.from, node.to, node.step)
    case 'call':
      return [node.target, ...argumentsOf(node.given)]
    case 'filter':
      return [...present(node.target), ...argumentsOf(node.given)]
    case 'test':
      return [node.target, ...argumentsOf(node.given)]
    case 'unary':
      return [node.operand]
    case 'binary':
    case 'logic':
      return [node.left, node.right]
    case 'concat':
      return node.parts
    case 'compare':
      return [node.first, ...node.rest.map(({ operand }) => operand)]
    case 'conditional':
      return [node.test, node.consequent, ...present(node.alternative)]
    default:
      return []
  }
}

function argumentsOf({ positional, named, spread, spreadNamed }: Arguments): readonly Expression[] {
  return [...positional, ...named.map(([, value]) => value), ...present(spread, spreadNamed)]
}

function present(...nodes: readonly (Expression | undefined)[]): readonly Expression[] {
  return nodes.filter((node) => node !== undefined)
}
