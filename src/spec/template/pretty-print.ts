import { compareOrder } from './comparison.ts'
import { type Meter, unsupportedFault } from './limits.ts'
import { LongText } from './long-text.ts'
import { type Dict, isObject, type List, type Tuple, textOf, type Value } from './objects.ts'
import { represent } from './printing.ts'
import { asNumber, typeName } from './values.ts'

/** Python's `pprint.pformat` of a value that fits on one line: `repr` with the keys of dicts in order. */
export function prettyPrint(value: Value, meter: Meter): string {
  const printer = new PrettyPrinter(meter)
  printer.write(value)
  return printer.text()
}

/** Python breaks longer ones into lines. */
const maximumWidth = 80

class PrettyPrinter {
  readonly #meter: Meter
  readonly #made: LongText
  readonly #around = new Set<Value>()

  constructor(meter: Meter) {
    this.#meter = meter
    this.#made = new LongText(meter)
  }

  text(): string {
    return this.#made.text()
  }

  write(value: Value): void {
    this.#meter.step()
    if (!isObject(value) || (value.kind !== 'list' && value.kind !== 'tuple' && value.kind !== 'dict')) {
      this.#put(represent(value, this.#meter))
      return
    }
    if (this.#around.has(value))
      unsupportedFault(`Expected a value that does not hold itself for the filter "pprint", got such a ${value.kind}. Print its parts.`)
    this.#around.add(value)
    this.#meter.enter()
    this.#container(value)
    this.#meter.leave()
    this.#around.delete(value)
  }

  #container(value: List | Tuple | Dict): void {
    if (value.kind === 'dict') this.#enclosed('{', sortedEntries(value, this.#meter), '}', (entry) => this.#entry(entry))
    else if (value.kind === 'list') this.#enclosed('[', value.items, ']', (item) => this.write(item))
    else this.#enclosed('(', value.items, value.items.length === 1 ? ',)' : ')', (item) => this.write(item))
  }

  #entry([key, value]: readonly [Value, Value]): void {
    this.write(key)
    this.#put(': ')
    this.write(value)
  }

  #enclosed<T>(open: string, items: readonly T[], close: string, one: (item: T) => void): void {
    this.#put(open)
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#put(', ')
      one(item)
    }
    this.#put(close)
  }

  #put(text: string): void {
    this.#made.put(text)
    if (this.#made.length > maximumWidth)
      unsupportedFault(
        `Expected a value that fits on one line of ${maximumWidth} characters for the filter "pprint". Use |tojson(indent=2).`,
      )
  }
}

function sortedEntries({ entries }: Dict, meter: Meter): readonly (readonly [Value, Value])[] {
  meter.items(entries.size)
  return [...entries.values()].sort(([left], [right]) => orderOfKeys(left, right, meter))
}

/** What Python does not order stands in the order of the names of its types. */
function orderOfKeys(left: Value, right: Value, meter: Meter): number {
  if (areOrdered(left, right)) return compareOrder(left, right, '<', meter) || 0
  const [leftType, rightType] = [pythonType(left), pythonType(right)]
  if (leftType !== rightType) return leftType < rightType ? -1 : 1
  return unsupportedFault(`Expected keys that have an order for the filter "pprint", got two of ${typeName(left)}. Make the keys text.`)
}

function areOrdered(left: Value, right: Value): boolean {
  if (asNumber(left) !== undefined) return asNumber(right) !== undefined
  if (textOf(left) !== undefined) return textOf(right) !== undefined
  if (!isObject(left) || !isObject(right) || left.kind !== right.kind) return false
  return left.kind === 'tuple' || (left.kind === 'moment' && right.kind === 'moment' && left.precision === right.precision)
}

function pythonType(value: Value): string {
  if (!isObject(value)) return typeName(value)
  return value.kind === 'moment' ? `datetime.${value.precision}` : value.kind === 'markup' ? 'markupsafe.Markup' : typeName(value)
}
