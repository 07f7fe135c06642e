import type { Assertion, Expression } from './syntax.ts'

/**
 * `plain` is for texts as they are. In `wrapped` each character of the text stands between two marks, see `./wrapped-text.ts`, by which RE2's own
 * assertions answer what Python's would. `empty` is for the empty text, where Python 3.11 has no place for `\B`.
 */
export type Form = 'plain' | 'wrapped' | 'empty'

type Emitted = {
  readonly text: string
  /** Copies of the innermost part that RE2 counts for repetitions within each other. */
  readonly copies: number
}

/** RE2 refuses counts whose product is above this. */
const maximumCopies = 1_000

/** The expression for RE2. Bounded by its price: whoever calls has looked at that. */
export function emitPattern(expression: Expression, form: Form): string {
  return emit(expression, form).text
}

function emit(expression: Expression, form: Form): Emitted {
  switch (expression.kind) {
    case 'character':
      return { text: form === 'wrapped' ? `(?s:.)${expression.re2}(?s:.)` : expression.re2, copies: 1 }
    case 'assertion':
      return { text: assertions[form][expression.what], copies: 1 }
    case 'sequence':
      return joined(
        expression.items.map((item) => emit(item, form)),
        '',
      )
    case 'choice': {
      const { text, copies } = joined(
        expression.branches.map((branch) => emit(branch, form)),
        '|',
      )
      return { text: `(?:${text})`, copies }
    }
    case 'repeat':
      return repeat(emit(expression.item, form), expression.least, expression.most)
  }
}

function joined(parts: readonly Emitted[], between: string): Emitted {
  return { text: parts.map(({ text }) => text).join(between), copies: Math.max(1, ...parts.map(({ copies }) => copies)) }
}

function repeat({ text, copies }: Emitted, least: number, most: number): Emitted {
  const item = `(?:${text})`
  const chunk = Math.max(1, Math.floor(maximumCopies / copies))
  const rest = most === Number.POSITIVE_INFINITY ? `${item}*` : counted(item, most - least, chunk, 'at-most')
  const largest = Math.max(Math.min(least, chunk), most === Number.POSITIVE_INFINITY ? 1 : Math.min(most - least, chunk), 1)
  return { text: `(?:${counted(item, least, chunk, 'exactly')}${rest})`, copies: copies * largest }
}

/** `item` so many times, in pieces that RE2 takes. */
function counted(item: string, times: number, chunk: number, kind: 'exactly' | 'at-most'): string {
  const piece = (count: number) => (count === 0 ? '' : `(?:${item}{${kind === 'exactly' ? count : `0,${count}`}})`)
  return piece(chunk).repeat(Math.floor(times / chunk)) + piece(times % chunk)
}

const native: Readonly<Record<Assertion, string>> = {
  start: '\\A',
  end: '\\z',
  'line-start': '(?m:^)',
  'line-end': '(?m:$)',
  'last-line-end': '\\z',
  boundary: '\\b',
  'no-boundary': '\\B',
  'ascii-boundary': '\\b',
  'no-ascii-boundary': '\\B',
}

const nothing = '[^\\x00-\\x{10ffff}]'

const assertions: Readonly<Record<Form, Readonly<Record<Assertion, string>>>> = {
  plain: native,
  wrapped: { ...native, 'last-line-end': '(?m:$)' },
  empty: { ...native, 'no-boundary': nothing, 'no-ascii-boundary': nothing },
}
