import { type Meter, typeFault } from './limits.ts'
import { type Dict, isObject, isUndefined, type Moment, textOf, type Value } from './objects.ts'
import { admit, asNumber, demand, typeName } from './values.ts'

/** Python's `==`. */
export function areEqual(left: Value, right: Value, meter: Meter): boolean {
  meter.step()
  const leftNumber = asNumber(left)
  const rightNumber = asNumber(right)
  // biome-ignore lint/suspicious/noDoubleEquals: exact comparison of bigint and number is wanted
  if (leftNumber !== undefined && rightNumber !== undefined) return leftNumber == rightNumber
  const leftText = textOf(left)
  const rightText = textOf(right)
  if (leftText !== undefined && rightText !== undefined) {
    meter.scan(Math.min(leftText.length, rightText.length))
    return leftText === rightText
  }
  if (isUndefined(left) || isUndefined(right)) return areBothLenient(admit(left), admit(right))
  if (!isObject(left) || !isObject(right)) return left === right
  return left === right || areEqualObjects(left, right, meter)
}

function areBothLenient(left: Value, right: Value): boolean {
  return isUndefined(left) && isUndefined(right)
}

function areEqualObjects(left: Extract<Value, object>, right: Extract<Value, object>, meter: Meter): boolean {
  meter.enter()
  const equal = compareObjects(left, right, meter)
  meter.leave()
  return equal
}

function compareObjects(left: Extract<Value, object>, right: Extract<Value, object>, meter: Meter): boolean {
  if ((left.kind === 'list' && right.kind === 'list') || (left.kind === 'tuple' && right.kind === 'tuple')) {
    return left.items.length === right.items.length && left.items.every((item, index) => areEqual(item, right.items[index] ?? null, meter))
  }
  if (left.kind === 'dict' && right.kind === 'dict') return areEqualDicts(left, right, meter)
  if (left.kind === 'range' && right.kind === 'range') {
    return (
      left.length === right.length && (left.length === 0 || (left.start === right.start && (left.length === 1 || left.step === right.step)))
    )
  }
  if (left.kind === 'moment' && right.kind === 'moment') return left.precision === right.precision && compareMoments(left, right) === 0
  return false
}

function areEqualDicts(left: Dict, right: Dict, meter: Meter): boolean {
  if (left.entries.size !== right.entries.size) return false
  for (const [key, [, value]] of left.entries) {
    const other = right.entries.get(key)
    if (other === undefined || !areEqual(value, other[1], meter)) return false
  }
  return true
}

/** Negative, zero or positive, as Python orders; a fault for what it does not order. `operator` is for the message. */
export function compareOrder(left: Value, right: Value, operator: string, meter: Meter): number {
  meter.step()
  const leftNumber = asNumber(left)
  const rightNumber = asNumber(right)
  if (leftNumber !== undefined && rightNumber !== undefined) return orderNumbers(leftNumber, rightNumber)
  const leftText = textOf(left)
  const rightText = textOf(right)
  if (leftText !== undefined && rightText !== undefined) {
    meter.scan(Math.min(leftText.length, rightText.length))
    return orderTexts(leftText, rightText)
  }
  demand(left)
  demand(right)
  if (isObject(left) && isObject(right)) {
    if ((left.kind === 'list' && right.kind === 'list') || (left.kind === 'tuple' && right.kind === 'tuple'))
      return orderSequences(left.items, right.items, operator, meter)
    if (left.kind === 'moment' && right.kind === 'moment' && left.precision === right.precision) return compareMoments(left, right)
  }
  return typeFault(`"${operator}" cannot order ${typeName(left)} and ${typeName(right)}. Convert one, for instance with |int or |string.`)
}

/** NaN is neither less nor greater than anything, and every comparison with it is false. */
function orderNumbers(left: bigint | number, right: bigint | number): number {
  if (left < right) return -1
  // biome-ignore lint/suspicious/noDoubleEquals: exact comparison of bigint and number is wanted
  return left > right ? 1 : left == right ? 0 : Number.NaN
}

/** By code point; JavaScript orders by UTF-16 unit, which differs beyond U+D7FF. */
export function orderTexts(left: string, right: string): number {
  if (left === right) return 0
  let index = 0
  while (index < left.length && index < right.length && left.charCodeAt(index) === right.charCodeAt(index)) index++
  if (index > 0 && isLowSurrogate(left.charCodeAt(index)) && isLowSurrogate(right.charCodeAt(index))) index--
  return (left.codePointAt(index) ?? -1) - (right.codePointAt(index) ?? -1)
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

function orderSequences(left: readonly Value[], right: readonly Value[], operator: string, meter: Meter): number {
  meter.enter()
  const length = Math.min(left.length, right.length)
  let index = 0
  while (index < length && areEqual(left[index] ?? null, right[index] ?? null, meter)) index++
  const order = index < length ? compareOrder(left[index] ?? null, right[index] ?? null, operator, meter) : left.length - right.length
  meter.leave()
  return order
}

function compareMoments(left: Moment, right: Moment): number {
  const difference = epochMilliseconds(left) - epochMilliseconds(right)
  return difference === 0 ? (left.parts[6] ?? 0) - (right.parts[6] ?? 0) : difference
}

export function epochMilliseconds(moment: Moment): number {
  const [year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0] = moment.parts
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second))
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime() - (moment.offsetSeconds ?? 0) * 1000
}
