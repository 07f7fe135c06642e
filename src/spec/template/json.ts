import { type Meter, typeFault } from './limits.ts'
import { LongText } from './long-text.ts'
import { isObject, textOf, type Value } from './objects.ts'
import { sortValues } from './operators.ts'
import { floatText, integerText } from './printing.ts'
import { describeValue } from './values.ts'

/** Python's `json.dumps(value, sort_keys=True, indent=indent)` with the characters of HTML escaped, as Jinja's `tojson` does. */
export function toJson(value: Value, indent: string | undefined, meter: Meter): string {
  const writer = new JsonWriter(indent, meter)
  writer.write(value, 0)
  return writer.text()
}

class JsonWriter {
  readonly #indent: string | undefined
  readonly #meter: Meter
  readonly #made: LongText

  constructor(indent: string | undefined, meter: Meter) {
    this.#indent = indent
    this.#meter = meter
    this.#made = new LongText(meter)
  }

  text(): string {
    return this.#made.text()
  }

  write(value: Value, level: number): void {
    this.#meter.step()
    this.#meter.enter()
    if (isObject(value) && (value.kind === 'list' || value.kind === 'tuple')) this.#array(value.items, level)
    else if (isObject(value) && value.kind === 'dict') this.#object([...value.entries.values()], level)
    else this.#put(scalar(value, this.#meter))
    this.#meter.leave()
  }

  #array(items: readonly Value[], level: number): void {
    this.#enclosed('[', ']', items, level, (item) => this.write(item, level + 1))
  }

  #object(entries: readonly (readonly [Value, Value])[], level: number): void {
    const keys = entries.map(([key]) => key)
    const order = sortValues(
      keys.map((_, index) => BigInt(index)),
      keys,
      'ascending',
      this.#meter,
    )
    const sorted = order.map((index) => entries[Number(index)] ?? (['', null] as const))
    this.#enclosed('{', '}', sorted, level, ([key, value]) => {
      this.#put(`${quote(keyText(key, this.#meter), this.#meter)}: `)
      this.write(value, level + 1)
    })
  }

  #enclosed<T>(open: string, close: string, items: readonly T[], level: number, one: (item: T) => void): void {
    if (items.length === 0) {
      this.#put(open + close)
      return
    }
    this.#put(open)
    items.forEach((item, index) => {
      if (index > 0) this.#put(this.#indent === undefined ? ', ' : ',')
      this.#newLine(level + 1)
      one(item)
    })
    this.#newLine(level)
    this.#put(close)
  }

  #newLine(level: number): void {
    if (this.#indent === undefined) return
    this.#meter.text(0, this.#indent.length * level)
    this.#put(`\n${this.#indent.repeat(level)}`)
  }

  #put(text: string): void {
    this.#made.put(text)
  }
}

function scalar(value: Value, meter: Meter): string {
  const text = textOf(value)
  if (text !== undefined) return quote(text, meter)
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return integerText(value, meter)
  if (typeof value === 'number') return jsonFloat(value)
  return typeFault(`Expected text, a number, a list or a dict for JSON, got ${describeValue(value)}. Convert it with |string or |list.`)
}

function jsonFloat(value: number): string {
  if (Number.isFinite(value)) return floatText(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}

function keyText(key: Value, meter: Meter): string {
  const text = textOf(key)
  if (text !== undefined) return text
  if (isObject(key)) return typeFault(`Expected text or numbers as keys for JSON, got ${describeValue(key)}. Make the keys text.`)
  return scalar(key, meter)
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}

function quote(text: string, meter: Meter): string {
  meter.pieces(text.length)
  return `"${text.replaceAll(/["\\<>&']|[^\x20-\x7e]/g, (unit) => escapes[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
}
