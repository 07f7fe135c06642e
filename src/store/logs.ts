import { sql } from 'kysely'
import type { LogChunk, LogStore } from '../engine/ports.ts'
import type { AttemptReference } from '../workflow/names.ts'
import type { Database } from './database.ts'
import { jsonText, storableText } from './storable.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
/** architecture.md §8: of one attempt the first 1 MiB and the last 15 MiB. */
const caps = { chunk: 64 * kibibyte, head: 1 * mebibyte, tail: 15 * mebibyte }

type Stream = {
  readonly head_bytes: number
  readonly tail_bytes: number
  /** Last sequence of the head; everything above it is tail. */
  readonly head_sequence: number
  /** Last sequence that was thrown away; -1 while nothing was. */
  readonly dropped_sequence: number
  readonly dropped_bytes: number
}
type Sized = LogChunk & { readonly bytes: number }

export function createLogStore(db: Database): LogStore {
  return {
    append: async (reference, chunks) => {
      if (chunks.length === 0) return
      const sized = chunks.map(measured)
      await db.transaction().execute((transaction) => append(transaction, reference, sized))
    },
    read: (reference, after, limit) => read(db, reference, after, limit),
    tail: (reference, lines, bytes) => tail(db, reference, lines, bytes),
  }
}

function measured({ sequence, text }: LogChunk): Sized {
  const bytes = Buffer.byteLength(text)
  if (bytes > caps.chunk) throw new RangeError(`Expected a log chunk of at most ${caps.chunk} bytes, got ${bytes}: cut it before sending`)
  return { sequence, text: storableText(text), bytes }
}

async function append(db: Database, reference: AttemptReference, chunks: readonly Sized[]): Promise<void> {
  const stream = await lockStream(db, reference)
  const added = await insert(db, reference, chunks, stream)
  const grown = grow(stream, added)
  const cut = grown.tail_bytes > caps.tail ? await dropOldest(db, reference, grown) : grown
  await saveStream(db, reference, cut)
}

async function lockStream(db: Database, { workflow, task, attempt }: AttemptReference): Promise<Stream> {
  await sql`
    insert into log_stream (workflow_id, task, attempt) values (${workflow}, ${task}, ${attempt}) on conflict do nothing`.execute(db)
  const { rows } =
    await sql<Stream>`select head_bytes, tail_bytes, head_sequence, dropped_sequence, dropped_bytes from log_stream where ${isOf({ workflow, task, attempt })} for update`.execute(
      db,
    )
  return rows[0]!
}

/** What was thrown away stays away when it is sent again. */
async function insert(db: Database, { workflow, task, attempt }: AttemptReference, chunks: readonly Sized[], stream: Stream) {
  const { rows } = await sql<{ sequence: number; bytes: number }>`
    insert into log_chunk (workflow_id, task, attempt, sequence, bytes, text)
    select ${workflow}::uuid, ${task}, ${attempt}::int, c.sequence, c.bytes, c.text
    from jsonb_to_recordset(${jsonText(chunks)}::jsonb) as c (sequence bigint, bytes int, text text)
    where c.sequence > ${stream.dropped_sequence}::bigint or c.sequence <= ${stream.head_sequence}::bigint
    on conflict do nothing returning sequence, bytes`.execute(db)
  return rows.toSorted((a, b) => a.sequence - b.sequence)
}

/** The head grows until a chunk no longer fits; from then on everything is tail. */
function grow(stream: Stream, added: readonly { readonly sequence: number; readonly bytes: number }[]): Stream {
  let { head_bytes, tail_bytes, head_sequence } = stream
  for (const { sequence, bytes } of added) {
    const isHead = sequence <= head_sequence || (tail_bytes === 0 && head_bytes + bytes <= caps.head)
    if (isHead) head_sequence = Math.max(head_sequence, sequence)
    if (isHead) head_bytes += bytes
    else tail_bytes += bytes
  }
  return { ...stream, head_bytes, tail_bytes, head_sequence }
}

async function dropOldest(db: Database, reference: AttemptReference, stream: Stream): Promise<Stream> {
  const { rows } = await sql<{ sequence: number; bytes: number }>`
    delete from log_chunk where ${isOf(reference)} and sequence in (
      select sequence from (
        select sequence, sum(bytes) over (order by sequence) - bytes as before from log_chunk
        where ${isOf(reference)} and sequence > ${stream.head_sequence}::bigint
      ) ordered where before < ${stream.tail_bytes - caps.tail}::bigint)
    returning sequence, bytes`.execute(db)
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
  return {
    ...stream,
    tail_bytes: stream.tail_bytes - bytes,
    dropped_bytes: stream.dropped_bytes + bytes,
    dropped_sequence: Math.max(stream.dropped_sequence, ...rows.map(({ sequence }) => sequence)),
  }
}

async function saveStream(db: Database, reference: AttemptReference, stream: Stream): Promise<void> {
  await sql`
    update log_stream set head_bytes = ${stream.head_bytes}, tail_bytes = ${stream.tail_bytes}, head_sequence = ${stream.head_sequence},
      dropped_sequence = ${stream.dropped_sequence}, dropped_bytes = ${stream.dropped_bytes}
    where ${isOf(reference)}`.execute(db)
}

/** In order. Where the middle was thrown away a chunk says so, under the last sequence that is missing. */
async function read(db: Database, reference: AttemptReference, after: number, limit: number): Promise<readonly LogChunk[]> {
  const { rows } = await sql<LogChunk>`
    select * from (
      select sequence, text from log_chunk where ${isOf(reference)} and sequence > ${after}::bigint
      union all
      select dropped_sequence, ${gapStart} || dropped_bytes || ${gapEnd} from log_stream
        where ${isOf(reference)} and dropped_sequence > ${after}::bigint and dropped_bytes > 0
    ) chunk order by sequence limit ${limit}`.execute(db)
  return rows
}

const gapStart = '\n[… '
const gapEnd = ' bytes of this log were not kept …]\n'

async function tail(db: Database, reference: AttemptReference, lines: number, bytes: number): Promise<string> {
  const { rows } = await sql<{ text: string }>`
    select text from (
      select sequence, text, sum(bytes) over (order by sequence desc) - bytes as later from log_chunk where ${isOf(reference)}
      order by sequence desc limit 1000
    ) newest where later < ${bytes}::bigint order by sequence`.execute(db)
  return lastLines(lastBytes(rows.map(({ text }) => text).join(''), bytes), lines)
}

/** Cut between characters: the bytes of one that was cut in two would be shown as U+FFFD. */
function lastBytes(text: string, bytes: number): string {
  const buffer = Buffer.from(text)
  if (buffer.length <= bytes) return text
  const start = buffer.subarray(buffer.length - bytes)
  const whole = start.findIndex((byte) => (byte & 0xc0) !== 0x80)
  return whole < 0 ? '' : start.subarray(whole).toString()
}

function lastLines(text: string, lines: number): string {
  const all = text.replace(/\n$/, '').split('\n')
  return all.slice(-lines).join('\n')
}

const isOf = ({ workflow, task, attempt }: AttemptReference) =>
  sql<boolean>`workflow_id = ${workflow} and task = ${task} and attempt = ${attempt}`
