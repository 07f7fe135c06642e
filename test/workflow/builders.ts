import { CommitSha, type WorkflowId } from '../../src/workflow/names.ts'
import type { Exit, Group, Provenance, Slice, Task, TaskPolicy, TaskState, Workflow } from '../../src/workflow/state.ts'

export const workflowId = '11111111-2222-4333-8444-555555555555' as WorkflowId
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

/** Seconds, each time-out another number, so that a test sees which one was used. */
export const aPolicy = (change: Partial<TaskPolicy> = {}): TaskPolicy => ({
  exitActions: noActions,
  poolExitActions: noActions,
  maxRetries: 0,
  maxInfrastructureRetries: 3,
  queueTimeoutSeconds: 100,
  startTimeoutSeconds: 200,
  execTimeoutSeconds: 300,
  uploadTimeoutSeconds: 40,
  terminationGraceSeconds: 5,
  ...change,
})
export const noActions = { complete: [], fail: [], reschedule: [] }
export const only = (code: number) => [{ from: code, to: code }]

export const waiting: TaskState = { status: 'WAITING', attempt: 0, retries: { user: 0, infrastructure: 0 } }

let numbered = 0
export const aTask = (name: string, change: Partial<Task> = {}): Task => ({
  id: `00000000-0000-4000-8000-${String(++numbered).padStart(12, '0')}`,
  name,
  lead: true,
  policy: aPolicy(),
  state: waiting,
  benchmarks: 'none',
  ...change,
})

/** A group called like its first task, waiting for `upstream`. */
export const aGroup = (tasks: readonly Task[], upstream: readonly string[] = [], change: Partial<Group> = {}): Group => ({
  name: tasks[0]?.name ?? 'nobody',
  waitsFor: upstream,
  downstream: [],
  ignoreNonleadStatus: true,
  baseInputs: 'not-needed',
  tasks,
  ...change,
})

export const aHeader = (groups: number, change: Partial<Workflow> = {}): Workflow => ({
  id: workflowId,
  displayId: 'reach-1',
  spec: 'reach',
  provenance: aProvenance(),
  slot: 'waiting',
  cancellation: undefined,
  openedAt: 0,
  startedAt: undefined,
  finishedAt: undefined,
  counts: { groups, running: 0, finished: {} },
  ...change,
})

/** A whole workflow as one slice; who waits for whom gives the downstream sides. */
export function aSlice(groups: readonly Group[], change: Partial<Workflow> = {}): Slice {
  const joined = groups.map((group) => ({
    ...group,
    downstream: groups.filter(({ waitsFor }) => waitsFor.includes(group.name)).map(({ name }) => name),
  }))
  return { workflow: aHeader(groups.length, change), groups: new Map(joined.map((group) => [group.name, group])) }
}

export const anExit = (exitCode: number, change: Partial<Exit> = {}): Exit => ({
  exitCode,
  reason: 'completed',
  message: '',
  outputs: exitCode === 0 ? 'stored' : 'none',
  ...change,
})
