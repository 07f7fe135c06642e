import type { Expression, Flags } from './syntax.ts'

/** What a character class lists: a range of code points, or one of Python's categories. */
export type Member =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'category'; readonly name: Category }

export type Category = 'd' | 'D' | 's' | 'S' | 'w' | 'W'

type Character = Extract<Expression, { kind: 'character' }>
type Range = readonly [from: number, to: number]

const greatest = 0x10ffff

/** Steps of RE2 that a class costs beside one per character, as measured: tables of Unicode are joined each time they are written. */
const prices = { plain: 1, digits: 10, words: 100, ignoringCase: 150 } as const

export function oneCharacter(codePoint: number, flags: Flags): Character {
  return characterClass([{ kind: 'range', from: codePoint, to: codePoint }], 'inside', flags)
}

/** `.`, which leaves out only the line break. */
export function anyCharacter(flags: Flags): Character {
  return { kind: 'character', re2: flags.has('s') ? '(?s:.)' : '[^\\n]', price: prices.plain }
}

export function characterClass(members: readonly Member[], side: 'inside' | 'outside', flags: Flags): Character {
  const [only] = members
  // Alone, the opposite of a category is its class turned round; among others its ranges have to be counted out.
  if (members.length === 1 && only?.kind === 'category' && /[DSW]/.test(only.name)) {
    const opposite = { kind: 'category', name: only.name.toLowerCase() as Category } as const
    return characterClass([opposite], side === 'inside' ? 'outside' : 'inside', flags)
  }
  const ascii = flags.has('a')
  const closed = flags.has('i') && ascii ? members.flatMap(withOtherCase) : members
  const listed = `[${side === 'outside' ? '^' : ''}${closed.map((member) => textOf(member, ascii)).join('')}]`
  const price = closed.reduce((sum, member) => sum + priceOf(member, ascii), 0)
  if (!flags.has('i') || ascii || !closed.some(hasCase)) return { kind: 'character', re2: listed, price }
  return { kind: 'character', re2: `(?i:${listed})`, price: price < prices.words ? price : price + prices.ignoringCase }
}

function priceOf(member: Member, ascii: boolean): number {
  if (member.kind === 'range' || ascii || /s/i.test(member.name)) return prices.plain
  return /d/i.test(member.name) ? prices.digits : prices.words
}

function hasCase(member: Member): boolean {
  if (member.kind === 'category') return true
  return member.to > 0x7f || overlap(member, 0x41, 0x5a) || overlap(member, 0x61, 0x7a)
}

function overlap({ from, to }: { readonly from: number; readonly to: number }, least: number, most: number): boolean {
  return from <= most && to >= least
}

/** Of the flags a and i: only the letters of ASCII have another case. */
function withOtherCase(member: Member): readonly Member[] {
  if (member.kind === 'category') return [member]
  const shifted = (least: number, most: number, by: number): readonly Member[] =>
    overlap(member, least, most) ? [{ kind: 'range', from: Math.max(member.from, least) + by, to: Math.min(member.to, most) + by }] : []
  return [member, ...shifted(0x41, 0x5a, 0x20), ...shifted(0x61, 0x7a, -0x20)]
}

function textOf(member: Member, ascii: boolean): string {
  if (member.kind === 'range') return rangeText([member.from, member.to])
  const lower = member.name.toLowerCase() as 'd' | 's' | 'w'
  if (member.name === lower) return ascii ? asciiRanges[lower].map(rangeText).join('') : unicodeText[lower]
  if (!ascii && lower === 'd') return '\\P{Nd}'
  const ranges = ascii ? asciiRanges[lower] : lower === 's' ? unicodeSpaces : unicodeWords()
  return outsideOf(ranges).map(rangeText).join('')
}

function rangeText([from, to]: Range): string {
  const hex = (codePoint: number) => `\\x{${codePoint.toString(16)}}`
  return from === to ? hex(from) : `${hex(from)}-${hex(to)}`
}

const asciiRanges: Readonly<Record<'d' | 's' | 'w', readonly Range[]>> = {
  d: [[0x30, 0x39]],
  s: [
    [0x9, 0xd],
    [0x20, 0x20],
  ],
  w: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
}

/** What Python's `str.isspace` takes. */
const unicodeSpaces: readonly Range[] = [
  [0x9, 0xd],
  [0x1c, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]

/** `str.isdecimal`, `str.isspace`, and `str.isalnum` with the underscore. */
const unicodeText = { d: '\\p{Nd}', s: unicodeSpaces.map(rangeText).join(''), w: '\\p{L}\\p{N}_' } as const

const unicodeWord = /^[\p{L}\p{N}_]$/u

export function isWordCharacter(character: string, alphabet: 'ascii' | 'unicode'): boolean {
  return alphabet === 'ascii' ? /^\w$/.test(character) : unicodeWord.test(character)
}

let knownWords: readonly Range[] | undefined

function unicodeWords(): readonly Range[] {
  knownWords ??= rangesOf((codePoint) => unicodeWord.test(String.fromCodePoint(codePoint)))
  return knownWords
}

function rangesOf(accepts: (codePoint: number) => boolean): readonly Range[] {
  const ranges: Range[] = []
  let from: number | undefined
  for (let codePoint = 0; codePoint <= greatest + 1; codePoint++) {
    const inside = codePoint <= greatest && accepts(codePoint)
    if (inside) from ??= codePoint
    else if (from !== undefined) {
      ranges.push([from, codePoint - 1])
      from = undefined
    }
  }
  return ranges
}

/** The gaps between ranges that stand in order. */
function outsideOf(ranges: readonly Range[]): readonly Range[] {
  const gaps: Range[] = []
  let next = 0
  for (const [from, to] of ranges) {
    if (from > next) gaps.push([next, from - 1])
    next = to + 1
  }
  return next <= greatest ? [...gaps, [next, greatest]] : gaps
}
