import { unwatchFile, watchFile } from 'node:fs'
import { attemptFiles } from '../engine/local-attempt.ts'
import type { AttemptDirectory } from './attempt-directory.ts'

/** Somebody wants the attempt to end. The first wish counts. */
export type StopWish = { readonly kind: 'canceled' | 'interrupted'; readonly graceSeconds: number }
export type Stopping = {
  readonly signal: AbortSignal
  wish(): StopWish | undefined
  close(): void
}

const interruptGraceSeconds = 5

/**
 * Listens for the backend's `cancel.json` (SIGUSR1 makes it quick, a look every second makes it sure) and for SIGINT. SIGTERM and SIGHUP mean
 * that the service or the machine's session stops; the attempt goes on, to be adopted. A directory that vanished is as good as SIGINT.
 */
export function listenForStop(directory: AttemptDirectory, graceSeconds: number, vanished: AbortSignal): Stopping {
  const controller = new AbortController()
  let wish: StopWish | undefined
  const cancelFile = directory.pathOf(attemptFiles.cancel)

  process.on('SIGTERM', ignore)
  process.on('SIGHUP', ignore)
  process.on('SIGINT', interrupt)
  process.on('SIGUSR1', look)
  vanished.addEventListener('abort', interrupt, { once: true })
  watchFile(cancelFile, { interval: 1000, persistent: false }, look)
  look()
  return {
    signal: controller.signal,
    wish: () => wish,
    close() {
      unwatchFile(cancelFile, look)
    },
  }

  function interrupt() {
    stop({ kind: 'interrupted', graceSeconds: Math.min(graceSeconds, interruptGraceSeconds) })
  }

  function look() {
    const cancel = directory.readCancel()
    if (cancel) stop({ kind: 'canceled', graceSeconds: cancel.graceSeconds })
  }

  function stop(next: StopWish) {
    wish ??= next
    controller.abort()
  }
}

function ignore(): void {}
