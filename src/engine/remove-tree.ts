import { spawn } from 'node:child_process'
import { basename, dirname } from 'node:path'

export type Removal = { readonly kind: 'removed' } | { readonly kind: 'left'; readonly reason: string }

/** A tree of 20 GiB in a million files is gone in well under a minute. */
const patienceMs = 10 * 60 * 1000

/**
 * Removes what a task left, whatever it made of it: directories nested deeper than `PATH_MAX` (4096 bytes), which no path can name, and closed
 * ones. `rm` and `chmod` descend with open directories and follow no links. Never throws: what cannot be removed is the caller's to say.
 */
export async function removeTree(path: string): Promise<Removal> {
  const first = await inParentOf(path, '/bin/rm', ['-rf'])
  if (first.kind === 'removed' || process.getuid?.() === 0) return first
  await inParentOf(path, '/bin/chmod', ['-R', 'u+rwx'])
  return inParentOf(path, '/bin/rm', ['-rf'])
}

function inParentOf(path: string, program: string, flags: readonly string[]): Promise<Removal> {
  const { promise, resolve } = Promise.withResolvers<Removal>()
  const child = spawn(program, [...flags, '--', basename(path)], {
    cwd: dirname(path),
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
    // Not `timeout`: of a program that cannot be started its timer stays, and keeps the process.
    signal: AbortSignal.timeout(patienceMs),
    killSignal: 'SIGKILL',
  })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(0, 500)
  })
  child.once('error', (error) => resolve({ kind: 'left', reason: `${program} could not be run to its end: ${error.message}` }))
  child.once('close', (code, signal) =>
    resolve(code === 0 ? { kind: 'removed' } : { kind: 'left', reason: `${program} ended with ${code ?? signal}: ${said}` }),
  )
  return promise
}
