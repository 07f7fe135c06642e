/**
 * Whether a name matches a pattern as Actions' filters do: `*` any characters but `/`, `**` any at all, `?` one that is not `/`.
 * Both texts come from a pull request, so the cost is bounded by the product of their lengths: no regular expression.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const tokens = tokenize(pattern)
  if (tokens.filter(({ kind }) => kind !== 'literal').length > mostWildcards) return false
  let reachable = new Set([0])
  for (const character of name) reachable = step(tokens, closure(tokens, reachable), character)
  return closure(tokens, reachable).has(tokens.length)
}

/** A pattern with more matches nothing, and what matches nothing is never green. */
const mostWildcards = 20

export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}

type Token = { readonly kind: 'any' | 'segment' | 'one' } | { readonly kind: 'literal'; readonly character: string }

function tokenize(pattern: string): readonly Token[] {
  return (pattern.match(/\*\*|[\s\S]/gu) ?? []).map((text): Token => {
    if (text === '**') return { kind: 'any' }
    if (text === '*') return { kind: 'segment' }
    return text === '?' ? { kind: 'one' } : { kind: 'literal', character: text }
  })
}

/** Positions reachable without reading: a star may match nothing. */
function closure(tokens: readonly Token[], positions: ReadonlySet<number>): Set<number> {
  const all = new Set(positions)
  for (const position of all) {
    const kind = tokens[position]?.kind
    if (kind === 'any' || kind === 'segment') all.add(position + 1)
  }
  return all
}

function step(tokens: readonly Token[], positions: ReadonlySet<number>, character: string): Set<number> {
  const next = new Set<number>()
  for (const position of positions) {
    const token = tokens[position]
    if (token && accepts(token, character)) next.add(token.kind === 'any' || token.kind === 'segment' ? position : position + 1)
  }
  return next
}

function accepts(token: Token, character: string): boolean {
  if (token.kind === 'any') return true
  if (token.kind === 'literal') return token.character === character
  return character !== '/'
}
