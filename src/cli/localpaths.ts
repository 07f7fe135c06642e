import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import type { SourcePlace, SpecPlaces } from '../spec/places.ts'
import type { Diagnostic } from '../spec/types.ts'
import { untracked } from './git.ts'
import type { Source } from './sources.ts'

/** Limits of extensions.md §3. */
const maximumFileBytes = 1024 * 1024
const maximumTaskBytes = 16 * 1024 * 1024
const maximumFiles = 10_000
/** More than any repository has, `node_modules` included. */
const maximumEntries = 200_000

type Localpath = SpecPlaces['localpaths'][number]

/** What is wrong with the files that a spec takes from its repository. In a git working tree a missing one is an error: at the commit it would be missing. */
export async function checkLocalpaths(source: Source, all: readonly Localpath[]): Promise<readonly Diagnostic[]> {
  const localpaths = distinct(all)
  const severity = source.root?.kind === 'git' ? 'error' : 'warning'
  const faults = localpaths.flatMap((one) => {
    const fault = faultOf(source, one)
    return fault === undefined ? [] : [toDiagnostic(source, one, fault.kind === 'missing' ? severity : 'error', fault)]
  })
  return [...faults, ...tooLarge(source, all), ...(await uncommitted(source, localpaths))]
}

/** A loop that makes ten tasks names a file once. */
function distinct(localpaths: readonly Localpath[]): readonly Localpath[] {
  return [...new Map(localpaths.map((one) => [`${one.line}:${one.column} ${one.localpath}`, one])).values()]
}

/** Every `localpath` that is a directory, with its files relative to it. */
export function directoriesOf(source: Source, localpaths: readonly Localpath[]): Readonly<Record<string, readonly string[]>> {
  const found = localpaths.filter((one) => statOf(source, one)?.isDirectory()).map(({ localpath }) => localpath)
  return Object.fromEntries([...new Set(found)].map((localpath) => [localpath, filesBelow(resolve(source.directory, localpath))]))
}

type Fault = { readonly kind: 'missing' | 'link' | 'size' | 'uncommitted'; readonly message: string }

function faultOf(source: Source, one: Localpath): Fault | undefined {
  const found = statOf(source, one)
  const shown = JSON.stringify(one.localpath)
  if (found === undefined)
    return {
      kind: 'missing',
      message: `Expected a file or directory at the localpath ${shown}, but there is none. Add it, or correct the path.`,
    }
  if (found.isSymbolicLink())
    return { kind: 'link', message: `The localpath ${shown} is a symbolic link, and those are refused. Name the file itself.` }
  if (found.isFile() && found.size > maximumFileBytes) {
    const message = `Expected a file of at most ${maximumFileBytes} bytes at the localpath ${shown}, but it has ${found.size}. Use an input instead.`
    return { kind: 'size', message }
  }
  return undefined
}

function tooLarge(source: Source, localpaths: readonly Localpath[]): readonly Diagnostic[] {
  return [...Map.groupBy(localpaths, ({ task }) => task).values()].flatMap((ofTask) => {
    const bytes = ofTask.reduce((sum, one) => sum + bytesOf(source, one), 0)
    const [first] = ofTask
    if (first === undefined || bytes <= maximumTaskBytes) return []
    const message = `Expected at most ${maximumTaskBytes} bytes of localpath files in task ${JSON.stringify(first.task)}, but there are ${bytes}. Use an input instead.`
    return [toDiagnostic(source, first, 'error', { kind: 'size', message })]
  })
}

function bytesOf(source: Source, one: Localpath): number {
  const found = statOf(source, one)
  if (!found?.isDirectory()) return found?.size ?? 0
  const directory = resolve(source.directory, one.localpath)
  return filesBelow(directory).reduce((sum, file) => sum + (lstatSync(join(directory, file), { throwIfNoEntry: false })?.size ?? 0), 0)
}

async function uncommitted(source: Source, localpaths: readonly Localpath[]): Promise<readonly Diagnostic[]> {
  if (source.root?.kind !== 'git' || localpaths.length === 0) return []
  const root = source.root.directory
  const inTree = (one: Localpath) => relative(root, resolve(source.directory, one.localpath)).replaceAll(sep, '/')
  const present = localpaths.filter((one) => statOf(source, one) !== undefined && !inTree(one).startsWith('..'))
  const missing = (await untracked(root, present.map(inTree))) ?? new Set()
  return present
    .filter((one) => missing.has(inTree(one)))
    .map((one) => toDiagnostic(source, one, 'warning', { kind: 'uncommitted', message: uncommittedMessage(one) }))
}

function uncommittedMessage({ localpath }: Localpath): string {
  return `The localpath ${JSON.stringify(localpath)} is here, but git does not track it, so a commit would not hold it. Add it with "git add".`
}

function statOf(source: Source, { localpath }: Localpath): Stats | undefined {
  return lstatSync(resolve(source.directory, localpath), { throwIfNoEntry: false })
}

/** Regular files, in the order of their paths; no link is followed, and the walk ends after so many entries. */
function filesBelow(directory: string): readonly string[] {
  const files: string[] = []
  const waiting = [directory]
  let looked = 0
  for (let next = waiting.pop(); next !== undefined && looked < maximumEntries && files.length < maximumFiles; next = waiting.pop())
    for (const entry of entriesOf(next)) {
      looked++
      const path = join(next, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else if (entry.isFile()) files.push(relative(directory, path).replaceAll(sep, '/'))
    }
  return files.slice(0, maximumFiles).sort()
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    // What this person may not read, or what has just gone: git would not commit it either, and says so.
    return []
  }
}

const codes = {
  missing: 'semantic/missing-localpath',
  link: 'semantic/localpath',
  size: 'limit/localpath',
  uncommitted: 'semantic/uncommitted-localpath',
}

function toDiagnostic(
  source: Source,
  { line, column, endLine, endColumn }: SourcePlace,
  severity: 'error' | 'warning',
  { kind, message }: Fault,
): Diagnostic {
  return { file: source.label, line, column, endLine, endColumn, severity, code: codes[kind], message }
}
