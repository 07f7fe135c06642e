import { isObject, unknownValue } from './objects.ts'
import type { Renderer } from './renderer.ts'
import type { Scope } from './scope.ts'
import { innerExpressions, ownExpressions } from './sure-names.ts'
import type { Body, Expression, Statement, Target } from './syntax.ts'

/** After a statement failed or was passed over: what it would have set or changed is not known, and its use is no second fault. */
export function poison(statement: Statement, scope: Scope, renderer: Renderer): void {
  poisonNames(statement, scope, renderer)
  poisonChanged(statement, scope, renderer)
}

export function poisonTarget(target: Target, scope: Scope, renderer: Renderer): void {
  if (target.kind === 'name') scope.set(target.name, unknownValue(target))
  if (target.kind === 'tuple') for (const item of target.items) poisonTarget(item, scope, renderer)
  if (target.kind !== 'namespace') return
  const holder = renderer.lookUp(target.name, target, scope)
  if (isObject(holder) && holder.kind === 'namespace') holder.attributes.set(target.attribute, unknownValue(target))
}

/** Of all blocks, only those of `if` set names outside of themselves. */
function poisonNames(statement: Statement, scope: Scope, renderer: Renderer): void {
  if (statement.kind === 'set' || statement.kind === 'set-block') poisonTarget(statement.target, scope, renderer)
  if (statement.kind === 'macro') scope.set(statement.name, unknownValue(statement))
  if (statement.kind !== 'if') return
  for (const body of innerBodies(statement)) for (const inner of body) poisonNames(inner, scope, renderer)
}

/** Attributes of namespaces, and lists and dicts of which a method may have been called, however deep. */
function poisonChanged(statement: Statement, scope: Scope, renderer: Renderer): void {
  if (statement.kind === 'set' && statement.target.kind === 'namespace') poisonTarget(statement.target, scope, renderer)
  for (const expression of ownExpressions(statement)) poisonHolders(expression, scope, 0)
  for (const body of innerBodies(statement)) for (const inner of body) poisonChanged(inner, scope, renderer)
}

const changing: ReadonlySet<string> = new Set([
  ...['append', 'clear', 'extend', 'insert', 'pop', 'remove', 'reverse', 'sort', 'popitem', 'setdefault', 'update'],
])

/** Chains such as `a.b.c` are as deep as they are long, and one that is not evaluated has met no limit. */
const maximumDepth = 600

function poisonHolders(node: Expression, scope: Scope, depth: number): void {
  if (depth > maximumDepth) return
  if (node.kind === 'call' && node.target.kind === 'attribute' && changing.has(node.target.name)) poisonRoot(node.target.target, scope)
  for (const inner of innerExpressions(node)) poisonHolders(inner, scope, depth + 1)
}

function poisonRoot(node: Expression, scope: Scope): void {
  if (node.kind === 'name') scope.set(node.name, unknownValue(node))
  else if (node.kind === 'attribute' || node.kind === 'item') poisonRoot(node.target, scope)
}

export function innerBodies(statement: Statement): readonly Body[] {
  switch (statement.kind) {
    case 'if':
      return [...statement.branches.map(({ body }) => body), statement.otherwise]
    case 'for':
      return [statement.body, statement.otherwise]
    case 'text':
    case 'print':
    case 'set':
      return []
    default:
      return [statement.body]
  }
}
