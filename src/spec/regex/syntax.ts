/**
 * A regular expression of Python's `re` for text, as far as it decides whether a match exists: groups are not kept, and a lazy repetition is
 * a repetition.
 */
export type Expression =
  /** One character; `re2` is an expression of RE2 that takes exactly it. */
  | { readonly kind: 'character'; readonly re2: string; readonly price: number }
  | { readonly kind: 'assertion'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly items: readonly Expression[] }
  | { readonly kind: 'choice'; readonly branches: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly item: Expression; readonly least: number; readonly most: number }

export type Assertion =
  | 'start'
  | 'end'
  | 'line-start'
  | 'line-end'
  /** Python's `$` without the flag m: at the end, and before a line break that ends the text. */
  | 'last-line-end'
  | 'boundary'
  | 'no-boundary'
  | 'ascii-boundary'
  | 'no-ascii-boundary'

export const flagLetters = ['a', 'i', 'm', 's', 'u', 'x'] as const
export type Flag = (typeof flagLetters)[number]
export type Flags = ReadonlySet<Flag>

/** Why a pattern is not taken, as the end of a sentence. */
export class PatternFault extends Error {}
