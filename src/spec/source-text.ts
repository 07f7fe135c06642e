/** Half-open range of offsets (UTF-16 code units) in a source file. */
export type Range = { readonly start: number; readonly end: number }

export type Position = { readonly line: number; readonly column: number }

/** Offsets to lines and columns, both from 1. Lines end at `\n`; a `\r` before it belongs to the line. */
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
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
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
