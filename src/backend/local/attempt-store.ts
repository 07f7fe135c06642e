import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AttemptRecord,
  attemptFiles,
  type LocalOrder,
  type ProcessIdentity,
  type RecordedCancel,
  type RecordedExit,
  type RecordedPhase,
  type Tombstone,
} from '../../engine/local-attempt.ts'
import type { PodOrder } from '../../engine/ports.ts'
import { removeTree } from '../../engine/remove-tree.ts'
import { isPodName, type PodName } from '../../workflow/names.ts'

/** What is known of one directory, read at one moment. */
export type StoredAttempt = {
  readonly record: AttemptRecord
  readonly lock: ProcessIdentity | undefined
  readonly phase: RecordedPhase | undefined
  readonly exit: RecordedExit | undefined
  readonly cancel: RecordedCancel | undefined
}
export type Entry =
  | { readonly kind: 'attempt'; readonly attempt: StoredAttempt }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone }

export type AttemptStore = ReturnType<typeof createAttemptStore>

/** The directories of a local backend, one a pod. A directory appears whole, by rename; whichever of create and delete is first wins. */
export function createAttemptStore(directory: string, log: (message: string) => void) {
  const drafts = join(directory, '.drafts')
  const pathOf = (pod: PodName) => join(directory, pod)
  const fileOf = (pod: PodName, name: string) => join(pathOf(pod), name)

  return {
    pathOf,
    async pods(): Promise<readonly PodName[]> {
      return (await readdir(directory)).filter(isPodName).sort()
    },
    async read(pod: PodName): Promise<Entry | undefined> {
      const record = await readJson<AttemptRecord>(fileOf(pod, attemptFiles.record))
      if (record) return { kind: 'attempt', attempt: await readAttempt(pod, record) }
      const tombstone = await readJson<Tombstone>(fileOf(pod, attemptFiles.tombstone))
      return tombstone && { kind: 'tombstone', tombstone }
    },
    /** False: there is something of that name already. */
    create: (localOrder: LocalOrder, record: AttemptRecord) =>
      appear(record.pod, { [attemptFiles.order]: localOrder, [attemptFiles.record]: record }),
    bury: (pod: PodName, tombstone: Tombstone) => appear(pod, { [attemptFiles.tombstone]: tombstone }),
    async cancel(pod: PodName, cancel: RecordedCancel): Promise<void> {
      await replace(fileOf(pod, attemptFiles.cancel), cancel)
    },
    /** Takes the place of a supervisor that never began; false when one has. */
    async lockUnstarted(pod: PodName, exit: RecordedExit): Promise<boolean> {
      const nobody: ProcessIdentity = { pid: 0, startTime: '', bootId: '' }
      if (!(await linkOnce(fileOf(pod, attemptFiles.lock), nobody))) return false
      await replace(fileOf(pod, attemptFiles.exit), exit)
      return true
    },
    /** Exchanges a finished attempt for a tombstone, so that a late create starts nothing. */
    async forget(pod: PodName, tombstone: Tombstone): Promise<void> {
      const grave = join(drafts, randomUUID())
      await mkdir(drafts, { recursive: true, mode: 0o700 })
      await rename(pathOf(pod), grave)
      await appear(pod, { [attemptFiles.tombstone]: tombstone })
      await discard(grave)
    },
    remove: (pod: PodName) => discard(pathOf(pod)),
    /** What a killed process left half made. */
    removeDrafts: () => discard(drafts),
  }

  /** What cannot be removed costs room and nothing else: it is said, and tried again at the next start. */
  async function discard(path: string): Promise<void> {
    const removal = await removeTree(path)
    if (removal.kind === 'left') log(`Files of finished attempts are left in ${path}: ${removal.reason}`)
  }

  /** The exit is read last: one that is there counts, however dead its supervisor is. */
  async function readAttempt(pod: PodName, record: AttemptRecord): Promise<StoredAttempt> {
    const lock = await readJson<ProcessIdentity>(fileOf(pod, attemptFiles.lock))
    const phase = await readJson<RecordedPhase>(fileOf(pod, attemptFiles.phase))
    const cancel = await readJson<RecordedCancel>(fileOf(pod, attemptFiles.cancel))
    return { record, lock, phase, cancel, exit: await readJson<RecordedExit>(fileOf(pod, attemptFiles.exit)) }
  }

  async function appear(pod: PodName, files: Readonly<Record<string, unknown>>): Promise<boolean> {
    const draft = join(drafts, randomUUID())
    await mkdir(draft, { recursive: true, mode: 0o700 })
    for (const [name, value] of Object.entries(files))
      await writeFile(join(draft, name), JSON.stringify(value), { mode: 0o600, flush: true })
    try {
      await rename(draft, pathOf(pod))
      return true
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
      await rm(draft, { recursive: true, force: true })
      return false
    }
  }
}

/** Tells two orders for one pod apart. */
export const digestOf = (order: PodOrder): string => createHash('sha256').update(JSON.stringify(order)).digest('hex')

export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

async function replace(path: string, value: unknown): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, JSON.stringify(value), { mode: 0o600, flush: true })
  await rename(draft, path)
}

async function linkOnce(path: string, value: unknown): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, JSON.stringify(value), { mode: 0o600, flush: true })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

const hasCode = (error: unknown, ...codes: readonly string[]) => codes.includes((error as NodeJS.ErrnoException).code ?? '')
