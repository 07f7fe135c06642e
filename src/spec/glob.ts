import { RE2JS } from 're2js'
import type { Globs } from './types.ts'

/** Longer patterns are refused when a spec is read. */
export const maximumGlobLength = 256

/**
 * Whether GitHub Actions would select these names (branches, tags or paths): `include` when any name is matched,
 * `ignore` when any name is not. Within the list order matters: the last pattern that fits decides, and `!` takes out.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
 */
export function matchesGlobs(globs: Globs, names: readonly string[]): boolean {
  const matches = compileGlobs(globs.patterns)
  return globs.mode === 'include' ? names.some(matches) : names.some((name) => !matches(name))
}

/** Whether one name is matched by an ordered list of patterns. */
export function compileGlobs(patterns: readonly string[]): (name: string) => boolean {
  const compiled = patterns.map((pattern) => {
    const negated = pattern.startsWith('!')
    return { negated, matches: compileGlob(negated ? pattern.slice(1) : pattern) }
  })
  return (name) => {
    let matched = false
    for (const { negated, matches } of compiled) if (matched === negated && matches(name)) matched = !negated
    return matched
  }
}

/** One pattern without `!`, over a whole name. Runs in linear time. */
export function compileGlob(pattern: string): (name: string) => boolean {
  if (!/[*?+[\]\\]/.test(pattern)) return (name) => name === pattern
  const compiled = RE2JS.compile(toExpression(pattern), RE2JS.DOTALL)
  return (name) => compiled.matcher(name).matches()
}

/** Why a pattern cannot be used, or undefined. */
export function faultOfGlob(pattern: string): string | undefined {
  const body = pattern.startsWith('!') ? pattern.slice(1) : pattern
  if (body === '') return 'it is empty'
  if (body.length > maximumGlobLength) return `it is longer than ${maximumGlobLength} characters`
  if (/^[?+]/.test(body)) return '"?" and "+" repeat the character before them, and there is none'
  if (/\\$/.test(body.replaceAll('\\\\', ''))) return 'it ends with a backslash'
  if (/\[(?![^\]]+\])/.test(body.replaceAll(/\\./gsu, ''))) return 'its square brackets are wrong'
  try {
    compileGlob(body)
  } catch {
    // The compiler's own words speak of an expression that nobody wrote.
    return 'its square brackets are wrong'
  }
  return undefined
}

export function isGlob(pattern: string): boolean {
  return /[*?+[\]\\]/.test(pattern)
}

function toExpression(pattern: string): string {
  let expression = ''
  let repeatable = false
  for (let rest = pattern; rest !== ''; ) {
    const piece = firstPiece(rest, rest === pattern || /\/(?:\)\?)?$/.test(expression))
    // A star already repeats; a second mark behind one character adds nothing.
    if (piece !== '?' && piece !== '+') expression += translate(piece)
    else if (repeatable) expression += piece
    repeatable = !/^[*?+]/.test(piece)
    rest = rest.slice(piece.length)
  }
  return expression
}

/** `**` + `/` is a piece only where a folder can begin: there it also stands for no folder at all. */
function firstPiece(rest: string, atFolder: boolean): string {
  const form = atFolder ? /^(?:\*\*\/|\*+|\\.|\[[^\]]*\]|.)/su : /^(?:\*+|\\.|\[[^\]]*\]|.)/su
  return form.exec(rest)?.[0] ?? rest
}

function translate(piece: string): string {
  if (piece === '**/') return '(?:.*/)?'
  if (piece === '*') return '[^/]*'
  if (piece.startsWith('*')) return '.*'
  if (piece.startsWith('[') && piece.length > 1) return `[${piece.slice(1, -1).replaceAll('\\', '\\\\').replaceAll('[', '\\[')}]`
  return RE2JS.quote(piece.length > 1 && piece.startsWith('\\') ? piece.slice(1) : piece)
}
