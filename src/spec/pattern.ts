import { RE2JS } from 're2js'
import { emitPattern, type Form } from './regex/emit.ts'
import { parsePattern } from './regex/parse.ts'
import { priceOf } from './regex/price.ts'
import { type Expression, PatternFault } from './regex/syntax.ts'
import { assertionsOf, clashOf, formFor, wrapText } from './regex/wrapped-text.ts'

/** A regular expression of a spec, run in linear time. */
export type Pattern = {
  /** As Python's `re.match`: anchored at the start only. */
  matchesStart(text: string): boolean
  /** As Python's `re.fullmatch`. */
  matchesWhole(text: string): boolean
}

export type PatternResult =
  /** `price` is about the number of instructions that making it cost. */
  | { readonly kind: 'compiled'; readonly pattern: Pattern; readonly price: number }
  | { readonly kind: 'refused'; readonly code: 'semantic/regex' | 'limit/regex'; readonly reason: string }

/** Patterns in specs are a line. */
const maximumLength = 1_000

/** Instructions of all programs of one file. */
const maximumPriceOfFile = 200_000

/** Instructions of one program: a text is compared with all of them at each of its characters. */
const maximumPrice = 5_000

/** The patterns of one file: each distinct one is made once, and together they have a bound. `left` is in instructions. */
export type PatternShelf = { readonly known: Map<string, PatternResult>; left: number }

export function createPatternShelf(): PatternShelf {
  return { known: new Map(), left: maximumPriceOfFile }
}

/**
 * Compiles a pattern in the syntax of Python's `re` (3.11) with its meaning for text. What cannot be run in linear time (looking around,
 * references back, groups that give nothing back) is refused, and so is what Python refuses.
 */
export function compilePattern(source: string, shelf?: PatternShelf): PatternResult {
  const known = shelf?.known.get(source)
  if (known !== undefined) return known
  const result = shelf !== undefined && shelf.left <= 0 ? beyondFile : compiled(source)
  if (shelf !== undefined) putAway(source, result, shelf)
  return result
}

function compiled(source: string): PatternResult {
  if (source.length > maximumLength) return tooLarge(`it has ${source.length} characters, and ${maximumLength} are allowed`)
  const expression = parsed(source)
  if (expression instanceof PatternFault) return { kind: 'refused', code: 'semantic/regex', reason: expression.message }
  const price = priceOf(expression)
  if (price > maximumPrice)
    return tooLarge(`with its repetitions written out it has about ${counted(price)} parts, and ${maximumPrice} are allowed`)
  const clash = clashOf(assertionsOf(expression))
  if (clash !== undefined) return { kind: 'refused', code: 'semantic/regex', reason: `${clash}, which is not supported here` }
  return { kind: 'compiled', pattern: patternOf(expression), price }
}

function putAway(source: string, result: PatternResult, shelf: PatternShelf): void {
  shelf.known.set(source, result)
  if (result.kind === 'compiled') shelf.left -= result.price
}

const beyondFile = tooLarge(`the patterns before it have ${maximumPriceOfFile} parts together already, and no more are allowed in one file`)

function tooLarge(reason: string): PatternResult {
  return { kind: 'refused', code: 'limit/regex', reason }
}

function parsed(source: string): Expression | PatternFault {
  try {
    return parsePattern(source)
  } catch (error) {
    if (error instanceof PatternFault) return error
    throw error
  }
}

function counted(price: number): string {
  return price < 1e15 ? String(price) : 'endlessly many'
}

function patternOf(expression: Expression): Pattern {
  const asked = assertionsOf(expression)
  const made = new Map<Form, RE2JS>()
  const make = (form: Form): RE2JS => {
    const known = made.get(form) ?? RE2JS.compile(emitPattern(expression, form))
    made.set(form, known)
    return known
  }
  const matcher = (text: string) => {
    const form = formFor(text, asked)
    return make(form).matcher(form === 'wrapped' ? wrapText(text, asked) : text)
  }
  return { matchesStart: (text) => matcher(text).lookingAt(), matchesWhole: (text) => matcher(text).matches() }
}
