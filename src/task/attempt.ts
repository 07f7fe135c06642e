import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedExit, RecordedPhase } from '../engine/local-attempt.ts'
import type { PodOrder } from '../engine/ports.ts'
import type { BarrierCall } from '../engine/task-protocol.ts'
import type { Exit } from '../workflow/state.ts'
import { type Ctrl, type Patience, ServiceRefused } from './ctrl.ts'
import { createDeadline } from './deadline.ts'
import { AttemptEnded, endOf, exitCodes } from './exits.ts'
import { uploadFailed, uploadOutputs } from './outputs.ts'
import { performRuns, type RunParts, type RunsEnd, stopped } from './runs.ts'
import { give, type Owner, unpack } from './unpack.ts'
import type { Arm } from './workspace.ts'

export type AttemptParts = RunParts & { readonly ctrl: Ctrl; readonly onPhase: (phase: RecordedPhase) => void }

/** Everything between the lock and the exit record: inputs, barrier, command, outputs. Never rejects: every fault is an end with a reason. */
export async function performAttempt(parts: AttemptParts): Promise<RecordedExit> {
  let startedAt: number | undefined
  try {
    parts.onPhase({ kind: 'initializing' })
    await parts.workspace.open()
    await initialize(parts)
    startedAt = Date.now()
    parts.onPhase({ kind: 'running', startedAt })
    const exit = await runAndStore(parts)
    return { startedAt, exitedAt: Date.now(), exit }
  } catch (error) {
    return { startedAt, exitedAt: Date.now(), exit: { ...endWhile(parts, error), outputs: 'none' } }
  }
}

/** A wait that was broken off by a stop is the stop, whatever it looked like where it happened. */
function endWhile(parts: AttemptParts, error: unknown) {
  const isOurs = error instanceof AttemptEnded
  return endOf(parts.stopping.signal.aborted && !isOurs ? stopped(parts, 143) : error)
}

async function initialize(parts: AttemptParts): Promise<void> {
  const { startSeconds } = parts.order.deadlines
  const message = `It was not ready to run after ${startSeconds} s of inputs, source tree, image and barrier`
  const clock = createDeadline(startSeconds, () => new AttemptEnded('start-timeout', exitCodes.startTimeout, message))
  const patience = { clock, signal: AbortSignal.any([clock.signal, parts.stopping.signal]) }
  try {
    await download(parts, patience)
    await prepareRuntime(parts, patience)
    await passBarrier(parts, patience)
  } finally {
    clock.clear()
  }
}

async function download(parts: AttemptParts, patience: Patience): Promise<void> {
  try {
    for (const arm of armsOf(parts.order)) await downloadArm(parts, arm, patience)
  } catch (error) {
    patience.signal.throwIfAborted()
    const isLasting = error instanceof ServiceRefused && error.isLasting
    throw isLasting
      ? new AttemptEnded('start-error', exitCodes.startError, downloadMessage(error), error)
      : new AttemptEnded('download-failed', exitCodes.downloadFailed, downloadMessage(error), error)
  }
}

function downloadMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof ServiceRefused
    ? `The service did not give the inputs (HTTP ${error.status}): ${message}`
    : `The inputs could not be unpacked: ${message}`
}

/** A command that the deadline or a stop ended says so only by having failed. */
async function prepareRuntime({ runtime }: AttemptParts, { signal }: Patience): Promise<void> {
  signal.throwIfAborted()
  await runtime.prepare(signal)
}

const armsOf = ({ runs }: PodOrder): readonly Arm[] =>
  runs.kind === 'once' ? ['head'] : (['head', 'base'] as const).filter((arm) => runs.order.some((run) => run.arm === arm))

async function downloadArm({ order, workspace, ctrl }: AttemptParts, arm: Arm, patience: Patience): Promise<void> {
  const place = workspace.pristine(arm)
  await mkdir(join(place.repository, '..'), { recursive: true })
  if (order.checkout === 'tree') await ctrl.source(arm, unpackInto(place.repository, workspace.owner), patience)
  await mkdir(join(place.input(0), '..'), { recursive: true })
  for (const { index, regex, stored } of order.inputs) {
    const consume = unpackInto(place.input(index), workspace.owner)
    if (stored === 'stored') await ctrl.input(arm, index, regex, consume, patience)
    else await makeEmpty(place.input(index), workspace.owner)
  }
}

/** A download that broke off begins again in an empty directory. */
const unpackInto = (directory: string, owner: Owner) => async (tar: Parameters<typeof unpack>[0]) => {
  await rm(directory, { recursive: true, force: true })
  await unpack(tar, directory, owner)
}

async function makeEmpty(directory: string, owner: Owner): Promise<void> {
  await mkdir(directory, { recursive: true })
  await give(directory, owner)
}

const barrierAskMs = 250
const barrierTellMs = 5000

/** Members of a group start together (osmo-spec.md §4). */
async function passBarrier(parts: AttemptParts, patience: Patience): Promise<void> {
  const { group } = parts.order
  if (!group.barrier || group.members.length < 2) return
  const call = { group: group.name, member: parts.order.reference.task, members: group.members }
  parts.spool.note(`Waiting for the other members of the group ${group.name}.`)
  try {
    while ((await parts.ctrl.barrier({ ...call, state: 'waiting' }, patience)) !== 'open') {
      await sleep(barrierAskMs, undefined, { signal: patience.signal })
    }
  } catch (error) {
    throw barrierFault(error, patience)
  }
  void keepTelling(parts, { ...call, state: 'passed' })
}

function barrierFault(error: unknown, { signal }: Patience): unknown {
  if (signal.reason instanceof AttemptEnded)
    return new AttemptEnded('start-timeout', exitCodes.barrierFailed, 'Other members of the group did not come to the barrier in time')
  return error instanceof ServiceRefused
    ? new AttemptEnded('start-error', exitCodes.barrierFailed, `The barrier failed: ${error.message}`)
    : error
}

/** So that a service that was started anew lets members through that are late. Ends with the supervisor. */
async function keepTelling({ ctrl, stopping }: AttemptParts, call: BarrierCall): Promise<void> {
  const patience = { signal: stopping.signal, clock: { pause() {}, resume() {} } }
  try {
    for (;;) {
      await ctrl.barrier(call, patience)
      await sleep(barrierTellMs, undefined, { signal: stopping.signal, ref: false })
    }
  } catch {
    // The attempt is being stopped, or the service says that it is over.
  }
}

async function runAndStore(parts: AttemptParts): Promise<Exit> {
  const runs = await performRuns(parts)
  const { uploadSeconds } = parts.order.deadlines
  const clock = createDeadline(uploadSeconds, () => uploadFailed(`The outputs were not stored after ${uploadSeconds} s`))
  try {
    const outputs = await store(parts, runs, { clock, signal: AbortSignal.any([clock.signal, parts.stopping.signal]) })
    return { ...runs.end, outputs }
  } catch (error) {
    const upload = endWhile(parts, error)
    // What the command did comes first: a failed upload must not hide why it failed.
    if (runs.end.exitCode === 0 || upload.reason === 'canceled' || upload.reason === 'interrupted') return { ...upload, outputs: 'none' }
    return { ...runs.end, message: `${runs.end.message}; and: ${upload.message}`, outputs: 'none' }
  } finally {
    clock.clear()
  }
}

async function store(parts: AttemptParts, { outputs, index }: RunsEnd, patience: Patience): Promise<'stored' | 'none'> {
  const trees = [...outputs]
  if (index !== undefined) {
    const directory = join(parts.directory, 'results/index')
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, 'index.json'), JSON.stringify(index, undefined, 2))
    trees.push({ directory, prefix: 'runs/', skip: () => false })
  }
  return uploadOutputs(trees, {
    ctrl: parts.ctrl,
    patience,
    maxBytes: parts.order.limits.outputBytes,
    note: (text) => parts.spool.note(text),
  })
}
