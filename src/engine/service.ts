import type { PlatformConfig } from '../spec/types.ts'
import { fold } from '../workflow/fold.ts'
import type { WorkflowId } from '../workflow/names.ts'
import { abandon } from './abandon.ts'
import { createBaseInputs } from './base-inputs.ts'
import { createBaseRuns } from './base-runs.ts'
import type { BurstGauge } from './burst-gauge.ts'
import { type BenchmarkParser, collectBenchmarks, parseInProcess } from './collect.ts'
import { createCommands } from './commands.ts'
import { createDeliveryWorker, type Translate } from './deliveries.ts'
import { createDispatcher } from './dispatcher.ts'
import { createFolds } from './folds.ts'
import { createInbox } from './inbox.ts'
import { createLanes } from './lanes.ts'
import type { Logger } from './log.ts'
import type { OrderDeps } from './order.ts'
import { createOutboxWorker } from './outbox-worker.ts'
import type {
  AuditStore,
  Backend,
  DeliveryStore,
  DispatchStore,
  Forge,
  ForgeReader,
  LogStore,
  ObjectStore,
  Outbox,
  OutboxLane,
  OutboxRow,
  ReportStore,
  SampleStore,
  SourceMirror,
  SubmissionStore,
  ViewStore,
  Waker,
  WakeupConsumer,
  WorkflowStore,
} from './ports.ts'
import { createReports, type ReportDeps } from './report.ts'
import { createReruns } from './reruns.ts'
import type { Latest, SpecParser } from './spec-tree.ts'
import { createSubmitter } from './submitter.ts'
import { createSweep } from './sweep.ts'
import { type Transition, transitionsBetween } from './transitions.ts'

export type Stores = {
  readonly deliveries: DeliveryStore
  readonly submissions: SubmissionStore
  readonly workflows: WorkflowStore
  readonly outbox: Outbox
  readonly dispatch: DispatchStore
  readonly logs: LogStore
  readonly samples: SampleStore
  readonly views: ViewStore
  readonly reports: ReportStore
  readonly audit: AuditStore
}

export type ServiceDeps = {
  readonly stores: Stores
  readonly queue: Waker & WakeupConsumer
  readonly backends: ReadonlyMap<string, Backend>
  readonly forge: Forge
  readonly reader: ForgeReader
  readonly mirror: SourceMirror
  readonly objects: ObjectStore
  readonly translate: Translate
  /** Of the webhooks that this process takes itself; absent where another one takes them. */
  readonly webhooks?: Pick<BurstGauge, 'isHigh'>
  readonly parse: SpecParser
  /** Of benchmark files; in this process when absent. */
  readonly parseBenchmark?: BenchmarkParser
  /** Whether a backend is this process's at the moment; always, when absent. */
  readonly holds?: (backend: string) => boolean
  readonly latest: Latest
  readonly platforms: PlatformConfig
  readonly appId: number
  readonly serverKey: string
  readonly hosts: OrderDeps['hosts']
  readonly workflowUrl: ReportDeps['workflowUrl']
  readonly clock: () => number
  readonly log: Logger
  /** Of the sweep over PostgreSQL; the one over the backends runs every fifth time. */
  readonly sweepSeconds: number
}

export type Service = {
  /** Lists the backends, then starts listening, working and sweeping. */
  start(): Promise<void>
  /** Stops taking work and waits for what is under way. Attempts on backends go on. */
  stop(): Promise<void>
}

/** Joins decisions with the world: every port, each worker, and the sweep that makes up for whatever is lost. */
export function createService(deps: ServiceDeps): Service & {
  readonly settled: () => Promise<void>
  readonly sweepNow: (extent?: 'store-only' | 'with-backends') => Promise<unknown>
  readonly wakeWorkflow: (id: WorkflowId) => void
} {
  const { stores, queue, backends, log } = deps
  const stopping = new AbortController()
  const holds = deps.holds ?? (() => true)
  const folds = createFolds(foldWorkflow, log)
  const wakeWorkflow = folds.soon
  const lanes = createLanes(workLane, log)
  const kick = (lane: OutboxLane) => lanes.kick(lane)
  const parseBenchmark = deps.parseBenchmark ?? parseInProcess
  const shared = { ...deps, ...stores, parseBenchmark, holds, wakeWorkflow, kick }
  const submitter = createSubmitter(shared)
  const reruns = createReruns({ ...shared, submitter })
  const commands = createCommands({ ...shared, submitter, reruns })
  const deliveryWorker = createDeliveryWorker({ ...shared, submitter, reruns, commands })
  const inbox = createInbox({ processNext: deliveryWorker.processNext, webhooks: deps.webhooks ?? { isHigh: () => false }, log })
  const dispatcher = createDispatcher(shared)
  const baseInputs = createBaseInputs({ ...shared, baseRuns: createBaseRuns(shared) })
  const outboxWorker = createOutboxWorker({ ...shared, perform, abandon: (row, message) => abandon(row, message, shared) })
  const forge = noting(deps.forge, stores.reports)
  const reports = createReports({ ...shared, forge, runtimeOf: (name) => backends.get(name)?.description ?? '' })
  const sweep = createSweep({ ...shared, kickInbox: inbox.kick, foldWorkflow })
  const consumers: { close(): Promise<void> }[] = []
  let loops: Promise<unknown>[] = []

  return { start, stop, settled, sweepNow, wakeWorkflow }

  async function start(): Promise<void> {
    // The backends speak before any timer may fire: an end that was recorded beats its deadline (architecture.md §6).
    await sweep.sweepBackends(stopping.signal)
    consumers.push(await queue.consume('delivery', 1, async () => inbox.kick()))
    loops = [sweepLoop(), ...[...backends.values()].map(watchLoop)]
  }

  async function stop(): Promise<void> {
    stopping.abort()
    await Promise.all(consumers.map((consumer) => consumer.close()))
    await Promise.all(loops)
    await inbox.close()
    await lanes.close()
    await folds.close()
  }

  async function settled(): Promise<void> {
    await inbox.settled()
    await folds.settled()
    await lanes.settled()
    if (!folds.isIdle()) await settled()
  }

  // ------------------------------------------------------------------ folding

  async function foldWorkflow(id: WorkflowId): Promise<void> {
    const transitions: Transition[] = []
    const folded = await stores.workflows.fold(id, (slice, events, now) => {
      const result = fold(slice, events, now)
      transitions.push(...transitionsBetween(slice, result.slice))
      return result
    })
    if (folded !== 'folded') return
    for (const transition of transitions) log.info(transition, 'state')
    for (const name of backends.keys()) kick(`pods:${name}`)
    kick('work')
    kick('reports')
  }

  // ------------------------------------------------------------------- outbox

  async function workLane(lane: OutboxLane, room: number, signal: AbortSignal): Promise<readonly Promise<unknown>[]> {
    if (!lane.startsWith('pods:')) return outboxWorker.take(lane, room, signal)
    const backend = lane.slice('pods:'.length)
    return holds(backend) ? dispatcher.take(backend, room, signal) : []
  }

  async function perform(row: OutboxRow, signal: AbortSignal): Promise<'done' | 'later'> {
    const { effect } = row
    switch (effect.kind) {
      case 'config-report':
        await reports.reportSubmission(effect.submission, signal)
        await stores.reports.saveSubmissionReported(effect.submission)
        return 'done'
      case 'pull-request-report':
        await reports.reportPullRequest(effect.repositoryId, effect.pullRequest, signal)
        return 'done'
      case 'answer':
        await deps.forge.answer(effect.answer, signal)
        return 'done'
      case 'workflow':
        return performWorkflowEffect(effect, signal)
    }
  }

  async function performWorkflowEffect(
    { workflow, effect }: Extract<OutboxRow['effect'], { kind: 'workflow' }>,
    signal: AbortSignal,
  ): Promise<'done' | 'later'> {
    switch (effect.kind) {
      case 'report':
        await reports.reportWorkflow(workflow, signal)
        kick('reports')
        return 'done'
      case 'settle-base-inputs':
        return (await baseInputs.settle(workflow, effect.group, signal)) === 'waiting' ? 'later' : 'done'
      case 'announce-outputs':
        await baseInputs.announce(workflow, signal)
        return 'done'
      case 'collect-benchmarks':
        await collectBenchmarks({ workflow, task: effect.task, attempt: effect.attempt }, shared, signal)
        return 'done'
      case 'free-slot':
        await freeSlot(workflow)
        return 'done'
      case 'create-pod':
      case 'delete-pod':
        throw new Error(`Expected ${effect.kind} on a lane of pods, got it among the work`)
    }
  }

  async function freeSlot(id: WorkflowId): Promise<void> {
    const view = await stores.views.workflow(id)
    if (!view) return
    for (const next of await stores.workflows.admit(view.plan.concurrency.key)) wakeWorkflow(next)
    // Whoever waits for a base arm that this workflow can no longer make must look again.
    await baseInputs.announce(id, stopping.signal)
  }

  // -------------------------------------------------------------------- loops

  async function sweepLoop(): Promise<void> {
    // After an outage of PostgreSQL the backends speak first again, as at the start.
    let last: 'swept' | 'failed' = 'swept'
    for (let round = 0; !stopping.signal.aborted; round++) {
      last = await sweepNow(round % 5 === 0 || last === 'failed' ? 'with-backends' : 'store-only')
      await pause(1000 * deps.sweepSeconds)
    }
  }

  async function sweepNow(extent: 'store-only' | 'with-backends' = 'with-backends'): Promise<'swept' | 'failed'> {
    try {
      if (extent === 'with-backends') await sweep.sweepBackends(stopping.signal)
      await sweep.sweepStore()
      return 'swept'
    } catch (error) {
      if (!stopping.signal.aborted) log.error({ error }, 'The sweep failed; it comes again')
      return 'failed'
    }
  }

  async function watchLoop(backend: Backend): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await backend.watch(async (sightings) => {
          if (!holds(backend.name)) return
          for (const id of await stores.workflows.recordSightings(sightings)) wakeWorkflow(id)
        }, stopping.signal)
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ error, backend: backend.name }, 'Watching a backend broke off; starting again')
      }
      await pause(500)
    }
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      if (stopping.signal.aborted) return resolve()
      const timer = setTimeout(done, milliseconds)
      stopping.signal.addEventListener('abort', done, { once: true })
      function done() {
        clearTimeout(timer)
        stopping.signal.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}

/** Notes each check that GitHub shows as ended, so that the sweep finds those that it does not. */
function noting(forge: Forge, reports: ReportStore): Forge {
  return { ...forge, writeCheck }

  async function writeCheck(...[check, signal]: Parameters<Forge['writeCheck']>): ReturnType<Forge['writeCheck']> {
    const written = await forge.writeCheck(check, signal)
    if (check.state.status === 'completed') await reports.saveConclusion(check.externalId)
    return written
  }
}
