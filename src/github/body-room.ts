/** Memory for bodies whose signature is not known yet; GitHub's own are a few KiB each. */
export type BodyRoom = { open(): Share }
export type Share = {
  /** `full`: nothing was added. */
  grow(bytes: number): 'grown' | 'full'
  release(): void
}

/** Anybody may send a body, so all that are under way share one bound; what is held counts, never what a header announces. */
export function createBodyRoom(maxBytes: number): BodyRoom {
  let usedBytes = 0
  return { open }

  function open(): Share {
    let ownBytes = 0
    return { grow, release }

    function grow(bytes: number): 'grown' | 'full' {
      if (usedBytes + bytes > maxBytes) return 'full'
      usedBytes += bytes
      ownBytes += bytes
      return 'grown'
    }

    function release(): void {
      usedBytes -= ownBytes
      ownBytes = 0
    }
  }
}
