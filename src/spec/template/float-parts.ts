import { exactFraction } from './decimal.ts'
import { valueFault } from './limits.ts'

type Parts = { readonly sign: '-' | ''; readonly mantissa: bigint; readonly exponent: number }

const mantissaBits = 52n
/** What IEEE 754 adds to the exponent of a binary64. */
const bias = 1023

/** Python's `float.hex()`: `0x1.8000000000000p+1`. */
export function hexadecimal(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  const { sign, mantissa, exponent } = partsOf(value)
  if (!Number.isFinite(value)) return `${sign}inf`
  if (value === 0) return `${sign}0x0.0p+0`
  const whole = mantissa >> mantissaBits
  const digits = (mantissa & ((1n << mantissaBits) - 1n)).toString(16).padStart(13, '0')
  return `${sign}0x${whole}.${digits}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}

/** Python's `float.as_integer_ratio()`, in lowest terms. */
export function ratioOf(value: number): readonly [bigint, bigint] {
  if (!Number.isFinite(value)) return valueFault('Expected a finite number, since infinity and NaN are no ratios.')
  let { numerator, denominator } = exactFraction(value)
  while (denominator > 1n && numerator % 2n === 0n) {
    numerator /= 2n
    denominator /= 2n
  }
  return [numerator, denominator]
}

/** The value is mantissa · 2^(exponent - 52). */
function partsOf(value: number): Parts {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> mantissaBits) & 0x7ffn)
  const fraction = bits & ((1n << mantissaBits) - 1n)
  const sign = bits >> 63n === 1n ? '-' : ''
  // Below the smallest normal number there is no hidden bit.
  return biased === 0
    ? { sign, mantissa: fraction, exponent: 1 - bias }
    : { sign, mantissa: fraction | (1n << mantissaBits), exponent: biased - bias }
}
