import { existsSync } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { maximumFileBytes, type SpecFiles, selectSpecFiles, type TreeEntry } from '../spec/names.ts'
import type { Diagnostic } from '../spec/types.ts'
import { UsageError } from './arguments.ts'
import { readText, toText, unreadable } from './files.ts'
import { readSettings, type Settings } from './settings.ts'
import type { Terminal } from './terminal.ts'

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
  /** Of the repository that a spec below `.osmo/` belongs to. */
  readonly settings: Settings
}

/** What paths are relative to: what holds the `.osmo` that a file is in, else its git working tree. `git`: it lies in one. */
export type Root = { readonly kind: 'git' | 'folder'; readonly directory: string }

export type Sources = {
  readonly sources: readonly Source[]
  readonly diagnostics: readonly Diagnostic[]
  /** Of every file that a diagnostic may be about, by its label. */
  readonly texts: ReadonlyMap<string, string>
}

/** More than any repository has; a walk ends here. */
const maximumEntries = 20_000

/**
 * The specs that are meant by files, directories and `-` (standard input). A directory that holds `.osmo` means the specs there, by the rules
 * of a repository; any other means every YAML file below it. What cannot be read is a diagnostic, and so is what is wrong with settings that
 * nobody named. Throws `UsageError` for a directory without any.
 */
export async function readSources(paths: readonly string[], terminal: Terminal): Promise<Sources> {
  const files: File[] = []
  const diagnostics: Diagnostic[] = []
  for (const path of paths) {
    const found = isStandardInput(path) ? { files: [path], diagnostics: [] } : await listFiles(path, terminal)
    diagnostics.push(...found.diagnostics)
    for (const file of found.files) {
      const read = await readFile(file, terminal)
      if ('fault' in read) diagnostics.push(read.fault)
      else files.push(read)
    }
  }
  const settings = await settingsOfAll(files, terminal)
  const sources = files.map((file) => ({ ...file, settings: settings.get(rootNamed(file)) ?? noSettings }))
  const unnamed = [...settings.values()].filter(({ label }) => ![...files, ...diagnostics.map(labelOf)].some((one) => one.label === label))
  const texts = new Map([...settings.values(), ...files].map(({ label, text }) => [label, text]))
  return { sources, diagnostics: [...diagnostics, ...unnamed.flatMap((one) => one.diagnostics)], texts }
}

const isStandardInput = (path: string) => ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'].includes(path)
const labelOf = ({ file }: Diagnostic) => ({ label: file })
const noSettings: Settings = { label: '', text: '', config: undefined, diagnostics: [] }

type File = Omit<Source, 'settings'>

/** Each repository's settings are read once, by the name of its root. */
async function settingsOfAll(files: readonly File[], { directory }: Terminal): Promise<ReadonlyMap<string, Settings>> {
  const roots = [...new Set(files.map(rootNamed))].filter((root) => root !== '')
  const read = roots.map(async (root) => {
    const path = join(root, '.osmo', 'config.yaml')
    const named = files.find((file) => file.kind === 'settings' && rootNamed(file) === root && file.path === '.osmo/config.yaml')
    return [root, await readSettings(path, named?.label ?? (relative(directory, path) || path))] as const
  })
  return new Map(await Promise.all(read))
}

const rootNamed = ({ root, path }: File) => (root !== undefined && path.startsWith('.osmo/') ? root.directory : '')

type Listing = { readonly files: readonly string[]; readonly diagnostics: readonly Diagnostic[] }

async function listFiles(path: string, { directory }: Terminal): Promise<Listing> {
  const absolute = resolve(directory, path)
  if (!(await isDirectory(absolute))) return { files: [path], diagnostics: [] }
  const listing = await listDirectory(path, absolute)
  if (listing.files.length > 0 || listing.diagnostics.length > 0) return listing
  throw new UsageError(`Expected specs in the directory ${path}, but it has none. "osmo new" writes one.`)
}

async function listDirectory(path: string, absolute: string): Promise<Listing> {
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
  const selected = await selectBelow(root)
  const label = (path: string) => join(shown, relative('.osmo', path))
  const files = [...(selected.config === undefined ? [] : [selected.config]), ...selected.files]
  return {
    files: files.map(({ path }) => label(path)),
    diagnostics: selected.diagnostics.map((one) => ({ ...one, file: label(one.file) })),
  }
}

/** Names of the specs that the repository at `root` has now. */
export async function specNames({ directory }: Root): Promise<readonly string[]> {
  return (await selectBelow(directory)).files.map(({ name }) => name)
}

async function selectBelow(root: string): Promise<SpecFiles> {
  const found = await walk(join(root, '.osmo'))
  return selectSpecFiles(await Promise.all(found.map(({ path, kind }) => treeEntry(relative(root, path), path, kind))))
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

async function readFile(path: string, terminal: Terminal): Promise<File | { readonly fault: Diagnostic }> {
  const label = isStandardInput(path) ? '<stdin>' : path
  const read = isStandardInput(path)
    ? toText(await terminal.input(maximumFileBytes), label)
    : await readText(resolve(terminal.directory, path), label, 'follow')
  if (read.kind === 'absent') return { fault: unreadable(label, 'there is none') }
  return read.kind === 'fault' ? { fault: read.fault } : { label, text: read.text, ...placeOf(path, terminal) }
}

function placeOf(path: string, { directory }: Terminal): Pick<Source, 'kind' | 'path' | 'root' | 'directory'> {
  if (isStandardInput(path)) return { kind: 'spec', path: '/<stdin>', root: undefined, directory }
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
