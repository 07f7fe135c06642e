import { CST, Lexer } from 'yaml'

/** A quoted text or a bracket of a document, from its opening sign to behind its closing one, or to the end of the text without. */
export type Enclosed = {
  readonly kind: 'quote' | 'bracket'
  readonly start: number
  readonly end: number
  readonly closed: 'yes' | 'no'
}

/** Quoted texts and outermost brackets, in the order in which they begin. Signs inside plain text and block scalars are none. */
export function scanEnclosed(text: string): readonly Enclosed[] {
  const found: Enclosed[] = []
  let offset = 0
  let outermost = 0
  let depth = 0
  let plainNext = false
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme)
    const isSyntax: boolean = !plainNext
    plainNext = type === 'scalar' && isSyntax
    if (type === 'scalar' || type === 'doc-mode' || type === 'byte-order-mark' || type === 'flow-error-end') continue
    const end = offset + lexeme.length
    if (isSyntax && (type === 'double-quoted-scalar' || type === 'single-quoted-scalar')) {
      found.push({ kind: 'quote', start: offset, end, closed: isClosed(lexeme) ? 'yes' : 'no' })
    } else if (isSyntax && (type === 'flow-map-start' || type === 'flow-seq-start')) {
      if (depth === 0) outermost = offset
      depth++
    } else if (isSyntax && depth > 0 && (type === 'flow-map-end' || type === 'flow-seq-end')) {
      depth--
      if (depth === 0) found.push({ kind: 'bracket', start: outermost, end, closed: 'yes' })
    }
    offset = end
  }
  if (depth > 0) found.push({ kind: 'bracket', start: outermost, end: offset, closed: 'no' })
  return found.toSorted((a, b) => a.start - b.start)
}

/** Whether a quoted text has its closing quote: one that is no part of `''` or `\\"`. */
export function isClosed(lexeme: string): boolean {
  if (lexeme.length < 2 || lexeme.at(-1) !== lexeme[0]) return false
  if (lexeme.startsWith("'")) return countBefore(lexeme, lexeme.length, "'") % 2 === 1
  return countBefore(lexeme, lexeme.length - 1, '\\') % 2 === 0
}

/** How many of a sign stand in a row before `end`, the first of the text not counted. */
function countBefore(text: string, end: number, sign: string): number {
  let start = end
  while (start > 1 && text[start - 1] === sign) start--
  return end - start
}
