import { CST, Lexer } from 'yaml'
import type { Reporter } from '../reporter.ts'
import type { Origin } from './dialect.ts'

// PyYAML's reader refuses these before it looks at anything else.
const unprintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Whether the reader would take every character; the first that it would not is reported. */
export function isPrintable(text: string, origin: Origin, reporter: Reporter): boolean {
  const bad = unprintable.exec(text)
  if (bad === null) return true
  const code = bad[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  const message = `Expected printable text, but there is the character U+${code}. Remove it, or write it as an escape in double quotes.`
  reporter.error('syntax/character', origin(bad.index, bad.index + 1), message)
  return false
}

/** What comes next: `header` is the line of a `|`, `body` its lines of text. */
type Next = 'token' | 'scalar' | 'header' | 'body'

/** PyYAML skips only spaces between tokens and ends a plain scalar at a tab, which then starts no token. */
export function firstTabBetweenTokens(text: string): number | undefined {
  let offset = 0
  let next = 'token' as Next
  for (const lexeme of new Lexer().lex(text)) {
    // The mark that announces a scalar has no place in the text. The block scalar's header stands before it.
    const type = CST.tokenType(lexeme)
    if (next !== 'body' && type === 'scalar') {
      next = next === 'header' ? 'body' : 'scalar'
      continue
    }
    if (next !== 'body' && (type === 'doc-mode' || type === 'flow-error-end' || type === 'byte-order-mark')) continue
    const tab = lexeme.indexOf('\t')
    if (tab !== -1 && isRefusedTab(type, next, lexeme)) return offset + tab
    offset += lexeme.length
    if (type === 'block-scalar-header' && next === 'token') next = 'header'
    else if (next !== 'header') next = 'token'
  }
  return undefined
}

function isRefusedTab(type: ReturnType<typeof CST.tokenType>, next: Next, lexeme: string): boolean {
  if (next === 'body' || (type === 'comment' && next !== 'scalar')) return false
  if (next === 'scalar') return lexeme[0] !== '"' && lexeme[0] !== "'"
  return type === 'space' || type === 'newline'
}
