/** A clock that can stand still: time spent without the service does not count against an attempt. */
export type Deadline = {
  readonly signal: AbortSignal
  pause(): void
  resume(): void
  /** Stops the clock for good. */
  clear(): void
}

/** Aborts its signal with `reason` once `seconds` have passed while it was not paused. */
export function createDeadline(seconds: number, reason: () => Error): Deadline {
  const controller = new AbortController()
  let leftMs = seconds * 1000
  let runningSince: number | undefined
  let timer: NodeJS.Timeout | undefined

  const deadline = { signal: controller.signal, pause, resume, clear: pause }
  resume()
  return deadline

  function pause() {
    if (runningSince === undefined) return
    leftMs -= performance.now() - runningSince
    runningSince = undefined
    clearTimeout(timer)
  }

  function resume() {
    if (runningSince !== undefined || controller.signal.aborted) return
    runningSince = performance.now()
    // A timer holds at most 2^31 - 1 ms (24.8 days); longer waits are taken in pieces.
    timer = setTimeout(onTimer, Math.max(0, Math.min(leftMs, 2 ** 31 - 1)))
  }

  function onTimer() {
    pause()
    if (leftMs <= 0) controller.abort(reason())
    else resume()
  }
}
