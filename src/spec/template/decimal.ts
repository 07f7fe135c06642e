/** The exact value of a float as a fraction of integers. */
export function exactFraction(value: number): { readonly numerator: bigint; readonly denominator: bigint } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n
  const exponent = (biased === 0 ? 1 : biased) - 1075
  const signed = value < 0 ? -mantissa : mantissa
  return exponent >= 0
    ? { numerator: signed << BigInt(exponent), denominator: 1n }
    : { numerator: signed, denominator: 1n << BigInt(-exponent) }
}

/** Halves go to the even neighbour, as in all of Python's roundings. `denominator` is positive. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n
  const magnitude = negative ? -numerator : numerator
  const quotient = magnitude / denominator
  const twice = (magnitude % denominator) * 2n
  const rounded = twice > denominator || (twice === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient
  return negative ? -rounded : rounded
}

/** `value × 10^places`, rounded from the exact value. */
export function scaledInteger(value: number, places: number): bigint {
  const { numerator, denominator } = exactFraction(value)
  return places >= 0
    ? divideHalfEven(numerator * 10n ** BigInt(places), denominator)
    : divideHalfEven(numerator, denominator * 10n ** BigInt(-places))
}

/** `1234.50` for 1234.5 and two places; never an exponent. The value is finite and not negative. */
export function fixedDigits(value: number, places: number): string {
  const digits = scaledInteger(value, places)
    .toString()
    .padStart(places + 1, '0')
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/** The first `count` significant digits and the exponent of the first. The value is finite and not negative. */
export function significantDigits(value: number, count: number): { readonly digits: string; readonly exponent: number } {
  if (value === 0) return { digits: '0'.repeat(count), exponent: 0 }
  const exponent = Number(value.toExponential().split('e')[1])
  const digits = scaledInteger(value, count - 1 - exponent).toString()
  return digits.length > count ? { digits: digits.slice(0, count), exponent: exponent + 1 } : { digits, exponent }
}
