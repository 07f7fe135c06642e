import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import {
  distinctLocalpaths,
  type Localpath,
  linkMode,
  localpathFaults,
  localpathLimits,
  type PathEntries,
  submoduleMode,
} from '../spec/localpaths.ts'
import type { TreeEntry } from '../spec/names.ts'
import type { Diagnostic } from '../spec/types.ts'
import { listed } from './git.ts'
import type { Source } from './sources.ts'

/** More than any repository has, `node_modules` included. */
const maximumEntries = 200_000
/** Files that one warning names. */
const maximumNames = 3

/** What is wrong with the files that a spec takes from its repository. In a git working tree a missing one is an error: at the commit it would be missing. */
export async function checkLocalpaths(source: Source, localpaths: readonly Localpath[]): Promise<readonly Diagnostic[]> {
  const found = await lookAt(source, localpaths)
  const faults = localpathFaults(localpaths, {
    file: source.label,
    entriesOf: (localpath) => found.get(localpath)?.entries,
    missing: source.root?.kind === 'git' ? 'error' : 'warning',
  })
  const isSaid = (one: Localpath) => faults.some(({ line, column }) => line === one.line && column === one.column)
  const warnings = distinctLocalpaths(localpaths).flatMap((one) => {
    const message = uncommittedMessage(one.localpath, found.get(one.localpath))
    return message === undefined || isSaid(one) ? [] : [uncommitted(source, one, message)]
  })
  return [...faults, ...warnings]
}

/** Every `localpath` that is a directory, with its files relative to it. */
export async function directoriesOf(
  source: Source,
  localpaths: readonly Localpath[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const found = [...(await lookAt(source, localpaths))].filter(([, { kind }]) => kind === 'directory')
  const within = (localpath: string, { path }: TreeEntry) =>
    slashed(relative(resolve(source.directory, localpath), join(source.directory, path)))
  return Object.fromEntries(found.map(([localpath, { entries }]) => [localpath, entries.map((entry) => within(localpath, entry))]))
}

/** `entries` are named relative to the spec; `untracked` are those that no commit would hold, `all` where git tracks none. */
type Found = { readonly kind: 'directory' | 'other'; readonly entries: PathEntries; readonly untracked: readonly string[] | 'all' }

async function lookAt(source: Source, localpaths: readonly Localpath[]): Promise<ReadonlyMap<string, Found>> {
  const paths = [...new Set(localpaths.map(({ localpath }) => localpath))]
  const tracking = await readTracking(source, paths)
  return new Map(paths.map((localpath) => [localpath, look(source, resolve(source.directory, localpath), tracking)]))
}

/** Absolute paths, as git lists them: what it tracks, and what it would if asked, which is not what it ignores. */
type Tracking = { readonly tracked: readonly string[]; readonly addable: readonly string[] }

async function readTracking({ root, directory }: Source, localpaths: readonly string[]): Promise<Tracking | undefined> {
  if (root?.kind !== 'git' || localpaths.length === 0) return undefined
  const within = localpaths.map((localpath) => slashed(relative(root.directory, resolve(directory, localpath))) || '.')
  const paths = within.filter((path) => path !== '..' && !path.startsWith('../') && !path.split('/').includes('.git'))
  const [tracked, addable] =
    paths.length === 0 ? [[], []] : [await listed(root.directory, paths, 'tracked'), await listed(root.directory, paths, 'addable')]
  const absolute = (path: string) => resolve(root.directory, path)
  return tracked && addable && { tracked: tracked.map(absolute), addable: addable.map(absolute) }
}

function look(source: Source, target: string, tracking: Tracking | undefined): Found {
  const through = refusedAbove(source, target)
  if (through !== undefined) return { kind: 'other', entries: [through], untracked: [] }
  const found = entryAt(source, target)
  if (found === undefined) return { kind: 'other', entries: [], untracked: [] }
  const [tracked, addable] = [below(target, tracking?.tracked), below(target, tracking?.addable)]
  const untracked = tracking === undefined ? [] : tracked.length === 0 ? 'all' : addable.map((path) => slashed(relative(target, path)))
  if (found.mode !== directoryMode) return { kind: 'other', entries: [found], untracked }
  const known = [...new Set([...tracked, ...addable])].slice(0, localpathLimits.taskFiles + 1)
  const entries = (known.length > 0 ? known : filesBelow(target)).flatMap((path) => entryAt(source, path) ?? [])
  return { kind: 'directory', entries: entries.map(asInGit).toSorted(byPath), untracked }
}

/** A link or another repository on the way to a path, from the first folder that the spec itself does not lie in. */
function refusedAbove(source: Source, target: string): TreeEntry | undefined {
  const folders: string[] = []
  for (let at = dirname(target); !isWithin(source.directory, at); at = dirname(at)) folders.unshift(at)
  for (const folder of folders) {
    const entry = entryAt(source, folder)
    if (entry?.mode === linkMode) return entry
    if (entryAt(source, join(folder, '.git')) !== undefined) return entry && { ...entry, mode: submoduleMode }
  }
  return undefined
}

const isWithin = (path: string, folder: string) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)

const below = (target: string, paths: readonly string[] | undefined) => (paths ?? []).filter((path) => isWithin(path, target))

const directoryMode = '040000'

/** As git would name its mode; named relative to the spec. */
function entryAt({ directory }: Source, path: string): TreeEntry | undefined {
  const found = statOf(path)
  if (found === undefined) return undefined
  const mode = found.isSymbolicLink() ? linkMode : found.isDirectory() ? directoryMode : '100644'
  return { path: slashed(relative(directory, path)), mode, sizeBytes: found.isFile() ? found.size : 0 }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    // A name that no file can have, or a folder that this person may not enter: nothing that could be committed.
    return undefined
  }
}

/** What git lists and is a directory is another repository. */
const asInGit = (entry: TreeEntry): TreeEntry => (entry.mode === directoryMode ? { ...entry, mode: submoduleMode } : entry)

const byPath = (one: TreeEntry, other: TreeEntry) => (one.path < other.path ? -1 : 1)

/** Files and links, in the order of their paths; no link is followed, and the walk ends after so many entries. */
function filesBelow(directory: string): readonly string[] {
  const files: string[] = []
  const waiting = [directory]
  let looked = 0
  for (let next = waiting.pop(); next !== undefined && looked < maximumEntries; next = waiting.pop())
    for (const entry of entriesOf(next)) {
      looked++
      const path = join(next, entry.name)
      if (entry.isFile() || entry.isSymbolicLink()) files.push(path)
      else if (entry.isDirectory() && entry.name !== '.git') waiting.push(path)
    }
  return files.slice(0, localpathLimits.taskFiles + 1)
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    // What this person may not read, or what has just gone: git would not commit it either, and says so.
    return []
  }
}

function uncommittedMessage(localpath: string, found: Found | undefined): string | undefined {
  const shown = JSON.stringify(localpath)
  if (found === undefined || found.untracked.length === 0) return undefined
  if (found.untracked === 'all')
    return `The localpath ${shown} is here, but git does not track it, so a commit would not hold it. Add it with "git add".`
  const { untracked } = found
  const names = untracked.slice(0, maximumNames).map((name) => JSON.stringify(name))
  const more = untracked.length > names.length ? ` and ${untracked.length - names.length} more` : ''
  return `Below the localpath ${shown} git does not track ${names.join(', ')}${more}, so a commit would not hold them. Add them with "git add", or ignore them.`
}

function uncommitted({ label }: Source, { line, column, endLine, endColumn }: Localpath, message: string): Diagnostic {
  return { file: label, line, column, endLine, endColumn, severity: 'warning', code: 'semantic/uncommitted-localpath', message }
}

const slashed = (path: string) => path.replaceAll(sep, '/')
