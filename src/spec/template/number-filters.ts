import { arithmetic, toFloat } from './arithmetic.ts'
import { type Builtin, builtin } from './builtin.ts'
import { divideHalfEven, fixedDigits, scaledInteger } from './decimal.ts'
import { typeFault, valueFault } from './limits.ts'
import { demandCount, demandText } from './method-table.ts'
import { parseFloatText, parseInteger } from './number-parsing.ts'
import { type Machine, textOf, type Value } from './objects.ts'
import { floatText } from './printing.ts'
import type { Bound } from './signature.ts'
import { asInteger, asNumber, demand, describeValue, isTrue } from './values.ts'

function demandNumber(value: Value, filter: string): bigint | number {
  return (
    asNumber(value) ??
    typeFault(`Expected a number for the filter "${filter}", got ${describeValue(value)}. Convert it with |int or |float.`)
  )
}

function absolute(value: Value): Value {
  const number = demandNumber(value, 'abs')
  return typeof number === 'number' ? Math.abs(number) : number < 0n ? -number : number
}

/** Python's `int`, then `int(float(…))`, then the default. */
function toInteger(value: Value, [fallback = 0n, base]: Bound, { meter }: Machine): Value {
  const text = textOf(value)
  if (text === undefined) return asInteger(demand(value)) ?? (typeof value === 'number' ? wholePart(value) : undefined) ?? fallback
  // Digits are added to an integer one by one.
  meter.step(Math.min(text.length, 5000) ** 2 / 2_500)
  const integer =
    base !== undefined && asInteger(base) === undefined ? undefined : parseInteger(text, base === undefined ? 10 : demandCount(base))
  if (integer !== undefined) return integer
  const float = parseFloatText(text)
  return (float === undefined ? undefined : truncated(float)) ?? fallback
}

/** Python has another error for infinity than for NaN, which Jinja does not catch. */
function wholePart(value: number): bigint | undefined {
  return Number.isFinite(value) || Number.isNaN(value) ? truncated(value) : notFinite('int')
}

function truncated(value: number): bigint | undefined {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined
}

function toFloatValue(value: Value, [fallback = 0]: Bound): Value {
  const text = textOf(value)
  if (text !== undefined) return parseFloatText(text) ?? fallback
  const number = asNumber(demand(value))
  return number === undefined ? fallback : toFloat(number)
}

function round(value: Value, [precision, method]: Bound, machine: Machine): Value {
  const number = demandNumber(value, 'round')
  const places = precision === undefined ? 0 : demandCount(precision)
  if (Math.abs(places) > 400) return valueFault(`Expected a precision between -400 and 400 for the filter "round", got ${places}.`)
  const how = method === undefined ? 'common' : demandText(method)
  if (how === 'common') return typeof number === 'bigint' ? roundInteger(number, places) : roundFloat(number, places)
  if (how !== 'ceil' && how !== 'floor')
    return valueFault(`Expected "common", "ceil" or "floor" for the filter "round", got "${how.slice(0, 40)}".`)
  const factor = asNumber(arithmetic('**', 10n, BigInt(places), machine.meter)) ?? 1n
  const scaled = asNumber(arithmetic('*', number, factor, machine.meter)) ?? 0n
  const whole =
    typeof scaled === 'bigint' ? scaled : (truncated(how === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)) ?? notFinite('round'))
  return arithmetic('/', whole, factor, machine.meter)
}

function notFinite(filter: 'round' | 'int' | 'filesizeformat'): never {
  return valueFault(`Expected a finite number for the filter "${filter}", got infinity or NaN.`)
}

function roundInteger(value: bigint, places: number): bigint {
  if (places >= 0) return value
  const unit = 10n ** BigInt(-places)
  return divideHalfEven(value, unit) * unit
}

function roundFloat(value: number, places: number): number {
  if (!Number.isFinite(value)) return value
  const magnitude = Math.abs(value)
  const rounded = places >= 0 ? Number(fixedDigits(magnitude, places)) : Number(scaledInteger(magnitude, places) * 10n ** BigInt(-places))
  return value < 0 || Object.is(value, -0) ? -rounded : rounded
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'] as const

function fileSize(value: Value, [binary]: Bound): Value {
  const text = textOf(value)
  const bytes =
    text === undefined
      ? toFloat(demandNumber(value, 'filesizeformat'))
      : (parseFloatText(text) ?? valueFault('Expected a number of bytes for the filter "filesizeformat".'))
  const isBinary = binary !== undefined && isTrue(binary)
  const base = isBinary ? 1024 : 1000
  if (bytes === 1) return '1 Byte'
  if (bytes < base) return `${truncated(bytes) ?? notFinite('filesizeformat')} Bytes`
  const power = Math.min(units.length - 1, powerOf(bytes, base))
  const unit = units[power] ?? ''
  const amount = (base * bytes) / base ** (power + 1)
  return `${Number.isFinite(amount) ? fixedDigits(amount, 1) : floatText(amount)} ${isBinary ? `${unit[0]?.toUpperCase()}iB` : unit}`
}

function powerOf(bytes: number, base: number): number {
  let power = 1
  while (power < units.length && bytes >= base ** (power + 1)) power++
  return power
}

export const numberFilters: readonly Builtin<Value>[] = [
  builtin('abs', '', absolute),
  builtin('int', 'default? base?', toInteger),
  builtin('float', 'default?', toFloatValue),
  builtin('round', 'precision? method?', round),
  builtin('filesizeformat', 'binary?', fileSize),
]
