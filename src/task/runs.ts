import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderedFile, OrderedRuns } from '../engine/ports.ts'
import type { RunRecord, RunsIndex } from '../engine/task-protocol.ts'
import type { CommandEnd, RunningCommand } from './command.ts'
import { markedEnvironment } from './containment.ts'
import type { Deadline } from './deadline.ts'
import { createDeadline } from './deadline.ts'
import { type DiskFault, type DiskWatch, watchDisk } from './disk-watch.ts'
import { AttemptEnded, exitCodes } from './exits.ts'
import type { OutputTree } from './outputs.ts'
import type { Runtime, RuntimeParts } from './runtime.ts'
import type { Stopping } from './stopping.ts'
import { createTextFiller, mountedPlaces } from './tokens.ts'
import type { Arm } from './workspace.ts'

export type RunParts = RuntimeParts & {
  readonly runtime: Runtime
  readonly stopping: Stopping
  /** Before anything is waited for, so that whoever finds this supervisor dead can end its command. */
  readonly onCommand: (processGroup: number | undefined) => void
}
export type RunsEnd = {
  /** Of the command that decides: the only run, or the head run that failed or came last. */
  readonly end: { readonly reason: 'completed' | 'exec-timeout' | 'out-of-memory'; readonly exitCode: number; readonly message: string }
  readonly outputs: readonly OutputTree[]
  readonly index: RunsIndex | undefined
}

type OrderedRun = Extract<OrderedRuns, { kind: 'arms' }>['order'][number]
type TaskText = {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly files: readonly OrderedFile[]
}
type Whose = RunRecord['task']

/** Runs the command once, or base and head in turn as the order says (extensions.md §4). Rejects with `AttemptEnded` when stopped. */
export async function performRuns(parts: RunParts): Promise<RunsEnd> {
  const exec = createDeadline(parts.order.deadlines.execSeconds, () => new Error('exec timeout'))
  try {
    return parts.order.runs.kind === 'once'
      ? await runOnce(parts, parts.order.runs.seed, exec)
      : await runArms(parts, parts.order.runs, exec)
  } finally {
    exec.clear()
  }
}

async function runOnce(parts: RunParts, seed: number, exec: Deadline): Promise<RunsEnd> {
  await parts.workspace.stage('head', 'last')
  const end = await runCommand(parts, { arm: 'head', seed, text: parts.order }, exec)
  return { end, outputs: [{ directory: parts.workspace.output, prefix: '', skip: () => false }], index: undefined }
}

async function runArms(parts: RunParts, runs: Extract<OrderedRuns, { kind: 'arms' }>, exec: Deadline): Promise<RunsEnd> {
  const arms = new ArmsProgress(parts, runs)
  for (const [position, run] of runs.order.entries()) {
    if (run.arm === 'base' && arms.baseIsUnmeasured) continue
    const followed = runs.order.slice(position + 1).some(({ arm }) => arm === run.arm)
    await arms.perform(run, followed ? 'more-follow' : 'last', exec)
    if (arms.headFailure) break
  }
  return arms.result()
}

type Attempted = RunsEnd['end']

/** What the runs so far came to. */
class ArmsProgress {
  readonly #parts: RunParts
  readonly #runs: Extract<OrderedRuns, { kind: 'arms' }>
  readonly #records: RunRecord[] = []
  readonly #outputs: OutputTree[] = []
  /** Base runs as its own spec says once it has failed as head's says. */
  #baseRunsAs: Whose = 'head'
  #baseNote = ''
  #lastHead: { readonly end: Attempted; readonly directory: string } | undefined
  baseIsUnmeasured = false
  headFailure: Attempted | undefined

  constructor(parts: RunParts, runs: Extract<OrderedRuns, { kind: 'arms' }>) {
    this.#parts = parts
    this.#runs = runs
  }

  async perform(run: OrderedRun, which: 'last' | 'more-follow', exec: Deadline): Promise<void> {
    if (run.arm === 'head') return this.#performHead(run, which, exec)
    const canFallBack = this.#baseRunsAs === 'head' && this.#runs.baseFallback !== undefined
    const end = await this.#once(run, canFallBack ? 'more-follow' : which, this.#baseRunsAs, exec)
    if (hasSucceeded(end)) return
    if (!canFallBack) return this.#giveUpBase(end)
    this.#note(`Base failed under head's task (${end.message}); it runs once more with base's own task.`)
    this.#baseRunsAs = 'base'
    const second = await this.#once(run, which, 'base', exec)
    if (hasSucceeded(second)) this.#baseNote = `Base ran with its own task, because under head's: ${end.message}`
    else this.#giveUpBase(second)
  }

  async #performHead(run: OrderedRun, which: 'last' | 'more-follow', exec: Deadline): Promise<void> {
    const end = await this.#once(run, which, 'head', exec)
    if (!hasSucceeded(end)) this.headFailure = end
  }

  #giveUpBase(end: Attempted): void {
    this.baseIsUnmeasured = true
    this.#baseNote = `Base could not be measured: ${end.message}`
    this.#note(`${this.#baseNote}. Its remaining runs are left out.`)
  }

  async #once(run: OrderedRun, which: 'last' | 'more-follow', whose: Whose, exec: Deadline): Promise<Attempted> {
    const { workspace, order } = this.#parts
    const text = whose === 'base' ? (this.#runs.baseFallback ?? order) : order
    this.#note(`${run.purpose === 'warmup' ? 'Warm-up' : `Pair ${run.pair}`}, ${run.arm} (seed ${run.seed}).`)
    await workspace.stage(run.arm, which)
    const startedAt = Date.now()
    const end = await runCommand(this.#parts, { arm: run.arm, seed: run.seed, text }, exec)
    await this.#keep(run, whose, end, startedAt)
    return end
  }

  async #keep(run: OrderedRun, whose: Whose, end: Attempted, startedAt: number): Promise<void> {
    const isKept = run.purpose === 'measure' && (run.arm === 'head' || hasSucceeded(end))
    const directory = isKept ? `runs/${run.pair}-${run.arm}` : undefined
    if (directory !== undefined) {
      const kept = await this.#parts.workspace.keepOutput(directory)
      this.#outputs.push({ directory: kept, prefix: `${directory}/`, skip: () => false })
      if (run.arm === 'head') this.#lastHead = { end, directory: kept }
    }
    const outcome = hasSucceeded(end) ? 'completed' : 'failed'
    const durationSeconds = (Date.now() - startedAt) / 1000
    this.#records.push({ ...run, task: whose, exitCode: end.exitCode, outcome, directory, startedAt, durationSeconds })
  }

  #note(text: string): void {
    this.#parts.spool.note(text)
  }

  result(): RunsEnd {
    const end = this.headFailure ?? this.#lastHead?.end
    if (end === undefined) throw new AttemptEnded('backend-error', exitCodes.backendError, 'The order asked for no measured run of head')
    // `runs/` is ours; a directory of that name among the task's own files is found below each run.
    const top = this.#lastHead ? [{ directory: this.#lastHead.directory, prefix: '', skip: (path: string) => path === 'runs' }] : []
    return { end, outputs: [...top, ...this.#outputs], index: this.#index() }
  }

  #index(): RunsIndex {
    const fileSystem = this.#parts.settings.runtime.kind === 'process' ? 'shared' : 'own'
    return { version: 1, runs: this.#records, fileSystem, base: this.#base() }
  }

  #base(): RunsIndex['base'] {
    if (this.baseIsUnmeasured) return { kind: 'unmeasured', note: this.#baseNote }
    if (this.#baseNote !== '') return { kind: 'fallback', note: this.#baseNote }
    return this.#records.some(({ arm }) => arm === 'base') ? { kind: 'measured' } : undefined
  }
}

const hasSucceeded = ({ reason, exitCode }: Attempted) => reason === 'completed' && exitCode === 0

type OneRun = { readonly arm: Arm; readonly seed: number; readonly text: TaskText }

/** One run from its start until nothing of it is left. */
async function runCommand(parts: RunParts, run: OneRun, exec: Deadline): Promise<Attempted> {
  const { order, workspace, spool } = parts
  const fill = createTextFiller(order, workspace.places)
  const fillPath = createTextFiller(order, mountedPlaces)
  const files = await workspace.writeFiles(
    run.text.files.map((file) => ({ path: checkedPath(fillPath(file.path)), contents: filledContents(file, run, fill) })),
  )
  const environment = environmentOf(parts, run, fill)
  parts.stopping.signal.throwIfAborted()
  const disk = watchDisk({
    directory: parts.directory,
    parts: ['work'],
    elsewhereBytes: () => parts.runtime.elsewhereBytes(),
    maxGrowthBytes: order.limits.outputBytes + spareDiskBytes,
  })
  const task = { command: run.text.command.map(fill), environment, files }
  const command = await parts.runtime.start(task, (bytes) => spool.write(bytes))
  parts.onCommand(command.processGroup)
  const waited = await waitForEnd(parts, command, exec, disk)
  await command.endAll()
  disk.stop()
  await command.drain()
  return judge(parts, waited, command.ranOutOfMemory())
}

/** Directories take blocks too, and what is a little too much to store is told with its size after the command. */
const spareDiskBytes = 64 * 1024 * 1024

type Cut = 'none' | 'run-timeout' | 'total-timeout' | 'stopped' | DiskFault
type Waited = { readonly end: CommandEnd; readonly cut: Cut }

async function waitForEnd(parts: RunParts, command: RunningCommand, exec: Deadline, disk: DiskWatch): Promise<Waited> {
  const { deadlines } = parts.order
  const perRun = createDeadline(deadlines.perRunSeconds, () => new Error('run timeout'))
  const cuts = [
    { cut: 'stopped', signal: parts.stopping.signal },
    { cut: 'run-timeout', signal: perRun.signal },
    { cut: 'total-timeout', signal: exec.signal },
  ] as const
  const cut = await Promise.race<Cut>([
    command.ended.then(() => 'none'),
    ...cuts.map((one) => aborted(one.signal).then(() => one.cut)),
    aborted(disk.signal).then(() => disk.fault() ?? 'none'),
  ])
  perRun.clear()
  // While it is asked to end it would fill the rest of the disk.
  if (typeof cut !== 'string') command.signal('SIGKILL')
  else if (cut !== 'none') await endGently(command, parts.stopping.wish()?.graceSeconds ?? deadlines.graceSeconds)
  return { end: await command.ended, cut }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}

/** SIGTERM, grace, SIGKILL. */
async function endGently(command: RunningCommand, graceSeconds: number): Promise<void> {
  command.signal('SIGTERM')
  const waiting = new AbortController()
  const grace = sleep(graceSeconds * 1000, 'late' as const, { signal: waiting.signal }).catch(() => 'late' as const)
  const first = await Promise.race([command.ended.then(() => 'ended' as const), grace])
  waiting.abort()
  if (first === 'late') command.signal('SIGKILL')
}

function judge(parts: RunParts, { end, cut }: Waited, isOutOfMemory: boolean): Attempted {
  const code = end.kind === 'exited' ? end.code : exitCodes.startError
  if (cut === 'stopped') throw stopped(parts, code)
  if (typeof cut !== 'string') return outOfDisk(cut)
  const { perRunSeconds, execSeconds } = parts.order.deadlines
  if (cut === 'run-timeout')
    return { reason: 'exec-timeout', exitCode: code, message: `The command ran longer than exec_timeout, ${perRunSeconds} s` }
  if (cut === 'total-timeout')
    return { reason: 'exec-timeout', exitCode: code, message: `All runs together took longer than ${execSeconds} s` }
  if (isOutOfMemory && code !== 0) return { reason: 'out-of-memory', exitCode: exitCodes.outOfMemory, message: outOfMemoryMessage(parts) }
  if (end.kind === 'engine-failed') throw new AttemptEnded('backend-error', exitCodes.backendError, end.message)
  if (end.kind === 'not-started') throw new AttemptEnded('start-error', exitCodes.startError, end.message)
  return { reason: 'completed', exitCode: code, message: exitMessage(parts, code) }
}

/** An eviction, as Kubernetes does it, is not tried again; a disk that others filled is. */
function outOfDisk({ blame, message }: DiskFault): Attempted {
  if (blame === 'others') throw new AttemptEnded('backend-error', exitCodes.backendError, message)
  return { reason: 'out-of-memory', exitCode: exitCodes.outOfMemory, message }
}

/** Also for the phases around the runs. */
export function stopped({ stopping }: Pick<RunParts, 'stopping'>, exitCode: number): AttemptEnded {
  const message = 'The service was stopped, which ended this attempt'
  if (stopping.wish()?.kind === 'interrupted') return new AttemptEnded('interrupted', exitCodes.backendError, message)
  return new AttemptEnded('canceled', exitCode, 'Cancelled')
}

const outOfMemoryMessage = ({ order }: RunParts) =>
  `The kernel ended the task: it needed more memory than its ${order.limits.memoryBytes ?? 'unlimited'} bytes`

function exitMessage({ order, settings }: RunParts, code: number): string {
  if (code === 0) return 'The command ended with exit code 0'
  const where = settings.runtime.kind === 'container' ? ` in the image ${order.image}` : ''
  if (code === 126 || code === 127) return `The command ended with exit code ${code}: it could not be found or run${where}`
  if (code === fileTooLarge)
    return `The command was ended (exit code ${code}): it wrote a file larger than ${order.limits.outputBytes} bytes`
  return code > 128 && code < 160
    ? `The command ended by signal ${code - 128} (exit code ${code})`
    : `The command ended with exit code ${code}`
}

/** 128 + SIGXFSZ. */
const fileTooLarge = 153

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function environmentOf(
  { workspace, order, runtime }: RunParts,
  { arm, seed, text }: OneRun,
  fill: (text: string) => string,
): Readonly<Record<string, string>> {
  const own = Object.fromEntries(Object.entries(text.environment).map(([name, value]) => [name, fill(value)]))
  return {
    HOME: workspace.home,
    TMPDIR: workspace.temporary,
    ...own,
    ...markedEnvironment(order),
    PATH: runtime.searchPath(own.PATH, defaultPath),
    OSMO_ARM: arm,
    OSMO_SEED: String(seed),
  }
}

/** Where the task wants a file, as OSMO names places. */
function checkedPath(path: string): string {
  if (/^(\/[^/\0]+)+$/.test(path) && !path.split('/').some((part) => part === '.' || part === '..')) return path
  const message = `The path of a file has to be absolute and without "." and "..", got ${JSON.stringify(path.slice(0, 200))}`
  throw new AttemptEnded('start-error', exitCodes.startError, message)
}

function filledContents(file: OrderedFile, { arm }: OneRun, fill: (text: string) => string): Buffer {
  const contents = Buffer.from((arm === 'base' ? file.base : undefined) ?? file.head, 'base64')
  const text = contents.toString()
  // Bytes that are no text have no tokens.
  return Buffer.from(text).equals(contents) ? Buffer.from(fill(text)) : contents
}
