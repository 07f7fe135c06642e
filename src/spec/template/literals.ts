import type { Span } from './limits.ts'
import { SyntaxFailure } from './token-stream.ts'

/** Python refuses decimal literals of more than 4300 digits. */
const maximumDigits = 4300

/** A literal that the lexer has accepted: decimal, `0b`, `0o` or `0x`, with `_` between digits. */
export function parseIntegerLiteral(text: string, at: Span): bigint {
  const digits = text.replaceAll('_', '').toLowerCase()
  if (digits.length > maximumDigits) {
    throw new SyntaxFailure(
      `Expected an integer of at most ${maximumDigits} digits, got ${digits.length}. Use a smaller number.`,
      at,
      'limit/template-integer',
    )
  }
  return BigInt(digits)
}

export function parseFloatLiteral(text: string): number {
  return Number(text.replaceAll('_', ''))
}
