import { areEqual } from './comparison.ts'
import { iterate } from './iteration.ts'
import { lengthOf } from './lengths.ts'
import type { Meter } from './limits.ts'
import { typeFault } from './limits.ts'
import { type CallArguments, callable, type Instance, isObject, tuple, undefinedValue, type Value } from './objects.ts'

/** Renders the body of a recursive loop for other items. */
export type Recurse = (items: Value, depth: number) => Value

const attributeNames = [
  ...['index', 'index0', 'revindex', 'revindex0', 'first', 'last', 'length', 'depth', 'depth0'],
  ...['previtem', 'nextitem', 'cycle', 'changed'],
]

/** The items of one loop and what `loop` tells about them. Looks ahead only when asked, since a generator can be read once. */
export class Loop {
  readonly #meter: Meter
  readonly #depth: number
  readonly #recurse: Recurse | undefined
  readonly #source: Value
  #iterator: Iterator<Value>
  #ahead: Value[] = []
  #length: number | undefined
  #index = -1
  #previous: Value | undefined
  #current: Value | undefined
  #changedFrom: Value | undefined

  constructor(source: Value, depth: number, recurse: Recurse | undefined, meter: Meter) {
    this.#source = source
    this.#iterator = iterate(source, meter)
    this.#depth = depth
    this.#recurse = recurse
    this.#meter = meter
  }

  next(): Value | undefined {
    const item = this.#ahead.length > 0 ? this.#ahead.shift() : this.#pull()
    if (item === undefined) return undefined
    this.#index++
    this.#previous = this.#current
    this.#current = item
    return item
  }

  /** `loop` as the template sees it. */
  variable(): Instance {
    return {
      kind: 'instance',
      typeName: 'LoopContext',
      attribute: (name) => this.#attribute(name),
      names: attributeNames,
      call: (given) => this.#call(given),
      print: () => `<LoopContext ${this.#index + 1}/${this.#lengthNow()}>`,
      iterator: undefined,
      length: () => this.#lengthNow(),
    }
  }

  #pull(): Value | undefined {
    const next = this.#iterator.next()
    return next.done === true ? undefined : next.value
  }

  #peek(): Value | undefined {
    if (this.#ahead.length === 0) {
      const item = this.#pull()
      if (item !== undefined) this.#ahead.push(item)
    }
    return this.#ahead[0]
  }

  #attribute(name: string): Value | undefined {
    switch (name) {
      case 'index':
        return BigInt(this.#index + 1)
      case 'index0':
        return BigInt(this.#index)
      case 'revindex':
        return BigInt(this.#lengthNow() - this.#index)
      case 'revindex0':
        return BigInt(this.#lengthNow() - this.#index - 1)
      case 'length':
        return BigInt(this.#lengthNow())
      case 'first':
        return this.#index === 0
      case 'last':
        return this.#peek() === undefined
      case 'depth':
        return BigInt(this.#depth + 1)
      case 'depth0':
        return BigInt(this.#depth)
      case 'previtem':
        return this.#previousItem()
      case 'nextitem':
        return this.#nextItem()
      case 'cycle':
        return callable('method "cycle" of loop', (given) => this.#cycle(given))
      case 'changed':
        return callable('method "changed" of loop', (given) => this.#changed(given))
      default:
        return undefined
    }
  }

  #previousItem(): Value {
    if (this.#index > 0 && this.#previous !== undefined) return this.#previous
    return undefinedValue('Expected an item before this one, and this is the first. Test it with "loop.first".')
  }

  #nextItem(): Value {
    const item = this.#peek()
    return item === undefined ? undefinedValue('Expected an item behind this one, and this is the last. Test it with "loop.last".') : item
  }

  #lengthNow(): number {
    if (this.#length === undefined) this.#length = this.#measure()
    return this.#length
  }

  /** A generator has no length, so the rest of it is read ahead. */
  #measure(): number {
    const known = isObject(this.#source) && this.#source.kind === 'generator' ? undefined : lengthOf(this.#source, this.#meter)
    if (known !== undefined) return known
    for (let item = this.#pull(); item !== undefined; item = this.#pull()) {
      this.#meter.items(1)
      this.#ahead.push(item)
    }
    const rest = this.#ahead
    this.#ahead = []
    this.#iterator = rest[Symbol.iterator]()
    return this.#index + 1 + rest.length
  }

  #cycle({ positional }: CallArguments): Value {
    if (positional.length === 0) return typeFault('Expected at least one value for loop.cycle().')
    return positional[this.#index % positional.length] ?? null
  }

  #changed({ positional }: CallArguments): boolean {
    const now = tuple(positional)
    if (this.#changedFrom !== undefined && areEqual(this.#changedFrom, now, this.#meter)) return false
    this.#changedFrom = now
    return true
  }

  #call({ positional }: CallArguments): Value {
    const items = positional[0]
    if (this.#recurse === undefined)
      return typeFault('Expected {% for … recursive %} to call loop(), and this loop is not recursive. Add "recursive".')
    if (items === undefined || positional.length > 1) return typeFault('Expected one argument for loop(): the items of the inner loop.')
    return this.#recurse(items, this.#depth + 1)
  }
}
