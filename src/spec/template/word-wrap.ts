import { whitespace } from './lexemes.ts'
import { strip } from './text.ts'

export type WrapOptions = { readonly width: number; readonly longWords: 'broken' | 'kept'; readonly hyphens: 'broken' | 'kept' }

/** Lines of at most `width` characters, as Python's `textwrap.wrap` cuts one paragraph. */
export function wrapLine(line: string, options: WrapOptions): string[] {
  const chunks = chunksOf(line, options.hyphens).reverse()
  const lines: string[] = []
  while (chunks.length > 0) {
    if (lines.length > 0 && isBlank(chunks.at(-1))) chunks.pop()
    const text = fill(chunks, options)
    if (text !== '') lines.push(text)
  }
  return lines
}

/** Takes from the end of `chunks` what fits on one line. */
function fill(chunks: string[], { width, longWords }: WrapOptions): string {
  const parts: string[] = []
  let room = width
  for (let chunk = chunks.at(-1); chunk !== undefined && chunk.length <= room; chunk = chunks.at(-1)) {
    parts.push(chunk)
    room -= chunk.length
    chunks.pop()
  }
  const long = chunks.at(-1)
  if (long !== undefined && long.length > width) takeLong(long, parts, chunks, longWords === 'broken' ? Math.max(1, room) : undefined)
  return strip(parts.join(''), undefined, 'end')
}

function takeLong(word: string, parts: string[], chunks: string[], room: number | undefined): void {
  if (room === undefined && parts.length > 0) return
  chunks.pop()
  parts.push(room === undefined ? word : word.slice(0, room))
  if (room !== undefined && word.length > room) chunks.push(word.slice(room))
}

function isBlank(chunk: string | undefined): boolean {
  return chunk !== undefined && strip(chunk, undefined, 'both') === ''
}

const runs = new RegExp(`[${whitespace}]+|[^${whitespace}]+`, 'g')
/** Behind a hyphen between two letters or more on both sides, and around a dash of several. */
const breaks =
  /(?<=\p{L}{2}-|\p{L}-[\p{L}\p{N}_!"'&.,?]-)(?=\p{L}-?\p{L})|(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_])|(?<=[\p{L}\p{N}_!"'&.,?]-{2,8})(?=[\p{L}\p{N}_])/u

function chunksOf(line: string, hyphens: 'broken' | 'kept'): string[] {
  const words = line.match(runs) ?? []
  return hyphens === 'kept' ? [...words] : words.flatMap((word) => word.split(breaks))
}
