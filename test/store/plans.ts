import { randomUUID } from 'node:crypto'
import type { Sighting, Submission } from '../../src/engine/ports.ts'
import type { Store } from '../../src/store/store.ts'
import { fold } from '../../src/workflow/fold.ts'
import { type AttemptReference, CommitSha, podName, type WorkflowId } from '../../src/workflow/names.ts'
import type { PlannedGroup, PlannedTask, TaskTemplate, WorkflowPlan } from '../../src/workflow/plan-types.ts'
import type { Provenance, TaskPolicy } from '../../src/workflow/state.ts'

export const sha = (digit: string) => CommitSha(digit.repeat(40))

export const aProvenance = (change: Partial<Provenance> = {}): Provenance => ({
  repositoryId: 7,
  installationId: 70,
  repository: 'acme/arm',
  event: 'push',
  sha: sha('a'),
  baseSha: '',
  ref: 'refs/heads/main',
  headRef: 'main',
  baseRef: 'main',
  pullRequest: undefined,
  defaultBranch: true,
  actor: 'ada',
  origin: 'trusted',
  tier: 'sim',
  ...change,
})

export const aPullRequest = (number: number, head: string): Provenance =>
  aProvenance({
    event: 'pull_request',
    sha: sha(head),
    baseSha: sha('b'),
    ref: `refs/pull/${number}/head`,
    pullRequest: number,
    defaultBranch: false,
  })

const none = { complete: [], fail: [], reschedule: [] }
export const aPolicy: TaskPolicy = {
  exitActions: none,
  poolExitActions: none,
  maxRetries: 0,
  maxInfrastructureRetries: 3,
  queueTimeoutSeconds: 600,
  startTimeoutSeconds: 600,
  execTimeoutSeconds: 600,
  uploadTimeoutSeconds: 60,
  terminationGraceSeconds: 5,
}

export const aTemplate = (change: Partial<TaskTemplate> = {}): TaskTemplate => ({
  image: 'ubuntu',
  command: ['true'],
  environment: {},
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
  runTimeoutSeconds: 600,
  baseTemplate: undefined,
  ...change,
})

export const aTask = (name: string, change: Partial<PlannedTask> = {}): PlannedTask => ({
  name,
  lead: true,
  policy: aPolicy,
  template: aTemplate(),
  reuse: undefined,
  ...change,
})

/** A group of one task for each name, that waits for the groups of `upstream`. */
export function aGroup(task: PlannedTask, upstream: readonly string[] = [], downstream: readonly string[] = []): PlannedGroup {
  const group = (name: string) => `${name}-group`
  return {
    name: group(task.name),
    upstream: upstream.map(group),
    downstream: downstream.map(group),
    ignoreNonleadStatus: true,
    barrier: false,
    baseInputs: 'not-needed',
    tasks: [task],
  }
}

/** `train`, then `evaluate`, which reads its output. */
export const twoSteps = () => [
  aGroup(aTask('train'), [], ['evaluate']),
  aGroup(aTask('evaluate', { template: aTemplate({ inputs: [{ kind: 'task', task: 'train' }] }) }), ['train']),
]

export const aPlan = (change: Partial<WorkflowPlan> = {}): WorkflowPlan => ({
  spec: 'nav-eval',
  path: '.osmo/nav-eval.yaml',
  name: 'nav-eval',
  provenance: aProvenance(),
  runKey: randomUUID(),
  runAttempt: 1,
  rerunOf: undefined,
  dispatch: { nonce: '', values: {} },
  values: 'usual',
  requestedBy: '',
  digest: '0',
  pool: 'local',
  concurrency: { key: randomUUID(), limit: undefined, cancelInProgress: 'never' },
  groups: twoSteps(),
  benchmarks: [],
  notices: [],
  required: false,
  ...change,
})

export const aSubmission = (plans: readonly WorkflowPlan[], change: Partial<Submission> = {}): Submission => ({
  purpose: 'change',
  moves: 'head',
  provenance: plans[0]?.provenance ?? aProvenance(),
  plans,
  skipped: [],
  diagnostics: [],
  notes: [],
  ...change,
})

/** Opens one plan and returns its workflow. */
export async function opened(store: Store, plan: WorkflowPlan): Promise<WorkflowId> {
  const { opened } = await store.submissions.open(aSubmission([plan]))
  return opened[0]!
}

export const foldOf = (store: Store, id: WorkflowId) => store.workflows.fold(id, fold)

export const reference = (workflow: WorkflowId, task: string, attempt = 0): AttemptReference => ({ workflow, task, attempt })

export async function sight(store: Store, at: AttemptReference, phase: Sighting['phase']): Promise<readonly WorkflowId[]> {
  return store.workflows.recordSightings([{ pod: podName(at.workflow, at.workflow, at.attempt), reference: at, phase }])
}

type ExitedPhase = Extract<Sighting['phase'], { kind: 'exited' }>

export const exited = (exitCode = 0, change: Partial<ExitedPhase['exit']> = {}): ExitedPhase => ({
  kind: 'exited',
  startedAt: 1000,
  exitedAt: 2000,
  exit: { exitCode, reason: 'completed', message: '', outputs: exitCode === 0 ? 'stored' : 'none', ...change },
})

/** Runs a task to its end, as a backend would report it. */
export async function finish(store: Store, at: AttemptReference, phase: ExitedPhase = exited()): Promise<void> {
  await sight(store, at, phase)
  await foldOf(store, at.workflow)
}

/** Chooses everything that waits. */
export const dispatchAll = (store: Store, backend = 'local') => store.dispatch.claim(backend, 100, 30, (_, pending) => pending)
