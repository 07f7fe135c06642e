import type { TemplateValue } from '../types.ts'
import { dictFrom } from './dicts.ts'
import type { Meter } from './limits.ts'
import { list, type Moment, type Value } from './objects.ts'

/** Turns what YAML and the command line said into our own values. One object that stands in two places stays one, as YAML's aliases mean. */
export class Converter {
  readonly #meter: Meter
  readonly #done = new Map<object, Value>()

  constructor(meter: Meter) {
    this.#meter = meter
  }

  convert(value: TemplateValue): Value {
    if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
    if (typeof value !== 'object' || value === null) return value
    const known = this.#done.get(value)
    if (known !== undefined) return known
    this.#meter.enter()
    const converted = this.#object(value)
    this.#meter.leave()
    this.#done.set(value, converted)
    return converted
  }

  #object(value: Extract<TemplateValue, object>): Value {
    if (isArray(value)) {
      this.#meter.items(value.length)
      return list(value.map((item) => this.convert(item)))
    }
    if (isMap(value))
      return dictFrom(
        [...value].map(([key, item]) => [this.convert(key), this.convert(item)] as const),
        this.#meter,
      )
    const entries = Object.entries(value)
    const only = entries.length === 1 ? entries[0] : undefined
    return (
      marked(only) ??
      dictFrom(
        entries.map(([key, item]) => [key, this.convert(item)] as const),
        this.#meter,
      )
    )
  }
}

function isArray(value: object): value is readonly TemplateValue[] {
  return Array.isArray(value)
}

function isMap(value: object): value is ReadonlyMap<TemplateValue, TemplateValue> {
  return value instanceof Map
}

/** `{ float }`, `{ date }` and `{ datetime }`. */
function marked(entry: readonly [string, TemplateValue] | undefined): Value | undefined {
  if (entry === undefined) return undefined
  const [key, value] = entry
  if (key === 'float' && typeof value === 'number') return value
  if ((key === 'date' || key === 'datetime') && typeof value === 'string') return parseMoment(value, key)
  return undefined
}

const momentPattern = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)?)?$/

function parseMoment(text: string, precision: Moment['precision']): Moment | undefined {
  const match = momentPattern.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', zone] = match
  const parts = [year, month, day, hour, minute, second, fraction.padEnd(6, '0')].map(Number)
  return { kind: 'moment', precision, parts, offsetSeconds: zone === undefined ? undefined : zoneSeconds(zone) }
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0
  const [hours = 0, minutes = 0] = zone.slice(1).split(':').map(Number)
  return (zone.startsWith('-') ? -60 : 60) * (hours * 60 + minutes)
}
