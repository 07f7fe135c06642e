import { whitespace } from './lexemes.ts'

const integerPattern = new RegExp(`^[${whitespace}]*([-+]?)(0[bB]_?|0[oO]_?|0[xX]_?)?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)[${whitespace}]*$`)
const floatPattern = new RegExp(
  `^[${whitespace}]*([-+]?)((?:\\d+(?:_\\d+)*(?:\\.(?:\\d+(?:_\\d+)*)?)?|\\.\\d+(?:_\\d+)*)(?:[eE][-+]?\\d+(?:_\\d+)*)?|inf|infinity|nan)[${whitespace}]*$`,
  'i',
)

const prefixBases: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16 }
const literalPrefixes: Readonly<Record<number, string>> = { 2: '0b', 8: '0o', 16: '0x' }

/** Python refuses longer ones. */
const maximumDigits = 4300

/** Python's `int(text, base)`; nothing where it raises. A base of 0 follows the prefix. */
export function parseInteger(text: string, base: number): bigint | undefined {
  const match = integerPattern.exec(asciiDigits(text))
  if (match === null || (base !== 0 && (base < 2 || base > 36))) return undefined
  const [, sign = '', prefix, digits = ''] = match
  const letter = prefix?.[1]?.toLowerCase()
  const prefixBase = letter === undefined ? undefined : prefixBases[letter]
  if (prefixBase !== undefined && (base === 0 || base === prefixBase)) return digitsOf(digits, prefixBase, sign)
  // In base 36, `0b1` is a number of three digits.
  const all = `${prefix ?? ''}${digits}`.replace(/^_+/, '')
  if (base === 0 && /^0+[1-9a-z_]*[1-9a-z]/i.test(all)) return undefined
  return digitsOf(all, base === 0 ? 10 : base, sign)
}

/** Decimal digits of any script count as theirs. */
function asciiDigits(text: string): string {
  return /[^\0-\x7f]/.test(text) ? text.replaceAll(/(?![0-9])\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) ?? 0))) : text
}

/** Digits of a script stand in a row from zero to nine, and where there are several rows they follow each other. */
function digitValue(point: number): number {
  let zero = point
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  return (point - zero) % 10
}

function digitsOf(text: string, base: number, sign: string): bigint | undefined {
  const digits = text.replaceAll('_', '').toLowerCase()
  if (digits.length > maximumDigits) return undefined
  for (const digit of digits) if (Number.parseInt(digit, 36) >= base) return undefined
  const magnitude = base === 10 ? BigInt(digits) : inBase(digits, base)
  return sign === '-' ? -magnitude : magnitude
}

function inBase(digits: string, base: number): bigint {
  const prefix = literalPrefixes[base]
  if (prefix !== undefined) return BigInt(prefix + digits)
  let value = 0n
  for (const digit of digits) value = value * BigInt(base) + BigInt(Number.parseInt(digit, 36))
  return value
}

/** Python's `float(text)`; nothing where it raises. */
export function parseFloatText(text: string): number | undefined {
  const match = floatPattern.exec(asciiDigits(text))
  if (match === null) return undefined
  const [, sign, body = ''] = match
  const word = body.toLowerCase()
  const magnitude = word === 'nan' ? Number.NaN : word.startsWith('inf') ? Number.POSITIVE_INFINITY : Number(word.replaceAll('_', ''))
  return sign === '-' ? -magnitude : magnitude
}
