import type { PatternReader } from './reader.ts'
import { type Flag, type Flags, flagLetters } from './syntax.ts'

export type GroupHead =
  | { readonly kind: 'group'; readonly flags: Flags }
  | { readonly kind: 'comment' }
  /** Flags for the whole pattern. */
  | { readonly kind: 'flags'; readonly flags: Flags }

/** What stands between `(?` and the content of a group; the names of groups are checked and then forgotten. */
export function readGroupHead(reader: PatternReader, flags: Flags, names: Set<string>): GroupHead {
  const sign = reader.next('the kind of the group')
  if (sign === ':') return { kind: 'group', flags }
  if (sign === '#') return skipComment(reader)
  if (sign === 'P') return readNamed(reader, flags, names)
  if (sign === '-' || /[A-Za-z]/.test(sign)) return readFlags(sign, reader, flags)
  throw beyond(sign, reader)
}

function skipComment(reader: PatternReader): GroupHead {
  reader.takeWhile(/[^)]/)
  if (!reader.take(')')) throw reader.fault('a comment has no ")"')
  return { kind: 'comment' }
}

function readNamed(reader: PatternReader, flags: Flags, names: Set<string>): GroupHead {
  if (reader.take('=')) throw reader.fault('a reference back to a group cannot be searched for in linear time and is not supported here:')
  if (!reader.take('<')) throw reader.fault('"(?P" needs "<name>" behind it')
  const name = reader.takeWhile(/[^>]/)
  if (!reader.take('>')) throw reader.fault('the name of a group has no ">"')
  if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name.normalize('NFKC'))) throw reader.fault(`"${name}" cannot be the name of a group`)
  if (names.has(name)) throw reader.fault(`a second group has the name "${name}"`)
  names.add(name)
  return { kind: 'group', flags }
}

function beyond(sign: string, reader: PatternReader) {
  if (sign === '=' || sign === '!' || (sign === '<' && /[=!]/.test(reader.peek()))) {
    const direction = sign === '<' ? 'behind' : 'ahead'
    return reader.fault(
      `looking ${direction}, (?${sign}${sign === '<' ? reader.peek() : ''}…), is not supported here (it cannot run in linear time):`,
    )
  }
  if (sign === '>') return reader.fault('an atomic group, (?>…), is not supported here (it cannot run in linear time):')
  if (sign === '(') return reader.fault('a conditional group, (?(…)…), is not supported here (it cannot run in linear time):')
  if (sign === '<') return reader.fault('Python writes a group with a name as (?P<name>…), not (?<name>…):')
  return reader.fault(`Python knows no group that begins with "(?${sign}",`)
}

function readFlags(first: string, reader: PatternReader, flags: Flags): GroupHead {
  const on = first === '-' ? [] : [first, ...reader.takeWhile(/[A-Za-z]/)].map((letter) => flagOf(letter, reader))
  const alphabets = new Set(on.filter(isAlphabet))
  if (alphabets.size > 1) throw reader.fault('the flags a and u exclude each other')
  if (first !== '-' && reader.take(')')) return { kind: 'flags', flags: changed(flags, on, []) }
  const off = first === '-' || reader.take('-') ? [...reader.takeWhile(/[A-Za-z]/)].map((letter) => flagOf(letter, reader)) : undefined
  if (off?.length === 0) throw reader.fault('a flag was expected behind "-"')
  if (off?.some(isAlphabet)) throw reader.fault('the flags a and u cannot be turned off')
  if (off?.some((flag) => on.includes(flag))) throw reader.fault('one flag is turned on and off')
  if (!reader.take(':'))
    throw reader.fault(off === undefined ? '":" or ")" was expected behind the flags' : '":" was expected behind the flags')
  return { kind: 'group', flags: changed(flags, on, off ?? []) }
}

function flagOf(letter: string, reader: PatternReader): Flag {
  const flag = flagLetters.find((known) => known === letter)
  if (flag !== undefined) return flag
  throw reader.fault(letter === 'L' ? 'the flag L is only for bytes' : `Python knows no flag "${letter}"`)
}

function isAlphabet(flag: Flag): boolean {
  return flag === 'a' || flag === 'u'
}

function changed(flags: Flags, on: readonly Flag[], off: readonly Flag[]): Flags {
  const kept = [...flags].filter((flag) => !off.includes(flag) && !(isAlphabet(flag) && on.some(isAlphabet)))
  return new Set([...kept, ...on])
}
