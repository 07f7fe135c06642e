import { type Meter, typeFault } from './limits.ts'
import { isObject, textOf, type Value } from './objects.ts'
import { describeValue, failUndefined, typeName } from './values.ts'

/** Python's `len()`, or nothing where it has none. */
export function lengthOf(value: Value, meter: Meter): number | undefined {
  const text = textOf(value)
  if (text !== undefined) return textLength(text, meter)
  if (!isObject(value)) return undefined
  switch (value.kind) {
    case 'list':
    case 'tuple':
      return value.items.length
    case 'dict':
      return value.entries.size
    case 'view':
      return value.dict.entries.size
    case 'range':
      return value.length
    case 'undefined':
      return value.reason === 'lenient' ? 0 : failUndefined(value)
    case 'instance':
      return value.length?.()
    default:
      return undefined
  }
}

export function demandLength(value: Value, meter: Meter): number {
  const length = lengthOf(value, meter)
  return (
    length ?? typeFault(`Expected text, a list or a dict, got ${describeValue(value)} (object of type '${typeName(value)}' has no len()).`)
  )
}

const surrogates = /[\ud800-\udfff]/

export function hasSurrogates(text: string): boolean {
  return surrogates.test(text)
}

/** In code points, as Python counts. */
export function textLength(text: string, meter: Meter): number {
  meter.scan(text.length)
  if (!hasSurrogates(text)) return text.length
  let length = 0
  for (let index = 0; index < text.length; index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1) length++
  return length
}

/** One entry for each code point; the text itself, indexable the same way, where there is no difference. */
export function characters(text: string, meter: Meter): readonly string[] | string {
  meter.scan(text.length)
  if (!hasSurrogates(text)) return text
  meter.text(text.length * 4)
  return [...text]
}
