import { dictMethods, listMethods, rangeMethods, tupleMethods } from './container-methods.ts'
import type { Method, MethodTable } from './method-table.ts'
import { floatMethods, integerMethods, momentMethods } from './number-methods.ts'
import { isObject, type Value } from './objects.ts'
import { textMethods } from './text-methods.ts'

/** The method of Python's that `value.name` is, for the methods that a template can use: no JavaScript property is ever looked up. */
export function methodOf(value: Value, name: string): Method | undefined {
  return tableFor(value)?.get(name)
}

function tableFor(value: Value): MethodTable | undefined {
  switch (typeof value) {
    case 'string':
      return textMethods
    case 'bigint':
    case 'boolean':
      return integerMethods
    case 'number':
      return floatMethods
    default:
      return isObject(value) ? objectTables.get(value.kind) : undefined
  }
}

const objectTables: ReadonlyMap<string, MethodTable> = new Map([
  ['markup', textMethods],
  ['list', listMethods],
  ['tuple', tupleMethods],
  ['dict', dictMethods],
  ['range', rangeMethods],
  ['moment', momentMethods],
])

export type { Method }
