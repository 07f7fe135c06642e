import { isWordCharacter } from './characters.ts'
import type { Form } from './emit.ts'
import type { Assertion, Expression } from './syntax.ts'

/**
 * RE2 knows words of ASCII only, and no `$` that stands before the last line break. Both ask about the neighbours of a place; so each
 * character is wrapped in two marks that give RE2's `\b`, `(?m:^)` and `(?m:$)` the answer: a letter where it counts as part of a word, a line break
 * where a line begins or ends.
 */
export function wrapText(text: string, asked: ReadonlySet<Assertion>): string {
  const alphabet = asked.has('ascii-boundary') || asked.has('no-ascii-boundary') ? 'ascii' : 'unicode'
  const characters = [...text]
  const ends = (index: number) => !asked.has('last-line-end') || index === characters.length - 1
  const wrapped = characters.map((character, index) => {
    if (character === '\n') return ends(index) ? '\n\n\n' : '-\n\n'
    const mark = isWordCharacter(character, alphabet) ? 'w' : '-'
    return mark + character + mark
  })
  return wrapped.join('')
}

/** In which form RE2 answers as Python does about this text. */
export function formFor(text: string, asked: ReadonlySet<Assertion>): Form {
  if (text === '') return 'empty'
  if (asked.has('last-line-end') && text.endsWith('\n')) return 'wrapped'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return (asked.has('boundary') || asked.has('no-boundary')) && /[^\x00-\x7f]/.test(text) ? 'wrapped' : 'plain'
}

/** Pairs that one kind of mark cannot answer both. */
export function clashOf(asked: ReadonlySet<Assertion>): string | undefined {
  const ascii = asked.has('ascii-boundary') || asked.has('no-ascii-boundary')
  if (ascii && (asked.has('boundary') || asked.has('no-boundary'))) return '"\\b" or "\\B" stands both with the flag a and without it'
  if (asked.has('line-end') && asked.has('last-line-end')) return '"$" stands both with the flag m and without it'
  return undefined
}

export function assertionsOf(expression: Expression): ReadonlySet<Assertion> {
  switch (expression.kind) {
    case 'character':
      return new Set()
    case 'assertion':
      return new Set([expression.what])
    case 'sequence':
      return new Set(expression.items.flatMap((item) => [...assertionsOf(item)]))
    case 'choice':
      return new Set(expression.branches.flatMap((branch) => [...assertionsOf(branch)]))
    case 'repeat':
      return assertionsOf(expression.item)
  }
}
