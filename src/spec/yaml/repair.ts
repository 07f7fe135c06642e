import { CST, Lexer } from 'yaml'

/**
 * PyYAML looks at no indentation inside quotes, brackets and braces, nor at that of the `|` of a block scalar; YAML 1.2 and
 * the library want every line of them deeper than the key. A template that prints several lines into quotes makes such text.
 * Blanks at the start of those lines mean nothing, so adding some gives the same document. And a lone `-` in a list in brackets
 * is text to PyYAML, which quotes make it here.
 */
export type Repaired = {
  readonly text: string
  /** Offset in the repaired text to offset in the text before. */
  readonly original: (offset: number) => number
  /** Adds the same to a text of the same length. */
  readonly repair: (text: string) => string
}

/** Places that may be mended; each costs a pass over the text. */
const maximumRepairs = 50
const maximumAddedLength = 1_000_000

/** Undefined when there is nothing to repair, or too much. */
export function repairFlow(text: string): Repaired | undefined {
  let insertions: readonly Insertion[] = []
  for (let count = 0; count < maximumRepairs; count++) {
    const repaired = applyInsertions(text, insertions)
    const found = firstToMend(repaired.text)
    if (found.length === 0) return insertions.length === 0 ? undefined : repaired
    const moved = found.map(({ at, added }) => ({ at: repaired.original(at), added }))
    insertions = [...insertions, ...moved].sort((a, b) => a.at - b.at)
    if (insertions.reduce((sum, { added }) => sum + added.length, 0) > maximumAddedLength) return undefined
  }
  return undefined
}

type Insertion = { readonly at: number; readonly added: string }

function applyInsertions(text: string, insertions: readonly Insertion[]): Repaired {
  const repair = (other: string) => insertAll(other, insertions)
  return { text: repair(text), original: (offset) => originalOffset(offset, insertions), repair }
}

function insertAll(text: string, insertions: readonly Insertion[]): string {
  const parts: string[] = []
  let from = 0
  for (const { at, added } of insertions) {
    parts.push(text.slice(from, at), added)
    from = at
  }
  return parts.join('') + text.slice(from)
}

function originalOffset(offset: number, insertions: readonly Insertion[]): number {
  let before = 0
  for (const { at, added } of insertions) {
    if (offset <= at + before) break
    before += Math.min(added.length, offset - at - before)
  }
  return offset - before
}

/** The first place where the lexer gives up on a flow collection or a quoted text, or a block scalar is level with its key; else all lone dashes. */
function firstToMend(text: string): readonly Insertion[] {
  let offset = 0
  let depth = 0
  let outermost = 0
  let plainNext = false
  const dashes: Insertion[] = []
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme)
    if (type === 'flow-error-end') return depth === 0 ? [] : moveLine(text, lineStart(text, offset), outermost)
    // The mark before a plain or block scalar has no place in the text.
    if (type === 'scalar') plainNext = true
    if (type === 'scalar' || type === 'doc-mode' || type === 'byte-order-mark') continue
    if (!plainNext && (type === 'double-quoted-scalar' || type === 'single-quoted-scalar')) {
      const end = closingQuote(text, offset)
      if (end !== -1 && end >= offset + lexeme.length) return moveQuoted(text, offset, end, depth === 0 ? offset : outermost)
    }
    if (type === 'block-scalar-header' && isLevelHeader(text, offset)) return [{ at: offset, added: ' ' }]
    const isSyntax = !plainNext
    if (type === 'seq-item-ind' && depth > 0 && isSyntax && /[,\]}]/.test(text[offset + 1] ?? ''))
      dashes.push({ at: offset, added: '"' }, { at: offset + 1, added: '"' })
    plainNext = false
    if (isSyntax && (type === 'flow-map-start' || type === 'flow-seq-start')) {
      if (depth === 0) outermost = offset
      depth++
    } else if (isSyntax && (type === 'flow-map-end' || type === 'flow-seq-end')) {
      depth = Math.max(0, depth - 1)
    }
    offset += lexeme.length
  }
  return dashes
}

/** The `|` of a block scalar alone on a line, no deeper than the key on the line above. */
function isLevelHeader(text: string, offset: number): boolean {
  const start = lineStart(text, offset)
  const above = text.slice(lineStart(text, start - 1), start)
  const keyColumn = /^ *(?:[-?:] +)*/.exec(above)?.[0].length ?? 0
  return start > 0 && /^ *$/.test(text.slice(start, offset)) && /:\s*$/.test(above) && offset - start === keyColumn
}

function moveLine(text: string, start: number, anchor: number): readonly Insertion[] {
  return isDocumentMark(text, start) || start <= anchor ? [] : [{ at: start, added: ' '.repeat(anchor - lineStart(text, anchor) + 1) }]
}

function moveQuoted(text: string, from: number, to: number, anchor: number): readonly Insertion[] {
  const moved: Insertion[] = []
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) {
    const [line] = moveLine(text, at + 1, anchor)
    if (line === undefined) return []
    moved.push(line)
  }
  return moved
}

/** PyYAML ends the document here even inside quotes. */
function isDocumentMark(text: string, start: number): boolean {
  return /^(?:---|\.\.\.)(?:\s|$)/.test(text.slice(start, start + 4))
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** Offset of the quote that ends the text which begins at `from`, or -1. */
function closingQuote(text: string, from: number): number {
  const mark = text[from]
  for (let at = from + 1; at < text.length; at++) {
    if (mark === '"' && text[at] === '\\') at++
    else if (text[at] === mark) {
      if (mark === '"' || text[at + 1] !== "'") return at
      at++
    }
  }
  return -1
}
