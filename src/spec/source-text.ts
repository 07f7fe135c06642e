/** Half-open range of offsets (UTF-16 code units) in a source file. */
export type Range = { readonly start: number; readonly end: number }

/** The lines of a text as positions count them, without their ends. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n|\r/)
}

/**
 * A file as it is read: OSMO's client opens it in Python's text mode, in which a lone `\r` ends a line like `\n`. Editors that write a
 * byte-order mark do not show it, so positions do not count it.
 */
export function sourceOf(text: string): string {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  return source.includes('\r') ? source.replaceAll(/\r(?!\n)/g, '\n') : source
}

export type Position = { readonly line: number; readonly column: number }

/**
 * Offsets to lines and columns, both from 1. Lines end at `\n`, `\r\n` or `\r`, as editors show them; the further line breaks of YAML 1.1
 * (U+0085, U+2028, U+2029) end a line of the document, and none of an editor.
 */
export type LineIndex = { position(offset: number): Position }

export function createLineIndex(text: string): LineIndex {
  const starts = lineStarts(text)
  return {
    position(offset) {
      const bounded = Math.max(0, Math.min(offset, text.length))
      const line = lastAtMost(starts, bounded)
      return { line: line + 1, column: bounded - (starts[line] ?? 0) + 1 }
    },
  }
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\n|\r(?!\n)/g)].map(({ index }) => index + 1)]
}

function lastAtMost(sorted: readonly number[], wanted: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((sorted[middle] ?? 0) <= wanted) low = middle
    else high = middle - 1
  }
  return low
}
