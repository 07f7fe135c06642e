import { isUtf8 } from 'node:buffer'
import { parseFloatText, parseInteger } from '../template/number-parsing.ts'
import type { FaultResult, ScalarResult } from './dialect.ts'

// What PyYAML's safe constructors make of a text. They take more than the forms by which an untagged text is recognised.

export const dateOnly = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/
export const dateAndTime =
  /^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?$/
const looseDate = /^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)$/

/** Python's own bound on the digits of a decimal integer. */
const maximumDigits = 4_300

export function readBoolean(text: string): ScalarResult {
  return { kind: 'boolean', value: ['yes', 'true', 'on'].includes(text.toLowerCase()) }
}

export function readInteger(text: string): ScalarResult {
  const digits = text.replaceAll('_', '')
  const magnitude = digits.replace(/^[-+]/, '')
  if (magnitude.length > maximumDigits) {
    return fault('limit/digits', `Expected an integer of at most ${maximumDigits} digits, but it has ${magnitude.length}. Shorten it.`)
  }
  const value = readMagnitude(magnitude)
  return value === undefined ? wrong(text, 'an integer') : { kind: 'integer', value: digits.startsWith('-') ? -value : value }
}

function readMagnitude(text: string): bigint | undefined {
  if (text.startsWith('0b')) return parseInteger(text.slice(2), 2)
  if (text.startsWith('0x')) return parseInteger(text.slice(2), 16)
  if (text.startsWith('0')) return parseInteger(text, 8)
  return text.split(':').reduce<bigint | undefined>((sum, part) => {
    const digits = parseInteger(part, 10)
    return sum === undefined || digits === undefined ? undefined : sum * 60n + digits
  }, 0n)
}

export function readFloat(text: string): ScalarResult {
  const plain = text.replaceAll('_', '').toLowerCase()
  const sign = plain.startsWith('-') ? -1 : 1
  const magnitude = plain.replace(/^[-+]/, '')
  if (magnitude === '.inf') return { kind: 'float', value: sign * Number.POSITIVE_INFINITY }
  if (magnitude === '.nan') return { kind: 'float', value: Number.NaN }
  const parts = magnitude.split(':').map(parseFloatText)
  if (!parts.every((part) => part !== undefined)) return wrong(text, 'a number')
  // From the right, since the order of additions shows in the last digit.
  const value = parts.reduceRight((sum, part, index) => sum + part * 60 ** (parts.length - 1 - index), 0)
  return { kind: 'float', value: sign * value }
}

export function readDate(text: string): ScalarResult {
  const match = looseDate.exec(text) ?? dateAndTime.exec(text)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (match ?? []).slice(1, 7).map((part) => Number(part ?? 0))
  const exists = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  const offsetHours = Number(/^[-+]([0-9]+)/.exec(match?.[8] ?? '')?.[1] ?? 0)
  if (!exists || offsetHours > 23 || hour > 23 || minute > 59 || second > 59) return wrong(text, 'a date')
  const date = [String(year).padStart(4, '0'), twoDigits(month), twoDigits(day)].join('-')
  if (match?.[4] === undefined) return { kind: 'date', value: { date } }
  const fraction = (match[7] ?? '').slice(0, 6)
  const time = [hour, minute, second].map(twoDigits).join(':') + (fraction === '' ? '' : `.${fraction.padEnd(6, '0')}`)
  return { kind: 'date', value: { datetime: `${date}T${time}${zone(match[8])}` } }
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

/** `+2` and `+02:00` are one offset. */
function zone(text: string | undefined): string {
  if (text === undefined || text === 'Z') return text ?? ''
  const [hours = '0', minutes = '00'] = text.slice(1).split(':')
  return `${text[0]}${hours.padStart(2, '0')}:${minutes}`
}

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** OSMO's fields take bytes for the text that they are in UTF-8. */
export function readBinary(text: string): ScalarResult {
  const digits = /\P{ASCII}/u.test(text) ? undefined : base64Digits(text)
  if (digits === undefined) return wrong(text, 'base64')
  const bytes = Buffer.from(digits, 'base64')
  return isUtf8(bytes) ? { kind: 'string', value: bytes.toString() } : wrong(text, 'base64 of UTF-8 text')
}

/** As Python's `binascii` reads: other signs are passed over, `=` ends the text where it completes four digits and means nothing elsewhere. */
function base64Digits(text: string): string | undefined {
  let digits = ''
  let padding = 0
  for (const sign of text) {
    const filled = digits.length % 4
    if (/[A-Za-z0-9+/]/.test(sign)) {
      digits += sign
      padding = 0
    } else if (sign === '=' && filled >= 2 && filled + ++padding >= 4) return digits
  }
  return digits.length % 4 === 0 ? digits : undefined
}

export function wrong(text: string, wanted: string): FaultResult {
  return fault(
    'syntax/value',
    `Expected ${wanted}, but ${JSON.stringify(text.slice(0, 80))} is none, and OSMO's YAML reader fails on it. Put it in quotes.`,
  )
}

export function fault(code: string, message: string): FaultResult {
  return { kind: 'fault', code, message }
}
