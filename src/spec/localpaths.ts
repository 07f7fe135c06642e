import type { TreeEntry } from './names.ts'
import type { SourcePlace, SpecPlaces } from './places.ts'
import type { Diagnostic } from './types.ts'

/** Limits of extensions.md §3: bytes of one file, and bytes and files of one task. */
export const localpathLimits = { fileBytes: 1024 * 1024, taskBytes: 16 * 1024 * 1024, taskFiles: 10_000 }

export type Localpath = SpecPlaces['localpaths'][number]

/**
 * What a repository has at a path: the file, or all entries below the directory; or the one link or submodule that the path leads through.
 * Git keeps no empty directories, so that nothing there is an empty list. At most one entry more than a task may have is of use.
 */
export type PathEntries = readonly TreeEntry[]

export const linkMode = '120000'
export const submoduleMode = '160000'

type Looked = {
  readonly file: string
  /** Undefined: nobody could look, so that nothing is said. */
  readonly entriesOf: (localpath: string) => PathEntries | undefined
  /** At a commit nothing can come any more. */
  readonly missing: 'error' | 'warning'
}

/** As many as a person reads; a loop can make thousands on one line. */
const maximumFaults = 100

/** What is wrong with the files that a spec takes from its repository, on the lines that name them. */
export function localpathFaults(all: readonly Localpath[], { file, entriesOf, missing }: Looked): readonly Diagnostic[] {
  const paths = new Set(all.map(({ localpath }) => localpath))
  const seen = new Map([...paths].map((localpath) => [localpath, summaryOf(localpath, entriesOf(localpath))]))
  const faults = distinctLocalpaths(all).flatMap((one) => {
    const fault = seen.get(one.localpath)?.fault
    return fault === undefined ? [] : [toDiagnostic(file, one, fault, fault.kind === 'missing' ? missing : 'error')]
  })
  const whole = all.filter(({ localpath }) => seen.get(localpath)?.fault === undefined)
  return [...faults, ...tooMuch(whole, seen, file)].slice(0, maximumFaults)
}

/** A loop that makes ten tasks names a file once. */
export function distinctLocalpaths(localpaths: readonly Localpath[]): readonly Localpath[] {
  return [...new Map(localpaths.map((one) => [`${one.line}:${one.column} ${one.localpath}`, one])).values()]
}

type Summary = { readonly fault: Fault | undefined; readonly files: number; readonly bytes: number }
type Fault = { readonly kind: 'missing' | 'refused' | 'size'; readonly message: string }

function summaryOf(localpath: string, entries: PathEntries | undefined): Summary {
  const bytes = (entries ?? []).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return { fault: faultOf(localpath, entries), files: entries?.length ?? 0, bytes }
}

function faultOf(localpath: string, entries: PathEntries | undefined): Fault | undefined {
  const shown = JSON.stringify(localpath)
  if (localpath.split('/').includes('.git'))
    return {
      kind: 'refused',
      message: `The localpath ${shown} lies in git's own folder, which no commit holds. Name a file of the repository.`,
    }
  if (entries === undefined) return undefined
  if (entries.length === 0)
    return {
      kind: 'missing',
      message: `Expected a file, or a directory with files, at the localpath ${shown}, but there is none. Add it, or correct the path.`,
    }
  return first(entries, (entry) => faultOfEntry(shown, entry))
}

function first<From, To>(items: readonly From[], map: (item: From) => To | undefined): To | undefined {
  for (const item of items) {
    const found = map(item)
    if (found !== undefined) return found
  }
  return undefined
}

function faultOfEntry(shown: string, { path, mode, sizeBytes }: TreeEntry): Fault | undefined {
  const [leadsTo, name] = [`The localpath ${shown} leads to`, JSON.stringify(path)]
  if (mode === linkMode)
    return {
      kind: 'refused',
      message: `${leadsTo} ${name}, a symbolic link, and those are refused. Name files and directories themselves.`,
    }
  if (mode === submoduleMode)
    return { kind: 'refused', message: `${leadsTo} ${name}, another git repository, whose files this one does not hold. Copy the files.` }
  if (sizeBytes <= localpathLimits.fileBytes) return undefined
  const message = `Expected files of at most ${localpathLimits.fileBytes} bytes at the localpath ${shown}, but ${name} has ${sizeBytes}. Use an input or \`checkout\` instead.`
  return { kind: 'size', message }
}

function tooMuch(all: readonly Localpath[], seen: ReadonlyMap<string, Summary>, file: string): readonly Diagnostic[] {
  return [...Map.groupBy(all, ({ task }) => task)].flatMap(([task, ofTask]) => {
    const [place] = ofTask
    const sum = (of: 'files' | 'bytes') => ofTask.reduce((total, { localpath }) => total + (seen.get(localpath)?.[of] ?? 0), 0)
    const message = amountFault(task, sum('files'), sum('bytes'))
    return place === undefined || message === undefined ? [] : [toDiagnostic(file, place, { kind: 'size', message }, 'error')]
  })
}

function amountFault(task: string, files: number, bytes: number): string | undefined {
  const { taskBytes, taskFiles } = localpathLimits
  const [within, instead] = [`by localpath in task ${JSON.stringify(task)}`, 'Use an input or `checkout` instead.']
  // Of so many not every one is counted.
  if (files > taskFiles) return `Expected at most ${taskFiles} files ${within}, but there are more. ${instead}`
  return bytes > taskBytes ? `Expected at most ${taskBytes} bytes ${within}, but there are ${bytes}. ${instead}` : undefined
}

const codes = { missing: 'semantic/missing-localpath', refused: 'semantic/localpath', size: 'limit/localpath' }

function toDiagnostic(
  file: string,
  { line, column, endLine, endColumn }: SourcePlace,
  { kind, message }: Fault,
  severity: Diagnostic['severity'],
): Diagnostic {
  return { file, line, column, endLine, endColumn, severity, code: codes[kind], message }
}
