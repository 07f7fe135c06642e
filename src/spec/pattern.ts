import { RE2JS, RE2JSException } from 're2js'

/** A regular expression of a spec, run in linear time. */
export type Pattern = {
  /** As Python's `re.match`: anchored at the start only. */
  matchesStart(text: string): boolean
  /** As Python's `re.fullmatch`. */
  matchesWhole(text: string): boolean
}

export type PatternResult = { readonly kind: 'compiled'; readonly pattern: Pattern } | { readonly kind: 'refused'; readonly reason: string }

/** Patterns in specs are a line; RE2's program grows with them. */
const maximumLength = 1_000

/** Compiles a pattern in Python's syntax. What RE2 cannot do in linear time (look-around, back references) is refused. */
export function compilePattern(source: string): PatternResult {
  if (source.length > maximumLength) return refused(`it has ${source.length} characters, and ${maximumLength} are allowed`)
  const beyond = beyondRe2(source)
  if (beyond !== undefined) return refused(`${beyond} cannot be run in linear time and is not supported here`)
  try {
    const compiled = RE2JS.compile(toRe2(source))
    return {
      kind: 'compiled',
      pattern: { matchesStart: (text) => compiled.matcher(text).lookingAt(), matchesWhole: (text) => compiled.matcher(text).matches() },
    }
  } catch (error) {
    if (error instanceof RE2JSException) return refused(error.message.replace(/^error parsing regexp: /, ''))
    throw error
  }
}

function refused(reason: string): PatternResult {
  return { kind: 'refused', reason }
}

/** Walks a pattern outside of escapes and character classes; `undefined` from the visitor keeps the characters. */
function rewrite(source: string, visit: (rest: string) => { readonly length: number; readonly text: string } | undefined): string {
  let result = ''
  let inClass = false
  for (let at = 0; at < source.length; ) {
    const replaced = inClass ? undefined : visit(source.slice(at, at + 24))
    const length = replaced?.length ?? (source[at] === '\\' ? 2 : 1)
    if (replaced === undefined) {
      if (!inClass && source[at] === '[') inClass = true
      // A bracket that directly opens the class is a character of it.
      else if (inClass && source[at] === ']' && !/(?:^|[^\\])\[\^?$/.test(source.slice(Math.max(0, at - 3), at))) inClass = false
    }
    result += replaced?.text ?? source.slice(at, at + length)
    at += length
  }
  return result
}

function toRe2(source: string): string {
  return rewrite(source, (rest) => {
    if (rest.startsWith('\\Z')) return { length: 2, text: '\\z' }
    const upTo = /^\{,([0-9]{1,4})\}/.exec(rest)
    return upTo === null ? undefined : { length: upTo[0].length, text: `{0,${upTo[1]}}` }
  })
}

function beyondRe2(source: string): string | undefined {
  let found: string | undefined
  rewrite(source, (rest) => {
    if (/^\(\?<?[=!]/.test(rest)) found ??= 'look-ahead or look-behind'
    else if (/^\\[1-9]/.test(rest) || rest.startsWith('(?P=')) found ??= 'a back reference'
    else if (rest.startsWith('(?(')) found ??= 'a conditional group'
    else if (rest.startsWith('(?>') || /^[*+?}]\+/.test(rest)) found ??= 'an atomic group or possessive quantifier'
    return undefined
  })
  return found
}
