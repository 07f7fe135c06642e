import { createHash } from 'node:crypto'
import { constants, type Dirent } from 'node:fs'
import { chmod, lstat, open, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { OutputManifest } from '../engine/ports.ts'
import { taskLimits } from '../engine/task-protocol.ts'
import type { Ctrl, Patience } from './ctrl.ts'
import { ServiceRefused } from './ctrl.ts'
import { AttemptEnded, exitCodes } from './exits.ts'

/** A directory whose files become outputs below `prefix` (empty or ending in `/`). */
export type OutputTree = { readonly directory: string; readonly prefix: string; readonly skip: (path: string) => boolean }
type OutputFile = { readonly path: string; readonly source: string; readonly mode: number; readonly bytes: number }

/**
 * Stores all regular files of the trees, then the manifest that makes them count. Links and special files are left out and said.
 * `none` when there was nothing to store.
 */
export async function uploadOutputs(
  trees: readonly OutputTree[],
  options: { readonly ctrl: Ctrl; readonly patience: Patience; readonly maxBytes: number; readonly note: (text: string) => void },
): Promise<'stored' | 'none'> {
  const found: Found = { files: [], entries: 0, note: options.note, signal: options.patience.signal }
  for (const tree of trees) await collect(tree, '', found)
  const { files } = found
  if (files.length === 0) return 'none'
  checkTotal(files, options.maxBytes)
  const stored: OutputManifest['files'][number][] = []
  for (const file of files) stored.push(await uploadOne(file, options.ctrl, options.patience))
  await refusalsEndTheAttempt(() => options.ctrl.manifest({ files: stored }, options.patience))
  return 'stored'
}

type Found = { readonly files: OutputFile[]; entries: number; readonly note: (text: string) => void; readonly signal: AbortSignal }

/** The command is dead, so nothing changes any more; still no link is followed, since it may have left any. */
async function collect(tree: OutputTree, below: string, found: Found): Promise<void> {
  for (const entry of await entriesOf(join(tree.directory, below), found)) {
    found.signal.throwIfAborted()
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (tree.skip(path)) continue
    const source = join(tree.directory, path)
    if (entry.isDirectory()) await collect(tree, checkedPath(path), found)
    else if (entry.isFile()) found.files.push(await outputFile(tree.prefix + path, source))
    else found.note(`The output ${JSON.stringify(path)} is a ${kindOf(entry)}, which is not stored.`)
  }
}

/** In order, counted as they are read: a directory may hold more names than fit into memory. */
async function entriesOf(directory: string, found: Found): Promise<readonly Dirent[]> {
  if (!(await lstat(directory)).isDirectory()) throw outputsRefused('The output directory was replaced by something else')
  // OSMO gives the outputs read bits; root needs none.
  if (process.getuid?.() !== 0) await chmod(directory, 0o700)
  const entries: Dirent[] = []
  for await (const entry of await opendir(directory)) {
    entries.push(entry)
    if (++found.entries > taskLimits.outputFiles)
      throw outputsRefused(`The output has more than ${taskLimits.outputFiles} files and directories`)
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function outputFile(path: string, source: string): Promise<OutputFile> {
  checkedPath(path)
  const { mode, size } = await lstat(source)
  if (process.getuid?.() !== 0) await chmod(source, (mode & 0o777) | 0o400)
  return { path, source, mode: (mode & 0o777) | 0o400, bytes: size }
}

function checkedPath(path: string): string {
  const fault = pathFault(path)
  if (fault !== undefined) throw outputsRefused(`The output ${JSON.stringify(path.slice(0, 200))} cannot be stored: ${fault}`)
  return path
}

function pathFault(path: string): string | undefined {
  const parts = path.split('/')
  if (Buffer.byteLength(path) > taskLimits.outputPathBytes) return `its path is longer than ${taskLimits.outputPathBytes} bytes`
  if (parts.length > taskLimits.outputPathDepth) return `it lies deeper than ${taskLimits.outputPathDepth} directories`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are refused
  if (/[\u0000-\u001f\u007f\\\uFFFD]/.test(path)) return 'its name has a control character, a backslash or bytes that are not UTF-8'
  if (path.startsWith('.osmo-')) return 'names that begin with ".osmo-" are reserved'
  return undefined
}

const kindOf = (entry: Dirent) => (entry.isSymbolicLink() ? 'symbolic link' : 'special file')

function checkTotal(files: readonly OutputFile[], maxBytes: number): void {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total > maxBytes) throw outputsRefused(`The outputs are ${total} bytes; an attempt may store ${maxBytes}`)
}

async function uploadOne(
  { path, source, mode, bytes }: OutputFile,
  ctrl: Ctrl,
  patience: Patience,
): Promise<OutputManifest['files'][number]> {
  let hash = createHash('sha256')
  const body = () => {
    hash = createHash('sha256')
    return Readable.from(readFile(source, hash), { objectMode: false })
  }
  const stored = await refusalsEndTheAttempt(() => ctrl.output(path, mode, body, patience))
  const sha256 = hash.digest('hex')
  if (stored.bytes !== bytes || stored.sha256 !== sha256) throw uploadFailed(`The output ${path} arrived changed at the service`)
  return { path, mode, bytes, sha256 }
}

async function* readFile(source: string, hash: ReturnType<typeof createHash>): AsyncIterable<Uint8Array> {
  const file = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  for await (const chunk of file.createReadStream()) {
    hash.update(chunk)
    yield chunk
  }
}

async function refusalsEndTheAttempt<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    if (!(error instanceof ServiceRefused)) throw error
    const message = `The service did not take the outputs (HTTP ${error.status}): ${error.message}`
    throw error.isLasting ? outputsRefused(message) : uploadFailed(message)
  }
}

/** What the command left can never be stored, so that another attempt would end the same way: its own failure, not the machine's. */
const outputsRefused = (message: string) => new AttemptEnded('completed', exitCodes.uploadFailed, message)
/** Counts as an infrastructure failure. */
export const uploadFailed = (message: string) => new AttemptEnded('upload-failed', exitCodes.uploadFailed, message)
