import type { Diagnostic } from './types.ts'

/** Limits of extensions.md §6. */
export const maximumSpecFiles = 256
export const maximumFileBytes = 1024 * 1024
export const maximumTotalBytes = 4 * 1024 * 1024

/** A spec's name: its path below `.osmo/` without the extension, such as `bench/orin`; undefined for any other file. */
export function specNameOf(path: string): string | undefined {
  const below = /(?:^|\/)\.osmo\/(.+)\.ya?ml$/.exec(path)?.[1]
  return below === undefined || below === 'config' ? undefined : below
}

/** `.osmo/config.yaml`, and what it must not be called. */
export const isSettingsFile = (path: string) => /^\.osmo\/config\.ya?ml$/.test(path)

/** Under another name nobody reads it, which must not pass in silence. */
export const settingsNameFault = (path: string): Diagnostic =>
  fault(path, 'semantic/settings-name', "The repository's settings are read from .osmo/config.yaml only. Rename this file to config.yaml.")

/** One entry of a git tree below `.osmo/`; `mode` is git's, such as `100644`. */
export type TreeEntry = { readonly path: string; readonly mode: string; readonly sizeBytes: number }

export type SpecFile = { readonly name: string; readonly path: string; readonly sizeBytes: number }

export type SpecFiles = {
  readonly files: readonly SpecFile[]
  /** The repository's settings, `.osmo/config.yaml`, when there is one that may be read. */
  readonly config?: { readonly path: string; readonly sizeBytes: number }
  readonly diagnostics: readonly Diagnostic[]
}

/** Which files of a tree are specs. What is refused is left out and named; of two files with one name both are. */
export function selectSpecFiles(entries: readonly TreeEntry[]): SpecFiles {
  const diagnostics: Diagnostic[] = []
  const refuse = (path: string, code: string, message: string) => diagnostics.push(fault(path, code, message))
  for (const { path, mode } of entries) if (path === specFolder) refuse(path, 'limit/folder', noFolder(mode))
  const candidates = entries.filter(({ path }) => path.startsWith('.osmo/')).sort((a, b) => (a.path < b.path ? -1 : 1))
  const readable = candidates.filter((entry) => isReadable(entry, refuse))
  const distinct = withoutDoubles(readable, refuse)
  const config = distinct.find(({ path }) => path === '.osmo/config.yaml')
  for (const { path } of distinct) if (isSettingsFile(path) && path !== config?.path) diagnostics.push(settingsNameFault(path))
  const files = distinct
    .filter(({ path }) => !isSettingsFile(path))
    .map(({ path, sizeBytes }) => ({ name: specNameOf(path) ?? path, path, sizeBytes }))
  const kept = withinLimits(files, refuse)
  return { files: kept, diagnostics, ...(config !== undefined && { config: { path: config.path, sizeBytes: config.sizeBytes } }) }
}

const specFolder = '.osmo'

/** A folder is never an entry itself; what stands in its place hides every spec. */
const noFolder = (mode: string) =>
  `Expected a folder of specs, but .osmo is ${mode === '120000' ? 'a symbolic link' : mode === '160000' ? 'a submodule' : 'a file'}, so no spec is read and nothing runs. Replace it with a folder.`

type Refuse = (path: string, code: string, message: string) => void

function isReadable({ path, mode, sizeBytes }: TreeEntry, refuse: Refuse): boolean {
  if (mode === '160000') {
    refuse(path, 'limit/submodule', 'Submodules are refused below .osmo/, because their files are not at this commit. Copy the files.')
    return false
  }
  if (!/\.ya?ml$/.test(path)) return false
  if (mode === '120000') {
    refuse(path, 'limit/symlink', 'Symbolic links are refused below .osmo/. Replace the link with the file.')
    return false
  }
  if (sizeBytes > maximumFileBytes) {
    refuse(path, 'limit/file-size', `Expected a file of at most ${maximumFileBytes} bytes, but it has ${sizeBytes}. Move data out of it.`)
    return false
  }
  return true
}

function withoutDoubles(entries: readonly TreeEntry[], refuse: Refuse): readonly TreeEntry[] {
  const byName = Map.groupBy(entries, ({ path }) => path.replace(/\.ya?ml$/, ''))
  return entries.filter(({ path }) => {
    const same = byName.get(path.replace(/\.ya?ml$/, '')) ?? []
    const other = same.find((entry) => entry.path !== path)
    if (other === undefined) return true
    refuse(path, 'semantic/same-name', `Two files have one name: ${path} and ${other.path}. Both are refused; rename or remove one.`)
    return false
  })
}

function withinLimits(files: readonly SpecFile[], refuse: Refuse): readonly SpecFile[] {
  let totalBytes = 0
  return files.filter(({ path, sizeBytes }, index) => {
    if (index >= maximumSpecFiles) {
      if (index === maximumSpecFiles)
        refuse(
          path,
          'limit/files',
          `Expected at most ${maximumSpecFiles} specs, but there are ${files.length}. This one and those after it are not read.`,
        )
      return false
    }
    const before = totalBytes
    totalBytes += sizeBytes
    if (totalBytes <= maximumTotalBytes) return true
    if (before <= maximumTotalBytes)
      refuse(
        path,
        'limit/total-size',
        `Expected at most ${maximumTotalBytes} bytes in all specs together. This one and those after it are not read.`,
      )
    return false
  })
}

function fault(path: string, code: string, message: string): Diagnostic {
  return { file: path, line: 1, column: 1, endLine: 1, endColumn: 1, severity: 'error', code, message }
}
