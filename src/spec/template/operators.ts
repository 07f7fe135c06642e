import { escapeMarkup } from './escaping.ts'
import { type Meter, typeFault, unsupportedFault, valueFault } from './limits.ts'
import { isObject, list, textOf, tuple, type Value } from './objects.ts'
import { formatPercent } from './percent-format.ts'
import { printValue } from './printing.ts'
import type { BinaryOperator, CompareOperator } from './syntax.ts'
import { areEqual, asInteger, asNumber, collect, compareOrder, demand, entryOf, isIterable, iterate, typeName } from './values.ts'

/** Python's arithmetic, and what its operators mean for text, lists and tuples. */
export function applyBinary(operator: BinaryOperator, left: Value, right: Value, meter: Meter): Value {
  const leftNumber = asNumber(left)
  const rightNumber = asNumber(right)
  if (leftNumber !== undefined && rightNumber !== undefined) return arithmetic(operator, leftNumber, rightNumber, meter)
  demand(left)
  if (operator === '%' && textOf(left) !== undefined) return formatPercent(left, right, meter)
  demand(right)
  if (operator === '+') return addSequences(left, right, meter)
  if (operator === '*') return repeatSequence(left, right, meter)
  return noOperation(operator, left, right)
}

function noOperation(operator: string, left: Value, right: Value): never {
  const advice =
    operator === '+' && (typeof left === 'string' || typeof right === 'string')
      ? 'Join texts and numbers with "~"'
      : 'Convert one, for instance with |int'
  return typeFault(`"${operator}" cannot combine ${typeName(left)} and ${typeName(right)}. ${advice}.`)
}

function addSequences(left: Value, right: Value, meter: Meter): Value {
  if (typeof left === 'string' && typeof right === 'string') {
    meter.text(left.length + right.length)
    return left + right
  }
  const leftText = textOf(left)
  const rightText = textOf(right)
  if (leftText !== undefined && rightText !== undefined) {
    const text = escapeMarkup(left, meter) + escapeMarkup(right, meter)
    meter.text(text.length)
    return { kind: 'markup', text }
  }
  if (isObject(left) && isObject(right)) {
    if (left.kind === 'list' && right.kind === 'list') return list(joined(left.items, right.items, meter))
    if (left.kind === 'tuple' && right.kind === 'tuple') return tuple(joined(left.items, right.items, meter))
  }
  return noOperation('+', left, right)
}

function joined(left: readonly Value[], right: readonly Value[], meter: Meter): Value[] {
  meter.items(left.length + right.length)
  return [...left, ...right]
}

function repeatSequence(left: Value, right: Value, meter: Meter): Value {
  const times = asInteger(right)
  if (times !== undefined) return repeat(left, times, right, meter)
  const reverse = asInteger(left)
  return reverse === undefined ? noOperation('*', left, right) : repeat(right, reverse, left, meter)
}

function repeat(sequence: Value, times: bigint, counter: Value, meter: Meter): Value {
  const text = textOf(sequence)
  const count = times < 0n ? 0 : times > 2n ** 52n ? 2 ** 52 : Number(times)
  if (text !== undefined) {
    meter.text(text.length * count)
    return typeof sequence === 'string' ? text.repeat(count) : { kind: 'markup', text: text.repeat(count) }
  }
  if (!isObject(sequence) || (sequence.kind !== 'list' && sequence.kind !== 'tuple')) return noOperation('*', sequence, counter)
  meter.items(sequence.items.length * count)
  const items = sequence.items.length === 0 ? [] : Array.from({ length: count }, () => sequence.items).flat()
  return sequence.kind === 'list' ? list(items) : tuple(items)
}

function arithmetic(operator: BinaryOperator, left: bigint | number, right: bigint | number, meter: Meter): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return integerArithmetic(operator, left, right, meter)
  return floatArithmetic(operator, toFloat(left), toFloat(right))
}

/** Python refuses an int that no float can hold. */
export function toFloat(value: bigint | number): number {
  const float = Number(value)
  if (typeof value === 'bigint' && !Number.isFinite(float))
    valueFault('Expected an integer below 1.8e308, since a float cannot hold more. Use smaller numbers.')
  return float
}

function integerArithmetic(operator: BinaryOperator, left: bigint, right: bigint, meter: Meter): Value {
  switch (operator) {
    case '+':
      return checked(left + right, meter)
    case '-':
      return checked(left - right, meter)
    case '*':
      meter.integer(bitLength(left) + bitLength(right) - 1)
      return left * right
    case '/':
      return right === 0n ? divisionByZero() : trueDivision(left, right)
    case '//':
      return right === 0n ? divisionByZero() : floorDivision(left, right)
    case '%':
      return right === 0n ? divisionByZero() : left - right * floorDivision(left, right)
    case '**':
      return integerPower(left, right, meter)
  }
}

function checked(value: bigint, meter: Meter): bigint {
  if (value > 2n ** 64n || value < -(2n ** 64n)) meter.integer(bitLength(value))
  return value
}

export function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value
  return magnitude === 0n ? 0 : magnitude.toString(16).length * 4 - Math.clz32(Number.parseInt(magnitude.toString(16)[0] ?? '0', 16)) + 28
}

function divisionByZero(): never {
  return valueFault('Expected a divisor that is not zero. Guard the division with {% if %}.')
}

export function floorDivision(left: bigint, right: bigint): bigint {
  const quotient = left / right
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient
}

/** Rounded once, as Python does, also where the operands do not fit a float. */
function trueDivision(left: bigint, right: bigint): number {
  const exact = 2n ** 53n
  if (left < exact && left > -exact && right < exact && right > -exact) return Number(left) / Number(right)
  const shift = BigInt(Math.max(0, 66 - (bitLength(left) - bitLength(right))))
  const scaled = left << shift
  const quotient = scaled / right
  // The lowest bit says that something was cut off, which decides ties.
  const sticky = scaled % right === 0n ? quotient : quotient | 1n
  const negative = sticky < 0n
  const excess = BigInt(Math.max(0, bitLength(sticky) - 64))
  const magnitude = negative ? -sticky : sticky
  const rest = magnitude & ((1n << excess) - 1n)
  const head = (magnitude >> excess) | (rest === 0n ? 0n : 1n)
  const result = Number(head) * 2 ** Number(excess - shift)
  if (!Number.isFinite(result)) valueFault('Expected a quotient below 1.8e308, since a float cannot hold more. Use "//".')
  return negative ? -result : result
}

function integerPower(base: bigint, exponent: bigint, meter: Meter): Value {
  if (exponent < 0n) return base === 0n ? divisionByZero() : floatPower(toFloat(base), toFloat(exponent))
  if (base > 1n || base < -1n) meter.integer(bitLength(base) * Number(exponent) - Number(exponent) + 1)
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n
  return base === 0n || base === 1n ? (exponent === 0n ? 1n : base) : base ** exponent
}

function floatArithmetic(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0 ? divisionByZero() : left / right
    case '//':
      return right === 0 ? divisionByZero() : floorDivide(left, right)
    case '%':
      return right === 0 ? divisionByZero() : floorModulo(left, right)
    case '**':
      return floatPower(left, right)
  }
}

/** The sign of the divisor. */
function floorModulo(left: number, right: number): number {
  const rest = left % right
  if (rest === 0) return right < 0 ? -0 : 0
  return rest < 0 !== right < 0 ? rest + right : rest
}

function floorDivide(left: number, right: number): number {
  const quotient = (left - floorModulo(left, right)) / right
  const floor = Math.floor(quotient)
  if (quotient === 0) return left / right < 0 || Object.is(left / right, -0) ? -0 : 0
  return quotient - floor > 0.5 ? floor + 1 : floor
}

function floatPower(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) return divisionByZero()
  if (base < 0 && Number.isFinite(base) && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    return unsupportedFault('Expected a base that is not negative, since the result would be a complex number. Use |abs.')
  }
  // JavaScript gives NaN here, Python one.
  if (base === 1 || (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent))) return 1
  const result = base ** exponent
  if (!Number.isFinite(result) && Number.isFinite(base) && Number.isFinite(exponent))
    valueFault('Expected a power below 1.8e308, since a float cannot hold more. Use smaller numbers.')
  return result
}

export function applyUnary(operator: '-' | '+', value: Value): Value {
  const number = asNumber(demand(value))
  if (number === undefined) return typeFault(`"${operator}" expects a number, got ${typeName(value)}. Convert it with |int or |float.`)
  return operator === '-' ? -number : number
}

export function applyCompare(operator: CompareOperator, left: Value, right: Value, meter: Meter): boolean {
  switch (operator) {
    case '==':
      return areEqual(left, right, meter)
    case '!=':
      return !areEqual(left, right, meter)
    case 'in':
      return contains(right, left, meter)
    case 'not in':
      return !contains(right, left, meter)
    case '<':
      return compareOrder(left, right, '<', meter) < 0
    case '<=':
      return compareOrder(left, right, '<=', meter) <= 0
    case '>':
      return compareOrder(left, right, '>', meter) > 0
    case '>=':
      return compareOrder(left, right, '>=', meter) >= 0
  }
}

/** Python's `item in container`. */
export function contains(container: Value, item: Value, meter: Meter): boolean {
  const text = textOf(container)
  if (text !== undefined) return containsText(text, item, meter)
  demand(container)
  if (!isIterable(container)) {
    return typeFault(
      `"in" expects text, a list or a dict on its right, got ${typeName(container)} (argument of type '${typeName(container)}' is not iterable).`,
    )
  }
  if (isObject(container) && container.kind === 'dict') return entryOf(container, item, meter) !== undefined
  if (isObject(container) && container.kind === 'range') return rangeContains(container, item, meter)
  const iterator = iterate(container, meter)
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) if (areEqual(item, next.value, meter)) return true
  return false
}

function containsText(text: string, item: Value, meter: Meter): boolean {
  const part = textOf(demand(item))
  if (part === undefined)
    return typeFault(`"in" expects text on its left when text is on its right, got ${typeName(item)}. Convert it with |string.`)
  meter.scan(text.length, part.length)
  return text.includes(part)
}

function rangeContains(range: Extract<Value, { kind: 'range' }>, item: Value, meter: Meter): boolean {
  const number = asNumber(demand(item))
  if (number === undefined || range.length === 0) return false
  if (typeof number === 'number' && !Number.isInteger(number)) return false
  meter.step()
  const distance = BigInt(number) - range.start
  return distance % range.step === 0n && distance / range.step >= 0n && distance / range.step < BigInt(range.length)
}

/** `~`: both as text. */
export function concatenate(parts: readonly Value[], mode: 'plain' | 'escaped', meter: Meter): Value {
  const texts = parts.map((part) => (mode === 'escaped' ? escapeMarkup(part, meter) : printValue(part, meter)))
  meter.text(texts.reduce((sum, text) => sum + text.length, 0))
  const text = texts.join('')
  return mode === 'escaped' ? { kind: 'markup', text } : text
}

export function sortValues(items: readonly Value[], keys: readonly Value[], direction: 'ascending' | 'descending', meter: Meter): Value[] {
  meter.items(items.length)
  const order = items.map((_, index) => index)
  const sign = direction === 'ascending' ? 1 : -1
  // A fault inside the comparison ends the sort by an exception, which V8 lets through.
  order.sort((a, b) => sign * (compareOrder(keys[a] ?? null, keys[b] ?? null, '<', meter) || 0))
  return order.map((index) => items[index] ?? null)
}

export function collectSorted(value: Value, key: (item: Value) => Value, direction: 'ascending' | 'descending', meter: Meter): Value[] {
  const items = collect(value, meter)
  return sortValues(items, items.map(key), direction, meter)
}
