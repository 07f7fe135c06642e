import { areEqual } from './comparison.ts'
import { dictFrom, entryOf, hashKey, setEntry } from './dicts.ts'
import { pairsOf } from './globals.ts'
import { collect } from './iteration.ts'
import { typeFault, valueFault } from './limits.ts'
import { demandCount, type Method, type MethodTable, method } from './method-table.ts'
import { type Dict, isDict, isObject, type List, list, type Machine, type Range, tuple, type Value } from './objects.ts'
import { sortValues } from './operators.ts'
import type { Bound } from './signature.ts'
import { isTrue } from './values.ts'

const asList = (value: Value): List => (isObject(value) && value.kind === 'list' ? value : typeFault('Expected a list.'))
const asTuple = (value: Value): readonly Value[] =>
  isObject(value) && value.kind === 'tuple' ? value.items : typeFault('Expected a tuple.')
const asDict = (value: Value): Dict => (isDict(value) ? value : typeFault('Expected a dict.'))
const asRange = (value: Value): Range => (isObject(value) && value.kind === 'range' ? value : typeFault('Expected a range.'))

function findItem(items: readonly Value[], [wanted, start, end]: Bound, { meter }: Machine): Value {
  const from = start === undefined ? 0 : resolve(demandCount(start), items.length)
  const to = end === undefined ? items.length : resolve(demandCount(end), items.length)
  for (let index = from; index < to; index++) if (areEqual(items[index] ?? null, wanted ?? null, meter)) return BigInt(index)
  return valueFault('Expected a value that is in the list, and it is not. Test it with "in".')
}

function resolve(index: number, length: number): number {
  return Math.min(length, Math.max(0, index < 0 ? index + length : index))
}

function countItems(items: readonly Value[], [wanted]: Bound, { meter }: Machine): Value {
  return BigInt(items.filter((item) => areEqual(item, wanted ?? null, meter)).length)
}

function insert(target: List, [index, value]: Bound, { meter }: Machine): Value {
  meter.items(1)
  meter.scan(target.items.length * 8)
  target.items.splice(resolve(demandCount(index), target.items.length), 0, value ?? null)
  return null
}

function extend(target: List, [iterable]: Bound, { meter }: Machine): Value {
  for (const item of collect(iterable ?? null, meter)) target.items.push(item)
  return null
}

function popItem(target: List, [index]: Bound, { meter }: Machine): Value {
  const { length } = target.items
  const wanted = index === undefined ? length - 1 : demandCount(index)
  const position = wanted < 0 && index !== undefined ? wanted + length : wanted
  meter.scan(length * 8)
  const [item] = position < 0 || position >= length ? [] : target.items.splice(position, 1)
  return item === undefined ? valueFault('Expected an index that is in the list for pop(), and it is not. Test the length first.') : item
}

function remove(target: List, bound: Bound, machine: Machine): Value {
  const index = findItem(target.items, bound, machine)
  target.items.splice(Number(index), 1)
  return null
}

/** Names only, as Python wants it; `key` would need a function, which a template cannot write. */
function sortList(target: List, [key, reverse]: Bound, { meter }: Machine): Value {
  if (key !== undefined && key !== null) return typeFault('Expected no "key" for sort(). Use the filter |sort(attribute=…).')
  target.items = sortValues(target.items, target.items, reverse !== undefined && isTrue(reverse) ? 'descending' : 'ascending', meter)
  return null
}

/** Methods of Python's `list`; those that change it are allowed by Jinja's sandbox. */
export const listMethods: MethodTable = new Map<string, Method>([
  method('append', 'object', asList, (target, [value], { meter }) => {
    meter.items(1)
    target.items.push(value ?? null)
    return null
  }),
  method('extend', 'iterable', asList, extend),
  method('insert', 'index object', asList, insert),
  method('pop', 'index?', asList, popItem),
  method('remove', 'value', asList, remove),
  method('clear', '', asList, (target) => {
    target.items.length = 0
    return null
  }),
  method('reverse', '', asList, (target, _, { meter }) => {
    meter.scan(target.items.length * 8)
    target.items.reverse()
    return null
  }),
  method('sort', 'key?= reverse?=', asList, sortList),
  method('copy', '', asList, (target, _, { meter }) => {
    meter.items(target.items.length)
    return list([...target.items])
  }),
  method('index', 'value start? stop?', asList, (target, bound, machine) => findItem(target.items, bound, machine)),
  method('count', 'value', asList, (target, bound, machine) => countItems(target.items, bound, machine)),
])

export const tupleMethods: MethodTable = new Map<string, Method>([
  method('index', 'value start? stop?', asTuple, findItem),
  method('count', 'value', asTuple, countItems),
])

export const rangeMethods: MethodTable = new Map<string, Method>([
  method('index', 'value', asRange, (range, bound, machine) => findItem(collect(range, machine.meter), bound, machine)),
  method('count', 'value', asRange, (range, bound, machine) => countItems(collect(range, machine.meter), bound, machine)),
])

function update(
  dict: Dict,
  given: { readonly positional: readonly Value[]; readonly named: ReadonlyMap<string, Value> },
  machine: Machine,
): Value {
  const source = given.positional[0]
  if (source !== undefined) for (const [key, value] of pairsOf(source, machine)) setEntry(dict, key, value, machine.meter)
  for (const [name, value] of given.named) setEntry(dict, name, value, machine.meter)
  return null
}

function getEntry(dict: Dict, [key, fallback]: Bound, { meter }: Machine): Value {
  const value = entryOf(dict, key ?? null, meter)
  return value === undefined ? (fallback ?? null) : value
}

function popEntry(dict: Dict, [key, fallback]: Bound, { meter }: Machine): Value {
  const hash = hashKey(key ?? null, meter)
  const entry = dict.entries.get(hash)
  dict.entries.delete(hash)
  if (entry !== undefined) return entry[1]
  return fallback === undefined
    ? valueFault('Expected a key that is in the dict for pop(), and it is not. Give a second argument as default.')
    : fallback
}

function popLast(dict: Dict): Value {
  const last = [...dict.entries].at(-1)
  if (last === undefined) return valueFault('Expected a dict that is not empty for popitem().')
  dict.entries.delete(last[0])
  return tuple(last[1])
}

function setDefault(dict: Dict, [key, fallback]: Bound, { meter }: Machine): Value {
  const value = entryOf(dict, key ?? null, meter)
  if (value !== undefined) return value
  setEntry(dict, key ?? null, fallback ?? null, meter)
  return fallback ?? null
}

/** Methods of Python's `dict`. */
export const dictMethods: MethodTable = new Map<string, Method>([
  method('keys', '', asDict, (dict) => ({ kind: 'view', part: 'keys', dict })),
  method('values', '', asDict, (dict) => ({ kind: 'view', part: 'values', dict })),
  method('items', '', asDict, (dict) => ({ kind: 'view', part: 'items', dict })),
  method('get', 'key default?', asDict, getEntry),
  ['update', (target, given, machine) => update(asDict(target), given, machine)],
  method('pop', 'key default?', asDict, popEntry),
  method('popitem', '', asDict, (dict, _, { meter }) => {
    meter.step(dict.entries.size)
    return popLast(dict)
  }),
  method('setdefault', 'key default?', asDict, setDefault),
  method('clear', '', asDict, (dict) => {
    dict.entries.clear()
    return null
  }),
  method('copy', '', asDict, (dict, _, { meter }) => dictFrom(dict.entries.values(), meter)),
  method('fromkeys', 'iterable value?', asDict, (_, [keys, value], { meter }) =>
    dictFrom(
      collect(keys ?? null, meter).map((key) => [key, value ?? null] as const),
      meter,
    ),
  ),
])
