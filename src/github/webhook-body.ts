import type { Share } from './body-room.ts'

/** GitHub sends no payload above 25 MB. */
const maxBodyBytes = 26 * 1024 * 1024

export type BodyRefused = { readonly status: 400 | 408 | 413 | 503; readonly reason: string }
type Read = { readonly bytes: Buffer } | BodyRefused

/**
 * Reads while counting, so that a large body costs no more memory than the limit, whatever its length header says, and all bodies together
 * no more than their room. A sender that stays silent for `stallMs` is hung up on; thrice that for a whole body.
 */
export async function readBody(request: Request, stallMs: number, share: Share): Promise<Read> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) return { status: 413, reason: 'size' }
  const reader = request.body?.getReader()
  if (!reader) return emptyBody
  const deadline = timeoutOf(stallMs * 3)
  try {
    return await readAll(reader, stallMs, deadline.promise, share)
  } finally {
    deadline.clear()
  }
}

const emptyBody: BodyRefused = { status: 400, reason: 'empty body' }

async function readAll(reader: Reader, stallMs: number, deadline: Promise<'stalled'>, share: Share): Promise<Read> {
  const chunks: Uint8Array[] = []
  for (let size = 0; ; ) {
    const next = await readChunk(reader, stallMs, deadline)
    if (next === 'stalled') return await hangUp(reader, { status: 408, reason: 'stalled' })
    if (next === 'end') return size === 0 ? emptyBody : { bytes: Buffer.concat(chunks, size) }
    size += next.byteLength
    if (size > maxBodyBytes) return await hangUp(reader, { status: 413, reason: 'size' })
    if (share.grow(next.byteLength) === 'full') return await hangUp(reader, { status: 503, reason: 'memory' })
    chunks.push(next)
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function readChunk(reader: Reader, stallMs: number, deadline: Promise<'stalled'>): Promise<Uint8Array | 'end' | 'stalled'> {
  const silence = timeoutOf(stallMs)
  try {
    // A connection that broke says nothing more either.
    const next = await Promise.race([reader.read().catch(() => 'stalled' as const), silence.promise, deadline])
    return next === 'stalled' ? next : (next.value ?? 'end')
  } finally {
    silence.clear()
  }
}

function timeoutOf(milliseconds: number) {
  const { promise, resolve } = Promise.withResolvers<'stalled'>()
  const timer = setTimeout(resolve, milliseconds, 'stalled')
  return { promise, clear: () => clearTimeout(timer) }
}

async function hangUp(reader: Reader, refused: BodyRefused): Promise<BodyRefused> {
  // The sender may be gone already; what it still had to say is of no use.
  await reader.cancel().catch(() => undefined)
  return refused
}
