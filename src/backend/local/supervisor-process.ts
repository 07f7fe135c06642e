import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ProcessIdentity, startTimeOf } from '../../engine/local-attempt.ts'

const logName = 'supervisor.log'

export type SupervisorProgram = { readonly nodePath: string; readonly supervisorPath: string }

export type Supervisors = ReturnType<typeof createSupervisors>

/** Starts supervisors, each for one attempt's directory, and knows those of its own that have not ended. */
export function createSupervisors(program: SupervisorProgram) {
  const running = new Map<ChildProcess, string>()
  return { start, kill }

  async function start(directory: string): Promise<void> {
    const child = await startSupervisor(program, directory)
    running.set(child, directory)
    child.once('exit', () => running.delete(child))
  }

  /** Returns once those of this directory are gone. Only for one whose lock is taken by somebody else: what it began would be left. */
  async function kill(directory: string): Promise<void> {
    const children = [...running].flatMap(([child, of]) => (of === directory ? [child] : []))
    await Promise.all(children.map(killChild))
  }
}

async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** It outlives us: in a session of its own, with nothing of our environment. What it says when it breaks is kept. */
async function startSupervisor({ nodePath, supervisorPath }: SupervisorProgram, directory: string): Promise<ChildProcess> {
  const log = openSync(join(directory, logName), 'a', 0o600)
  const child = spawn(nodePath, [...nodeOptions, supervisorPath, directory], {
    cwd: '/',
    env: environmentOf(directory),
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  // Rejects when Node itself cannot be started.
  await once(child, 'spawn')
  child.unref()
  return child
}

/** The end of what it said: the last lines, at most 500 characters, on one line. */
export async function lastWords(directory: string): Promise<string> {
  const file = await open(join(directory, logName)).catch(() => undefined)
  if (!file) return ''
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(2048), position: Math.max(0, size - 2048) })
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .map((line) => line.trim())
    return lines
      .filter((line) => line !== '')
      .slice(-5)
      .join(' | ')
      .slice(-500)
  } finally {
    await file.close()
  }
}

/** Ends what a dead supervisor left running; returns once nothing is left. */
export async function reapLeftovers({ nodePath, supervisorPath }: SupervisorProgram, directory: string): Promise<void> {
  const child = spawn(nodePath, [...nodeOptions, supervisorPath, 'reap', directory], {
    cwd: '/',
    env: environmentOf(directory),
    stdio: 'ignore',
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`Ending what is left of ${directory} failed with ${code}`)
}

/** Nothing of ours, and a place beside the attempts for compiled code: it halves the start of all supervisors but the first. */
const environmentOf = (directory: string) => ({ PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE: join(dirname(directory), '.compiled') })
/** It does little, and many of them run at once; a signal that comes early must not open a debugger. */
const nodeOptions = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning', '--max-old-space-size=128']

export async function isAlive({ pid, startTime, bootId }: ProcessIdentity): Promise<boolean> {
  return pid > 0 && (await currentBoot()) === bootId && (await startTimeNow(pid)) === startTime
}

export async function currentBoot(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}

/** Undefined: there is no such process, or only its zombie. */
async function startTimeNow(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return /\) Z /.test(stat) ? undefined : startTimeOf(stat)
  } catch {
    return undefined
  }
}

/** Only to the very process that took the lock. */
export async function signalSupervisor(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(identity))) return
  try {
    process.kill(identity.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
