import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream, type Dirent } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, opendir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ObjectStore } from '../engine/ports.ts'
import { checkedKey } from './object-key.ts'

/** An object store in a directory of this machine, which nothing else may write to. Creates it, readable by us alone. */
export async function createDirectoryStore(directory: string): Promise<ObjectStore> {
  const objects = join(directory, 'objects')
  const uploads = join(directory, 'uploads')
  await mkdir(objects, { recursive: true, mode: 0o700 })
  // What a killed process left half written is of no use to anybody.
  await rm(uploads, { recursive: true, force: true })
  await mkdir(uploads, { recursive: true, mode: 0o700 })
  const pathOf = (key: string) => join(objects, checkedKey(key))

  return {
    put: (key, body, { maxBytes }) => put({ target: pathOf(key), upload: join(uploads, randomUUID()), body, maxBytes }),
    async get(key) {
      const file = await openPlain(objects, pathOf(key))
      return file && createReadStream('', { fd: file })
    },
    async read(key, maxBytes) {
      const file = await openPlain(objects, pathOf(key))
      return file && readWhole(file, key, maxBytes)
    },
    async list(prefix, limit) {
      const found: { key: string; bytes: number }[] = []
      await collect(objects, prefix, limit, found)
      return found
    },
    deletePrefix: (prefix) => deletePrefix(objects, prefix),
  }
}

type Upload = { readonly target: string; readonly upload: string; readonly body: AsyncIterable<Uint8Array>; readonly maxBytes: number }

/** The object appears whole or not at all, and survives a power cut once this returns. */
async function put({ target, upload, body, maxBytes }: Upload) {
  try {
    const written = await writeStream(upload, body, maxBytes)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await rename(upload, target)
    await syncDirectory(dirname(target))
    return written
  } finally {
    await rm(upload, { force: true })
  }
}

async function writeStream(path: string, body: AsyncIterable<Uint8Array>, maxBytes: number) {
  const file = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength
      if (bytes > maxBytes) throw new ObjectTooLarge(maxBytes)
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** More came than the caller allows; nothing was stored. */
export class ObjectTooLarge extends Error {
  override readonly name = 'ObjectTooLarge'
  constructor(maxBytes: number) {
    super(`Expected at most ${maxBytes} bytes, got more; nothing was stored`)
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Undefined when there is no such file. Only regular files reached through real directories count. */
async function openPlain(root: string, path: string): Promise<FileHandle | undefined> {
  if (!(await isReachedWithoutLinks(root, dirname(path)))) return undefined
  const file = await openExisting(path)
  if (file === undefined || (await file.stat()).isFile()) return file
  await file.close()
  return undefined
}

async function isReachedWithoutLinks(root: string, directory: string): Promise<boolean> {
  for (let path = directory; path.length > root.length; path = dirname(path)) {
    const entry = await lstat(path).catch(absent)
    if (!entry?.isDirectory()) return false
  }
  return true
}

const openExisting = (path: string) => open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(absent)

/** Not there, or something on the way to it is a file or a link. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return undefined
  throw error
}

async function readWhole(file: FileHandle, key: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await file.stat()
    if (size > maxBytes) throw new RangeError(`Expected ${key} to be at most ${maxBytes} bytes, it is ${size}`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

async function collect(objects: string, prefix: string, limit: number, found: { key: string; bytes: number }[]): Promise<void> {
  // A prefix need not end at a slash, so its last part only filters.
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  if (parent !== '') checkedKey(parent.slice(0, -1))
  await walk({ objects, directory: parent, prefix, limit, found })
}

type Walk = {
  readonly objects: string
  readonly directory: string
  readonly prefix: string
  readonly limit: number
  readonly found: { key: string; bytes: number }[]
}

async function walk(step: Walk): Promise<void> {
  for (const entry of await sortedEntries(join(step.objects, step.directory))) {
    if (step.found.length >= step.limit) return
    const key = step.directory + entry.name
    if (entry.isDirectory() && (`${key}/`.startsWith(step.prefix) || step.prefix.startsWith(`${key}/`))) {
      await walk({ ...step, directory: `${key}/` })
    } else if (entry.isFile() && key.startsWith(step.prefix)) {
      step.found.push({ key, bytes: (await lstat(join(step.objects, key))).size })
    }
  }
}

async function sortedEntries(directory: string): Promise<readonly Dirent[]> {
  const entries: Dirent[] = []
  const reader = await opendir(directory).catch(absent)
  if (reader === undefined) return entries
  for await (const entry of reader) entries.push(entry)
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Only whole directories: `a/b/` and never every key that happens to begin with `a/b`. */
async function deletePrefix(objects: string, prefix: string): Promise<void> {
  if (!prefix.endsWith('/')) throw new RangeError(`Expected a prefix that ends with "/", got ${JSON.stringify(prefix.slice(0, 120))}`)
  await rm(join(objects, checkedKey(prefix.slice(0, -1))), { recursive: true, force: true })
}
