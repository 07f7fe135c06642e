import { type Meter, TemplateFailure, typeFault, valueFault } from './limits.ts'
import type { CallArguments, Dict, List, Moment, Range, Undefined, Value, View } from './objects.ts'
import { isObject, isUndefined, textOf, tuple } from './objects.ts'

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
    value.message,
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

/** Equal keys have equal texts: `1`, `1.0` and `True` are one key, as in Python. */
export function hashKey(value: Value, meter: Meter): string {
  const number = asNumber(value)
  if (number !== undefined) return `n${typeof number === 'number' && Number.isInteger(number) ? BigInt(number) : number}`
  const text = textOf(value)
  if (text !== undefined) return `s${text}`
  if (value === null) return '-'
  return isObject(value) ? objectKey(value, meter) : ''
}

/** A tuple of tuples can stand for more than memory holds. */
const maximumKeyLength = 65_536

function objectKey(value: Extract<Value, object>, meter: Meter): string {
  if (value.kind === 'undefined') return failUndefined(value)
  if (value.kind === 'moment') return `d${value.precision} ${epochMilliseconds(value)} ${value.parts[6] ?? 0}`
  if (value.kind === 'range') return `r${value.length} ${value.length === 0 ? '' : value.start} ${value.length < 2 ? '' : value.step}`
  if (value.kind !== 'tuple')
    return typeFault(
      `A ${typeName(value)} cannot be the key of a dict (unhashable type: '${typeName(value)}'). Use text, a number or a tuple.`,
    )
  meter.enter()
  const keys = value.items.map((item) => hashKey(item, meter))
  meter.leave()
  const key = `t${keys.map((part) => `${part.length}:${part}`).join('')}`
  meter.text(key.length)
  if (key.length > maximumKeyLength) valueFault(`Expected a tuple with at most ${maximumKeyLength} characters as a key. Use a shorter one.`)
  return key
}

export function dictFrom(pairs: Iterable<readonly [Value, Value]>, meter: Meter): Dict {
  const dict: Dict = { kind: 'dict', entries: new Map() }
  for (const [key, value] of pairs) setEntry(dict, key, value, meter)
  return dict
}

/** A key that is there keeps its place and its first spelling. */
export function setEntry(dict: Dict, key: Value, value: Value, meter: Meter): void {
  const hash = hashKey(key, meter)
  const old = dict.entries.get(hash)
  if (old === undefined) meter.items(1)
  dict.entries.set(hash, [old === undefined ? key : old[0], value])
}

export function entryOf(dict: Dict, key: Value, meter: Meter): Value | undefined {
  return dict.entries.get(hashKey(key, meter))?.[1]
}

/** Python's `iter()`, one step for each item. */
export function iterate(value: Value, meter: Meter): Iterator<Value> {
  const text = textOf(value)
  if (text !== undefined) return counted(text[Symbol.iterator](), meter)
  if (!isObject(value)) return notIterable(value)
  switch (value.kind) {
    case 'list':
      return counted(listItems(value), meter)
    case 'tuple':
      return counted(value.items[Symbol.iterator](), meter)
    case 'dict':
      return counted(viewItems({ kind: 'view', part: 'keys', dict: value }), meter)
    case 'view':
      return counted(viewItems(value), meter)
    case 'range':
      return counted(rangeItems(value), meter)
    case 'generator':
      return counted(value.iterator, meter)
    case 'instance':
      return value.iterator === undefined ? notIterable(value) : counted(value.iterator(), meter)
    case 'undefined':
      return value.reason === 'lenient' ? [][Symbol.iterator]() : failUndefined(value)
    default:
      return notIterable(value)
  }
}

export function isIterable(value: Value): boolean {
  if (textOf(value) !== undefined) return true
  if (!isObject(value)) return false
  return value.kind === 'instance' ? value.iterator !== undefined : !['moment', 'callable', 'namespace'].includes(value.kind)
}

function notIterable(value: Value): never {
  return typeFault(
    `Expected something to go through, such as a list or range(3), got ${describeValue(value)} ('${typeName(value)}' object is not iterable).`,
  )
}

/** A plain object: a JavaScript generator would cost as much again for each item. */
function counted(iterator: Iterator<Value>, meter: Meter): Iterator<Value> {
  return {
    next() {
      meter.step()
      return iterator.next()
    },
  }
}

/** Sees what is appended meanwhile, as Python does. */
function* listItems(value: List): Generator<Value> {
  for (let index = 0; index < value.items.length; index++) yield value.items[index] ?? null
}

function* viewItems(view: View): Generator<Value> {
  const size = view.dict.entries.size
  for (const [key, value] of view.dict.entries.values()) {
    if (view.dict.entries.size !== size) valueFault('The dict changed its size while the loop went through it. Go through |list of it.')
    yield view.part === 'keys' ? key : view.part === 'values' ? value : tuple([key, value])
  }
}

function* rangeItems(range: Range): Generator<Value> {
  for (let index = 0; index < range.length; index++) yield range.start + BigInt(index) * range.step
}

export function collect(value: Value, meter: Meter): Value[] {
  const items: Value[] = []
  const iterator = iterate(value, meter)
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    meter.items(1)
    items.push(next.value)
  }
  return items
}

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

/** For messages: short, and never the text of a value that may be secret or long. */
export function describeValue(value: Value): string {
  if (value === null) return 'None'
  if (typeof value === 'bigint') return value > -1_000_000n && value < 1_000_000n ? `the int ${value}` : 'an int'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  const name = typeName(value)
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

export function namedArguments(named: readonly (readonly [string, Value])[]): CallArguments {
  return { positional: [], named: new Map(named) }
}
