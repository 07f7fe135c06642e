import { arithmetic } from './arithmetic.ts'
import { areEqual, compareOrder } from './comparison.ts'
import { entryOf } from './dicts.ts'
import { escapeMarkup } from './escaping.ts'
import { collect, isIterable, iterate } from './iteration.ts'
import { type Meter, typeFault } from './limits.ts'
import { isObject, list, textOf, tuple, type Value } from './objects.ts'
import { formatPercent } from './percent-format.ts'
import { printValue } from './printing.ts'
import type { BinaryOperator, CompareOperator } from './syntax.ts'
import { admit, asInteger, asNumber, demand, payFor, typeName } from './values.ts'

/** Python's arithmetic, and what its operators mean for text, lists and tuples. */
export function applyBinary(operator: BinaryOperator, left: Value, right: Value, meter: Meter): Value {
  const leftNumber = asNumber(left)
  const rightNumber = asNumber(right)
  if (leftNumber !== undefined && rightNumber !== undefined) {
    payFor(left, meter)
    payFor(right, meter)
    return arithmetic(operator, leftNumber, rightNumber, meter)
  }
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
  admit(container)
  if (!isIterable(container)) {
    return typeFault(
      `"in" expects text, a list or a dict on its right, got ${typeName(container)} (argument of type '${typeName(container)}' is not iterable).`,
    )
  }
  if (isObject(container) && container.kind === 'dict') return entryOf(container, item, meter) !== undefined
  if (isObject(container) && container.kind === 'view' && container.part === 'keys')
    return entryOf(container.dict, item, meter) !== undefined
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
