import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { LogChunk } from '../engine/ports.ts'

/** architecture.md §8: of one attempt the first 1 MiB and the last 15 MiB are kept. */
const headBytes = 1024 * 1024
const segmentBytes = 5 * 1024 * 1024
const tailSegments = 3
/** Leaves room in a chunk of 64 KiB for the sentence that tells of a gap. */
const maxPieceBytes = 60 * 1024

type Segment = { readonly path: string; readonly file: number; bytes: number; readonly capacity: number }
type Piece = { readonly segment: Segment; readonly offset: number; bytes: number }

/**
 * Takes all that a command prints, never makes it wait and never grows above 16 MiB: `log.0` holds the beginning, then segments of 5 MiB of
 * which the last three are kept. Output that was dropped before it could be sent, or that the disk did not take, is said in the next chunk.
 */
export class LogSpool {
  #directory: string
  #decoder = new TextDecoder('utf-8')
  #segments: Segment[] = []
  #segmentsMade = 0
  #waiting: Piece[] = []
  #droppedBytes = 0
  /** What the disk did not take since it last took something. */
  #refusedBytes = 0
  #isInsideLine = false
  #nextSequence = 0
  #wake: () => void = () => undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Bytes of the command; characters cut between two calls are put together, NUL (which PostgreSQL refuses) and invalid ones become U+FFFD. */
  write(bytes: Uint8Array): void {
    this.#append(this.#decoder.decode(bytes, { stream: true }))
  }

  /** A line of the runner's own. */
  note(text: string): void {
    this.#append(`${this.#isInsideLine ? '\n' : ''}[osmo] ${text}\n`)
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Resolves at the next write. */
  written(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }

  /** Numbers the oldest output as at most `limit` chunks; they belong to the caller from now on and never change. */
  take(limit: number): readonly LogChunk[] {
    return this.#waiting.splice(0, limit).map((piece) => this.#seal(piece))
  }

  close(): void {
    for (const { file } of this.#segments) closeSync(file)
    this.#segments = []
    this.#waiting = []
  }

  #append(text: string): void {
    if (text !== '') this.#isInsideLine = !text.endsWith('\n')
    this.#storeAll(Buffer.from(text.replaceAll('\0', '\uFFFD')))
    this.#wake()
  }

  /** A full disk ends nothing: the output goes on, and what is missing is counted. */
  #storeAll(bytes: Buffer): void {
    let rest = bytes
    try {
      if (rest.length > 0) this.#tellRefused()
      while (rest.length > 0) rest = rest.subarray(this.#storeSome(rest))
    } catch {
      this.#refusedBytes += rest.length
    }
  }

  #tellRefused(): void {
    if (this.#refusedBytes === 0) return
    this.#storeSome(Buffer.from(refusedText(this.#refusedBytes)))
    this.#refusedBytes = 0
  }

  /** Returns how many bytes it stored, at least one. */
  #storeSome(bytes: Buffer): number {
    const segment = this.#segmentWithRoom()
    const cut = characterBoundary(bytes, Math.min(maxPieceBytes, Math.max(segment.capacity - segment.bytes, 4)))
    this.#store(segment, bytes.subarray(0, cut))
    return cut
  }

  #segmentWithRoom(): Segment {
    const last = this.#segments.at(-1)
    if (last && last.bytes < last.capacity) return last
    const segment = this.#openSegment()
    this.#segments.push(segment)
    // The first segment is the beginning, which is kept.
    if (this.#segments.length > 1 + tailSegments) this.#dropSegment()
    return segment
  }

  #openSegment(): Segment {
    const path = join(this.#directory, `log.${this.#segmentsMade}`)
    const file = openSync(path, 'w+', 0o600)
    this.#segmentsMade++
    return { path, file, bytes: 0, capacity: this.#segmentsMade === 1 ? headBytes : segmentBytes }
  }

  #dropSegment(): void {
    const [dropped] = this.#segments.splice(1, 1)
    if (dropped === undefined) return
    closeSync(dropped.file)
    rmSync(dropped.path, { force: true })
    const lost = this.#waiting.filter(({ segment }) => segment === dropped)
    this.#droppedBytes += lost.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#waiting = this.#waiting.filter(({ segment }) => segment !== dropped)
  }

  #store(segment: Segment, bytes: Buffer): void {
    const offset = segment.bytes
    for (let written = 0; written < bytes.length; )
      written += writeSync(segment.file, bytes, written, bytes.length - written, offset + written)
    segment.bytes += bytes.length
    const last = this.#waiting.at(-1)
    if (last?.segment === segment && last.bytes + bytes.length <= maxPieceBytes) last.bytes += bytes.length
    else this.#waiting.push({ segment, offset, bytes: bytes.length })
  }

  #seal({ segment, offset, bytes }: Piece): LogChunk {
    const buffer = Buffer.alloc(bytes)
    readSync(segment.file, buffer, 0, bytes, offset)
    // Dropped output lies between the head, which is never dropped, and everything later.
    const gap = this.#droppedBytes > 0 && segment !== this.#segments[0] ? gapText(this.#droppedBytes) : ''
    if (gap !== '') this.#droppedBytes = 0
    return { sequence: this.#nextSequence++, text: gap + buffer.toString() }
  }
}

const refusedText = (bytes: number) => `\n[osmo] … ${bytes} bytes of output are not kept: there was no room on the disk …\n`
const gapText = (bytes: number) => `\n[osmo] … ${bytes} bytes of output are not kept: it came faster than it could be stored …\n`

/** The largest cut at or below `limit` that does not lie inside a character. */
function characterBoundary(bytes: Buffer, limit: number): number {
  if (bytes.length <= limit) return bytes.length
  let cut = limit
  while (cut > 0 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut--
  return cut
}
