import { dictFrom, setEntry } from './dicts.ts'
import { collect, iterate } from './iteration.ts'
import { typeFault, unsupportedFault, valueFault } from './limits.ts'
import {
  type CallArguments,
  callable,
  type Instance,
  isDict,
  isObject,
  type Machine,
  type Range,
  textOf,
  tuple,
  type Value,
} from './objects.ts'
import { bindArguments } from './signature.ts'
import { asInteger, describeValue } from './values.ts'

/** Functions that every template can call. */
export const globals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', callable('function "range"', (given, machine) => rangeOf(given, machine))],
  ['dict', callable('function "dict"', (given, machine) => dictOf(given, machine))],
  ['namespace', callable('function "namespace"', (given, machine) => namespaceOf(given, machine))],
  ['cycler', callable('function "cycler"', (given) => cyclerOf(given))],
  ['joiner', callable('function "joiner"', (given) => joinerOf(given))],
  [
    'lipsum',
    callable('function "lipsum"', () =>
      unsupportedFault('Expected a function with one result, and lipsum() gives another text each time. Write the text.'),
    ),
  ],
])

/** The sandbox's own bound. */
const maximumRange = 100_000

function rangeOf(given: CallArguments, machine: Machine): Range {
  const numbers = given.positional.map(
    (value) => asInteger(value) ?? typeFault(`Expected integers for range(), got ${describeRangeArgument(value)}. Convert it with |int.`),
  )
  const [first, second, third = 1n] = numbers
  if (first === undefined || numbers.length > 3 || given.named.size > 0)
    return typeFault('Expected one to three integers for range(), as in range(1, 10, 2).')
  const [start, stop] = second === undefined ? [0n, first] : [first, second]
  if (third === 0n) return valueFault('Expected a step for range() that is not zero.')
  const count = third > 0n ? (stop - start + third - 1n) / third : (start - stop - third - 1n) / -third
  if (count > BigInt(maximumRange))
    return valueFault(
      `Expected at most ${maximumRange} numbers in a range, got ${count}. Make it shorter (the sandbox blocks larger ones).`,
    )
  machine.meter.step()
  return { kind: 'range', start, stop, step: third, length: count > 0n ? Number(count) : 0 }
}

function describeRangeArgument(value: Value): string {
  if (isObject(value) && value.kind === 'undefined') iterate(value, undefined as never)
  return describeValue(value)
}

function dictOf(given: CallArguments, machine: Machine): Value {
  if (given.positional.length > 1)
    return typeFault(`Expected at most one argument without a name for dict(), got ${given.positional.length}.`)
  const source = given.positional[0]
  const dict = dictFrom(source === undefined ? [] : pairsOf(source, machine), machine.meter)
  for (const [name, value] of given.named) setEntry(dict, name, value, machine.meter)
  return dict
}

export function pairsOf(source: Value, machine: Machine): (readonly [Value, Value])[] {
  if (isDict(source)) return [...source.entries.values()]
  return collect(source, machine.meter).map((item) => {
    const [key, value, ...rest] = collect(item, machine.meter)
    if (key === undefined || value === undefined || rest.length > 0)
      return valueFault('Expected pairs of a key and a value, as in [["a", 1]].')
    return [key, value] as const
  })
}

function namespaceOf(given: CallArguments, machine: Machine): Value {
  const dict = dictOf(given, machine)
  const attributes = new Map<string, Value>()
  if (isDict(dict))
    for (const [key, value] of dict.entries.values())
      attributes.set(textOf(key) ?? typeFault('Expected text as names for namespace().'), value)
  return { kind: 'namespace', attributes }
}

function cyclerOf(given: CallArguments): Instance {
  const items = given.positional
  if (items.length === 0) return valueFault('Expected at least one value for cycler().')
  let position = 0
  const advance = (): Value => {
    const value = items[position] ?? null
    position = (position + 1) % items.length
    return value
  }
  const attributes: Readonly<Record<string, () => Value>> = {
    current: () => items[position] ?? null,
    items: () => tuple(items),
    pos: () => BigInt(position),
    next: () => callable('method "next" of a cycler', advance),
    reset: () =>
      callable('method "reset" of a cycler', () => {
        position = 0
        return null
      }),
  }
  return instance('Cycler', (name) => (Object.hasOwn(attributes, name) ? attributes[name]?.() : undefined))
}

function joinerOf(given: CallArguments): Instance {
  const [separator = ', '] = bindArguments('joiner()', ['sep?'], given)
  let used = false
  return {
    ...instance('Joiner', (name) => (name === 'sep' ? separator : name === 'used' ? used : undefined)),
    call: () => {
      const first = !used
      used = true
      return first ? '' : separator
    },
  }
}

export function instance(typeName: string, attribute: Instance['attribute']): Instance {
  return { kind: 'instance', typeName, attribute, names: [], call: undefined, print: undefined, iterator: undefined, length: undefined }
}
