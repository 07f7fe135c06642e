import type { CST } from 'yaml'

/** A place where PyYAML reads something else than YAML 1.2, or nothing: offsets in the text. */
export type Misplaced = { readonly kind: 'misplaced'; readonly start: number; readonly end: number; readonly message: string }

/** A tag, an anchor or an alias with a sign glued to it: PyYAML takes `[!!str]` for the tag `!!str]`. */
export function faultOfProperty(lexeme: string, start: number, text: string): Misplaced | undefined {
  const end = start + lexeme.length
  const next = text[end]
  if (next === undefined || !(lexeme.startsWith('!') ? /[^ \n\r\t]/ : /[[{]/).test(next)) return undefined
  const what = lexeme.startsWith('!') ? 'tag' : lexeme.startsWith('&') ? 'anchor' : 'alias'
  const message = `Expected a blank behind the ${what} ${JSON.stringify(lexeme.slice(0, 80))}, but ${JSON.stringify(next)} follows. Add a blank, or put the text in quotes.`
  return { kind: 'misplaced', start, end, message }
}

/** The `:` of an entry that begins with `? ` stands below the `?`, or on the line of its key; without it there is no value. */
export function faultOfLayout(tokens: readonly CST.Token[], text: string): Misplaced | undefined {
  if (!/^[ \-?:]*\?\s/m.test(text)) return undefined
  const waiting: CST.Token[] = [...tokens]
  for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
    for (const item of itemsOf(token)) {
      const fault = token.type === 'block-map' && 'explicitKey' in item ? faultOfExplicit(item, token.indent, text) : undefined
      if (fault !== undefined) return fault
      if (item.key) waiting.push(item.key)
      if (item.value) waiting.push(item.value)
    }
  }
  return undefined
}

function itemsOf(token: CST.Token): readonly CST.CollectionItem[] {
  if (token.type === 'document') return [token]
  return 'items' in token ? token.items : []
}

function faultOfExplicit({ sep, value }: CST.CollectionItem, column: number, text: string): Misplaced | undefined {
  const colon = sep?.find(({ type }) => type === 'map-value-ind')
  if (colon === undefined)
    return !value ? undefined : misplaced(value.offset, 'Expected ": " or "? " here, below the "?", but there is neither.')
  const start = text.lastIndexOf('\n', colon.offset - 1) + 1
  const isFirst = /^ *$/.test(text.slice(start, colon.offset))
  if (!isFirst || colon.offset - start === column) return undefined
  return misplaced(colon.offset, 'Expected this ":" in the column of its "?", but it stands in another.')
}

function misplaced(start: number, message: string): Misplaced {
  return { kind: 'misplaced', start, end: start + 1, message: `${message} Write "key: value".` }
}
