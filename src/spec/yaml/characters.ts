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

/** What comes next; `header` is what stands behind `|` on its line. */
type Next = 'token' | 'scalar' | 'header' | 'block'

/** PyYAML skips only spaces between tokens and ends a plain scalar at a tab, which then starts no token. */
export function firstTabBetweenTokens(text: string): number | undefined {
  let offset = 0
  let next = 'token' as Next
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme)
    if (type === 'scalar') {
      // The mark that announces a scalar has no place in the text. The block scalar's header stands before it.
      next = next === 'header' || next === 'block' ? 'block' : 'scalar'
      continue
    }
    if (type === 'doc-mode' || type === 'flow-error-end' || type === 'byte-order-mark') continue
    const tab = lexeme.indexOf('\t')
    if (tab !== -1 && isRefusedTab(type, next, lexeme)) return offset + tab
    offset += lexeme.length
    if (type === 'block-scalar-header') next = 'header'
    else if (next === 'header') next = 'block'
    else if (next === 'scalar' || (next === 'block' && isBlockBody(type))) next = 'token'
  }
  return undefined
}

function isRefusedTab(type: ReturnType<typeof CST.tokenType>, next: Next, lexeme: string): boolean {
  if (type === 'comment' || next === 'block') return false
  if (next === 'scalar') return lexeme[0] !== '"' && lexeme[0] !== "'"
  return type === 'space' || type === 'newline'
}

function isBlockBody(type: ReturnType<typeof CST.tokenType>): boolean {
  return type !== 'space' && type !== 'comment' && type !== 'newline'
}
