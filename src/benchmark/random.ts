/** Uniform numbers in [0, 1). */
export type Random = () => number

/**
 * A seeded stream of uniform numbers (mulberry32: 32 bits of state, public domain, by Tommy Ettinger). Same seed, same stream, on every
 * machine; good enough to shuffle and to simulate, not for secrets. Seeds are whole numbers; those above 32 bits use all their bits.
 */
export function seededRandom(seed: number): Random {
  // The upper half is spread by the golden ratio, or 2³² would start the same stream as 1.
  let state = ((seed % 2 ** 32) | 0) ^ Math.imul(Math.trunc(seed / 2 ** 32), 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
