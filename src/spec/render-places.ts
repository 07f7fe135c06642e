import type { Origin } from './yaml/dialect.ts'

/**
 * Ranges of rendered text as ranges of the source. What an expression printed stands where the expression stands, and
 * the whole `{{ … }}` is underlined.
 */
export function originOf(sourceOffset: (offset: number) => number, source: string): Origin {
  return (start, end) => {
    const from = sourceOffset(start)
    const last = end > start ? sourceOffset(end - 1) + 1 : from
    if (!source.startsWith('{{', from)) return { start: from, end: Math.max(from, last) }
    const close = source.indexOf('}}', from)
    return { start: from, end: Math.max(from, last, close === -1 ? from : close + 2) }
  }
}
