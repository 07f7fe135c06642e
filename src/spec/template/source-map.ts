import type { Span } from './limits.ts'

/** From places in the rendered text back to the source. Offsets count UTF-16 units from 0. */
export interface SourceMap {
  /**
   * What made the output from `start` to `end`: text stands for itself, and of a tag that printed a part of it the whole tag. An empty range is
   * the place in text, or the tag. Where a loop went back between the two ends, the range ends with the piece in which it starts.
   */
  sourceSpan(start: number, end: number): Span
}

type Segment = { readonly output: number; readonly source: Span; readonly mapping: 'exact' | 'whole' }

/** Collects rendered text; each piece is either the source's own text or what one tag printed. */
export class MappedOutput {
  readonly #parts: string[] = []
  readonly #segments: Segment[] = []
  #length = 0

  write(text: string, source: Span, mapping: 'exact' | 'whole'): void {
    if (text === '') return
    this.#parts.push(text)
    this.#segments.push({ output: this.#length, source, mapping })
    this.#length += text.length
  }

  text(): string {
    return this.#parts.join('')
  }

  map(): SourceMap {
    return new SegmentMap(this.#segments)
  }
}

class SegmentMap implements SourceMap {
  readonly #segments: readonly Segment[]

  constructor(segments: readonly Segment[]) {
    this.#segments = segments
  }

  sourceSpan(start: number, end: number): Span {
    const first = this.#segmentAt(start)
    if (first === undefined) return { start: 0, end: 0 }
    const from = sourceStart(first, start)
    if (end <= start) return { start: from, end: first.mapping === 'whole' ? first.source.end : from }
    const last = this.#segmentAt(end - 1) ?? first
    const to = last.mapping === 'whole' ? last.source.end : Math.min(sourceStart(last, end - 1) + 1, last.source.end)
    const least = first.mapping === 'whole' ? first.source.end : from
    return { start: from, end: to <= from ? first.source.end : Math.max(to, least) }
  }

  /** The last segment that begins at or before the offset. */
  #segmentAt(outputOffset: number): Segment | undefined {
    let low = 0
    let high = this.#segments.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#segments[middle]?.output ?? 0) <= outputOffset) low = middle
      else high = middle - 1
    }
    return this.#segments[low]
  }
}

function sourceStart({ output, source, mapping }: Segment, outputOffset: number): number {
  return mapping === 'whole' ? source.start : Math.min(source.start + Math.max(0, outputOffset - output), source.end)
}
