import { spawn } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** `own`: the attempt wrote too much. `others`: the disk is full and most of it is not this attempt's. */
export type DiskFault = { readonly blame: 'own' | 'others'; readonly message: string }
export type DiskWatch = {
  /** Aborts with the fault as its reason. */
  readonly signal: AbortSignal
  fault(): DiskFault | undefined
  stop(): void
}
export type DiskWatchOptions = {
  /** Where the attempt's files are; `parts` are the names in it that count. */
  readonly directory: string
  readonly parts: readonly string[]
  /** What the attempt has written since the watch began where no path leads, such as the storage of a container engine. */
  readonly elsewhereBytes?: () => Promise<number>
  /** What the parts may grow by while the watch lasts. */
  readonly maxGrowthBytes: number
  /** Of the file system; for tests. */
  readonly freeSpace?: (directory: string) => Promise<FreeSpace>
  readonly everyMs?: number
}
export type FreeSpace = { readonly freeBytes: number; readonly totalBytes: number; readonly freeFileShare: number }

/** Kept free for the service, its database and the records of attempts: 2 % of the disk, at most 1 GiB. */
const reserveShare = 0.02
const maxReserveBytes = 1024 ** 3
const minFreeFileShare = 0.02
const lookEveryMs = 1000
/** A large tree takes long to measure; at most a twentieth of the time goes into it. */
const measuringShare = 20
const maxPauseMs = 60_000

/**
 * Looks at a running attempt's disk use every second, and ends the attempt before it takes the machine's last room. Whoever wrote most of what
 * is missing goes first; the others follow only when half of the reserve is gone too. Never throws.
 */
export function watchDisk(options: DiskWatchOptions): DiskWatch {
  const controller = new AbortController()
  const stopped = new AbortController()
  let fault: DiskFault | undefined
  void watch()
  return { signal: controller.signal, fault: () => fault, stop: () => stopped.abort() }

  async function watch(): Promise<void> {
    try {
      fault = await firstFault(options, stopped.signal)
      if (fault !== undefined) controller.abort(new Error(fault.message))
    } catch (error) {
      if (!stopped.signal.aborted) console.error('The disk is not watched any more:', error)
    }
  }
}

async function firstFault(options: DiskWatchOptions, stopped: AbortSignal): Promise<DiskFault | undefined> {
  const { freeSpace = freeSpaceOf, everyMs = lookEveryMs, elsewhereBytes = async () => 0 } = options
  const atStart = { space: await freeSpace(options.directory), usedBytes: await usedBytes(options, stopped) }
  let usedNow = atStart.usedBytes
  let measureAgainAt = 0
  while (!stopped.aborted) {
    const space = await freeSpace(options.directory)
    const isShort = space.freeBytes < reserveOf(space) || space.freeFileShare < minFreeFileShare
    if (isShort || performance.now() >= measureAgainAt) {
      const began = performance.now()
      usedNow = (await usedBytes(options, stopped)) + (await elsewhereBytes())
      measureAgainAt = performance.now() + Math.min(maxPauseMs, (performance.now() - began) * measuringShare)
    }
    if (stopped.aborted) return undefined
    const growthBytes = usedNow - atStart.usedBytes
    const found = growthFault(growthBytes, options) ?? (isShort ? spaceFault(space, atStart.space, growthBytes) : undefined)
    if (found !== undefined) return found
    await sleep(everyMs, undefined, { signal: stopped, ref: false })
  }
  return undefined
}

function growthFault(growthBytes: number, { maxGrowthBytes }: DiskWatchOptions): DiskFault | undefined {
  if (growthBytes <= maxGrowthBytes) return undefined
  return { blame: 'own', message: `It was ended because it wrote ${growthBytes} bytes to the disk; an attempt may write ${maxGrowthBytes}` }
}

function spaceFault(now: FreeSpace, atStart: FreeSpace, growthBytes: number): DiskFault | undefined {
  const reserve = reserveOf(now)
  const missingBytes = atStart.freeBytes - now.freeBytes
  const left = `${now.freeBytes} bytes are left and ${reserve} are kept free`
  if (growthBytes > 0 && growthBytes >= missingBytes / 2)
    return { blame: 'own', message: `It was ended because it filled the disk of this machine: it wrote ${growthBytes} bytes, ${left}` }
  if (now.freeBytes < reserve / 2 || now.freeFileShare < minFreeFileShare / 2)
    return { blame: 'others', message: `The disk of this machine is full: ${left}` }
  return undefined
}

const reserveOf = ({ totalBytes }: FreeSpace) => Math.min(maxReserveBytes, totalBytes * reserveShare)

async function freeSpaceOf(directory: string): Promise<FreeSpace> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(directory)
  // Some file systems have no fixed number of files.
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFileShare: files > 0 ? ffree / files : 1 }
}

/** `du` follows no links and gets to directories that are deeper than a path can be long. What it cannot read counts as nothing. */
async function usedBytes({ directory, parts }: DiskWatchOptions, stopped: AbortSignal): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const child = spawn('/usr/bin/du', ['-s', '-x', '--block-size=1', '--', ...parts], {
    cwd: directory,
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
    signal: stopped,
    killSignal: 'SIGKILL',
  })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  child.once('error', () => resolve(0))
  child.once('close', () => resolve(text.split('\n').reduce((sum, line) => sum + Number(/^(\d+)\t/.exec(line)?.[1] ?? 0), 0)))
  return promise
}
