import type { Span } from './limits.ts'

/**
 * How OSMO's own tokens begin; they reach the rendered text unchanged. No blanks behind the braces; whatever stands behind `input:` and
 * `host:` up to the next brace belongs to the token, blanks and line ends too.
 */
const tokenStart = /\{\{(?:(?:uuid|workflow_id|output)\}\}|(?:input|host):)/g

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
  const found = findTokens(text)
  const lastTwins = new Map(found.map(({ start, end }) => [twinKey(text.slice(start, end)), text.slice(start, end)]))
  const tokens = new Map<number, ShieldedToken>()
  const parts: string[] = []
  let position = 0
  for (const { start, end } of found) {
    const token = text.slice(start, end)
    tokens.set(start, { start, end, text: lastTwins.get(twinKey(token)) ?? token })
    parts.push(text.slice(position, start), '{{', '_'.repeat(token.length - 4), '}}')
    position = end
  }
  return { masked: parts.join('') + text.slice(position), tokens }
}

/** The token without its braces and without blanks at its end, of which OSMO takes the hash. */
function twinKey(token: string): string {
  return token.slice(2, -2).trimEnd()
}

/** By hand, since `[^}]+` would look through the rest of the text again at every beginning. */
function findTokens(text: string): Span[] {
  const found: Span[] = []
  let brace = -1
  for (const match of text.matchAll(tokenStart)) {
    const start = match.index
    if (start < (found.at(-1)?.end ?? 0)) continue
    const inside = start + match[0].length
    if (match[0].endsWith('}}')) {
      found.push({ start, end: inside })
      continue
    }
    if (brace < inside) brace = text.indexOf('}', inside)
    if (brace < 0) break
    if (brace > inside && text[brace + 1] === '}') found.push({ start, end: brace + 2 })
  }
  return found
}
