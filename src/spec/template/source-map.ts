import type { Span } from './limits.ts'

/** From places in the rendered text back to the source. Offsets count UTF-16 units from 0. */
export interface SourceMap {
  /**
   * What made the output from `start` to `end`: text stands for itself, and of a tag that printed a part of it the whole tag. An empty range is
   * the place in text, or the tag. Where a loop went back between the two ends, the range ends with the piece in which it starts; where it
   * starts in a text that a macro or a block made, it is a range of that body.
   */
  sourceSpan(start: number, end: number): Span
}

/** What the body of a macro, a block or a recursive loop rendered to. */
export type Captured = { readonly text: string; readonly map: SegmentMap }

type Segment = { readonly output: number; readonly source: Span } & (
  | { readonly mapping: 'exact' | 'whole' }
  /** A tag printed, as it was, what a body elsewhere had rendered to. */
  | { readonly mapping: 'captured'; readonly inner: SegmentMap }
)

/** Collects rendered text; each piece is the source's own text, what one tag printed, or what a body had rendered to. */
export class MappedOutput {
  readonly #parts: string[] = []
  #segments: Segment[] | undefined = []
  #length = 0

  write(text: string, source: Span, mapping: 'exact' | 'whole'): void {
    this.#push(text, { output: this.#length, source, mapping })
  }

  writeCaptured({ text, map }: Captured, source: Span): void {
    this.#push(text, { output: this.#length, source, mapping: 'captured', inner: map })
  }

  /** From now on only the text is collected. */
  forgetSources(): void {
    this.#segments = undefined
  }

  text(): string {
    return this.#parts.join('')
  }

  map(): SourceMap {
    return new SegmentMap(this.#segments ?? [], this.#length)
  }

  /** Nothing where the sources are forgotten. */
  captured(text: string): Captured | undefined {
    return this.#segments === undefined ? undefined : { text, map: new SegmentMap(this.#segments, this.#length) }
  }

  #push(text: string, segment: Segment): void {
    if (text === '') return
    this.#parts.push(text)
    this.#segments?.push(segment)
    this.#length += text.length
  }
}

class SegmentMap implements SourceMap {
  readonly #segments: readonly Segment[]
  readonly #length: number

  constructor(segments: readonly Segment[], length: number) {
    this.#segments = segments
    this.#length = length
  }

  /** Without recursion, since a text can be captured again and again, thousands of times. */
  sourceSpan(start: number, end: number): Span {
    let map: SegmentMap = this
    let [from, to] = [start, end]
    let first = map.#segmentAt(from)
    while (first?.mapping === 'captured') {
      map = first.inner
      from -= first.output
      to = Math.min(to - first.output, map.#length)
      first = map.#segmentAt(from)
    }
    return first === undefined ? { start: 0, end: 0 } : map.#spanFrom(first, from, to)
  }

  #spanFrom(first: Segment, start: number, end: number): Span {
    const from = sourceStart(first, start)
    if (end <= start) return { start: from, end: first.mapping === 'exact' ? from : first.source.end }
    const last = this.#segmentAt(end - 1) ?? first
    const to = last.mapping === 'exact' ? Math.min(sourceStart(last, end - 1) + 1, last.source.end) : last.source.end
    const least = first.mapping === 'exact' ? from : first.source.end
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
  return mapping === 'exact' ? Math.min(source.start + Math.max(0, outputOffset - output), source.end) : source.start
}
