import type { Span } from './limits.ts'

/** From places in the rendered text back to the source. Offsets count UTF-16 units from 0. */
export interface SourceMap {
  /** Where the character at this offset of the output comes from: itself in the source, or the start of the tag that printed it. */
  sourceOffset(outputOffset: number): number
  /** The tag that printed this character, or the character's own place. */
  sourceSpan(outputOffset: number): Span
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

  sourceOffset(outputOffset: number): number {
    return this.sourceSpan(outputOffset).start
  }

  sourceSpan(outputOffset: number): Span {
    const segment = this.#segmentAt(outputOffset)
    if (segment === undefined) return { start: 0, end: 0 }
    if (segment.mapping === 'whole') return { start: segment.source.start, end: segment.source.end }
    const start = Math.min(segment.source.start + Math.max(0, outputOffset - segment.output), segment.source.end)
    return { start, end: Math.min(start + 1, segment.source.end) }
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
