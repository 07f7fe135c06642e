import { anyCharacter, characterClass, type Member, oneCharacter } from './characters.ts'
import { readClassEscape, readEscape } from './escapes.ts'
import { readGroupHead } from './groups.ts'
import { createPatternReader, type PatternReader } from './reader.ts'
import type { Expression, Flags } from './syntax.ts'

/** `flags` of the outermost scope may be changed by what opens the pattern. */
type Scope = { flags: Flags; readonly level: 'pattern' | 'group' }
type Parsing = { readonly reader: PatternReader; readonly names: Set<string> }

/** Reads a pattern in the syntax of Python 3.11's `re`. Throws a `PatternFault` for what is wrong, or cannot be run in linear time. */
export function parsePattern(source: string): Expression {
  const parsing = { reader: createPatternReader(source), names: new Set<string>() }
  const expression = readChoice(parsing, { flags: new Set(), level: 'pattern' })
  if (!parsing.reader.atEnd()) throw parsing.reader.fault('a ")" has no "(": it stands behind what ends')
  return expression
}

function readChoice(parsing: Parsing, scope: Scope): Expression {
  const branches = [readSequence(parsing, scope, scope.level === 'pattern' ? 'may-set-flags' : 'may-not')]
  while (parsing.reader.take('|')) branches.push(readSequence(parsing, scope, 'may-not'))
  return { kind: 'choice', branches }
}

function readSequence(parsing: Parsing, scope: Scope, flagsHere: 'may-set-flags' | 'may-not'): Expression {
  const { reader } = parsing
  const items: Expression[] = []
  while (!reader.atEnd() && !/[|)]/.test(reader.peek())) {
    if (scope.flags.has('x') && skipsBlank(reader)) continue
    const bounds = readBounds(reader)
    if (bounds !== undefined) items.push(repeated(items.pop(), bounds, reader))
    else items.push(...readItem(parsing, scope, items.length === 0 ? flagsHere : 'may-not'))
  }
  return { kind: 'sequence', items }
}

/** Of the flag x: blanks and comments between the parts. */
function skipsBlank(reader: PatternReader): boolean {
  if (reader.takeWhile(/[ \t\n\r\v\f]/) !== '') return true
  if (!reader.take('#')) return false
  reader.takeWhile(/[^\n]/)
  return true
}

type Bounds = { readonly least: number; readonly most: number }

const signs: Readonly<Record<string, Bounds>> = {
  '*': { least: 0, most: Number.POSITIVE_INFINITY },
  '+': { least: 1, most: Number.POSITIVE_INFINITY },
  '?': { least: 0, most: 1 },
}

function readBounds(reader: PatternReader): Bounds | undefined {
  const sign = signs[reader.peek()]
  if (sign === undefined) return reader.peek() === '{' ? readCounts(reader) : undefined
  reader.next('')
  return sign
}

/** `{3}`, `{3,}`, `{,3}`, `{3,5}` and `{,}`. Other braces are characters. */
function readCounts(reader: PatternReader): Bounds | undefined {
  const start = reader.position()
  reader.take('{')
  const low = reader.takeWhile(/[0-9]/)
  const range = reader.take(',')
  const high = range ? reader.takeWhile(/[0-9]/) : low
  if ((low === '' && !range) || !reader.take('}')) {
    reader.back(start)
    return undefined
  }
  const bounds = { least: Number(low), most: high === '' ? Number.POSITIVE_INFINITY : Number(high) }
  if (bounds.most < bounds.least) throw reader.fault(`the most in {${low},${high}} is below the least,`)
  return bounds
}

function repeated(item: Expression | undefined, bounds: Bounds, reader: PatternReader): Expression {
  if (item === undefined || item.kind === 'assertion') throw reader.fault('there is nothing to repeat before the sign of a repetition')
  if (item.kind === 'repeat') throw reader.fault('a repetition cannot be repeated without a group around it:')
  if (reader.take('+')) throw reader.fault('a repetition that gives nothing back ("*+", "++", "?+", "}+") is not supported here:')
  // Lazy or not, the same texts match.
  reader.take('?')
  return { kind: 'repeat', item, ...bounds }
}

function readItem(parsing: Parsing, scope: Scope, flagsHere: 'may-set-flags' | 'may-not'): readonly Expression[] {
  const { reader } = parsing
  const character = reader.next('')
  const { flags } = scope
  switch (character) {
    case '(':
      return readGroup(parsing, scope, flagsHere)
    case '[':
      return [readClass(reader, flags)]
    case '.':
      return [anyCharacter(flags)]
    case '^':
      return [{ kind: 'assertion', what: flags.has('m') ? 'line-start' : 'start' }]
    case '$':
      return [{ kind: 'assertion', what: flags.has('m') ? 'line-end' : 'last-line-end' }]
    case '\\': {
      const escaped = readEscape(reader, flags)
      return [escaped.kind === 'assertion' ? escaped : characterClass([escaped], 'inside', flags)]
    }
    default:
      return [oneCharacter(character.codePointAt(0) ?? 0, flags)]
  }
}

function readGroup(parsing: Parsing, scope: Scope, flagsHere: 'may-set-flags' | 'may-not'): readonly Expression[] {
  const { reader, names } = parsing
  const head = reader.take('?') ? readGroupHead(reader, scope.flags, names) : ({ kind: 'group', flags: scope.flags } as const)
  if (head.kind === 'comment') return []
  if (head.kind === 'flags') {
    if (flagsHere === 'may-not') throw reader.fault('flags for the whole pattern must stand at its start:')
    if (head.flags.has('a') && scope.flags.has('u')) throw reader.fault('the flags a and u exclude each other')
    if (head.flags.has('u') && scope.flags.has('a')) throw reader.fault('the flags a and u exclude each other')
    scope.flags = head.flags
    return []
  }
  const content = readChoice(parsing, { flags: head.flags, level: 'group' })
  if (!reader.take(')')) throw reader.fault('a "(" has no ")": the pattern ends')
  return [content]
}

function readClass(reader: PatternReader, flags: Flags): Expression {
  const side = reader.take('^') ? 'outside' : 'inside'
  const members: Member[] = []
  // A bracket that directly opens the class is a character of it.
  while (members.length === 0 || !reader.take(']')) members.push(...readMembers(reader))
  return characterClass(members, side, flags)
}

const open = 'a "]" that closes the class'

function readMembers(reader: PatternReader): readonly Member[] {
  const first = readMember(reader)
  if (!reader.take('-')) return [first]
  if (reader.peek() === ']') return [first, { kind: 'range', from: 0x2d, to: 0x2d }]
  const last = readMember(reader)
  if (first.kind === 'category' || last.kind === 'category' || last.from < first.from) {
    throw reader.fault('a range in a class must go from one character up to another; put "\\" before a "-" that is meant as such:')
  }
  return [{ kind: 'range', from: first.from, to: last.from }]
}

function readMember(reader: PatternReader): Member {
  const character = reader.next(open)
  if (character === '\\') return readClassEscape(reader)
  const codePoint = character.codePointAt(0) ?? 0
  return { kind: 'range', from: codePoint, to: codePoint }
}
