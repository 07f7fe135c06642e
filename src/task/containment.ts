import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Leftovers, LocalSettings } from '../engine/local-attempt.ts'
import type { PodOrder } from '../engine/ports.ts'
import { type Cgroups, createCgroups, entrances, killCgroups, outOfMemoryKills, removeCgroups, tryKill } from './cgroup.ts'

/** What keeps one attempt's processes within bounds and finds all of them again. */
export type Containment = {
  readonly cgroups: Cgroups
  readonly uid: number | undefined
  /** Runs `argv` inside all limits: goes before it, as `[program, ...arguments]`. */
  wrap(argv: readonly string[], identity: Identity): readonly string[]
  /** Sentences for the first lines of the log. */
  readonly said: readonly string[]
  outOfMemoryKills(): number
  /** Ends all processes of the attempt; `processGroup` is the one the command began in. */
  killAll(processGroup: number | undefined): Promise<void>
  remove(): void
}

/** `command`: the command itself becomes the attempt's user. `outer`: a sandbox program stays as it is, its inside calls `limitArguments`. */
export type Identity = 'command' | 'outer'

/** Enters cgroups, sends both streams into one (their order is then that of the writes), and becomes the command. All data comes as arguments. */
const launcher = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift; exec "$@" 2>&1'
/** For the sandbox program's own processes. */
const sparePids = 8

export function createContainment(order: PodOrder, settings: LocalSettings): Containment {
  const { limits } = order
  const cpu = Math.min(limits.cpu, settings.machineCpu)
  // Containers have cgroups that their engine makes.
  const cgroups: Cgroups =
    settings.runtime.kind === 'container'
      ? { directories: [], held: new Set(settings.runtime.engine.held) }
      : createCgroups(`osmo-${order.pod}`, {
          memoryBytes: limits.memoryBytes,
          processes: limits.processes + sparePids,
          cpu: cpu < settings.machineCpu ? cpu : undefined,
        })
  const uid = settings.user === 'same' ? undefined : settings.user.uid
  return {
    cgroups,
    uid,
    said: sentences(order, settings, cgroups),
    wrap: (argv, identity) => [
      '/bin/sh',
      '-c',
      launcher,
      'sh',
      ...entrances(cgroups),
      '--',
      ...(identity === 'command' ? limitArguments(order, settings, cgroups) : []),
      ...argv,
    ],
    outOfMemoryKills: () => outOfMemoryKills(cgroups),
    async killAll(processGroup) {
      if (!(await killCgroups(cgroups)) || cgroups.directories.length === 0)
        await killByIdentity({ uid, processGroup, environmentMark: environmentMark(order) })
    },
    remove: () => removeCgroups(cgroups),
  }
}

/**
 * `prlimit` and `setpriv` before the command: limits that a user can be held to even without cgroups, a user of its own and no way back to
 * more rights. Both are part of util-linux; where they are missing the log says that nothing holds.
 */
export function limitArguments(order: PodOrder, settings: LocalSettings, cgroups: Pick<Cgroups, 'held'>): readonly string[] {
  const { user } = settings
  const identity = user === 'same' ? [] : [`--reuid=${user.uid}`, `--regid=${user.uid}`, '--clear-groups', '--inh-caps=-all']
  const bounds = Object.entries(resourceLimits(order, settings, cgroups)).map(([name, value]) => `--${name}=${value}:${value}`)
  return [
    ...(hasProgram('prlimit') ? ['/usr/bin/prlimit', ...bounds, '--'] : []),
    ...(hasProgram('setpriv') ? ['/usr/bin/setpriv', ...identity, '--no-new-privs', '--pdeathsig=KILL', '--'] : []),
  ]
}

/** What each process is held to, by the names of `prlimit` and of container engines. */
export function resourceLimits(
  { limits }: PodOrder,
  { user }: LocalSettings,
  { held }: Pick<Cgroups, 'held'>,
): Readonly<Record<string, number>> {
  return {
    nproc: user === 'same' ? ownProcesses() + limits.processes : limits.processes,
    core: 0,
    fsize: limits.outputBytes + spareFileBytes,
    // Bounds what one process may write to; only where no cgroup counts all of them together.
    ...(limits.memoryBytes === undefined || held.has('memory') ? {} : { data: limits.memoryBytes }),
  }
}

/** So that outputs which are only a little too large are told with their size instead of by a signal. */
const spareFileBytes = 1024 * 1024

export function hasProgram(name: string): boolean {
  try {
    accessSync(`/usr/bin/${name}`, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** `RLIMIT_NPROC` counts all threads of a user, also those that were there before. */
function ownProcesses(): number {
  const uid = process.getuid?.()
  return processIds().reduce((sum, pid) => {
    const status = statusOf(pid)
    return status.uid === uid ? sum + status.threads : sum
  }, 0)
}

const markName = 'OSMO_POD'
export const environmentMark = ({ pod }: Pick<PodOrder, 'pod'>) => `${markName}=${pod}`
/** For the command's environment. */
export const markedEnvironment = ({ pod }: Pick<PodOrder, 'pod'>) => ({ [markName]: pod })

/** Ends what is left of an attempt without cgroups: everything of its user, or else everything in its session or with its mark. */
export async function killByIdentity(identity: Marks): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const pids = processIds().filter((pid) => belongs(pid, identity))
    if (pids.length === 0) return
    for (const pid of pids) tryKill(pid)
    await sleep(10)
  }
}

type Marks = Pick<Leftovers, 'uid' | 'processGroup' | 'environmentMark'>

function belongs(pid: number, { uid, processGroup, environmentMark }: Marks): boolean {
  const status = statusOf(pid)
  // A zombie waits for its parent and does nothing.
  if (pid === process.pid || status.state === 'Z') return false
  if (uid !== undefined) return status.uid === uid
  return (processGroup !== undefined && status.session === processGroup) || hasInEnvironment(pid, environmentMark)
}

function hasInEnvironment(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
  } catch {
    // Another user's, or gone.
    return false
  }
}

const processIds = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

function statusOf(pid: number) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return {
      uid: Number(/^Uid:\t(\d+)/m.exec(status)?.[1]),
      threads: Number(/^Threads:\t(\d+)/m.exec(status)?.[1] ?? 1),
      state: /^State:\t(\w)/m.exec(status)?.[1],
      session: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]),
    }
  } catch {
    return { uid: undefined, threads: 0, state: 'Z', session: undefined }
  }
}

function sentences({ limits }: PodOrder, { machineCpu, user }: LocalSettings, { held }: Cgroups): readonly string[] {
  const memory =
    limits.memoryBytes === undefined
      ? 'not limited'
      : `${limits.memoryBytes} bytes ${held.has('memory') ? '(cgroup)' : 'a process (rlimit: there is no cgroup to write to)'}`
  const processes = `${limits.processes} ${held.has('pids') ? '(cgroup)' : '(rlimit)'}`
  const cpu =
    limits.cpu > machineCpu
      ? `${machineCpu}, which is all this machine has (${limits.cpu} were asked for)`
      : `${limits.cpu}${held.has('cpu') || limits.cpu === machineCpu ? '' : ' (not enforced: there is no cgroup to write to)'}`
  return [`Limits: CPUs ${cpu}; memory ${memory}; processes ${processes}; user ${user === 'same' ? "the runner's" : user.uid}.`]
}
