/** Tells whether much is coming in just now. */
export type BurstGauge = {
  /** Something came in. */
  note(): void
  isHigh(): boolean
}

const windowMs = 200
/** In one window: 50 a second. */
const manyInWindow = 10

/** High from the moment a window has seen many until two windows have not. */
export function createBurstGauge(clock: () => number = () => performance.now()): BurstGauge {
  let windowSince = Number.NEGATIVE_INFINITY
  let count = 0
  let highUntil = Number.NEGATIVE_INFINITY
  return { note, isHigh: () => clock() < highUntil }

  function note(): void {
    const now = clock()
    if (now - windowSince >= windowMs) {
      windowSince = now
      count = 0
    }
    count += 1
    if (count >= manyInWindow) highUntil = now + 2 * windowMs
  }
}
