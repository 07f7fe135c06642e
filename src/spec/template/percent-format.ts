import { toFloat } from './arithmetic.ts'
import { entryOf } from './dicts.ts'
import { textLength } from './lengths.ts'
import { type Meter, typeFault, valueFault } from './limits.ts'
import { formatFloat } from './number-format.ts'
import { isDict, isObject, textOf, type Value } from './objects.ts'
import { integerText, printValue, represent } from './printing.ts'
import { padText } from './text.ts'
import { asInteger, asNumber, describeValue } from './values.ts'

const directive = /%(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([\s\S])/g

/** Python's `format % value`: a tuple gives several values, a dict gives them by name. */
export function formatPercent(format: Value, value: Value, meter: Meter): string {
  const text = textOf(format) ?? ''
  const values = new Arguments(value)
  const parts: string[] = []
  let position = 0
  for (const match of text.matchAll(directive)) {
    meter.step()
    parts.push(text.slice(position, match.index), convert(match, values, meter))
    position = match.index + match[0].length
  }
  if (text.includes('%', position)) valueFault('Expected a letter such as s or d behind the last "%". Write %% for a percent sign.')
  values.demandAllUsed()
  parts.push(text.slice(position))
  meter.text(parts.reduce((sum, part) => sum + part.length, 0))
  return parts.join('')
}

class Arguments {
  readonly #value: Value
  readonly #items: readonly Value[]
  #next = 0

  constructor(value: Value) {
    this.#value = value
    this.#items = isObject(value) && value.kind === 'tuple' ? value.items : [value]
  }

  take(): Value {
    const value = this.#items[this.#next++]
    return value === undefined
      ? typeFault('Expected as many values as the format has "%", got fewer (not enough arguments for format string).')
      : value
  }

  named(name: string, meter: Meter): Value {
    if (!isDict(this.#value))
      return typeFault(`Expected a dict for "%(${name})", got ${describeValue(this.#value)} (format requires a mapping).`)
    const value = entryOf(this.#value, name, meter)
    return value === undefined ? valueFault(`Expected "${name}" in the dict behind "%", and it is not there. Add it.`) : value
  }

  demandAllUsed(): void {
    const unused =
      this.#next < this.#items.length &&
      !(this.#next === 0 && isObject(this.#value) && ['dict', 'list', 'range', 'undefined'].includes(this.#value.kind))
    if (unused) typeFault('Expected as many values as the format has "%", got more (not all arguments converted during string formatting).')
  }
}

function convert(match: RegExpExecArray, values: Arguments, meter: Meter): string {
  const [whole, name, flags = '', widthText, precisionText, letter = ''] = match
  const width = widthText === '*' ? Number(demandInteger(values.take())) : Number(widthText ?? 0)
  const dotted = whole.slice(0, -1).includes('.')
  const precision = precisionText === '*' ? Number(demandInteger(values.take())) : dotted ? Number(precisionText ?? 0) : undefined
  if (letter === '%') return whole === '%%' ? '%' : valueFault(`Expected %% for a percent sign, got ${whole}.`)
  const value = name === undefined ? values.take() : values.named(name, meter)
  const text = body(letter, value, flags, precision, meter)
  const left = flags.includes('-') || width < 0
  if (flags.includes('0') && !left && !'srac'.includes(letter)) return zeroPadded(text, width, meter)
  return padText(text, textLength(text, meter), Math.abs(width), ' ', left ? 'left' : 'right', meter)
}

function body(letter: string, value: Value, flags: string, precision: number | undefined, meter: Meter): string {
  switch (letter) {
    case 's':
      return cut(printValue(value, meter), precision)
    case 'r':
      return cut(represent(value, meter), precision)
    case 'a':
      return cut(toAscii(represent(value, meter), meter), precision)
    case 'c':
      return character(value)
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
      return integerBody(letter, value, flags, precision ?? 0, meter)
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': {
      const number =
        asNumber(value) ?? typeFault(`Expected a number for "%${letter}", got ${describeValue(value)}. Convert it with |float.`)
      const float = toFloat(number)
      return signed(
        float < 0 || Object.is(float, -0),
        formatFloat(Math.abs(float), letter, precision ?? 6, flags.includes('#') ? 'kept' : 'dropped', meter),
        flags,
      )
    }
    default:
      return valueFault(`Expected a letter such as s, d or f behind "%", got "${letter}". Write %% for a percent sign.`)
  }
}

function integerBody(letter: string, value: Value, flags: string, precision: number, meter: Meter): string {
  const integer = typeof value === 'number' && !'xXo'.includes(letter) ? BigInt(Math.trunc(finiteOnly(value))) : asInteger(value)
  if (integer === undefined) return typeFault(`Expected an integer for "%${letter}", got ${describeValue(value)}. Convert it with |int.`)
  const base = letter === 'o' ? 8 : letter === 'x' || letter === 'X' ? 16 : 10
  const digits = integerText(integer < 0n ? -integer : integer, meter, base).padStart(Math.min(precision, 1100), '0')
  const prefix = !flags.includes('#') || base === 10 ? '' : base === 8 ? '0o' : '0x'
  const text = signed(integer < 0n, prefix + digits, flags)
  return letter === 'X' ? text.toUpperCase() : text
}

function finiteOnly(value: number): number {
  return Number.isFinite(value) ? value : valueFault('Expected a finite number, since infinity and NaN are no integers.')
}

export function signed(negative: boolean, digits: string, flags: string): string {
  return (negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') + digits
}

function zeroPadded(text: string, width: number, meter: Meter): string {
  const sign = /^[-+ ]?(?:0[xXo])?/.exec(text)?.[0] ?? ''
  const digits = text.slice(sign.length)
  return sign + padText(digits, digits.length, width - sign.length, '0', 'right', meter)
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text.slice(0, precision * 2)].slice(0, precision).join('')
}

function character(value: Value): string {
  const text = textOf(value)
  if (text !== undefined && [...text.slice(0, 3)].length === 1) return text
  const code = asInteger(value)
  if (code !== undefined && code >= 0n && code <= 0x10ffffn) return String.fromCodePoint(Number(code))
  return typeFault(`Expected one character or its number for "%c", got ${describeValue(value)}.`)
}

function demandInteger(value: Value): bigint {
  return asInteger(value) ?? typeFault(`Expected an integer for "*", got ${describeValue(value)}.`)
}

export function toAscii(text: string, meter: Meter): string {
  meter.pieces(text.length)
  return Array.from(text, (one) => {
    const code = one.codePointAt(0) ?? 0
    if (code < 0x80) return one
    return code < 0x100 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
  }).join('')
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0')
}
