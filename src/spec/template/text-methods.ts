import { formatBraces } from './brace-format.ts'
import { collect } from './iteration.ts'
import { textLength } from './lengths.ts'
import { type Meter, typeFault, unsupportedFault, valueFault } from './limits.ts'
import { demandCount, demandText, type Method, type MethodTable, method, optional } from './method-table.ts'
import { isObject, list, type Machine, textOf, tuple, type Value } from './objects.ts'
import type { Bound } from './signature.ts'
import { slice } from './slicing.ts'
import {
  type Alignment,
  capitalize,
  countText,
  foldCase,
  likewise,
  padText,
  replaceText,
  type Side,
  splitAt,
  splitAtFromEnd,
  splitAtSpace,
  splitAtSpaceFromEnd,
  splitLines,
  strip,
  swapCase,
  titleCase,
} from './text.ts'
import { textQuestions } from './text-questions.ts'
import { describeValue } from './values.ts'

const itself = (target: Value): Value => target

/** A method whose result is as long as the text or little longer. */
function mapping(name: string, change: (text: string) => string, cost: 'whole' | 'pieces' = 'whole'): readonly [string, Method] {
  return method(name, '', itself, (target, _, { meter }) => {
    const text = demandText(target)
    if (cost === 'pieces') meter.pieces(text.length)
    meter.text(text.length * 2)
    return likewise(target, change(text))
  })
}

function stripping(name: string, side: Side): readonly [string, Method] {
  return method(name, 'chars?', itself, (target, [chars], { meter }) => {
    const text = demandText(target)
    meter.pieces(text.length / 4)
    meter.text(text.length)
    return likewise(target, strip(text, optional(chars, demandText), side))
  })
}

function padding(name: string, alignment: Alignment): readonly [string, Method] {
  return method(name, 'width fillchar?', itself, (target, [width, fill], { meter }) => {
    const text = demandText(target)
    const character = fill === undefined ? ' ' : demandText(fill)
    if (textLength(character, meter) !== 1) typeFault('Expected one character to fill up with.')
    return likewise(target, padText(text, textLength(text, meter), demandCount(width), character, alignment, meter))
  })
}

type Direction = 'forward' | 'backward'

function finding(name: string, direction: Direction, absent: 'fault' | 'minus-one'): readonly [string, Method] {
  return method(name, 'sub start? end?', demandText, (text, [sub, start, end], machine) => {
    const part = demandText(sub)
    const index = findText(text, part, start, end, direction, machine)
    if (index === undefined && absent === 'fault')
      return valueFault('Expected a text that contains the other, and it does not (substring not found). Use find(), which gives -1.')
    return BigInt(index ?? -1)
  })
}

function findText(
  text: string,
  part: string,
  start: Value | undefined,
  end: Value | undefined,
  direction: Direction,
  { meter }: Machine,
): number | undefined {
  const window = windowOf(text, start, end, meter)
  if (window === undefined) return undefined
  meter.scan(window.text.length, part.length)
  const found = direction === 'forward' ? window.text.indexOf(part) : window.text.lastIndexOf(part)
  if (found < 0) return undefined
  return window.start + textLength(window.text.slice(0, found), meter)
}

/** The part of a text that a method looks at; nothing where it would begin behind its end, where not even an empty text is found. */
function windowOf(
  text: string,
  start: Value | undefined,
  end: Value | undefined,
  meter: Meter,
): { start: number; text: string } | undefined {
  const length = textLength(text, meter)
  const from = offset(start, 0, length)
  const to = Math.min(offset(end, length, length), length)
  if (from > to) return undefined
  return { start: from, text: demandText(slice(text, [BigInt(from), BigInt(to), null], meter)) }
}

function offset(bound: Value | undefined, absent: number, length: number): number {
  const first = optional(bound, demandCount) ?? absent
  return first < 0 ? Math.max(0, first + length) : first
}

function splitting(name: string, direction: Direction): readonly [string, Method] {
  return method(name, 'sep?= maxsplit?=', itself, (target, [sep, maxsplit], { meter }) => {
    const text = demandText(target)
    const limit = maxsplit === undefined ? -1 : demandCount(maxsplit)
    const separator = optional(sep, demandText)
    if (separator === '') return valueFault('Expected a separator that is not empty. Use |list for single characters.')
    meter.pieces(text.length)
    meter.text(text.length)
    const parts = splitText(text, separator, limit < 0 ? Number.POSITIVE_INFINITY : limit, direction)
    meter.items(parts.length)
    return list(parts.map((part) => likewise(target, part)))
  })
}

function splitText(text: string, separator: string | undefined, limit: number, direction: Direction): string[] {
  if (separator === undefined) return direction === 'forward' ? splitAtSpace(text, limit) : splitAtSpaceFromEnd(text, limit)
  return direction === 'forward' ? splitAt(text, separator, limit) : splitAtFromEnd(text, separator, limit)
}

function partitioning(name: string, direction: Direction): readonly [string, Method] {
  return method(name, 'sep', demandText, (text, [sep], { meter }) => {
    const separator = demandText(sep)
    if (separator === '') return valueFault('Expected a separator that is not empty.')
    meter.text(text.length)
    const at = direction === 'forward' ? text.indexOf(separator) : text.lastIndexOf(separator)
    if (at < 0) return tuple(direction === 'forward' ? [text, '', ''] : ['', '', text])
    return tuple([text.slice(0, at), separator, text.slice(at + separator.length)])
  })
}

function bordering(name: string, matches: (text: string, affix: string) => boolean): readonly [string, Method] {
  return method(name, 'affix start? end?', demandText, (text, [affix, start, end], { meter }) => {
    const window = start === undefined && end === undefined ? text : windowOf(text, start, end, meter)?.text
    return affixes(affix).some((one) => {
      meter.scan(one.length)
      return window !== undefined && matches(window, one)
    })
  })
}

function affixes(value: Value | undefined): string[] {
  if (value !== undefined && isObject(value) && value.kind === 'tuple') return value.items.map(demandText)
  return [demandText(value)]
}

function join(target: Value, [iterable]: Bound, { meter }: Machine): Value {
  const items = collect(iterable ?? null, meter)
  const texts = items.map(
    (item, index) =>
      textOf(item) ??
      typeFault(`Expected texts to join, and item ${index} is ${describeValue(item)}. Use the filter |join, which converts.`),
  )
  const separator = demandText(target)
  meter.text(texts.reduce((sum, text) => sum + text.length + separator.length, 0))
  return likewise(target, texts.join(separator))
}

function replace(target: Value, [old, replacement, count]: Bound, { meter }: Machine): Value {
  const limit = count === undefined ? -1 : demandCount(count)
  return likewise(
    target,
    replaceText(demandText(target), demandText(old), demandText(replacement), limit < 0 ? Number.POSITIVE_INFINITY : limit, meter),
  )
}

function count(text: string, [sub, start, end]: Bound, { meter }: Machine): Value {
  const part = demandText(sub)
  const window = windowOf(text, start, end, meter)?.text
  if (window === undefined) return 0n
  return BigInt(part === '' ? textLength(window, meter) + 1 : countText(window, part, meter))
}

function zeroFill(text: string, [width]: Bound, { meter }: Machine): Value {
  const sign = /^[-+]/.exec(text)?.[0] ?? ''
  const digits = text.slice(sign.length)
  return sign + padText(digits, textLength(digits, meter), demandCount(width) - sign.length, '0', 'right', meter)
}

function expandTabs(text: string, [tabsize]: Bound, { meter }: Machine): Value {
  const size = tabsize === undefined ? 8 : demandCount(tabsize)
  meter.text(text.length + countText(text, '\t', meter) * Math.max(0, size))
  meter.pieces(text.length)
  let column = 0
  return Array.from(text, (character) => {
    const piece = character === '\t' ? ' '.repeat(size <= 0 ? 0 : size - (column % size)) : character
    column = character === '\n' || character === '\r' ? 0 : column + piece.length
    return piece
  }).join('')
}

function refused(name: string, advice: string): readonly [string, Method] {
  return [name, () => unsupportedFault(`Expected a method that templates can use, and ${name}() is none here. ${advice}.`)]
}

/** Methods of Python's `str`. */
export const textMethods: MethodTable = new Map<string, Method>([
  mapping('upper', (text) => text.toUpperCase()),
  mapping('lower', (text) => text.toLowerCase()),
  mapping('casefold', foldCase, 'pieces'),
  mapping('title', titleCase, 'pieces'),
  mapping('capitalize', capitalize),
  mapping('swapcase', swapCase, 'pieces'),
  stripping('strip', 'both'),
  stripping('lstrip', 'start'),
  stripping('rstrip', 'end'),
  padding('center', 'center'),
  padding('ljust', 'left'),
  padding('rjust', 'right'),
  method('zfill', 'width', demandText, zeroFill),
  method('expandtabs', 'tabsize?=', demandText, expandTabs),
  finding('find', 'forward', 'minus-one'),
  finding('rfind', 'backward', 'minus-one'),
  finding('index', 'forward', 'fault'),
  finding('rindex', 'backward', 'fault'),
  method('count', 'sub start? end?', demandText, count),
  splitting('split', 'forward'),
  splitting('rsplit', 'backward'),
  partitioning('partition', 'forward'),
  partitioning('rpartition', 'backward'),
  method('splitlines', 'keepends?=', itself, (target, [keep], { meter }) => {
    const text = demandText(target)
    meter.text(text.length)
    const lines = splitLines(text, keep !== undefined && demandCount(keep) !== 0 ? 'kept' : 'dropped', meter)
    meter.items(lines.length)
    return list(lines.map((line) => likewise(target, line)))
  }),
  method('join', 'iterable', itself, join),
  method('replace', 'old new count?', itself, replace),
  bordering('startswith', (text, affix) => text.startsWith(affix)),
  bordering('endswith', (text, affix) => text.endsWith(affix)),
  method('removeprefix', 'prefix', demandText, (text, [prefix]) =>
    text.startsWith(demandText(prefix)) ? text.slice(demandText(prefix).length) : text,
  ),
  method('removesuffix', 'suffix', demandText, (text, [suffix]) => {
    const end = demandText(suffix)
    return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text
  }),
  ['format', (target, given, machine) => likewise(target, formatBraces(demandText(target), given, machine))],
  ...textQuestions,
  refused('format_map', 'Use format(**values)'),
  refused('encode', 'A template has no bytes'),
  refused('translate', 'Use replace()'),
  refused('maketrans', 'Use replace()'),
])
