import type { SourceMirror } from '../engine/ports.ts'
import { localpathLimits } from '../spec/localpaths.ts'
import { entryAt, listTree, openBlobs, symlinkMode, type TreeEntry, type TreeOptions } from './tree.ts'
import { normalised } from './tree-archive.ts'

const { fileBytes: maxFileBytes, taskBytes: maxTotalBytes, taskFiles: maxFiles } = localpathLimits

type Files = NonNullable<Awaited<ReturnType<SourceMirror['files']>>>

/**
 * The file at this path, or all files below the directory, with paths relative to the root; undefined when there is neither.
 * Throws `RangeError` for a link, a submodule, a path outside of the root, or more than 1 MiB a file or 16 MiB in all.
 */
export async function readFiles(options: TreeOptions & { readonly path: string }): Promise<Files | undefined> {
  const path = normalised(options.path)
  const found = path === '' ? undefined : await entryAt(options, path)
  if (path !== '' && found === undefined) return undefined
  const entries = found === undefined || found.type === 'tree' ? await listChecked(options, path) : [checked(found)]
  return await readAll(options, entries)
}

async function listChecked(options: TreeOptions, path: string): Promise<readonly TreeEntry[]> {
  const entries: TreeEntry[] = []
  let total = 0
  for await (const entry of listTree(options, path)) {
    entries.push(checked(entry))
    total += entry.bytes
    if (total > maxTotalBytes) throw new RangeError(`Expected at most ${maxTotalBytes} bytes below ${path || 'the root'}`)
    if (entries.length > maxFiles) throw new RangeError(`Expected at most ${maxFiles} files below ${path || 'the root'}`)
  }
  return entries
}

function checked(entry: TreeEntry): TreeEntry {
  if (entry.mode === symlinkMode) throw new RangeError(`Expected a file, but ${entry.path} is a symbolic link`)
  if (entry.type !== 'blob') throw new RangeError(`Expected a file, but ${entry.path} is a submodule`)
  if (entry.bytes > maxFileBytes)
    throw new RangeError(`Expected a file of at most ${maxFileBytes} bytes, but ${entry.path} has ${entry.bytes}`)
  return entry
}

async function readAll(options: TreeOptions, entries: readonly TreeEntry[]): Promise<Files> {
  const blobs = openBlobs(options)
  try {
    const files: Files[number][] = []
    for (const { path, object, mode } of entries) {
      const contents = Buffer.concat(await Array.fromAsync(blobs.read(object)))
      files.push({ path, contents, mode: mode === '100755' ? 0o755 : 0o644 })
    }
    return files
  } finally {
    blobs.close()
  }
}
