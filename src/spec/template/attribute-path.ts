import { isUndefined, type Machine, textOf, type Value } from './objects.ts'

/** What `attribute=` of the filters means: `a.b.0` goes inwards step by step; a number is an index; absent is the item itself. */
export function attributeGetter(attribute: Value | undefined, fallback: Value | undefined, machine: Machine): (item: Value) => Value {
  const steps = pathOf(attribute)
  return (item) => {
    let value = item
    for (const step of steps) {
      value = machine.item(value, step)
      if (fallback !== undefined && fallback !== null && isUndefined(value)) value = fallback
    }
    return value
  }
}

function pathOf(attribute: Value | undefined): Value[] {
  if (attribute === undefined || attribute === null) return []
  const text = textOf(attribute)
  if (text === undefined) return [attribute]
  return text.split('.').map((part) => (/^\d{1,15}$/.test(part) ? BigInt(part) : part))
}

/** Text is compared in small letters unless the filter is told otherwise. */
export function ignoreCase(value: Value): Value {
  const text = textOf(value)
  return text === undefined ? value : text.toLowerCase()
}
