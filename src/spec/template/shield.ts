import type { Span } from './limits.ts'

/**
 * OSMO's own tokens, which reach the rendered text unchanged. No blanks behind the braces; whatever stands behind `input:` and
 * `host:` belongs to the token, blanks and line ends too.
 */
const tokenPattern = /\{\{(?:uuid|workflow_id|output|input:[^}]+|host:[^}]+)\}\}/g

export type ShieldedToken = Span & {
  /** What is printed: the token, or its twin that differs only in blanks at its end and stands last in the file. */
  readonly text: string
}

export type ShieldedText = {
  /** The source with the inside of every token overwritten by as many `_`, so that offsets stay and nothing inside is read as Jinja. */
  readonly masked: string
  readonly tokens: ReadonlyMap<number, ShieldedToken>
}

/**
 * Finds OSMO's tokens before Jinja sees the text (osmo-spec.md §2.1 step 3).
 *
 * OSMO replaces each by a variable named after a hash of the token without outer blanks. Here the text keeps its length and only the
 * lexer learns where tokens are; a template cannot tell the difference, with one exception of our choice: inside `{% raw %}` and inside
 * string literals OSMO would print the name of that variable, which nothing resolves. Here the token itself is kept.
 */
export function shieldTokens(text: string): ShieldedText {
  const matches = [...text.matchAll(tokenPattern)]
  const lastTwins = new Map(matches.map((match) => [match[0].slice(2, -2).trimEnd(), match[0]]))
  const tokens = new Map<number, ShieldedToken>()
  const parts: string[] = []
  let position = 0
  for (const match of matches) {
    const end = match.index + match[0].length
    tokens.set(match.index, { start: match.index, end, text: lastTwins.get(match[0].slice(2, -2).trimEnd()) ?? match[0] })
    parts.push(text.slice(position, match.index), '{{', '_'.repeat(match[0].length - 4), '}}')
    position = end
  }
  return { masked: parts.join('') + text.slice(position), tokens }
}
