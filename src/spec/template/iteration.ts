import { type Meter, typeFault, valueFault } from './limits.ts'
import { isObject, type List, type Machine, type Range, textOf, tuple, type Value, type View } from './objects.ts'
import { describeValue, failUndefined, typeName } from './values.ts'

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

/** Item by item, with nothing kept. */
export function* each(value: Value, { meter }: Pick<Machine, 'meter'>): Generator<Value> {
  const iterator = iterate(value, meter)
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value
}
