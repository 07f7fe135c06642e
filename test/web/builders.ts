import type { BenchmarkRun } from '../../src/benchmark/types.ts'
import type { LogChunk, LogStore, SampleStore, TaskView, ViewStore, WorkflowRow, WorkflowView } from '../../src/engine/ports.ts'
import { createPages, type PagesParts } from '../../src/web/pages.ts'
import { type AttemptReference, CommitSha, WorkflowId } from '../../src/workflow/names.ts'
import type { PlannedBenchmark, TaskTemplate } from '../../src/workflow/plan-types.ts'
import type { Provenance, TaskState, WorkflowStatus } from '../../src/workflow/state.ts'

/** 2026-03-04 05:06:07 UTC. */
export const opened = Date.UTC(2026, 2, 4, 5, 6, 7)
export const token = 'correct-horse-battery-staple'
export const origin = 'http://127.0.0.1:8080'

export const retries = { user: 0, infrastructure: 0 }

export const waiting: TaskState = { status: 'WAITING', attempt: 0, retries }
export const running: Extract<TaskState, { status: 'RUNNING' }> = {
  status: 'RUNNING',
  attempt: 0,
  retries,
  queuedAt: opened + 1_000,
  createdAt: opened + 2_000,
  startedAt: opened + 4_000,
}
export const completed = finished({ status: 'COMPLETED' })

export function finished(over: Partial<Extract<TaskState, { finishedAt: number }>>): TaskState {
  return {
    status: 'FAILED',
    attempt: 0,
    retries,
    exitCode: 0,
    message: '',
    startedAt: opened + 4_000,
    finishedAt: opened + 34_000,
    outputs: 'stored',
    pod: 'exited',
    ...over,
  }
}

export function aProvenance(over: Partial<Provenance> = {}): Provenance {
  return {
    repositoryId: 7,
    installationId: 1,
    repository: 'robots/arm',
    event: 'pull_request',
    sha: CommitSha('abcdef0'.padEnd(40, '1')),
    baseSha: '',
    ref: 'refs/pull/12/head',
    headRef: 'faster-grasp',
    baseRef: 'main',
    pullRequest: 12,
    defaultBranch: false,
    actor: 'mona',
    origin: 'trusted',
    tier: 'sim',
    ...over,
  }
}

const template: TaskTemplate = {
  image: 'ghcr.io/robots/sim:3',
  command: ['bash', '/tmp/run.sh'],
  environment: { SECRET_LOOKING: 'environment-is-not-shown' },
  files: [],
  inputs: [],
  outputs: [],
  backend: 'local',
  platform: 'simulation',
  tier: 'sim',
  exclusive: false,
  cpu: 1,
  memoryBytes: undefined,
  checkout: 'none',
  compare: undefined,
  runTimeoutSeconds: 60,
  baseTemplate: undefined,
}

export type TaskOver = Partial<Omit<TaskView, 'template'>> & { readonly template?: Partial<TaskTemplate> }

export type WorkflowOver = {
  readonly id?: WorkflowId
  readonly displayId?: string
  readonly spec?: string
  readonly status?: WorkflowStatus
  readonly openedAt?: number
  readonly finishedAt?: number
  readonly provenance?: Partial<Provenance>
  readonly tasks?: Readonly<Record<string, TaskOver>>
  readonly plan?: Partial<WorkflowView['plan']>
  readonly workflow?: Partial<WorkflowView['workflow']>
}

let numbered = 0

export function aWorkflow(over: WorkflowOver = {}): WorkflowView {
  const id = over.id ?? WorkflowId(`00000000-0000-4000-8000-${String(++numbered).padStart(12, '0')}`)
  const provenance = aProvenance(over.provenance)
  const spec = over.spec ?? 'nav-eval'
  const tasks = Object.entries(over.tasks ?? { train: {} })
  return {
    workflow: {
      id,
      displayId: over.displayId ?? `${spec}-${numbered}`,
      spec,
      provenance,
      slot: 'held',
      cancellation: undefined,
      openedAt: over.openedAt ?? opened,
      startedAt: opened + 4_000,
      finishedAt: over.finishedAt,
      counts: { groups: tasks.length, running: 0, finished: {} },
      ...over.workflow,
    },
    plan: {
      spec,
      path: `.osmo/${spec}.yaml`,
      name: spec,
      provenance,
      runKey: 'key',
      runAttempt: 1,
      rerunOf: undefined,
      dispatch: { nonce: '', values: {} },
      values: 'usual',
      requestedBy: '',
      digest: '0'.repeat(64),
      pool: 'default',
      concurrency: { key: `7/${spec}/main`, limit: 1, cancelInProgress: 'never' },
      benchmarks: [],
      notices: [],
      required: false,
      ...over.plan,
    },
    status: over.status ?? 'RUNNING',
    tasks: tasks.map(([name, task]) => aTask(id, name, task)),
    checkRunId: undefined,
    checkDigest: undefined,
    rerunBy: undefined,
  }
}

function aTask(workflow: WorkflowId, name: string, over: TaskOver): TaskView {
  const state = over.state ?? running
  return {
    id: `task-${name}`,
    name,
    group: `${name}-group`,
    lead: true,
    benchmarks: 'none',
    baseInputs: undefined,
    baseInputsState: 'not-needed',
    waitsFor: [],
    outputs: { workflow, task: name, attempt: state.attempt },
    attempts: [{ attempt: state.attempt, state }],
    ...over,
    state,
    template: { ...template, ...over.template },
  }
}

/** A gate on `success` of one task, as a plan declares it. */
export function aBenchmark(task: string): PlannedBenchmark {
  return {
    name: task,
    task,
    path: 'result.json',
    format: undefined,
    metrics: { success: { gate: true, required: false, maxRegression: { kind: 'points', points: 0.05 } } },
    askedByBase: undefined,
    compare: undefined,
    line: 1,
  }
}

export type World = {
  readonly views: ViewStore & { put(view: WorkflowView): void }
  readonly logs: LogStore & { print(view: WorkflowView, task: string, attempt: number, text: string): Promise<void> }
  readonly samples: SampleStore & { put(view: WorkflowView, task: string, runs: readonly BenchmarkRun[]): void }
  /** What was logged as an error. */
  readonly errors: object[]
  readonly clock: () => number
}

/** The stores that pages read, in memory. */
export function aWorld(...workflows: readonly WorkflowView[]): World {
  const errors: object[] = []
  return { views: aViewStore(workflows), logs: aLogStore(), samples: aSampleStore(), errors, clock: () => opened + 60_000 }
}

export function pagesOf(world: World, over: Partial<PagesParts> = {}) {
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void world.errors.push(fields) }
  return createPages({ ...world, log, access: { kind: 'token', token }, ...over })
}

/** As a browser asks that has been let in. */
export function ask(world: World, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return Promise.resolve(
    pagesOf(world).request(`${origin}${path}`, { headers: { host: '127.0.0.1:8080', authorization: `Bearer ${token}`, ...headers } }),
  )
}

export const askText = async (world: World, path: string) => (await ask(world, path)).text()

function aViewStore(initial: readonly WorkflowView[]): World['views'] {
  const all = new Map(initial.map((view) => [view.workflow.id, view]))
  const unused = () => Promise.reject(new Error('pages do not ask for this'))
  return {
    put: (view) => void all.set(view.workflow.id, view),
    workflow: async (id) => all.get(id),
    byDisplayId: async (displayId) => [...all.values()].find(({ workflow }) => workflow.displayId === displayId)?.workflow.id,
    list: async (filter, limit) =>
      [...all.values()]
        .map(rowOf)
        .filter((row) => matches(row, filter))
        .sort((a, b) => b.openedAt - a.openedAt)
        .slice(0, limit),
    byCheckRun: unused,
    latestOfPullRequest: unused,
    latestOfCommit: unused,
    latestByPlace: unused,
    sharingCheck: unused,
    openedBy: unused,
    overtaken: unused,
    completedOn: unused,
    trustedOutputs: unused,
    liveProducers: unused,
    awaitingBase: unused,
  }
}

function rowOf({ workflow, status }: WorkflowView): WorkflowRow {
  const { id, displayId, spec, provenance, openedAt, startedAt, finishedAt } = workflow
  return { id, displayId, spec, repository: provenance.repository, status, provenance, openedAt, startedAt, finishedAt }
}

function matches({ provenance, openedAt }: WorkflowRow, filter: Parameters<ViewStore['list']>[0]): boolean {
  return (
    (filter.repositoryId === undefined || provenance.repositoryId === filter.repositoryId) &&
    (filter.pullRequest === undefined || provenance.pullRequest === filter.pullRequest) &&
    (filter.before === undefined || openedAt < filter.before)
  )
}

function aLogStore(): World['logs'] {
  const kept = new Map<string, LogChunk[]>()
  const keyOf = ({ workflow, task, attempt }: AttemptReference) => `${workflow}/${task}/${attempt}`
  const chunksOf = (reference: AttemptReference) => kept.get(keyOf(reference)) ?? []
  const append = async (reference: AttemptReference, chunks: readonly LogChunk[]) =>
    void kept.set(keyOf(reference), [...chunksOf(reference), ...chunks])
  return {
    append,
    read: async (reference, after, limit) =>
      chunksOf(reference)
        .filter(({ sequence }) => sequence > after)
        .slice(0, limit),
    tail: () => Promise.reject(new Error('pages do not ask for this')),
    print: ({ workflow }, task, attempt, text) => {
      const reference = { workflow: workflow.id, task, attempt }
      return append(reference, [{ sequence: (chunksOf(reference).at(-1)?.sequence ?? -1) + 1, text }])
    },
  }
}

function aSampleStore(): World['samples'] {
  const kept: { readonly id: WorkflowId; readonly task: string; readonly runs: readonly BenchmarkRun[] }[] = []
  return {
    put: ({ workflow }, task, runs) => void kept.push({ id: workflow.id, task, runs }),
    save: () => Promise.reject(new Error('pages save nothing')),
    ofWorkflow: async (id) =>
      kept.filter((sample) => sample.id === id).map(({ task, runs }) => ({ task, attempt: 0, benchmark: task, runs })),
    history: async () => [],
  }
}
