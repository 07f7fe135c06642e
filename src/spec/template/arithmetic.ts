import { type Meter, unsupportedFault, valueFault } from './limits.ts'
import type { Value } from './objects.ts'
import type { BinaryOperator } from './syntax.ts'

/** Python's arithmetic of `int` and `float`; a result of two ints is an int but for `/` and negative powers. */
export function arithmetic(operator: BinaryOperator, left: bigint | number, right: bigint | number, meter: Meter): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return integerArithmetic(operator, left, right, meter)
  return floatArithmetic(operator, toFloat(left), toFloat(right))
}

/** Python refuses an int that no float can hold. */
export function toFloat(value: bigint | number): number {
  const float = Number(value)
  if (typeof value === 'bigint' && !Number.isFinite(float))
    valueFault('Expected an integer below 1.8e308, since a float cannot hold more. Use smaller numbers.')
  return float
}

function integerArithmetic(operator: BinaryOperator, left: bigint, right: bigint, meter: Meter): Value {
  switch (operator) {
    case '+':
      return checked(left + right, meter)
    case '-':
      return checked(left - right, meter)
    case '*':
      meter.integer(bitLength(left) + bitLength(right) - 1)
      return left * right
    case '/':
      return right === 0n ? divisionByZero() : trueDivision(left, right)
    case '//':
      return right === 0n ? divisionByZero() : floorDivision(left, right)
    case '%':
      return right === 0n ? divisionByZero() : left - right * floorDivision(left, right)
    case '**':
      return integerPower(left, right, meter)
  }
}

function checked(value: bigint, meter: Meter): bigint {
  if (value > 2n ** 64n || value < -(2n ** 64n)) meter.integer(bitLength(value))
  return value
}

export function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value
  return magnitude === 0n ? 0 : magnitude.toString(16).length * 4 - Math.clz32(Number.parseInt(magnitude.toString(16)[0] ?? '0', 16)) + 28
}

function divisionByZero(): never {
  return valueFault('Expected a divisor that is not zero. Guard the division with {% if %}.')
}

export function floorDivision(left: bigint, right: bigint): bigint {
  const quotient = left / right
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient
}

/** Rounded once, as Python does, also where the operands do not fit a float. */
function trueDivision(left: bigint, right: bigint): number {
  const exact = 2n ** 53n
  if (left < exact && left > -exact && right < exact && right > -exact) return Number(left) / Number(right)
  const shift = BigInt(Math.max(0, 66 - (bitLength(left) - bitLength(right))))
  const scaled = left << shift
  const quotient = scaled / right
  // The lowest bit says that something was cut off, which decides ties.
  const sticky = scaled % right === 0n ? quotient : quotient | 1n
  const negative = sticky < 0n
  const excess = BigInt(Math.max(0, bitLength(sticky) - 64))
  const magnitude = negative ? -sticky : sticky
  const rest = magnitude & ((1n << excess) - 1n)
  const head = (magnitude >> excess) | (rest === 0n ? 0n : 1n)
  const result = Number(head) * 2 ** Number(excess - shift)
  if (!Number.isFinite(result)) valueFault('Expected a quotient below 1.8e308, since a float cannot hold more. Use "//".')
  return negative ? -result : result
}

function integerPower(base: bigint, exponent: bigint, meter: Meter): Value {
  if (exponent < 0n) return base === 0n ? divisionByZero() : floatPower(toFloat(base), toFloat(exponent))
  if (base > 1n || base < -1n) meter.integer(bitLength(base) * Number(exponent) - Number(exponent) + 1)
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n
  return base === 0n || base === 1n ? (exponent === 0n ? 1n : base) : power(base, exponent, meter)
}

function power(base: bigint, exponent: bigint, meter: Meter): bigint {
  const value = base ** exponent
  meter.weigh(value)
  return value
}

function floatArithmetic(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0 ? divisionByZero() : left / right
    case '//':
      return right === 0 ? divisionByZero() : floorDivide(left, right)
    case '%':
      return right === 0 ? divisionByZero() : floorModulo(left, right)
    case '**':
      return floatPower(left, right)
  }
}

/** The sign of the divisor. */
function floorModulo(left: number, right: number): number {
  const rest = left % right
  if (rest === 0) return right < 0 ? -0 : 0
  return rest < 0 !== right < 0 ? rest + right : rest
}

function floorDivide(left: number, right: number): number {
  const quotient = (left - floorModulo(left, right)) / right
  const floor = Math.floor(quotient)
  if (quotient === 0) return left / right < 0 || Object.is(left / right, -0) ? -0 : 0
  return quotient - floor > 0.5 ? floor + 1 : floor
}

function floatPower(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) return divisionByZero()
  if (base < 0 && Number.isFinite(base) && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    return unsupportedFault('Expected a base that is not negative, since the result would be a complex number. Use |abs.')
  }
  // JavaScript gives NaN here, Python one.
  if (base === 1 || (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent))) return 1
  const result = base ** exponent
  if (!Number.isFinite(result) && Number.isFinite(base) && Number.isFinite(exponent))
    valueFault('Expected a power below 1.8e308, since a float cannot hold more. Use smaller numbers.')
  return result
}
