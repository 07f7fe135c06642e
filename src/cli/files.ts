import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { maximumFileBytes } from '../spec/names.ts'
import type { Diagnostic } from '../spec/types.ts'
import { visible } from './terminal.ts'

/** `follow`: a person named the file; `refuse`: a repository did, and it could point anywhere. */
export type Links = 'follow' | 'refuse'

/** `text`: at most one byte more than a file may have, so that whoever reads it tells a larger one apart. */
export type TextRead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'fault'; readonly fault: Diagnostic }

/** Reads a regular file as text, without waiting for anybody: a pipe or a device is a fault, and no more than 1 MiB and a byte is read. */
export async function readText(path: string, label: string, links: Links): Promise<TextRead> {
  const read = await readBytes(path, links)
  if (read === undefined) return { kind: 'absent' }
  return typeof read === 'string' ? { kind: 'fault', fault: unreadable(label, read) } : toText(read, label)
}

export function toText(bytes: Uint8Array, label: string): Exclude<TextRead, { kind: 'absent' }> {
  if (bytes.length <= maximumFileBytes && !isUtf8(bytes)) return { kind: 'fault', fault: notText(label, bytes) }
  return { kind: 'text', text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) }
}

/** A descriptor of this process, such as a shell's `<(command)`: it is open already. */
const ownDescriptor = /^\/(?:dev|proc\/self)\/fd\/[0-9]+$/

/** A reason when there is nothing to read; undefined when there is no file. */
async function readBytes(path: string, links: Links): Promise<Uint8Array | string | undefined> {
  let file: FileHandle | undefined
  try {
    const isOwn = links === 'follow' && ownDescriptor.test(path)
    // Opening a pipe that nobody writes to would wait for ever.
    file = await open(path, isOwn ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK | noFollow[links])
    if (!isOwn && !(await file.stat()).isFile()) return 'it is not a regular file'
    return await readFully(file, Buffer.alloc(maximumFileBytes + 1))
  } catch (error) {
    return reasonOf(error)
  } finally {
    await file?.close()
  }
}

const noFollow: Readonly<Record<Links, number>> = { follow: 0, refuse: constants.O_NOFOLLOW }

function reasonOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return undefined
  if (code === 'ELOOP') return 'it is a symbolic link, or a ring of them'
  // A socket, or a device without a driver.
  return code === 'ENXIO' ? 'it is not a regular file' : String(error)
}

async function readFully(file: FileHandle, buffer: Buffer): Promise<Uint8Array> {
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}

export function unreadable(file: string, reason: string): Diagnostic {
  return fault(file, `Expected a file or a directory here, but it cannot be read: ${visible(reason)}. Correct the path.`)
}

function notText(file: string, bytes: Uint8Array): Diagnostic {
  const encoded = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
  const end = bytes.findIndex((byte, index) => byte !== encoded[index])
  const before = new TextDecoder().decode(bytes.subarray(0, end)).split('\n')
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1]
  const message = 'Expected UTF-8 text, but here is a byte that is none. Save the file as UTF-8.'
  return { ...fault(file, message), line, column, endLine: line, endColumn: column + 1 }
}

function fault(file: string, message: string): Diagnostic {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1, severity: 'error', code: 'limit/unreadable', message }
}
