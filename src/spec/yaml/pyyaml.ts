import type { Reporter } from '../reporter.ts'
import { loadYaml } from './compose.ts'
import type { Dialect, Origin, ScalarResult, WrittenScalar } from './dialect.ts'
import type { YamlNode } from './node.ts'

/**
 * Loads a document as PyYAML's safe loader does (osmo-spec.md §2.3): its words for booleans, `010` eight, `1e-4` a
 * string, dates, merge keys, of equal keys the last. Faults are reported and give undefined.
 */
export function loadPyYaml(text: string, origin: Origin, reporter: Reporter): YamlNode | undefined {
  return loadYaml(text, dialect, origin, reporter)
}

const core = 'tag:yaml.org,2002:'

const dialect: Dialect = {
  version: '1.1',
  scalar: (written) => (written.tag === undefined ? implicit(written) : explicit(written.tag, written.text)),
  collectionTags: [`${core}map`, `${core}seq`],
  lineBreaks: 'yaml-1.1',
  mergeKeys: 'merged',
  duplicateKeys: 'warning',
  tabs: 'refused',
  shallowFlow: 'accepted',
}

const booleans = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/
const floats = [
  /^[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?$/,
  /^\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/,
  /^[-+]?\.(?:inf|Inf|INF)$/,
  /^\.(?:nan|NaN|NAN)$/,
]
const integers = [
  /^[-+]?0b[0-1_]+$/,
  /^[-+]?0[0-7_]+$/,
  /^[-+]?(?:0|[1-9][0-9_]*)$/,
  /^[-+]?0x[0-9a-fA-F_]+$/,
  /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/,
]
const dateOnly = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/
const dateAndTime =
  /^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?$/
/** Python's own bound on the digits of a decimal integer. */
const maximumDigits = 4_300

/** Whether a plain scalar is text, and neither a number, a boolean, a date nor an error. */
export function meansText(text: string): boolean {
  return implicit({ text, style: 'plain', tag: undefined }).kind === 'string'
}

function implicit({ text, style }: WrittenScalar): ScalarResult {
  if (style === 'quoted') return { kind: 'string', value: text }
  if (text === '' || text === '~' || text === 'null' || text === 'Null' || text === 'NULL') return { kind: 'null' }
  if (text === '=') return fault('syntax/value', 'A lone "=" means nothing to OSMO\'s YAML reader. Put it in quotes.')
  if (text === '<<') return fault('syntax/merge', 'A lone "<<" is only allowed as a key. Put it in quotes.')
  if (booleans.test(text)) return readBoolean(text)
  const first = text.charCodeAt(0)
  // '+', '-', '.', and digits: nothing else begins a number or a date.
  if (!(first === 43 || first === 45 || first === 46 || (first >= 48 && first <= 57))) return { kind: 'string', value: text }
  if (floats.some((form) => form.test(text))) return readFloat(text)
  if (integers.some((form) => form.test(text))) return readInteger(text)
  if (dateOnly.test(text) || dateAndTime.test(text)) return readDate(text)
  return { kind: 'string', value: text }
}

function explicit(tag: string, text: string): ScalarResult {
  switch (tag) {
    case '!':
    case `${core}str`:
      return { kind: 'string', value: text }
    case `${core}null`:
      return { kind: 'null' }
    case `${core}bool`:
      return booleans.test(text) ? readBoolean(text) : wrong(text, 'a boolean')
    case `${core}int`:
      return integers.some((form) => form.test(text)) ? readInteger(text) : wrong(text, 'an integer')
    case `${core}float`:
      return floats.some((form) => form.test(text)) || /^[-+]?[0-9]+$/.test(text) ? readFloat(text) : wrong(text, 'a number')
    case `${core}timestamp`:
      return dateOnly.test(text) || dateAndTime.test(text) ? readDate(text) : wrong(text, 'a date')
    default:
      return fault('syntax/tag', `The tag "${tag}" is not known to OSMO's YAML reader. Remove it, or put the text in quotes.`)
  }
}

function readBoolean(text: string): ScalarResult {
  return { kind: 'boolean', value: ['yes', 'true', 'on'].includes(text.toLowerCase()) }
}

function readInteger(text: string): ScalarResult {
  const digits = text.replaceAll('_', '')
  const sign = digits.startsWith('-') ? -1n : 1n
  const magnitude = digits.replace(/^[-+]/, '')
  if (magnitude.length > maximumDigits) {
    return fault('limit/digits', `Expected an integer of at most ${maximumDigits} digits, but it has ${magnitude.length}. Shorten it.`)
  }
  if (magnitude.includes(':')) return { kind: 'integer', value: sign * sexagesimal(magnitude) }
  const octal = /^0[0-7]+$/.test(magnitude)
  const literal = octal ? `0o${magnitude}` : magnitude
  if (literal === '0b' || literal === '0x') return wrong(text, 'an integer')
  return { kind: 'integer', value: sign * BigInt(literal) }
}

function sexagesimal(text: string): bigint {
  return text.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
}

function readFloat(text: string): ScalarResult {
  const plain = text.replaceAll('_', '').toLowerCase()
  const sign = plain.startsWith('-') ? -1 : 1
  const magnitude = plain.replace(/^[-+]/, '')
  if (magnitude === '.inf') return { kind: 'float', value: sign * Number.POSITIVE_INFINITY }
  if (magnitude === '.nan') return { kind: 'float', value: Number.NaN }
  const value = magnitude.includes(':') ? magnitude.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) : Number(magnitude)
  return { kind: 'float', value: sign * value }
}

function readDate(text: string): ScalarResult {
  const match = dateOnly.exec(text) ?? dateAndTime.exec(text)
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

function wrong(text: string, wanted: string): ScalarResult {
  return fault(
    'syntax/value',
    `Expected ${wanted}, but ${JSON.stringify(text.slice(0, 80))} is none, and OSMO's YAML reader fails on it. Put it in quotes.`,
  )
}

function fault(code: string, message: string): ScalarResult {
  return { kind: 'fault', code, message }
}
