import { isUtf8 } from 'node:buffer'
import { existsSync } from 'node:fs'
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { maximumFileBytes, selectSpecFiles, type TreeEntry } from '../spec/names.ts'
import type { Diagnostic } from '../spec/types.ts'
import { type Terminal, visible } from './terminal.ts'

/** One text that a command reads. */
export type Source = {
  /** As diagnostics name it. */
  readonly label: string
  readonly kind: 'spec' | 'settings'
  readonly text: string
  /** From the root of its repository, or absolute when it has none. */
  readonly path: string
  readonly root: Root | undefined
  /** What `localpath` is relative to, on this machine. */
  readonly directory: string
}

/** What paths are relative to: what holds the `.osmo` that a file is in, else its git working tree. `git`: it lies in one. */
export type Root = { readonly kind: 'git' | 'folder'; readonly directory: string }

export type Sources = { readonly sources: readonly Source[]; readonly diagnostics: readonly Diagnostic[] }

/** More than any repository has; a walk ends here. */
const maximumEntries = 20_000

/**
 * The specs that are meant by files, directories and `-` (standard input). A directory that holds `.osmo` means the specs there, by the rules
 * of a repository; any other means every YAML file below it. What cannot be read is a diagnostic.
 */
export async function readSources(paths: readonly string[], terminal: Terminal): Promise<Sources> {
  const sources: Source[] = []
  const diagnostics: Diagnostic[] = []
  for (const path of paths) {
    const found = path === '-' ? { files: [path], diagnostics: [] } : await listFiles(path, terminal)
    diagnostics.push(...found.diagnostics)
    for (const file of found.files) {
      const read = await readSource(file, terminal)
      if ('source' in read) sources.push(read.source)
      else diagnostics.push(read.fault)
    }
  }
  return { sources, diagnostics }
}

type Listing = { readonly files: readonly string[]; readonly diagnostics: readonly Diagnostic[] }

async function listFiles(path: string, { directory }: Terminal): Promise<Listing> {
  const absolute = resolve(directory, path)
  if (!(await isDirectory(absolute))) return { files: [path], diagnostics: [] }
  if (absolute.endsWith(`${sep}.osmo`)) return await listSpecs(path, dirname(absolute))
  if (await isDirectory(join(absolute, '.osmo'))) return await listSpecs(join(path, '.osmo'), absolute)
  const files = (await walk(absolute)).filter(({ kind, path: file }) => kind === 'file' && /\.ya?ml$/.test(file))
  return { files: files.map(({ path: file }) => join(path, relative(absolute, file))), diagnostics: [] }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

/** `.osmo/` by the rules of extensions.md §6, with the settings file first. */
async function listSpecs(shown: string, root: string): Promise<Listing> {
  const entries = await Promise.all(
    (await walk(join(root, '.osmo'))).map(async ({ path, kind }) => treeEntry(relative(root, path), path, kind)),
  )
  const selected = selectSpecFiles(entries)
  const label = (path: string) => join(shown, relative('.osmo', path))
  const files = [...(selected.config === undefined ? [] : [selected.config]), ...selected.files]
  return {
    files: files.map(({ path }) => label(path)),
    diagnostics: selected.diagnostics.map((one) => ({ ...one, file: label(one.file) })),
  }
}

async function treeEntry(path: string, absolute: string, kind: 'file' | 'link'): Promise<TreeEntry> {
  const sizeBytes = (await lstat(absolute)).size
  return { path: path.replaceAll(sep, '/'), mode: kind === 'link' ? '120000' : '100644', sizeBytes }
}

async function walk(directory: string): Promise<readonly { readonly path: string; readonly kind: 'file' | 'link' }[]> {
  const found: { path: string; kind: 'file' | 'link' }[] = []
  const waiting = [directory]
  for (let next = waiting.pop(); next !== undefined && found.length < maximumEntries; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name)
      if (entry.isDirectory() && entry.name !== '.git' && entry.name !== 'node_modules') waiting.push(path)
      else if (entry.isFile()) found.push({ path, kind: 'file' })
      else if (entry.isSymbolicLink()) found.push({ path, kind: 'link' })
    }
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

type Read = { readonly source: Source } | { readonly fault: Diagnostic }

async function readSource(path: string, terminal: Terminal): Promise<Read> {
  const label = path === '-' ? '<stdin>' : path
  const bytes = path === '-' ? await terminal.input(maximumFileBytes) : await readFile(resolve(terminal.directory, path))
  if (typeof bytes === 'string') return { fault: unreadable(label, bytes) }
  if (!isUtf8(bytes.subarray(0, maximumFileBytes)) && bytes.length <= maximumFileBytes) return { fault: notText(label, bytes) }
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return { source: { label, text, ...placeOf(path, terminal) } }
}

/** Reads one byte more than a spec may have, so that a larger file is told apart; a reason when there is nothing to read. */
async function readFile(path: string): Promise<Uint8Array | string> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    const { buffer, bytesRead } = await readFully(file, Buffer.alloc(maximumFileBytes + 1))
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is none' : String(error)
  } finally {
    await file?.close()
  }
}

async function readFully(file: FileHandle, buffer: Buffer): Promise<{ readonly buffer: Buffer; readonly bytesRead: number }> {
  let bytesRead = 0
  while (bytesRead < buffer.length) {
    const read = await file.read(buffer, bytesRead, buffer.length - bytesRead, null)
    if (read.bytesRead === 0) break
    bytesRead += read.bytesRead
  }
  return { buffer, bytesRead }
}

function placeOf(path: string, { directory }: Terminal): Pick<Source, 'kind' | 'path' | 'root' | 'directory'> {
  if (path === '-') return { kind: 'spec', path: '/<stdin>', root: undefined, directory }
  const absolute = resolve(directory, path)
  const root = rootOf(absolute)
  const within = root === undefined ? absolute : relative(root.directory, absolute).replaceAll(sep, '/')
  return { kind: /^\.osmo\/config\.ya?ml$/.test(within) ? 'settings' : 'spec', path: within, root, directory: dirname(absolute) }
}

/** The folder of the `.osmo` that a path lies in, else the git working tree; `git` says whether commits will hold it. */
export function rootOf(path: string): Root | undefined {
  let folder: string | undefined
  for (let at = dirname(path), below = path; below !== at; below = at, at = dirname(at)) {
    if (at.endsWith(`${sep}.osmo`)) folder ??= dirname(at)
    if (existsSync(join(at, '.git'))) return { kind: 'git', directory: folder ?? at }
  }
  return folder === undefined ? undefined : { kind: 'folder', directory: folder }
}

function unreadable(file: string, reason: string): Diagnostic {
  return fault(
    file,
    'limit/unreadable',
    `Expected a file or a directory here, but it cannot be read: ${visible(reason)}. Correct the path.`,
  )
}

function notText(file: string, bytes: Uint8Array): Diagnostic {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const encoded = Buffer.from(text)
  const before = new TextDecoder()
    .decode(
      bytes.subarray(
        0,
        bytes.findIndex((byte, index) => byte !== encoded[index]),
      ),
    )
    .split('\n')
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1]
  const message = 'Expected UTF-8 text, but here is a byte that is none. Save the file as UTF-8.'
  return { ...fault(file, 'limit/unreadable', message), line, column, endLine: line, endColumn: column + 1 }
}

function fault(file: string, code: string, message: string): Diagnostic {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1, severity: 'error', code, message }
}
