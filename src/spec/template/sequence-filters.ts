import { attributeGetter, ignoreCase } from './attribute-path.ts'
import { type Builtin, builtin } from './builtin.ts'
import { areEqual, compareOrder } from './comparison.ts'
import { hashKey } from './dicts.ts'
import { collect, each, iterate } from './iteration.ts'
import { characters, demandLength } from './lengths.ts'
import { typeFault, unsupportedFault, valueFault } from './limits.ts'
import { demandCount, demandText, optional } from './method-table.ts'
import { generator, isDict, isObject, isUndefined, list, type Machine, textOf, tuple, undefinedValue, type Value } from './objects.ts'
import { applyBinary, collectSorted, sortValues } from './operators.ts'
import { printValue } from './printing.ts'
import { describeValue, isTrue } from './values.ts'

type Filter = Builtin<Value>

function flag(value: Value | undefined): boolean {
  return value !== undefined && isTrue(value)
}

function* batches(value: Value, size: number, fill: Value | undefined, machine: Machine): Generator<Value> {
  let batch: Value[] = []
  for (const item of each(value, machine)) {
    if (batch.length === size) {
      yield list(batch)
      batch = []
    }
    machine.meter.items(1)
    batch.push(item)
  }
  if (batch.length === 0) return
  const missing = fill === undefined || fill === null ? 0 : Math.max(0, size - batch.length)
  machine.meter.items(missing)
  yield list([...batch, ...Array.from({ length: missing }, () => fill ?? null)])
}

function* slices(value: Value, count: number, fill: Value | undefined, machine: Machine): Generator<Value> {
  const items = collect(value, machine.meter)
  if (count === 0) valueFault('Expected a number of slices that is not zero.')
  const size = Math.floor(items.length / count)
  const longer = items.length - size * count
  let start = 0
  for (let index = 0; index < count; index++) {
    machine.meter.items(1)
    const end = start + size + (index < longer ? 1 : 0)
    const slice = items.slice(start, end)
    start = end
    if (fill !== undefined && fill !== null && index >= longer) slice.push(fill)
    yield list(slice)
  }
}

function* uniques(value: Value, key: (item: Value) => Value, machine: Machine): Generator<Value> {
  const seen = new Set<string>()
  for (const item of each(value, machine)) {
    const hash = hashKey(key(item), machine.meter)
    if (seen.has(hash)) continue
    machine.meter.items(1)
    seen.add(hash)
    yield item
  }
}

function keyOf(attribute: Value | undefined, caseSensitive: Value | undefined, machine: Machine): (item: Value) => Value {
  const read = attributeGetter(attribute, undefined, machine)
  return flag(caseSensitive) ? read : (item) => ignoreCase(read(item))
}

/** `sort` alone takes several attributes, with commas between them. */
function sortKey(attribute: Value | undefined, caseSensitive: Value | undefined, machine: Machine): (item: Value) => Value {
  const text = attribute === undefined ? undefined : textOf(attribute)
  const keys = (text === undefined ? [attribute] : text.split(',')).map((one) => keyOf(one, caseSensitive, machine))
  const [only] = keys
  return keys.length === 1 && only !== undefined ? only : (item) => list(keys.map((key) => key(item)))
}

function extreme(name: string, wanted: 'least' | 'greatest'): Filter {
  return builtin(name, 'case_sensitive? attribute?', (value, [caseSensitive, attribute], machine) => {
    const key = keyOf(attribute, caseSensitive, machine)
    let best: { readonly item: Value; readonly key: Value } | undefined
    for (const item of each(value, machine)) {
      const next = { item, key: key(item) }
      const order = best === undefined ? 0 : compareOrder(next.key, best.key, wanted === 'least' ? '<' : '>', machine.meter)
      if (best === undefined || (wanted === 'least' ? order < 0 : order > 0)) best = next
    }
    if (best !== undefined) return best.item
    return undefinedValue(`Expected something for the filter "${name}" to choose from, and the sequence is empty. Add |default(…).`)
  })
}

function dictSort(value: Value, [caseSensitive, by, reverse]: readonly (Value | undefined)[], machine: Machine): Value {
  if (!isDict(value)) return typeFault(`Expected a dict for the filter "dictsort", got ${describeValue(value)}.`)
  const part = by === undefined ? 'key' : demandText(by)
  if (part !== 'key' && part !== 'value') return valueFault('Expected by="key" or by="value" for the filter "dictsort".')
  const pairs = [...value.entries.values()]
  const keys = pairs.map((pair) => pair[part === 'key' ? 0 : 1]).map((key) => (flag(caseSensitive) ? key : ignoreCase(key)))
  return list(sortValues(pairs.map(tuple), keys, flag(reverse) ? 'descending' : 'ascending', machine.meter))
}

function groupBy(value: Value, [attribute, fallback, caseSensitive]: readonly (Value | undefined)[], machine: Machine): Value {
  const plain = attributeGetter(attribute, fallback, machine)
  const key = flag(caseSensitive) ? plain : (item: Value) => ignoreCase(plain(item))
  const groups: { readonly key: Value; readonly items: Value[] }[] = []
  for (const item of collectSorted(value, key, 'ascending', machine.meter)) {
    const last = groups.at(-1)
    if (last !== undefined && areEqual(last.key, key(item), machine.meter)) last.items.push(item)
    else groups.push({ key: key(item), items: [item] })
  }
  machine.meter.items(groups.length)
  return list(groups.map(({ items }) => ({ kind: 'tuple', items: [plain(items[0] ?? null), list(items)], fields: ['grouper', 'list'] })))
}

function first(value: Value, machine: Machine): Value {
  const next = iterate(value, machine.meter).next()
  return next.done === true ? undefinedValue('Expected a first item, and the sequence is empty. Add |default(…).') : next.value
}

function last(value: Value, machine: Machine): Value {
  if (isObject(value) && value.kind === 'generator')
    return typeFault(`Expected a list or text for the filter "last", got the result of "${value.source}". Add |list before it.`)
  const text = textOf(value)
  const items = text === undefined ? collect(value, machine.meter) : characters(text, machine.meter)
  const item: Value | undefined = items[items.length - 1]
  return item === undefined ? undefinedValue('Expected a last item, and the sequence is empty. Add |default(…).') : item
}

function reversed(value: Value, machine: Machine): Value {
  const text = textOf(value)
  if (text === undefined) {
    const items = collect(value, machine.meter).reverse()
    // What can only be gone through forwards becomes a list.
    return isObject(value) && value.kind === 'generator' ? list(items) : generator('reverse', items)
  }
  machine.meter.text(text.length)
  return [...text].reverse().join('')
}

function join(value: Value, [separator, attribute]: readonly (Value | undefined)[], machine: Machine): Value {
  const read = attributeGetter(attribute, undefined, machine)
  const between = separator === undefined ? '' : printValue(separator, machine.meter)
  const texts: string[] = []
  for (const item of each(value, machine)) {
    const text = printValue(read(item), machine.meter)
    machine.meter.text(text.length + between.length)
    texts.push(text)
  }
  return texts.join(between)
}

function sum(value: Value, [attribute, start]: readonly (Value | undefined)[], machine: Machine): Value {
  const read = attributeGetter(attribute, undefined, machine)
  if (start !== undefined && textOf(start) !== undefined) return typeFault('Expected numbers or lists to add up, got text. Use |join.')
  let total: Value = start === undefined ? 0n : start
  for (const item of each(value, machine)) total = applyBinary('+', total, read(item), machine.meter)
  return total
}

function* pairs(value: Value): Generator<Value> {
  if (isUndefined(value)) return
  if (!isDict(value)) return typeFault(`Expected a dict for the filter "items", got ${describeValue(value)}.`)
  for (const pair of value.entries.values()) yield tuple(pair)
}

function length(name: string): Filter {
  return builtin(name, '', (value, _, machine) => BigInt(demandLength(value, machine.meter)))
}

export const sequenceFilters: readonly Filter[] = [
  builtin('batch', 'linecount fill_with?', (value, [size, fill], machine) =>
    generator('batch', batches(value, demandCount(size), fill, machine)),
  ),
  builtin('slice', 'slices fill_with?', (value, [count, fill], machine) =>
    generator('slice', slices(value, demandCount(count), fill, machine)),
  ),
  builtin('unique', 'case_sensitive? attribute?', (value, [caseSensitive, attribute], machine) =>
    generator('unique', uniques(value, keyOf(attribute, caseSensitive, machine), machine)),
  ),
  builtin('sort', 'reverse? case_sensitive? attribute?', (value, [reverse, caseSensitive, attribute], machine) =>
    list(
      collectSorted(
        value,
        sortKey(
          optional(attribute, (one) => one),
          caseSensitive,
          machine,
        ),
        flag(reverse) ? 'descending' : 'ascending',
        machine.meter,
      ),
    ),
  ),
  extreme('min', 'least'),
  extreme('max', 'greatest'),
  builtin('dictsort', 'case_sensitive? by? reverse?', dictSort),
  builtin('groupby', 'attribute default? case_sensitive?', groupBy),
  builtin('first', '', (value, _, machine) => first(value, machine)),
  builtin('last', '', (value, _, machine) => last(value, machine)),
  builtin('reverse', '', (value, _, machine) => reversed(value, machine)),
  builtin('list', '', (value, _, machine) => list(collect(value, machine.meter))),
  builtin('join', 'd? attribute?', join),
  builtin('sum', 'attribute? start?', sum),
  builtin('items', '', (value) => generator('items', pairs(value)), 'accepted'),
  length('length'),
  length('count'),
  builtin('random', '*', () =>
    unsupportedFault('Expected a filter with one result, and "random" gives another each time. Choose by an index, as in list[0].'),
  ),
]
