import type { LogChunk, LogStore } from '../engine/ports.ts'
import type { AttemptReference } from '../workflow/names.ts'
import { plain } from '../workflow/text.ts'

/** A chunk has at most 64 KiB, so one answer has at most 2 MiB. */
const chunksPerAnswer = 32
/** What is kept of one attempt is at most 16 MiB (architecture.md §8), however small its chunks are. */
const chunksPerRead = 1_000
/** Twice the 16 MiB in chunks of one byte is what no store keeps; it only ends a loop that a faulty one would make endless. */
const maxReads = 40_000

export type LogPart = {
  readonly chunks: readonly LogChunk[]
  /** Ask for what comes after this. */
  readonly next: number
  readonly more: 'more' | 'all'
}

/** The next part of a log. */
export async function readLogPart(logs: LogStore, reference: AttemptReference, after: number): Promise<LogPart> {
  const chunks = await logs.read(reference, after, chunksPerAnswer)
  return { chunks, next: chunks.at(-1)?.sequence ?? after, more: chunks.length === chunksPerAnswer ? 'more' : 'all' }
}

export type LogEnd = {
  /** Without control characters; the start of a line. */
  readonly text: string
  /** Of the last chunk that is in it; -1 when there is none. */
  readonly sequence: number
  readonly earlier: 'cut' | 'none'
}

/** The last part of a log, at most `maxCharacters`, and where to go on from. */
export async function readLogEnd(logs: LogStore, reference: AttemptReference, maxCharacters: number): Promise<LogEnd> {
  let end: LogEnd = { text: '', sequence: -1, earlier: 'none' }
  for await (const chunks of readLog(logs, reference)) {
    const text = end.text + chunks.map((chunk) => chunk.text).join('')
    const sequence = chunks.at(-1)?.sequence ?? end.sequence
    end =
      text.length <= maxCharacters
        ? { text, sequence, earlier: end.earlier }
        : { text: lastLines(text, maxCharacters), sequence, earlier: 'cut' }
  }
  return { ...end, text: plain(end.text) }
}

/** All that is kept, in order. */
export async function* readLog(logs: LogStore, reference: AttemptReference): AsyncGenerator<readonly LogChunk[]> {
  let after = -1
  for (let reads = 0; reads < maxReads; reads++) {
    const chunks = await logs.read(reference, after, chunksPerRead)
    const last = chunks.at(-1)
    if (last !== undefined) yield chunks
    if (last === undefined || chunks.length < chunksPerRead || last.sequence <= after) return
    after = last.sequence
  }
}

/** From the start of a line, unless one line is longer than all that is kept. */
function lastLines(text: string, maxCharacters: number): string {
  const end = text.slice(-maxCharacters)
  const lineEnd = end.indexOf('\n')
  return lineEnd < 0 ? end : end.slice(lineEnd + 1)
}
