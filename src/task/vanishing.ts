import { statSync } from 'node:fs'
import { attemptFiles } from '../engine/local-attempt.ts'
import type { AttemptDirectory } from './attempt-directory.ts'

const lookEveryMs = 5000

/** Aborts once the attempt's directory is gone, with its lock: nobody can be told any more how the attempt ends, or end it by a wish. */
export function watchForVanishing(directory: AttemptDirectory): { readonly signal: AbortSignal; close(): void } {
  const controller = new AbortController()
  const lock = directory.pathOf(attemptFiles.lock)
  const timer = setInterval(() => {
    if (isGone(lock)) controller.abort()
  }, lookEveryMs).unref()
  return { signal: controller.signal, close: () => clearInterval(timer) }
}

/** A disk that cannot be read for a moment is no disk without the file. */
function isGone(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch (error) {
    console.error('Looking for the lock failed:', error)
    return false
  }
}
