import { addNamed, spreadItems, spreadPairs } from './arguments.ts'
import { getAttribute, getItem } from './attributes.ts'
import { dictFrom } from './dicts.ts'
import { filters } from './filters.ts'
import { type Span, TemplateFailure, typeFault } from './limits.ts'
import { type CallArguments, list, type Machine, noArguments, tuple, undefinedValue, unknownValue, type Value } from './objects.ts'
import { applyBinary, applyCompare, applyUnary, concatenate } from './operators.ts'
import type { Scope } from './scope.ts'
import { slice } from './slicing.ts'
import type { Arguments, ConditionalExpression, Expression, SliceExpression } from './syntax.ts'
import { tests } from './tests.ts'
import { isTrue } from './values.ts'

/** The interpreter as expressions need it. */
export interface Evaluator extends Machine {
  /** The expression that is being worked on: where a fault is reported. */
  at: Span
  /** What `~` and macros make: plain text, or Markup inside `{% autoescape %}`. */
  readonly escaping: 'plain' | 'escaped'
  lookUp(name: string, span: Span, scope: Scope): Value
}

/** Gives the value of an expression; an undefined one comes back as `undefined` and fails where it is used. */
export function evaluate(node: Expression, scope: Scope, machine: Evaluator): Value {
  machine.meter.step()
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'name':
      return machine.lookUp(node.name, node, scope)
    case 'broken':
      return unknownValue(node)
    default:
      return evaluateInner(node, scope, machine)
  }
}

/** Chains to the left, such as `a.b.c`, are as deep as they are long. */
function evaluateInner(node: Expression, scope: Scope, machine: Evaluator): Value {
  machine.at = node
  machine.meter.enter()
  const value = evaluateCompound(node, scope, machine)
  machine.meter.leave()
  return value
}

function evaluateCompound(node: Expression, scope: Scope, machine: Evaluator): Value {
  switch (node.kind) {
    case 'attribute':
      return attributeOf(node, scope, machine)
    case 'item':
      return itemOf(node, scope, machine)
    case 'call':
      return callOf(node, scope, machine)
    case 'filter':
      return filterOf(node, scope, machine)
    case 'test':
      return testOf(node, scope, machine)
    case 'binary':
      return binaryOf(node, scope, machine)
    case 'compare':
      return comparisonOf(node, scope, machine)
    case 'logic':
      return logicOf(node, scope, machine)
    case 'unary':
      return unaryOf(node, scope, machine)
    case 'concat':
      return concatenationOf(node, scope, machine)
    case 'conditional':
      return conditionalOf(node, scope, machine)
    case 'list':
      return list(evaluateAll(node.items, scope, machine))
    case 'tuple':
      return tuple(evaluateAll(node.items, scope, machine))
    case 'dict':
      return dictOf(node, scope, machine)
    default:
      return typeFault('Expected an index, and a slice stands alone.')
  }
}

type Node<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }>

function attributeOf(node: Node<'attribute'>, scope: Scope, machine: Evaluator): Value {
  const target = evaluate(node.target, scope, machine)
  machine.at = node
  return getAttribute(target, node.name, node, machine)
}

function itemOf(node: Node<'item'>, scope: Scope, machine: Evaluator): Value {
  const target = evaluate(node.target, scope, machine)
  if (node.index.kind === 'slice') return sliceOf(target, node.index, node, scope, machine)
  const index = evaluate(node.index, scope, machine)
  machine.at = node
  return getItem(target, index, node, machine)
}

function sliceOf(target: Value, index: SliceExpression, span: Span, scope: Scope, machine: Evaluator): Value {
  const [from, to, step] = [index.from, index.to, index.step].map((bound) => (bound === undefined ? null : evaluate(bound, scope, machine)))
  machine.at = span
  return slice(target, [from ?? null, to ?? null, step ?? null], machine.meter)
}

function callOf(node: Node<'call'>, scope: Scope, machine: Evaluator): Value {
  const target = evaluate(node.target, scope, machine)
  const given = evaluateArguments(node.given, scope, machine)
  machine.at = node
  return machine.call(target, given)
}

function filterOf(node: Node<'filter'>, scope: Scope, machine: Evaluator): Value {
  const value = node.target === undefined ? blockText(scope) : evaluate(node.target, scope, machine)
  if (!filters.has(node.name)) failUnknown(filters.unknown(node.name), node.nameSpan)
  const given = evaluateArguments(node.given, scope, machine)
  machine.at = { start: node.start, end: node.end }
  return machine.applyFilter(node.name, value, given)
}

function failUnknown({ code, message }: Pick<TemplateFailure, 'code' | 'message'>, at: Span): never {
  throw new TemplateFailure(code, message, at)
}

/** The scope of a filter block holds the block's text under a name that no template can write. */
export const blockTextName = '(block)'

function blockText(scope: Scope): Value {
  return scope.get(blockTextName) ?? ''
}

function testOf(node: Node<'test'>, scope: Scope, machine: Evaluator): Value {
  const value = evaluate(node.target, scope, machine)
  if (!tests.has(node.name)) failUnknown(tests.unknown(node.name), node.nameSpan)
  const given = evaluateArguments(node.given, scope, machine)
  machine.at = node
  return machine.applyTest(node.name, value, given)
}

function binaryOf(node: Node<'binary'>, scope: Scope, machine: Evaluator): Value {
  const left = evaluate(node.left, scope, machine)
  const right = evaluate(node.right, scope, machine)
  machine.at = node
  return applyBinary(node.operator, left, right, machine.meter)
}

/** `a < b < c` evaluates `b` once and stops at the first that is false. */
function comparisonOf(node: Node<'compare'>, scope: Scope, machine: Evaluator): Value {
  let left = evaluate(node.first, scope, machine)
  for (const { operator, operand } of node.rest) {
    const right = evaluate(operand, scope, machine)
    machine.at = node
    if (!applyCompare(operator, left, right, machine.meter)) return false
    left = right
  }
  return true
}

function logicOf(node: Node<'logic'>, scope: Scope, machine: Evaluator): Value {
  const left = evaluate(node.left, scope, machine)
  machine.at = node.left
  return isTrue(left) === (node.operator === 'and') ? evaluate(node.right, scope, machine) : left
}

function unaryOf(node: Node<'unary'>, scope: Scope, machine: Evaluator): Value {
  const value = evaluate(node.operand, scope, machine)
  machine.at = node
  return node.operator === 'not' ? !isTrue(value) : applyUnary(node.operator, value)
}

function concatenationOf(node: Node<'concat'>, scope: Scope, machine: Evaluator): Value {
  const parts = evaluateAll(node.parts, scope, machine)
  machine.at = node
  return concatenate(parts, machine.escaping, machine.meter)
}

function conditionalOf(node: ConditionalExpression & Span, scope: Scope, machine: Evaluator): Value {
  const test = evaluate(node.test, scope, machine)
  machine.at = node.test
  if (isTrue(test)) return evaluate(node.consequent, scope, machine)
  if (node.alternative !== undefined) return evaluate(node.alternative, scope, machine)
  const value = undefinedValue('Expected a value, and the "if" here is false and has no "else". Add "else \'\'".', node)
  return { ...value, reason: 'lenient' }
}

function dictOf(node: Node<'dict'>, scope: Scope, machine: Evaluator): Value {
  const pairs = node.pairs.map(([key, value]) => [evaluate(key, scope, machine), evaluate(value, scope, machine)] as const)
  machine.at = node
  return dictFrom(pairs, machine.meter)
}

function evaluateAll(nodes: readonly Expression[], scope: Scope, machine: Evaluator): Value[] {
  machine.meter.items(nodes.length)
  return nodes.map((node) => evaluate(node, scope, machine))
}

export function evaluateArguments(given: Arguments, scope: Scope, machine: Evaluator): CallArguments {
  if (given.positional.length === 0 && given.named.length === 0 && given.spread === undefined && given.spreadNamed === undefined)
    return noArguments
  const positional = given.positional.map((node) => evaluate(node, scope, machine))
  const named = new Map<string, Value>()
  for (const [name, node] of given.named) addNamed(named, name, evaluate(node, scope, machine))
  if (given.spread !== undefined) positional.push(...spreadItems(evaluate(given.spread, scope, machine), given.spread, machine))
  if (given.spreadNamed !== undefined) spreadPairs(evaluate(given.spreadNamed, scope, machine), given.spreadNamed, named, machine)
  return { positional, named }
}
