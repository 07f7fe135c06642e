import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'

const defaultMaxBytes = 32 * 1024 * 1024

/**
 * A log file for its owner alone. Once it is full it becomes `PATH.old`, in the place of the one before, so that both together are bounded.
 * Lines are written at once: the last ones before a crash are those that people look for. A full disk costs lines and no more; that is said
 * once, on standard error.
 */
export function openLogFile(path: string, maxBytes = defaultMaxBytes): DestinationStream {
  let file = open(path)
  let said: 'nothing' | 'failure' = 'nothing'
  return { write }

  function write(line: string): void {
    try {
      if (file.bytes >= maxBytes) next()
      file.bytes += writeSync(file.descriptor, line)
    } catch (error) {
      if (said === 'nothing') process.stderr.write(`${path} cannot be written: ${String(error)}\n`)
      said = 'failure'
    }
  }

  function next(): void {
    const full = file.descriptor
    // Somebody may have taken it away.
    if (existsSync(path)) renameSync(path, `${path}.old`)
    file = open(path)
    closeSync(full)
  }
}

function open(path: string): { readonly descriptor: number; bytes: number } {
  const descriptor = openSync(path, 'a', 0o600)
  return { descriptor, bytes: fstatSync(descriptor).size }
}
