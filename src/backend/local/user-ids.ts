import { createHash } from 'node:crypto'

/** Below 524288, where systemd's containers begin, and above what `useradd` gives out. */
const firstUid = 200_000
const blocks = 300
const blockSize = 1000

export type UserIds = { take(inUse: ReadonlySet<number>): number }

/** User ids for attempts: a block per data directory, so that two services of one machine hardly ever share one. */
export function createUserIds(directory: string): UserIds {
  const first = firstUid + (createHash('sha256').update(directory).digest().readUInt32BE() % blocks) * blockSize
  let next = 0

  return {
    /** Goes round, so that an id rests for as long as possible before it is used again. Throws when all thousand are in use. */
    take(inUse) {
      for (let tried = 0; tried < blockSize; tried++) {
        const uid = first + next
        next = (next + 1) % blockSize
        if (!inUse.has(uid)) return uid
      }
      throw new Error(`All ${blockSize} user ids for attempts are in use`)
    },
  }
}
