import { collect } from './iteration.ts'
import { typeFault, valueFault } from './limits.ts'
import { isObject, type Value } from './objects.ts'
import type { Renderer } from './renderer.ts'
import type { Scope } from './scope.ts'
import type { Target } from './syntax.ts'

/** Gives names, attributes of a namespace, or both by unpacking, their values. */
export function assign(target: Target, value: Value, scope: Scope, renderer: Renderer): void {
  switch (target.kind) {
    case 'name':
      renderer.setName(target.name, value, scope)
      break
    case 'namespace':
      assignAttribute(target, value, scope, renderer)
      break
    case 'tuple':
      unpack(target, value, scope, renderer)
  }
}

function unpack(target: Extract<Target, { kind: 'tuple' }>, value: Value, scope: Scope, renderer: Renderer): void {
  renderer.at = target
  const values = collect(value, renderer.meter)
  if (values.length !== target.items.length)
    valueFault(`Expected ${target.items.length} values to unpack, got ${values.length}. Give as many names as there are values.`)
  for (const [index, item] of target.items.entries()) assign(item, values[index] ?? null, scope, renderer)
}

function assignAttribute(target: Extract<Target, { kind: 'namespace' }>, value: Value, scope: Scope, renderer: Renderer): void {
  const holder = renderer.lookUp(target.name, target, scope)
  renderer.at = target
  if (!isObject(holder) || holder.kind !== 'namespace')
    typeFault(
      `Expected "${target.name}" to be made by namespace(), since only its attributes can be assigned. Write {% set ${target.name} = namespace() %} first.`,
    )
  holder.attributes.set(target.attribute, value)
}
