import { type Meter, TemplateFailure } from './limits.ts'
import { isUndefined, textOf, type Undefined, type Value } from './objects.ts'

/** Python's `bool()`. */
export function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value !== ''
  if (typeof value === 'bigint') return value !== 0n
  if (typeof value === 'number') return value !== 0
  if (value === null) return false
  switch (value.kind) {
    case 'undefined':
      return value.reason === 'lenient' ? false : failUndefined(value)
    case 'list':
    case 'tuple':
      return value.items.length > 0
    case 'dict':
      return value.entries.size > 0
    case 'view':
      return value.dict.entries.size > 0
    case 'range':
      return value.length > 0
    case 'markup':
      return value.text !== ''
    default:
      return true
  }
}

export function failUndefined(value: Undefined): never {
  throw new TemplateFailure(
    value.reason === 'unsafe' ? 'template/unsafe' : 'template/undefined',
    value.state === 'reported' ? '' : value.message(),
    value.span,
    value.state === 'reported' ? 'repeated' : 'new',
  )
}

/** A value that may be used; StrictUndefined refuses all use. */
export function demand(value: Value): Value {
  return isUndefined(value) ? failUndefined(value) : value
}

/** A value that a filter may take: unlike arithmetic, filters take a lenient undefined one. */
export function admit(value: Value): Value {
  return isUndefined(value) && value.reason === 'lenient' ? value : demand(value)
}

/** What any filter or method may do with a value: read a text once, or calculate with an integer. Containers are paid for item by item. */
export function payFor(value: Value | undefined, meter: Meter): void {
  if (typeof value === 'bigint') meter.weigh(value)
  else if (value !== undefined) meter.scan(textOf(value)?.length ?? 0)
}

/** As Python's messages name it. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType'
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float'
    case 'boolean':
      return 'bool'
    default:
      return objectTypeName(value)
  }
}

function objectTypeName(value: Extract<Value, object>): string {
  switch (value.kind) {
    case 'markup':
      return 'Markup'
    case 'undefined':
      return 'StrictUndefined'
    case 'callable':
      return value.macro === undefined ? 'function' : 'Macro'
    case 'namespace':
      return 'Namespace'
    case 'view':
      return `dict_${value.part}`
    case 'moment':
      return value.precision
    case 'instance':
      return value.typeName
    default:
      return value.kind
  }
}

/** `int`, which a `bool` is too. */
export function asInteger(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value
  return typeof value === 'boolean' ? BigInt(value) : undefined
}

/** `int`, `float` or `bool` as something that JavaScript can compare exactly. */
export function asNumber(value: Value): bigint | number | undefined {
  return typeof value === 'number' ? value : asInteger(value)
}

/** For messages: short, and never the text of a value that may be secret or long. */
export function describeValue(value: Value): string {
  if (value === null) return 'None'
  if (typeof value === 'bigint') return value > -1_000_000n && value < 1_000_000n ? `the int ${value}` : 'an int'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  const name = typeName(value)
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}
