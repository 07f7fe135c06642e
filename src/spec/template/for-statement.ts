import { assign } from './assignment.ts'
import { evaluate } from './evaluate.ts'
import type { Span } from './limits.ts'
import { Loop } from './loop.ts'
import { unknownValue, type Value } from './objects.ts'
import { poisonTarget } from './poison.ts'
import type { Renderer } from './renderer.ts'
import { Scope } from './scope.ts'
import type { Expression, ForStatement } from './syntax.ts'
import { isTrue } from './values.ts'

type For = ForStatement & Span

export function renderFor(statement: For, scope: Scope, renderer: Renderer): void {
  const { depth } = renderer.meter
  try {
    iterate(statement, evaluate(statement.iterable, scope, renderer), 0, scope, renderer)
  } catch (error) {
    renderer.meter.depth = depth
    renderer.report(error)
    renderer.reportNames(statement.iterable, scope)
    renderOnce(statement, scope, renderer)
  }
}

/** With items that are not known, so that faults in the body are found too. */
function renderOnce(statement: For, scope: Scope, renderer: Renderer): void {
  const inner = new Scope(scope)
  poisonTarget(statement.target, inner, renderer)
  inner.set('loop', unknownValue(statement))
  renderer.render(statement.body, inner)
}

function iterate(statement: For, source: Value, depth: number, scope: Scope, renderer: Renderer): void {
  renderer.at = statement.iterable
  const items = statement.filter === undefined ? source : filtered(statement, statement.filter, source, scope, renderer)
  const loop = new Loop(items, depth, recursionOf(statement, scope, renderer), renderer.meter)
  const variable = loop.variable()
  let count = 0
  for (let item = loop.next(); item !== undefined && !renderer.hasEnded; item = loop.next()) {
    const inner = new Scope(scope)
    renderer.at = statement.target
    assign(statement.target, item, inner, renderer)
    inner.set('loop', variable)
    renderer.render(statement.body, inner)
    renderer.at = statement.iterable
    count++
  }
  if (count === 0) renderer.render(statement.otherwise, new Scope(scope))
}

/** What `loop(items)` does inside of a loop that is `recursive`. */
function recursionOf(statement: For, scope: Scope, renderer: Renderer): ((items: Value, depth: number) => Value) | undefined {
  if (statement.recursion === 'plain') return undefined
  return (items, depth) => {
    const { at } = renderer
    renderer.meter.enter()
    const text = renderer.aside(() => iterate(statement, items, depth, scope, renderer))
    renderer.meter.leave()
    renderer.at = at
    return renderer.markup(text)
  }
}

/** `{% for x in xs if … %}`: items are tested as the loop asks for them. */
function filtered(statement: For, filter: Expression, source: Value, scope: Scope, renderer: Renderer): Value {
  const outer = new Loop(source, 0, undefined, renderer.meter)
  const next = (): IteratorResult<Value> => {
    for (let item = outer.next(); item !== undefined; item = outer.next()) {
      const inner = new Scope(scope)
      assign(statement.target, item, inner, renderer)
      if (isTrue(evaluate(filter, inner, renderer))) return { done: false, value: item }
    }
    return { done: true, value: undefined }
  }
  return { kind: 'generator', source: 'for … if', iterator: { next } }
}
