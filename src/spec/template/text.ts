import { characters, hasSurrogates } from './lengths.ts'
import { whitespace } from './lexemes.ts'
import type { Meter } from './limits.ts'
import { isObject, type Value } from './objects.ts'

const space = new RegExp(`[${whitespace}]`)
const spaces = new RegExp(`[${whitespace}]+`, 'g')
const wordPattern = new RegExp(`[^${whitespace}]+`, 'g')
/** As a text, since a literal may not hold control characters. */
const lineEnd = new RegExp(['\\r\\n', '[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029]'].join('|'), 'g')
const cased = /\p{Cased}/u

/** Text of the same kind as the value it was made from: Markup stays Markup. */
export function likewise(model: Value, text: string): Value {
  return isObject(model) && model.kind === 'markup' ? { kind: 'markup', text } : text
}

export type Side = 'both' | 'start' | 'end'

/** Python's `strip`, `lstrip` and `rstrip`. `unwanted` absent: white space. */
export function strip(text: string, unwanted: string | undefined, side: Side): string {
  const drop = unwanted === undefined ? (character: string) => space.test(character) : isAmong(unwanted)
  const units: readonly string[] | string = hasSurrogates(text) ? [...text] : text
  let start = 0
  let end = units.length
  if (side !== 'end') while (start < end && drop(units[start] ?? '')) start++
  if (side !== 'start') while (end > start && drop(units[end - 1] ?? '')) end--
  return typeof units === 'string' ? units.slice(start, end) : units.slice(start, end).join('')
}

function isAmong(wanted: string): (character: string) => boolean {
  const set = new Set(wanted)
  return (character) => set.has(character)
}

export function isSpace(text: string): boolean {
  return text !== '' && strip(text, undefined, 'both') === ''
}

/** Python's `title`: every run of letters begins large. */
export function titleCase(text: string): string {
  let inWord = false
  return Array.from(withLastSigmas(text), (character) => {
    const piece = inWord ? character.toLowerCase() : capitalizeFirst(character)
    inWord = cased.test(character)
    return piece
  }).join('')
}

/** Letters that are two: at the beginning of a word only the first of them is large. */
const digraphs: Readonly<Record<string, string>> = { Ǆ: 'ǅ', Ǉ: 'ǈ', Ǌ: 'ǋ', Ǳ: 'ǲ' }
/** Their large forms are for whole texts, never for the beginning of a word. */
const georgian = /[\u10d0-\u10ff]/

/** Greek letters with an iota below, which is beside them when the whole text is large; each is this far from its title form. */
const iotas: readonly (readonly [letters: RegExp, distance: number])[] = [
  [/[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7]/, 8],
  [/[\u1fb3\u1fc3\u1ff3]/, 9],
]
const titleLetter = /\p{Lt}/u

function capitalizeFirst(character: string): string {
  if (georgian.test(character) || titleLetter.test(character)) return character
  const iota = iotas.find(([letters]) => letters.test(character))
  if (iota !== undefined) return String.fromCharCode(character.charCodeAt(0) + iota[1])
  const large = character.toUpperCase()
  if (character === 'ŉ') return large
  if (Object.hasOwn(digraphs, large)) return digraphs[large] ?? large
  const [first = '', ...rest] = large
  return first + rest.join('').toLowerCase()
}

export function capitalize(text: string): string {
  const [first = ''] = text
  return capitalizeFirst(first) + withLastSigmas(text).slice(first.length).toLowerCase()
}

export function swapCase(text: string): string {
  const small = withLastSigmas(text)
  return text.replaceAll(/./gsu, (character, offset: number) => {
    if (titleLetter.test(character)) return character
    if (character === 'Σ') return small.charAt(offset).toLowerCase()
    return character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase()
  })
}

const lastSigma = /(?<=\p{Cased}\p{Case_Ignorable}*)Σ(?!\p{Case_Ignorable}*\p{Cased})/gu

/** A sigma at the end of a word has a small form of its own. */
function withLastSigmas(text: string): string {
  return text.includes('Σ') ? text.replaceAll(lastSigma, 'ς') : text
}

/** Python's `casefold`: what differs only in its case becomes the same. */
export function foldCase(text: string): string {
  return text.replaceAll(/./gsu, (character) => (unfolded.test(character) ? character : character.toUpperCase().toLowerCase()))
}

/** The dotless i is no i, and Cherokee letters fold to the large ones. */
const unfolded = /[ı\u13a0-\u13f5]/

export type LineEnds = 'kept' | 'dropped'

export function splitLines(text: string, ends: LineEnds, meter: Meter): string[] {
  meter.pieces(text.length)
  const lines: string[] = []
  let position = 0
  for (const match of text.matchAll(lineEnd)) {
    const end = match.index + match[0].length
    lines.push(text.slice(position, ends === 'kept' ? end : match.index))
    position = end
  }
  if (position < text.length) lines.push(text.slice(position))
  return lines
}

/** At runs of white space, none of them kept; at most `limit` cuts from the start. */
export function splitAtSpace(text: string, limit: number): string[] {
  return cutAtSpace(strip(text, undefined, 'start'), limit)
}

function cutAtSpace(text: string, limit: number): string[] {
  const parts: string[] = []
  let position = 0
  for (const match of text.matchAll(spaces)) {
    if (parts.length >= limit) break
    parts.push(text.slice(position, match.index))
    position = match.index + match[0].length
  }
  if (position < text.length) parts.push(text.slice(position))
  return parts
}

export function splitAtSpaceFromEnd(text: string, limit: number): string[] {
  const words = [...text.matchAll(wordPattern)]
  const head = words.length - limit
  const last = words[head - 1]
  if (head <= 1 || last === undefined) return words.map(([word]) => word)
  return [text.slice(0, last.index + last[0].length), ...words.slice(head).map(([word]) => word)]
}

export function splitAt(text: string, separator: string, limit: number): string[] {
  const parts = text.split(separator)
  return parts.length <= limit + 1 ? parts : [...parts.slice(0, limit), parts.slice(limit).join(separator)]
}

export function splitAtFromEnd(text: string, separator: string, limit: number): string[] {
  const parts = text.split(separator)
  const head = parts.length - limit
  return head <= 1 ? parts : [parts.slice(0, head).join(separator), ...parts.slice(head)]
}

/** Python's `replace`; an empty `old` stands between all characters and at both ends. */
export function replaceText(text: string, old: string, replacement: string, limit: number, meter: Meter): string {
  if (old === '' && text === '') return limit === 0 ? '' : replacement
  const all = old === '' ? characters(text, meter) : undefined
  const found = Math.min(all === undefined ? countText(text, old, meter) : all.length + 1, limit)
  meter.text(Math.max(0, text.length + found * (replacement.length - old.length)))
  if (found === 0) return text
  if (all !== undefined) return insertBetween(all, replacement, found)
  return splitAt(text, old, found).join(replacement)
}

function insertBetween(all: readonly string[] | string, inserted: string, count: number): string {
  const pieces = Array.from(all, (character, index) => (index < count ? inserted + character : character))
  return pieces.join('') + (count > all.length ? inserted : '')
}

/** Without overlap. */
export function countText(text: string, part: string, meter: Meter): number {
  meter.scan(text.length, part.length)
  let count = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++
  // Finding, and later splitting at, millions of places costs far more than reading past them.
  meter.step(count / 4)
  return count
}

export type Alignment = 'left' | 'right' | 'center'

/** Filled up to `width` code points. */
export function padText(text: string, length: number, width: number, fill: string, alignment: Alignment, meter: Meter): string {
  const missing = width - length
  if (missing <= 0) return text
  meter.text(text.length + missing * fill.length)
  // Python puts the odd one to the left only when the width is odd too.
  const before = alignment === 'left' ? 0 : alignment === 'right' ? missing : (missing >> 1) + (missing & width & 1)
  return fill.repeat(before) + text + fill.repeat(missing - before)
}
