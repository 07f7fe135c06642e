import type { Reporter } from './reporter.ts'
import type { Section } from './sections.ts'
import { type ShieldedToken, shieldTokens } from './template/shield.ts'

/**
 * A template whose tokens stand outside of `{% raw %}`: there and in expressions OSMO prints the name of a variable, which nothing replaces
 * (osmo-spec.md §2.1 step 3), and we the token.
 */
export function withTokensOutsideRaw(text: string): string {
  const parts: string[] = []
  let position = 0
  for (const { start, end } of tokensInside(rawBlock, text)) {
    parts.push(text.slice(position, start), '{% endraw %}', text.slice(start, end), '{% raw %}')
    position = end
  }
  return parts.join('') + text.slice(position)
}

/** Comments too, since what looks like a block in one is none. */
const rawBlock = /\{#.*?#\}|(?<wanted>\{%[-+]?\s*raw\s*[-+]?%\}).*?\{%[-+]?\s*endraw\s*[-+]?%\}/gs
const tag = /\{#.*?#\}|\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}|(?<wanted>\{\{.*?\}\}|\{%.*?%\})/gs

/** Warns of tokens in expressions, which cannot be moved. */
export function reportTokensInTags({ text, offset }: Section, reporter: Reporter) {
  for (const { start, end } of tokensInside(tag, text)) {
    const message = `The token ${text.slice(start, end)} stands inside a tag, where OSMO prints something else. Write it outside of tags.`
    reporter.warning('semantic/unresolved-token', { start: start + offset, end: end + offset }, message)
  }
}

/** Tokens in what `pattern` wants, in the order of the text. */
function* tokensInside(pattern: RegExp, text: string): Generator<ShieldedToken> {
  const tokens = [...shieldTokens(text).tokens.values()]
  let next = 0
  for (const { index, groups, 0: found } of withoutTokens(text, tokens).matchAll(pattern)) {
    for (; (tokens[next]?.start ?? text.length) < index + found.length; next++) {
      const token = tokens[next]
      if (token !== undefined && token.start > index && groups?.wanted !== undefined) yield token
    }
  }
}

/** The same length, without the braces of tokens. */
function withoutTokens(text: string, tokens: readonly ShieldedToken[]): string {
  let position = 0
  const parts = tokens.flatMap(({ start, end }) => {
    const before = text.slice(position, start)
    position = end
    return [before, '_'.repeat(end - start)]
  })
  return parts.join('') + text.slice(position)
}
