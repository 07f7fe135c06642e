import { bitLength } from './arithmetic.ts'
import { epochMilliseconds } from './comparison.ts'
import { hexadecimal, ratioOf } from './float-parts.ts'
import { typeFault, valueFault } from './limits.ts'
import { demandText, type Method, type MethodTable, method } from './method-table.ts'
import { isObject, type Moment, tuple, type Value } from './objects.ts'
import { momentText } from './printing.ts'
import { asInteger } from './values.ts'

const asInt = (value: Value): bigint => asInteger(value) ?? typeFault('Expected an int.')
const asFloat = (value: Value): number => (typeof value === 'number' ? value : typeFault('Expected a float.'))
const asMoment = (value: Value): Moment => (isObject(value) && value.kind === 'moment' ? value : typeFault('Expected a date.'))

export const integerMethods: MethodTable = new Map<string, Method>([
  method('bit_length', '', asInt, (value) => BigInt(bitLength(value))),
  method('bit_count', '', asInt, (value) => BigInt((value < 0n ? -value : value).toString(2).replaceAll('0', '').length)),
  method('conjugate', '', asInt, (value) => value),
  method('as_integer_ratio', '', asInt, (value) => tuple([value, 1n])),
])

export const floatMethods: MethodTable = new Map<string, Method>([
  method('is_integer', '', asFloat, (value) => Number.isInteger(value)),
  method('conjugate', '', asFloat, (value) => value),
  method('hex', '', asFloat, hexadecimal),
  method('as_integer_ratio', '', asFloat, (value) => tuple([...ratioOf(value)])),
])

/** Monday is 0. */
function weekday(moment: Moment): number {
  const [year = 1, month = 1, day = 1] = moment.parts
  const midnight: Moment = { kind: 'moment', precision: 'date', parts: [year, month, day], offsetSeconds: undefined }
  return (new Date(epochMilliseconds(midnight)).getUTCDay() + 6) % 7
}

const directives: Readonly<Record<string, (parts: readonly number[]) => string>> = {
  Y: ([year = 1]) => String(year).padStart(4, '0'),
  y: ([year = 1]) => String(year % 100).padStart(2, '0'),
  m: ([, month = 1]) => String(month).padStart(2, '0'),
  d: ([, , day = 1]) => String(day).padStart(2, '0'),
  H: (parts) => String(parts[3] ?? 0).padStart(2, '0'),
  M: (parts) => String(parts[4] ?? 0).padStart(2, '0'),
  S: (parts) => String(parts[5] ?? 0).padStart(2, '0'),
  '%': () => '%',
}

function formatMoment(moment: Moment, pattern: string): string {
  return pattern.replaceAll(/%([\s\S])/g, (whole, letter: string) => {
    const directive = Object.hasOwn(directives, letter) ? directives[letter] : undefined
    return (
      directive?.(moment.parts) ??
      valueFault(`Expected %Y, %y, %m, %d, %H, %M or %S in strftime(), got ${whole}. Put the text together from year, month and day.`)
    )
  })
}

/** Of `datetime.date` and `datetime.datetime`. */
export const momentMethods: MethodTable = new Map<string, Method>([
  method('isoformat', '', asMoment, (moment) => momentText(moment, moment.precision === 'date' ? '' : 'T')),
  method('weekday', '', asMoment, (moment) => BigInt(weekday(moment))),
  method('isoweekday', '', asMoment, (moment) => BigInt(weekday(moment) + 1)),
  method('strftime', 'format', asMoment, (moment, [format], { meter }) => {
    const pattern = demandText(format)
    meter.pieces(pattern.length)
    meter.text(pattern.length * 2)
    return formatMoment(moment, pattern)
  }),
  method('date', '', asMoment, (moment) => ({
    kind: 'moment',
    precision: 'date',
    parts: moment.parts.slice(0, 3),
    offsetSeconds: undefined,
  })),
])
