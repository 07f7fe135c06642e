import { watch as watchFiles } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerEngine } from '../../engine/container-engine.ts'
import type { LocalRuntime, LocalSettings, TaskRuntime } from '../../engine/local-attempt.ts'
import type { Backend, PodOrder, Sighting } from '../../engine/ports.ts'
import type { PodName } from '../../workflow/names.ts'
import { type AttemptStore, createAttemptStore, digestOf, type StoredAttempt } from './attempt-store.ts'
import { chosenRuntime } from './chosen-runtime.ts'
import { removeLeftContainers } from './left-containers.ts'
import { closedToOthers } from './probe.ts'
import { createStarting } from './starting.ts'
import {
  createSupervisors,
  currentBoot,
  isAlive,
  lastWords,
  reapLeftovers,
  type SupervisorProgram,
  type Supervisors,
  signalSupervisor,
} from './supervisor-process.ts'
import { checkToolchains, toolchainPath } from './toolchains.ts'
import { createUserIds, type UserIds } from './user-ids.ts'

export type LocalBackendOptions = {
  readonly name: string
  /** Ours alone; created. */
  readonly directory: string
  /** Undefined: bubblewrap where it works, else plain processes. */
  readonly runtime: LocalRuntime | undefined
  /** Of a container engine's command (`engineVariables`). */
  readonly engineEnvironment: Readonly<Record<string, string>>
  /** Key: the path inside, `node_modules` or `/osmo/node_modules`; value: an absolute path of this machine. */
  readonly toolchains: Readonly<Record<string, string>>
  readonly service: LocalSettings['service']
  /** CPUs that it offers; default and maximum: those of the machine. */
  readonly capacityCpu: number | undefined
  readonly log: (message: string) => void
  /** For tests. */
  readonly startAgainMs?: number
} & SupervisorProgram

export type LocalBackend = Backend & {
  readonly runtime: LocalRuntime
  /** `interrupt`: ends all attempts, as an infrastructure failure, and waits for that. `leave`: they go on and are adopted by the next start. */
  end(how: 'interrupt' | 'leave'): Promise<void>
}

/** An unlocked directory this old has lost its supervisor on the way. */
const startAgainAfterMs = 5000
const tombstoneMs = 7 * 24 * 3600 * 1000
const pollMs = 500
const interruptPatienceMs = 20_000

/** Runs pods as processes of this machine (architecture.md §7). What an earlier service left running is adopted: it is in the listing. */
export async function createLocalBackend(options: LocalBackendOptions): Promise<LocalBackend> {
  await checkToolchains(options.toolchains)
  const directory = resolve(options.directory)
  const runtime = await chosenRuntime({ ...options, environment: options.engineEnvironment, directory })
  const backend = new DirectoryBackend({ ...options, directory }, runtime)
  await backend.open()
  return backend
}

class DirectoryBackend implements LocalBackend {
  readonly name: string
  readonly runtime: LocalRuntime
  readonly capacity: { readonly cpu: number }
  readonly description: string
  readonly #options: LocalBackendOptions
  readonly #taskRuntime: TaskRuntime
  readonly #store: AttemptStore
  readonly #userIds: UserIds
  readonly #signals: string
  /** Lost attempts whose leftovers are ended. */
  readonly #reaped = new Set<PodName>()
  readonly #starting: ReturnType<typeof createStarting>
  readonly #supervisors: Supervisors
  #creating: Promise<unknown> = Promise.resolve()
  #isEnding = false
  /** Why plain processes cannot have users of their own, though we are root. */
  #closedPaths: readonly string[] = []

  constructor(options: LocalBackendOptions, taskRuntime: TaskRuntime) {
    this.name = options.name
    this.runtime = taskRuntime.kind === 'container' ? taskRuntime.engine.name : taskRuntime.kind
    this.capacity = { cpu: Math.min(options.capacityCpu ?? Number.POSITIVE_INFINITY, availableParallelism()) }
    this.description = descriptionOf(this.runtime)
    this.#taskRuntime = taskRuntime
    this.#options = options
    this.#store = createAttemptStore(options.directory, options.log)
    this.#userIds = createUserIds(options.directory)
    this.#signals = join(options.directory, '.signals')
    this.#starting = createStarting(options.startAgainMs ?? startAgainAfterMs)
    this.#supervisors = createSupervisors(options)
  }

  async open(): Promise<void> {
    const { directory, nodePath, toolchains } = this.#options
    await mkdir(this.#signals, { recursive: true, mode: 0o700 })
    // A plain process of another user has to pass through on the way to its own directory.
    await chmod(directory, isRoot() && this.runtime === 'process' ? 0o711 : 0o700)
    await this.#store.removeDrafts()
    if (this.#taskRuntime.kind === 'container') await this.#removeLeftContainers(this.#taskRuntime.engine)
    if (isRoot() && this.runtime === 'process')
      this.#closedPaths = await closedToOthers([directory, nodePath, ...Object.values(toolchains)])
    if (this.#closedPaths.length > 0)
      this.#options.log(`Plain processes run as root: other users cannot reach ${this.#closedPaths.join(', ')}`)
  }

  /** Of attempts whose supervisor is dead, whatever became of their directories. */
  async #removeLeftContainers(engine: ContainerEngine): Promise<void> {
    const hasSupervisor = async (pod: PodName) => {
      const entry = await this.#store.read(pod)
      return entry?.kind === 'attempt' && entry.attempt.lock !== undefined && (await isAlive(entry.attempt.lock))
    }
    await removeLeftContainers({ engine, directory: this.#options.directory, hasSupervisor, log: this.#options.log })
  }

  create(order: PodOrder, signal: AbortSignal) {
    // One at a time, so that no two attempts are given the same user.
    const creating = this.#creating.then(() => this.#createOne(order, signal))
    this.#creating = creating.catch(() => undefined)
    return creating
  }

  async #createOne(order: PodOrder, signal: AbortSignal): ReturnType<Backend['create']> {
    signal.throwIfAborted()
    if (this.#isEnding) throw new Error(`The backend ${this.name} is ending and takes no attempt any more`)
    const refusal = this.#refusal(order)
    if (refusal !== undefined) return { kind: 'refused', message: refusal }
    const uid = await this.#uid()
    const record = { pod: order.pod, reference: order.reference, digest: digestOf(order), uid, createdAt: Date.now() }
    const localOrder = { order, settings: this.#settings(uid) }
    const isNew = await this.#store.create(localOrder, record)
    if (!isNew) return this.#meet(order)
    await this.#start(order.pod)
    return { kind: 'created' }
  }

  /** What can be known to be wrong before anything starts. */
  #refusal(order: PodOrder): string | undefined {
    if (this.runtime === 'process' && order.origin !== 'trusted') {
      return `This machine has no sandbox, so it runs trusted code only; this is ${order.origin}. Install bubblewrap to run it here`
    }
    const badName = Object.keys(order.environment).find((name) => name === '' || /[=\0]/.test(name))
    if (badName !== undefined) return `The environment has a variable called ${JSON.stringify(badName)}, which no process can have`
    if (order.command[0] === undefined || order.command[0].includes('='))
      return `Cannot run a command called ${JSON.stringify(order.command[0] ?? '')}`
    return undefined
  }

  /** The pod's name is taken: by the same order (all is well), by another one, or by what says that it must not be. */
  async #meet(order: PodOrder): ReturnType<Backend['create']> {
    const entry = await this.#store.read(order.pod)
    if (entry === undefined) throw new Error(`The pod ${order.pod} vanished while it was created`)
    if (entry.kind === 'tombstone') {
      return entry.tombstone.kind === 'forgotten'
        ? { kind: 'created' }
        : { kind: 'refused', message: 'This attempt was cancelled before it was created' }
    }
    const { record, lock } = entry.attempt
    const digest = digestOf(order)
    if (record.digest !== digest) {
      throw new Error(
        `The pod ${order.pod} exists with another order (${record.digest.slice(0, 12)}) than this one (${digest.slice(0, 12)})`,
      )
    }
    if (lock === undefined) await this.#start(order.pod)
    return { kind: 'created' }
  }

  async #uid(): Promise<number | undefined> {
    if (!isRoot() || this.#closedPaths.length > 0) return undefined
    const inUse = new Set<number>()
    for (const pod of await this.#store.pods()) {
      const entry = await this.#store.read(pod)
      if (entry?.kind === 'attempt' && entry.attempt.record.uid !== undefined) inUse.add(entry.attempt.record.uid)
    }
    return this.#userIds.take(inUse)
  }

  #settings(uid: number | undefined): LocalSettings {
    const { nodePath, toolchains, service } = this.#options
    return {
      runtime: this.#taskRuntime,
      nodePath,
      toolchains: Object.entries(toolchains).map(([path, source]) => ({ path: toolchainPath(path), source })),
      service,
      user: uid === undefined ? 'same' : { uid },
      machineCpu: availableParallelism(),
      signalsDirectory: this.#signals,
    }
  }

  async #start(pod: PodName): Promise<void> {
    const directory = this.#store.pathOf(pod)
    if (isRoot() && this.runtime === 'process') await chmod(directory, 0o711)
    await this.#supervisors.start(directory)
  }

  async delete(pod: PodName, graceSeconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (await this.#store.bury(pod, { kind: 'deleted', at: Date.now() })) return
    const entry = await this.#store.read(pod)
    if (entry?.kind !== 'attempt' || entry.attempt.exit) return
    await this.#store.cancel(pod, { graceSeconds })
    if (await this.#store.lockUnstarted(pod, neverStarted())) return
    const locked = await this.#store.read(pod)
    if (locked?.kind === 'attempt' && locked.attempt.lock) await signalSupervisor(locked.attempt.lock, 'SIGUSR1')
  }

  async list(signal: AbortSignal): Promise<readonly Sighting[]> {
    const sightings: Sighting[] = []
    for (const pod of await this.#store.pods()) {
      signal.throwIfAborted()
      const sighting = await this.#look(pod)
      if (sighting) sightings.push(sighting)
    }
    return sightings
  }

  async #look(pod: PodName): Promise<Sighting | undefined> {
    const entry = await this.#store.read(pod)
    if (entry?.kind === 'tombstone' && Date.now() - entry.tombstone.at > tombstoneMs) await this.#store.remove(pod)
    if (entry?.kind !== 'attempt') return undefined
    const { record } = entry.attempt
    return { pod, reference: record.reference, phase: await this.#phaseOf(pod, entry.attempt) }
  }

  async #phaseOf(pod: PodName, attempt: StoredAttempt): Promise<Sighting['phase']> {
    const { exit, lock, phase, record } = attempt
    if (exit) return { kind: 'exited', ...exit }
    if (lock === undefined) return this.#phaseOfUnlocked(pod, record.createdAt)
    this.#starting.forget(pod)
    if (!(await isAlive(lock))) return this.#lostOrExited(pod, lock.bootId)
    return phase ?? { kind: 'created' }
  }

  async #phaseOfUnlocked(pod: PodName, createdAt: number): Promise<Sighting['phase']> {
    if (this.#isEnding) return { kind: 'created' }
    const step = this.#starting.next(pod, createdAt, Date.now())
    if (step === 'start') await this.#start(pod)
    if (step !== 'give-up') return { kind: 'created' }
    const said = await lastWords(this.#store.pathOf(pod))
    const end = unstartable(`Its supervisor did not begin, ${this.#starting.starts} times in a row${said === '' ? '' : `: ${said}`}`)
    return (await this.#store.lockUnstarted(pod, end)) ? { kind: 'exited', ...end } : { kind: 'created' }
  }

  /** It may have written its exit just before it died, so that is looked at once more. */
  async #lostOrExited(pod: PodName, bootId: string): Promise<Sighting['phase']> {
    const again = await this.#store.read(pod)
    if (again?.kind === 'attempt' && again.attempt.exit) return { kind: 'exited', ...again.attempt.exit }
    const isSameBoot = bootId === (await currentBoot())
    if (isSameBoot && !this.#reaped.has(pod)) await reapLeftovers(this.#options, this.#store.pathOf(pod))
    this.#reaped.add(pod)
    const message = isSameBoot ? 'The supervisor of the attempt was killed' : 'The machine was restarted while the attempt ran'
    return { kind: 'lost', seenAt: Date.now(), message }
  }

  async watch(onSightings: (sightings: readonly Sighting[]) => Promise<void>, signal: AbortSignal): Promise<void> {
    const known = new Map<PodName, string>()
    const alarm = createAlarm()
    const watcher = watchFiles(this.#signals, { signal }, () => alarm.ring())
    watcher.on('error', () => undefined)
    signal.addEventListener('abort', () => alarm.ring(), { once: true })
    while (!signal.aborted) {
      await this.#tellChanges(known, onSightings, signal)
      await alarm.wait(pollMs)
    }
  }

  async #tellChanges(known: Map<PodName, string>, onSightings: (sightings: readonly Sighting[]) => Promise<void>, signal: AbortSignal) {
    try {
      const sightings = await this.list(signal)
      const changed = sightings.filter(({ pod, phase }) => known.get(pod) !== phase.kind)
      if (changed.length > 0) await onSightings(changed)
      known.clear()
      for (const { pod, phase } of sightings) known.set(pod, phase.kind)
    } catch (error) {
      // The next look sees the same changes again.
      if (!signal.aborted) this.#options.log(`Looking at the attempts of ${this.name} failed: ${(error as Error).message}`)
    }
  }

  async forget(pods: readonly PodName[], signal: AbortSignal): Promise<void> {
    for (const pod of pods) {
      signal.throwIfAborted()
      const sighting = await this.#look(pod)
      if (sighting === undefined) continue
      const { kind } = sighting.phase
      if (kind !== 'exited' && kind !== 'lost') throw new Error(`Expected a finished pod to forget, ${pod} is ${kind}`)
      await this.#store.forget(pod, { kind: 'forgotten', at: Date.now() })
      await rm(join(this.#signals, pod), { force: true })
      this.#reaped.delete(pod)
      this.#starting.forget(pod)
    }
  }

  async end(how: 'interrupt' | 'leave'): Promise<void> {
    if (how === 'leave') return
    this.#isEnding = true
    await this.#creating
    const deadline = Date.now() + interruptPatienceMs
    await this.#endUnstarted()
    await this.#signalAll('SIGINT')
    while (Date.now() < deadline && (await this.#anyAlive())) await sleep(50)
    await this.#signalAll('SIGKILL')
    // Ends what those that did not listen have left.
    await this.list(new AbortController().signal)
  }

  /** Takes the locks that nobody has, so that those who come later for them find them taken; whoever was quicker can be signalled. */
  async #endUnstarted(): Promise<void> {
    for (const pod of await this.#store.pods()) {
      const entry = await this.#store.read(pod)
      if (entry?.kind !== 'attempt' || entry.attempt.lock || entry.attempt.exit) continue
      if (await this.#store.lockUnstarted(pod, interruptedUnstarted())) await this.#supervisors.kill(this.#store.pathOf(pod))
    }
  }

  async #signalAll(signal: NodeJS.Signals): Promise<void> {
    for (const lock of await this.#locks()) await signalSupervisor(lock, signal)
  }

  async #anyAlive(): Promise<boolean> {
    const alive = await Promise.all((await this.#locks()).map(isAlive))
    return alive.includes(true)
  }

  /** Also of those that have said how they ended and still tidy up. */
  async #locks() {
    const entries = await Promise.all((await this.#store.pods()).map((pod) => this.#store.read(pod)))
    return entries.flatMap((entry) => (entry?.kind === 'attempt' && entry.attempt.lock ? [entry.attempt.lock] : []))
  }
}

const isRoot = () => process.getuid?.() === 0

function descriptionOf(runtime: LocalRuntime): string {
  if (runtime === 'docker' || runtime === 'podman') return `this machine, in ${runtime} containers; \`image\` is honoured`
  if (runtime === 'bubblewrap') return 'this machine, in bubblewrap sandboxes; `image` is not honoured'
  return 'this machine, as plain processes without a sandbox (trusted code only); `image` is not honoured'
}

const unstartable = (message: string) => ({
  startedAt: undefined,
  exitedAt: Date.now(),
  exit: { exitCode: 3001, reason: 'backend-error', message, outputs: 'none' } as const,
})

const interruptedUnstarted = () => ({
  startedAt: undefined,
  exitedAt: Date.now(),
  exit: { exitCode: 3001, reason: 'interrupted', message: 'The service was stopped before this attempt started', outputs: 'none' } as const,
})

const neverStarted = () => ({
  startedAt: undefined,
  exitedAt: Date.now(),
  exit: { exitCode: 143, reason: 'canceled', message: 'Cancelled before it started', outputs: 'none' } as const,
})

/** A wait that can be cut short, also by a ring that came before it. */
function createAlarm() {
  let hasRung = false
  let wake = () => undefined as unknown
  return {
    ring() {
      hasRung = true
      wake()
    },
    async wait(milliseconds: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      const timer = setTimeout(resolve, milliseconds)
      if (!hasRung) await promise
      clearTimeout(timer)
      hasRung = false
    },
  }
}
