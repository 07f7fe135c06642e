import { assign } from './assignment.ts'
import { blockTextName, evaluate, evaluateArguments } from './evaluate.ts'
import { type Span, typeFault } from './limits.ts'
import { macroOf } from './macro.ts'
import { textOf, type Value } from './objects.ts'
import { poisonTarget } from './poison.ts'
import type { Renderer } from './renderer.ts'
import { Scope } from './scope.ts'
import type { Expression, IfStatement, Statement, Target } from './syntax.ts'
import { demand, describeValue, isTrue } from './values.ts'

type Of<K extends Statement['kind']> = Extract<Statement, { readonly kind: K }>

export function renderIf(statement: IfStatement, scope: Scope, renderer: Renderer): void {
  for (const { test, body } of statement.branches) {
    const value = evaluate(test, scope, renderer)
    renderer.at = test
    if (isTrue(value)) {
      renderer.render(body, scope)
      return
    }
  }
  renderer.render(statement.otherwise, scope)
}

export function renderSetBlock(statement: Of<'set-block'>, scope: Scope, renderer: Renderer): void {
  const text = markupOf(statement, scope, renderer)
  const value = statement.filter === undefined ? text : filtered(statement.filter, text, scope, renderer)
  assign(statement.target, value, scope, renderer)
}

export function renderFilterBlock(statement: Of<'filter-block'>, scope: Scope, renderer: Renderer): void {
  const value = filtered(statement.filter, markupOf(statement, scope, renderer), scope, renderer)
  writeText(value, statement.filter, renderer)
}

function markupOf({ body }: Of<'set-block' | 'filter-block'>, scope: Scope, renderer: Renderer): Value {
  return renderer.markup(renderer.aside(() => renderer.render(body, new Scope(scope))))
}

function filtered(filter: Expression, text: Value, scope: Scope, renderer: Renderer): Value {
  const inner = new Scope(scope)
  inner.set(blockTextName, text)
  return evaluate(filter, inner, renderer)
}

export function renderCallBlock(statement: Of<'call-block'> & Span, scope: Scope, renderer: Renderer): void {
  if (statement.call.kind !== 'call') return
  const caller = macroOf(undefined, statement.caller, statement.body, scope, renderer)
  const target = evaluate(statement.call.target, scope, renderer)
  const given = evaluateArguments(statement.call.given, scope, renderer)
  renderer.at = statement.call
  const value = renderer.call(target, { positional: given.positional, named: new Map([...given.named, ['caller', caller]]) })
  writeText(value, statement.call, renderer)
}

/** Jinja puts what comes out of a block among the texts as it is. */
function writeText(value: Value, span: Span, renderer: Renderer): void {
  renderer.at = span
  const text = textOf(demand(value)) ?? typeFault(`Expected text from this block, got ${describeValue(value)}. Add |string.`)
  renderer.write(text, span, 'whole')
}

export function renderWith(statement: Of<'with'>, scope: Scope, renderer: Renderer): void {
  const inner = new Scope(scope)
  for (const binding of statement.bindings) bind(binding, scope, inner, renderer)
  renderer.render(statement.body, inner)
}

/** One that fails leaves its name without a known value, so that faults of other names and of the body are found too. */
function bind([target, value]: readonly [Target, Expression], outer: Scope, inner: Scope, renderer: Renderer): void {
  const { depth } = renderer.meter
  try {
    assign(target, evaluate(value, outer, renderer), inner, renderer)
  } catch (error) {
    renderer.meter.depth = depth
    renderer.report(error)
    renderer.reportNames(value, outer)
    poisonTarget(target, inner, renderer)
  }
}

export function renderAutoescape(statement: Of<'autoescape'>, scope: Scope, renderer: Renderer): void {
  const outer = renderer.escaping
  renderer.escaping = isTrue(evaluate(statement.enabled, scope, renderer)) ? 'escaped' : 'plain'
  try {
    renderer.render(statement.body, new Scope(scope))
  } finally {
    renderer.escaping = outer
  }
}

/** Nothing outside of the block is seen in it, unless it is `scoped`. */
export function renderBlock(statement: Of<'block'>, scope: Scope, renderer: Renderer): void {
  renderer.render(statement.body, new Scope(statement.scoped === 'scoped' ? scope : renderer.root))
}
