import { join } from 'node:path'
import { containerName, removeContainer } from '../engine/container-engine.ts'
import type { LeftContainer, LocalOrder, TaskRuntime } from '../engine/local-attempt.ts'
import { performAttempt } from './attempt.ts'
import { type AttemptDirectory, openAttemptDirectory } from './attempt-directory.ts'
import { killCgroups, removeCgroups } from './cgroup.ts'
import { createContainment, environmentMark, killByIdentity } from './containment.ts'
import { createCtrl } from './ctrl.ts'
import { startLogShipper } from './log-shipper.ts'
import { LogSpool } from './log-spool.ts'
import { createRuntime } from './runtime.ts'
import { listenForStop } from './stopping.ts'
import { watchForVanishing } from './vanishing.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

/** Nobody waits for the last lines of what was cancelled. */
const stoppedPatienceSeconds = 5
/** The end of an attempt is worth more than its log, but a service that restarts should find both. */
const reportPatienceSeconds = 24 * 3600

/**
 * What runs beside a command: `node supervisor.ts <attempt directory>`. It outlives the service, and the directory tells everything about it.
 * `node supervisor.ts reap <attempt directory>` ends what a supervisor that died left behind.
 */
await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<void> {
  const [first = '', second = ''] = args
  // Files for a task's own user are made by us; they must be readable.
  process.umask(0o022)
  if (first === 'reap') await reap(openAttemptDirectory(second))
  else await supervise(openAttemptDirectory(first))
  // A command's pipe that somebody still holds open must not keep us here.
  process.exit(0)
}

async function supervise(directory: AttemptDirectory): Promise<void> {
  const localOrder = directory.readOrder()
  const { order, settings } = localOrder
  const vanishing = watchForVanishing(directory)
  // Before the lock, since whoever sees the lock may send a signal.
  const stopping = listenForStop(directory, order.deadlines.graceSeconds, vanishing.signal)
  if (!directory.lock()) return
  directory.forgetToken(localOrder)
  const signalFile = join(settings.signalsDirectory, order.pod)
  const spool = new LogSpool(directory.path)
  const ctrl = createCtrl({ service: settings.service, reference: order.reference, token: order.token })
  const shipper = startLogShipper(spool, ctrl)
  const containment = createContainment(order, settings)
  const recordLeftovers = (processGroup: number | undefined) =>
    directory.writeLeftovers({
      cgroups: containment.cgroups.directories,
      uid: containment.uid,
      processGroup,
      environmentMark: environmentMark(order),
      container: leftContainer(localOrder),
    })
  recordLeftovers(undefined)
  for (const sentence of introduction(localOrder, containment.said)) spool.note(sentence)
  const workspace = createWorkspace(directory.path, order, settings)

  const parts = { directory: directory.path, order, settings, workspace, containment, spool }
  const recorded = await performAttempt({
    ...parts,
    runtime: createRuntime(parts),
    stopping,
    ctrl,
    onCommand: recordLeftovers,
    onPhase: (phase) => directory.writePhase(phase, signalFile),
  })
  spool.note(`${recorded.exit.message}.`)
  stopping.close()
  containment.remove()
  // Beside what follows: it may take long, and no fault of it may hide how the attempt ended.
  const cleaning = clean(workspace)
  await shipper.finish(stopping.signal.aborted ? stoppedPatienceSeconds : reportPatienceSeconds, vanishing.signal)
  vanishing.close()
  if (!vanishing.signal.aborted) await recordExit(() => directory.writeExit(recorded, signalFile), cleaning)
  await cleaning
}

/** Never rejects. What is said goes to `supervisor.log`. */
async function clean(workspace: Workspace): Promise<void> {
  for (const reason of await workspace.remove()) console.error('Files of the attempt are left:', reason)
}

/** On a full disk there may be no room for the record before the attempt's own files are gone. */
async function recordExit(write: () => void, cleaning: Promise<void>): Promise<void> {
  try {
    write()
  } catch (error) {
    console.error('The end could not be recorded yet:', error)
    await cleaning
    write()
  }
}

function introduction({ order, settings }: LocalOrder, limits: readonly string[]): readonly string[] {
  const network = order.origin === 'trusted' ? "the host's network" : 'no network'
  return [
    `${order.displayId}/${order.reference.task}#${order.reference.attempt} runs ${howOf(settings.runtime, order.image, network)}.`,
    ...limits,
  ]
}

function howOf(runtime: TaskRuntime, image: string, network: string): string {
  if (runtime.kind === 'container') return `in a ${runtime.engine.name} container of the image ${image}, with ${network}`
  const how = runtime.kind === 'bubblewrap' ? `in bubblewrap, with ${network}` : 'as a plain process of this machine'
  return `${how}; the image ${image} is not used`
}

function leftContainer({ order, settings: { runtime } }: LocalOrder): LeftContainer {
  return runtime.kind === 'container' ? { kind: 'container', engine: runtime.engine, name: containerName(order.pod) } : { kind: 'none' }
}

async function reap(directory: AttemptDirectory): Promise<void> {
  const leftovers = directory.readLeftovers()
  if (leftovers === undefined) return
  await reapContainer(leftovers.container)
  await killCgroups({ directories: leftovers.cgroups })
  removeCgroups({ directories: leftovers.cgroups })
  await killByIdentity(leftovers)
}

async function reapContainer(left: LeftContainer): Promise<void> {
  if (left.kind === 'none') return
  const reason = await removeContainer(left.engine, left.name, 'any')
  if (reason !== undefined) throw new Error(`${left.engine.name} could not remove the container ${left.name}: ${reason}`)
}
