import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type Pack, pack } from 'tar-stream'
import { listTree, openBlobs, symlinkMode, type TreeEntry, type TreeOptions } from './tree.ts'

export type ArchiveOptions = TreeOptions & {
  /** Files and directories to take; everything when undefined. */
  readonly paths: readonly string[] | undefined
  /** Of file contents. */
  readonly maxBytes: number
  /** Told of everything that is left out. */
  readonly note: (message: string, path: string) => void
}

/** 2000-01-01 UTC, for every file: the same tree gives the same bytes. */
const modifiedAt = new Date(946_684_800_000)
const maxLinkBytes = 4096
const maxEntries = 1_000_000

/**
 * A tar of the tree, written as it is read. Modes and symbolic links are kept; links that leave the root, submodules and names
 * that no tar should hold are left out and noted. Fails, in mid-stream, above `maxBytes`, which {@link checkArchive} tells before. Whoever
 * stops reading ends git as well.
 */
export async function* archiveTree(options: ArchiveOptions): AsyncIterable<Uint8Array> {
  const tar = pack()
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const filling = fill(tar, { ...options, signal }).then(
    () => tar.finalize(),
    (error) => tar.destroy(error),
  )
  try {
    yield* tar as AsyncIterable<Uint8Array>
    await filling
  } finally {
    stop.abort(new Error('the archive is not read any more'))
    tar.destroy()
  }
}

/** Throws `RangeError` for a tree that is too large or a path outside of it, before anybody has taken half a tar. */
export async function checkArchive(options: ArchiveOptions): Promise<void> {
  const limits = countAgainst(options)
  for await (const entry of selected({ ...options, note: () => undefined })) limits.count(entry)
}

async function fill(tar: Pack, options: ArchiveOptions): Promise<void> {
  const blobs = openBlobs(options)
  const limits = countAgainst(options)
  try {
    for await (const entry of selected(options)) {
      limits.count(entry)
      const contents = blobs.read(entry.object)
      await (entry.mode === symlinkMode ? addLink(tar, entry, contents, options) : addFile(tar, entry, contents))
    }
  } finally {
    blobs.close()
  }
}

function countAgainst({ maxBytes }: ArchiveOptions) {
  let bytes = 0
  let entries = 0
  return { count }

  function count(entry: TreeEntry): void {
    bytes += entry.bytes
    entries += 1
    const remedy = "Name the paths that are needed in the spec's checkout"
    if (bytes > maxBytes) throw new RangeError(`Expected a tree of at most ${maxBytes} bytes. ${remedy}`)
    if (entries > maxEntries) throw new RangeError(`Expected a tree of at most ${maxEntries} files. ${remedy}`)
  }
}

/** Paths that lie in one another are taken once. */
async function* selected(options: ArchiveOptions): AsyncIterable<TreeEntry> {
  for (const path of outermost(options.paths)) {
    for await (const entry of listTree(options, path)) {
      const objection =
        entry.type === 'commit' ? 'submodule left out' : isPlain(entry.path) ? undefined : 'file with an unsafe name left out'
      if (objection === undefined) yield entry
      else options.note(objection, entry.path)
    }
  }
}

function outermost(paths: readonly string[] | undefined): readonly string[] {
  if (paths === undefined) return ['']
  const normal = [...new Set(paths.map(normalised))]
  if (normal.includes('')) return ['']
  return normal.filter((path) => !normal.some((other) => path.startsWith(`${other}/`)))
}

/** Relative to the root, without `.` and a slash at the end; the root itself is empty. Throws when it leaves the root. */
export function normalised(path: string): string {
  const normal = posix.normalize(path).replace(/^\.\/|\/+$/g, '')
  if (normal === '..' || normal.startsWith('../') || posix.isAbsolute(normal) || path.includes('\0'))
    throw new RangeError(`Expected a path inside the repository, got ${JSON.stringify(path.slice(0, 200))}`)
  return normal === '.' ? '' : normal
}

/** Git refuses such names when it checks what it fetches; whoever unpacks must not depend on that. */
function isPlain(path: string): boolean {
  return (
    !path.startsWith('/') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git')
  )
}

async function addFile(tar: Pack, { path, mode, bytes }: TreeEntry, contents: AsyncIterable<Buffer>): Promise<void> {
  const header = { ...common(path), type: 'file', size: bytes, mode: mode === '100755' ? 0o755 : 0o644 } as const
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const sink = tar.entry(header, (error) => (error ? reject(error) : resolve()))
  Readable.from(contents, { objectMode: false })
    .on('error', (error) => sink.destroy(error))
    .pipe(sink)
  await promise
}

async function addLink(tar: Pack, { path, bytes }: TreeEntry, contents: AsyncIterable<Buffer>, { note }: ArchiveOptions): Promise<void> {
  const linkname = await text(Readable.from(contents))
  if (bytes > maxLinkBytes || !staysInside(path, linkname)) return note('symbolic link that leaves the repository left out', path)
  await new Promise<void>((resolve, reject) => {
    tar.entry({ ...common(path), type: 'symlink', linkname, mode: 0o777 }, (error) => (error ? reject(error) : resolve()))
  })
}

/**
 * Up only at the start, and not above the root. The directories of a link are real ones, so going up from them is plain; `..`
 * behind a name could leave the root through another link.
 */
function staysInside(path: string, linkname: string): boolean {
  if (linkname === '' || linkname.startsWith('/') || linkname.includes('\0')) return false
  const parts = linkname.split('/').filter((part) => part !== '' && part !== '.')
  const firstName = parts.findIndex((part) => part !== '..')
  const climbs = firstName < 0 ? parts.length : firstName
  return climbs <= path.split('/').length - 1 && !parts.slice(climbs).includes('..')
}

const common = (name: string) => ({ name, mtime: modifiedAt, uid: 0, gid: 0, uname: '', gname: '' })
