import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** `cpu`: whole CPUs, undefined when the machine has no more. */
export type CgroupLimits = { readonly memoryBytes: number | undefined; readonly processes: number; readonly cpu: number | undefined }
type Controller = 'memory' | 'pids' | 'cpu'

export type Cgroups = {
  /** Directories to remove afterwards; the first one lists the processes. */
  readonly directories: readonly string[]
  readonly held: ReadonlySet<Controller>
}

const root = '/sys/fs/cgroup'
const quotaPeriodMicroseconds = 100_000

/** Makes cgroups (v2, else v1) called `name` below our own, or below the nearest of its ancestors that lets us; `held` says which limits bind. */
export function createCgroups(name: string, limits: CgroupLimits): Cgroups {
  const own = ownCgroups()
  return (own.unified === undefined ? undefined : createUnified(name, own.unified, limits)) ?? createLegacy(name, own.legacy, limits)
}

function ownCgroups(): { readonly unified: string | undefined; readonly legacy: ReadonlyMap<string, string> } {
  const lines = readText('/proc/self/cgroup').trim().split('\n')
  const entries = lines.map((line) => line.split(':')).map(([, controllers = '', ...path]) => [controllers, path.join(':')] as const)
  const unified = readText(join(root, 'cgroup.controllers')) === '' ? undefined : entries.find(([controllers]) => controllers === '')?.[1]
  return { unified, legacy: new Map(entries.flatMap(([controllers, path]) => controllers.split(',').map((one) => [one, path] as const))) }
}

function createUnified(name: string, ownPath: string, limits: CgroupLimits): Cgroups | undefined {
  for (let parent = join(root, ownPath); parent.startsWith(root); parent = dirname(parent)) {
    tryWrite(join(parent, 'cgroup.subtree_control'), '+memory +pids +cpu')
    const directory = join(parent, name)
    if (!tryMakeDirectory(directory)) continue
    const held = limitUnified(directory, limits)
    if (held.has('pids')) return { directories: [directory], held }
    tryRemove(directory)
  }
  return undefined
}

function limitUnified(directory: string, { memoryBytes, processes, cpu }: CgroupLimits): Set<Controller> {
  const held = new Set<Controller>()
  if (tryWrite(join(directory, 'pids.max'), String(processes))) held.add('pids')
  if (memoryBytes !== undefined && tryWrite(join(directory, 'memory.max'), String(memoryBytes))) held.add('memory')
  tryWrite(join(directory, 'memory.swap.max'), '0')
  // The kernel then ends the whole task instead of one process that others wait for.
  tryWrite(join(directory, 'memory.oom.group'), '1')
  if (cpu !== undefined && tryWrite(join(directory, 'cpu.max'), `${cpu * quotaPeriodMicroseconds} ${quotaPeriodMicroseconds}`))
    held.add('cpu')
  return held
}

function createLegacy(name: string, own: ReadonlyMap<string, string>, limits: CgroupLimits): Cgroups {
  const directories: string[] = []
  const held = new Set<Controller>()
  const { memoryBytes, processes, cpu } = limits
  make('pids', 'pids.max', String(processes))
  if (memoryBytes !== undefined) make('memory', 'memory.limit_in_bytes', String(memoryBytes))
  if (cpu !== undefined) make('cpu', 'cpu.cfs_quota_us', String(cpu * quotaPeriodMicroseconds))
  return { directories, held }

  function make(controller: Controller, file: string, value: string) {
    const directory = [own.get(controller) ?? '/', '/'].map((path) => join(root, controller, path, name)).find(tryMakeDirectory)
    if (directory === undefined) return
    directories.push(directory)
    if (tryWrite(join(directory, file), value)) held.add(controller)
    if (controller === 'memory') tryWrite(join(directory, 'memory.memsw.limit_in_bytes'), value)
  }
}

/** Where a process writes its pid to enter. */
export const entrances = ({ directories }: Cgroups) => directories.map((directory) => join(directory, 'cgroup.procs'))

/** Counted by the kernel since the cgroup was made. */
export function outOfMemoryKills({ directories }: Cgroups): number {
  const texts = directories.flatMap((directory) => [
    readText(join(directory, 'memory.events')),
    readText(join(directory, 'memory.oom_control')),
  ])
  return texts.reduce((sum, text) => sum + Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0), 0)
}

const killRounds = 200

/** Ends every process inside, however fast they fork; true when none is left. */
export async function killCgroups({ directories }: Pick<Cgroups, 'directories'>): Promise<boolean> {
  const [directory] = directories
  if (directory === undefined) return true
  const limit = readText(join(directory, 'pids.max')).trim()
  tryWrite(join(directory, 'pids.max'), '0')
  try {
    return await killUntilEmpty(directory)
  } finally {
    if (limit !== '') tryWrite(join(directory, 'pids.max'), limit)
  }
}

async function killUntilEmpty(directory: string): Promise<boolean> {
  for (let round = 0; round < killRounds; round++) {
    tryWrite(join(directory, 'cgroup.kill'), '1')
    const pids = readText(join(directory, 'cgroup.procs')).split('\n').filter(Boolean).map(Number)
    if (pids.length === 0) return true
    for (const pid of pids) tryKill(pid)
    await sleep(10)
  }
  return false
}

export function removeCgroups({ directories }: Pick<Cgroups, 'directories'>): void {
  for (const directory of directories) tryRemove(directory)
}

export function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** False when this machine does not let us, which is said in the log of the attempt. */
function tryWrite(path: string, value: string): boolean {
  try {
    writeFileSync(path, value)
    return true
  } catch {
    return false
  }
}

function tryMakeDirectory(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST'
  }
}

function tryRemove(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Somebody moved a process in; it is empty at the next boot.
  }
}
