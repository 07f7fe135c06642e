import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants as osConstants } from 'node:os'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** `reportsStatus`: the program is bubblewrap and tells on descriptor 3 whether its command ever began. */
export type CommandLine = {
  readonly argv: readonly string[]
  /** Given to the child from descriptor 4 on, and closed here. */
  readonly descriptors: readonly number[]
  readonly reportsStatus: 'bubblewrap' | 'none'
  readonly workingDirectory: string
  /** Of the program itself. */
  readonly environment: Readonly<Record<string, string>>
}
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'not-started'; readonly message: string }
  /** Whatever the command did is not known, or it never ran, for a reason that is not its own. */
  | { readonly kind: 'engine-failed'; readonly message: string }
export type RunningCommand = {
  /** Settles when the command itself has ended, whatever holds its output open. */
  readonly ended: Promise<CommandEnd>
  readonly processGroup: number | undefined
  signal(signal: 'SIGTERM' | 'SIGKILL'): void
  /** Waits for output that is still under way, at most a second: somebody may hold the pipe for ever. */
  drain(): Promise<void>
}

export const statusDescriptor = 3
export const firstFileDescriptor = 4

/** Nothing of the service's or the supervisor's environment goes along. */
export const cleanEnvironment = { PATH: '/usr/bin:/bin' }

/** Starts a command in a session of its own; `onOutput` gets both of its streams, in order. `fifo` is a path that may be used for the pipe. */
export function startCommand(line: CommandLine, fifo: string, onOutput: (bytes: Uint8Array) => void): RunningCommand {
  const pipe = openPipe(fifo)
  const [program = '', ...args] = line.argv
  const status = line.reportsStatus === 'bubblewrap' ? 'pipe' : 'ignore'
  const child = spawn(program, args, {
    cwd: line.workingDirectory,
    env: line.environment,
    detached: true,
    stdio: ['ignore', pipe.writer, pipe.writer, status, ...line.descriptors],
  })
  for (const descriptor of [pipe.writer, ...line.descriptors]) closeSync(descriptor)
  const reports = readReports(child.stdio[statusDescriptor] as Readable | null)
  const drained = readAll(pipe.reader, onOutput)

  return {
    ended: endOf(child, line.reportsStatus, reports),
    processGroup: child.pid,
    signal: (signal) => signalCommand(child.pid, line.reportsStatus === 'bubblewrap' ? reports.insidePid() : child.pid, signal),
    drain: () => Promise.race([drained, sleep(1000)]).then(() => void pipe.reader.destroy()),
  }
}

/** A named pipe rather than the socket pair that `spawn` makes: programs that open `/dev/stdout` cannot open a socket. */
function openPipe(path: string): { readonly reader: Socket; readonly writer: number } {
  const made = spawnSync('/usr/bin/mkfifo', ['-m', '0666', path], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`mkfifo ${path} failed: ${made.error?.message ?? made.stderr}`)
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  rmSync(path)
  return { reader: new Socket({ fd: reader, readable: true, writable: false }), writer }
}

function readAll(reader: Socket, onOutput: (bytes: Uint8Array) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  reader.on('data', onOutput)
  reader.once('close', () => resolve())
  reader.once('error', () => resolve())
  return promise
}

type Reports = { insidePid(): number | undefined; commandBegan(): Promise<boolean> }

/** bubblewrap writes `{"child-pid": …}` when the sandbox's first process exists and `{"exit-code": …}` only if its command began. */
function readReports(stream: Readable | null): Reports {
  let text = ''
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  stream?.on('data', (bytes: Buffer) => {
    text = (text + bytes.toString()).slice(-65_536)
  })
  stream?.once('close', () => resolve())
  if (stream === null) resolve()
  return {
    insidePid() {
      const pid = /"child-pid": *(\d+)/.exec(text)?.[1]
      return pid === undefined ? undefined : Number(pid)
    },
    async commandBegan() {
      await Promise.race([closed, sleep(1000)])
      return text.includes('"exit-code"')
    },
  }
}

function endOf(child: ReturnType<typeof spawn>, reportsStatus: CommandLine['reportsStatus'], reports: Reports): Promise<CommandEnd> {
  const { promise, resolve } = Promise.withResolvers<CommandEnd>()
  child.once('error', (error) => resolve({ kind: 'not-started', message: error.message }))
  child.once('exit', async (code, signal) => {
    const exited: CommandEnd = { kind: 'exited', code: code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]) }
    const began = reportsStatus === 'none' || signal !== null || (await reports.commandBegan())
    resolve(began ? exited : { kind: 'not-started', message: 'The sandbox could not be set up; its last log lines say why' })
  })
  return promise
}

/** To the whole process group of the command. A sandbox's first process ignores SIGTERM; SIGKILL ends it and with it all others. */
function signalCommand(outerPid: number | undefined, groupPid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  const pid = groupPid ?? (signal === 'SIGKILL' ? outerPid : undefined)
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is gone already.
  }
}
