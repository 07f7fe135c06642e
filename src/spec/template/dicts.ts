import { epochMilliseconds } from './comparison.ts'
import { type Meter, typeFault, valueFault } from './limits.ts'
import { type Dict, isObject, textOf, type Value } from './objects.ts'
import { integerText } from './printing.ts'
import { asNumber, failUndefined, typeName } from './values.ts'

/** Equal keys have equal texts: `1`, `1.0` and `True` are one key, as in Python. */
export function hashKey(value: Value, meter: Meter): string {
  const number = asNumber(value)
  if (number !== undefined)
    return `n${typeof number === 'number' && !Number.isInteger(number) ? number : integerText(BigInt(number), meter)}`
  const text = textOf(value)
  if (text !== undefined) return textKey(text, meter)
  if (value === null) return '-'
  return isObject(value) ? objectKey(value, meter) : ''
}

function textKey(text: string, meter: Meter): string {
  meter.scan(text.length)
  return `s${text}`
}

/** A tuple of tuples can stand for more than memory holds. */
const maximumKeyLength = 65_536

function objectKey(value: Extract<Value, object>, meter: Meter): string {
  if (value.kind === 'undefined') return value.reason === 'lenient' ? 'u' : failUndefined(value)
  if (value.kind === 'moment') return `d${value.precision} ${epochMilliseconds(value)} ${value.parts[6] ?? 0}`
  if (value.kind === 'range') return `r${value.length} ${value.length === 0 ? '' : value.start} ${value.length < 2 ? '' : value.step}`
  if (isIdentity(value)) return `i${identityOf(value)}`
  if (value.kind !== 'tuple')
    return typeFault(
      `A ${typeName(value)} cannot be the key of a dict (unhashable type: '${typeName(value)}'). Use text, a number or a tuple.`,
    )
  meter.items(value.items.length)
  meter.enter()
  const keys = value.items.map((item) => hashKey(item, meter))
  meter.leave()
  const key = `t${keys.map((part) => `${part.length}:${part}`).join('')}`
  meter.text(key.length)
  if (key.length > maximumKeyLength) valueFault(`Expected a tuple with at most ${maximumKeyLength} characters as a key. Use a shorter one.`)
  return key
}

/** What Python compares by identity, as it does with everything that does not say otherwise. */
export function isIdentity(value: Extract<Value, object>): boolean {
  const { kind } = value
  return (
    kind === 'callable' ||
    kind === 'generator' ||
    kind === 'namespace' ||
    kind === 'instance' ||
    (kind === 'view' && value.part === 'values')
  )
}

const identities = new WeakMap<object, number>()
let lastIdentity = 0

/** Only ever compared. */
function identityOf(value: object): number {
  const known = identities.get(value)
  if (known !== undefined) return known
  identities.set(value, ++lastIdentity)
  return lastIdentity
}

export function dictFrom(pairs: Iterable<readonly [Value, Value]>, meter: Meter): Dict {
  const dict: Dict = { kind: 'dict', entries: new Map() }
  for (const [key, value] of pairs) setEntry(dict, key, value, meter)
  return dict
}

/** A key that is there keeps its place and its first spelling. */
export function setEntry(dict: Dict, key: Value, value: Value, meter: Meter): void {
  meter.step()
  const hash = hashKey(key, meter)
  const old = dict.entries.get(hash)
  if (old === undefined) meter.items(1)
  dict.entries.set(hash, [old === undefined ? key : old[0], value])
}

export function entryOf(dict: Dict, key: Value, meter: Meter): Value | undefined {
  return dict.entries.get(hashKey(key, meter))?.[1]
}
