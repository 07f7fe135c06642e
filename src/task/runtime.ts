import { fchownSync, rmSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { LocalSettings } from '../engine/local-attempt.ts'
import type { PodOrder } from '../engine/ports.ts'
import { type CommandLine, cleanEnvironment, firstFileDescriptor, type RunningCommand, startCommand, statusDescriptor } from './command.ts'
import { createContainerRuntime } from './container.ts'
import { type Containment, limitArguments } from './containment.ts'
import type { LogSpool } from './log-spool.ts'
import { bubblewrapArguments } from './sandbox.ts'
import { spooledFile } from './spooled-file.ts'
import type { RunFile, Workspace } from './workspace.ts'

export type RunCommand = {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Those that `Workspace.writeFiles` left over. */
  readonly files: readonly RunFile[]
}
export type RuntimeParts = {
  readonly directory: string
  readonly order: PodOrder
  readonly settings: LocalSettings
  readonly workspace: Workspace
  readonly containment: Containment
  readonly spool: LogSpool
}

/** What runs the commands of one attempt in its workspace. */
export type Runtime = {
  /** Before the first run, within the deadline of the start. Throws `AttemptEnded`, or the reason of the signal. */
  prepare(signal: AbortSignal): Promise<void>
  /** `PATH` of the command: with the runner's node, over what the spec wants, else over what is usual there. */
  searchPath(wanted: string | undefined, usual: string): string
  /** What the run has written outside the workspace; 0 when nothing or not known. */
  elsewhereBytes(): Promise<number>
  /** One run after the other. */
  start(run: RunCommand, onOutput: (bytes: Uint8Array) => void): Promise<StartedRun>
}
export type StartedRun = RunningCommand & {
  /** Returns when nothing of the run is left. */
  endAll(): Promise<void>
  /** Once it has ended. */
  ranOutOfMemory(): boolean
}

export function createRuntime(parts: RuntimeParts): Runtime {
  const { runtime } = parts.settings
  if (runtime.kind === 'container') return createContainerRuntime(parts, runtime.engine)
  const line = runtime.kind === 'bubblewrap' ? inBubblewrap : asPlainProcess
  return {
    async prepare() {},
    searchPath: (wanted, usual) => `${join(parts.workspace.seen, 'bin')}:${wanted ?? usual}`,
    elsewhereBytes: async () => 0,
    start: async (run, onOutput) => startProcess(parts, line(parts, run), onOutput),
  }
}

function startProcess({ containment, directory }: RuntimeParts, line: CommandLine, onOutput: (bytes: Uint8Array) => void): StartedRun {
  const killsBefore = containment.outOfMemoryKills()
  const command = startCommand(line, join(directory, 'output.pipe'), onOutput)
  return {
    ...command,
    endAll: () => containment.killAll(command.processGroup),
    ranOutOfMemory: () => containment.outOfMemoryKills() > killsBefore,
  }
}

function asPlainProcess(parts: RuntimeParts, run: RunCommand): CommandLine {
  const { workspace, containment } = parts
  const argv = containment.wrap(withEnvironment(run), 'command')
  return {
    argv,
    descriptors: [environmentFile(parts, run)],
    reportsStatus: 'none',
    workingDirectory: workspace.start,
    environment: cleanEnvironment,
  }
}

function inBubblewrap(parts: RuntimeParts, run: RunCommand): CommandLine {
  const { directory, order, settings, workspace, containment } = parts
  const descriptors = run.files.map(({ contents }, index) => spooledFile(join(directory, `file.${index}`), contents))
  const options = bubblewrapArguments({
    nodePath: settings.nodePath,
    toolchains: settings.toolchains,
    network: order.origin === 'trusted' ? 'host' : 'none',
    privileges: settings.user === 'same' ? 'map' : 'drop',
    writable: mounts(workspace),
    readOnly: accounts(directory, containment.uid ?? process.getuid?.() ?? 0),
    files: run.files.map(({ path }, index) => ({ target: path, descriptor: environmentDescriptor + 1 + index })),
    statusDescriptor,
    home: workspace.home,
    workingDirectory: workspace.start,
    temporary: {
      kind: containment.cgroups.held.has('memory') ? 'each' : 'shared',
      bytes: Math.min(order.limits.memoryBytes ?? Number.POSITIVE_INFINITY, Math.floor(totalmem() / 2)),
    },
  })
  const inside = [...limitArguments(order, settings, containment.cgroups), ...withEnvironment(run)]
  const argv = containment.wrap(['/usr/bin/bwrap', ...options, ...inside], 'outer')
  return {
    argv,
    descriptors: [environmentFile(parts, run), ...descriptors],
    reportsStatus: 'bubblewrap',
    workingDirectory: '/',
    environment: cleanEnvironment,
  }
}

const environmentDescriptor = firstFileDescriptor

/**
 * The task's variables come in last, after all privileges are gone: `LD_PRELOAD` of a spec must not reach a program of ours. They come by a
 * file and not as arguments, which every user of this machine can read in its list of processes.
 */
function withEnvironment({ command, environment }: RunCommand): readonly string[] {
  const read = `. /proc/self/fd/${environmentDescriptor} && exec ${environmentDescriptor}<&- && exec "$@"`
  return ['/usr/bin/env', '-i', '--', '/bin/sh', '-c', read, 'sh', ...foreignVariables(environment), ...command]
}

/** Names that a shell cannot export or gives a meaning of its own, which no secret has. */
function foreignVariables(environment: RunCommand['environment']): readonly string[] {
  const foreign = Object.entries(environment).filter(([name]) => !isShellName(name))
  return foreign.length === 0 ? [] : ['/usr/bin/env', '--', ...foreign.map(([name, value]) => `${name}=${value}`)]
}

const shellsOwn = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'LINENO', 'OPTIND', 'PPID', 'SHELLOPTS', 'UID', '_'])
const isShellName = (name: string) => /^[A-Za-z_]\w*$/.test(name) && !shellsOwn.has(name)

/** A descriptor of a script that exports them. The shell opens it anew as the task's user, whose file it therefore is. */
function environmentFile({ directory, settings }: RuntimeParts, { environment }: RunCommand): number {
  const lines = Object.entries(environment).flatMap(([name, value]) =>
    isShellName(name) ? [`export ${name}=${shellQuoted(value)}\n`] : [],
  )
  const path = join(directory, 'environment')
  const descriptor = spooledFile(path, Buffer.from(lines.join('')))
  if (settings.user !== 'same') fchownSync(descriptor, settings.user.uid, settings.user.uid)
  rmSync(path)
  return descriptor
}

/** Nothing has a meaning between single quotes but the next one. */
const shellQuoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`

function mounts({ repository, inputs, output, places }: Workspace) {
  const tree = repository === undefined ? [] : [{ source: repository, target: places.repository }]
  return [
    ...tree,
    ...inputs.map(({ index, directory }) => ({ source: directory, target: places.input(index) })),
    { source: output, target: places.output },
  ]
}

/** So that `whoami` and `~` work for a user that this machine does not know. */
function accounts(directory: string, uid: number) {
  const passwd = join(directory, 'passwd')
  const group = join(directory, 'group')
  writeFileSync(passwd, `root:x:0:0::/root:/bin/sh\nosmo:x:${uid}:${uid}:osmo:/home/osmo:/bin/sh\n`, { mode: 0o644 })
  writeFileSync(group, `root:x:0:\nosmo:x:${uid}:\n`, { mode: 0o644 })
  return [
    { source: passwd, target: '/etc/passwd' },
    { source: group, target: '/etc/group' },
  ]
}
