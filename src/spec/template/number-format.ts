import { fixedDigits, significantDigits } from './decimal.ts'
import { type Meter, valueFault } from './limits.ts'

/** Digits behind the point beyond this are a mistake, and the exact value of any float has fewer. */
const maximumPrecision = 1100

export type FloatStyle = 'e' | 'E' | 'f' | 'F' | 'g' | 'G'
export type TrailingZeros = 'dropped' | 'kept'

/** `%e`, `%f` and `%g` of C for a value that is not negative. */
export function formatFloat(value: number, style: FloatStyle, precision: number, zeros: TrailingZeros, meter: Meter): string {
  if (precision > maximumPrecision) valueFault(`Expected at most ${maximumPrecision} digits behind the point, got ${precision}. Use fewer.`)
  // The exact value is an integer as long as the digits, or as the exponent.
  meter.step(10 + (precision * precision) / 4_000)
  const text = Number.isFinite(value) ? finite(value, style.toLowerCase(), precision, zeros) : Number.isNaN(value) ? 'nan' : 'inf'
  return style === style.toLowerCase() ? text : text.toUpperCase()
}

function finite(value: number, style: string, precision: number, zeros: TrailingZeros): string {
  const text = digitsIn(value, style, precision, zeros)
  return zeros === 'kept' ? text.replace(/^\d+(?![\d.])/, '$&.') : text
}

function digitsIn(value: number, style: string, precision: number, zeros: TrailingZeros): string {
  if (style === 'g') return general(value, precision === 0 ? 1 : precision, zeros)
  return style === 'f' ? fixedDigits(value, precision) : exponential(value, precision)
}

function exponential(value: number, precision: number): string {
  const { digits, exponent } = significantDigits(value, precision + 1)
  return withExponent(digits, exponent)
}

function withExponent(digits: string, exponent: number): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function general(value: number, precision: number, zeros: TrailingZeros): string {
  const { digits, exponent } = significantDigits(value, precision)
  const kept = zeros === 'kept' ? digits : digits.replace(/(?<=.)0+$/, '')
  if (exponent < -4 || exponent >= precision) return withExponent(kept, exponent)
  const fixed = fixedDigits(value, precision - 1 - exponent)
  return zeros === 'kept' || !fixed.includes('.') ? fixed : fixed.replace(/\.?0+$/, '')
}

/** Thousands apart. */
export function groupDigits(digits: string, separator: string, size: number): string {
  const [whole = '', ...rest] = digits.split('.')
  const groups: string[] = []
  for (let end = whole.length; end > 0; end -= size) groups.unshift(whole.slice(Math.max(0, end - size), end))
  return [groups.join(separator), ...rest].join('.')
}
