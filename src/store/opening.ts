import { sql } from 'kysely'
import type { WorkflowId } from '../workflow/names.ts'
import type { PlannedGroup, PlannedTask, WorkflowPlan } from '../workflow/plan-types.ts'
import type { Counts, Provenance, Task, TaskState } from '../workflow/state.ts'
import { groupCondition, workflowStatus } from '../workflow/status.ts'
import type { Database } from './database.ts'
import { json, jsonText, storableText } from './storable.ts'

type Opened = { readonly kind: 'opened' | 'existing'; readonly id: WorkflowId }

/** A workflow with its groups and tasks, unless its run key exists. */
export async function openWorkflow(db: Database, plan: WorkflowPlan): Promise<Opened> {
  const existing = await byRunKey(db, plan.runKey)
  if (existing) return { kind: 'existing', id: existing }
  const groups = plan.groups.map((group) => bornGroup(group, plan))
  const id = await insertHeader(db, plan, countsOf(groups))
  if (!id) return { kind: 'existing', id: (await byRunKey(db, plan.runKey))! }
  await insertGroups(db, id, groups)
  await insertTasks(db, id, groups)
  await insertReused(db, id)
  if (plan.concurrency.limit === undefined) await admitAtOnce(db, id)
  return { kind: 'opened', id }
}

type BornTask = Omit<Task, 'id'> & Pick<PlannedTask, 'template' | 'reuse'>
type BornGroup = Omit<PlannedGroup, 'tasks'> & { readonly waitsFor: readonly string[]; readonly tasks: readonly BornTask[] }

/** Groups that are reused whole count as completed, and nobody waits for them. */
function bornGroup(group: PlannedGroup, { groups, benchmarks }: WorkflowPlan): BornGroup {
  const reused = groups.filter(isReused).map(({ name }) => name)
  const tasks = group.tasks.map((task) => bornTask(task, benchmarks.some((benchmark) => benchmark.task === task.name) ? 'awaited' : 'none'))
  return { ...group, waitsFor: group.upstream.filter((name) => !reused.includes(name)), tasks }
}

const isReused = ({ tasks }: PlannedGroup) => tasks.every(({ reuse }) => reuse !== undefined)

function bornTask({ name, lead, policy, template, reuse }: PlannedTask, benchmarks: 'none' | 'awaited'): BornTask {
  const state = reuse ? reusedState : waitingState
  return { name, lead, policy, template, reuse, state, benchmarks: reuse && benchmarks === 'awaited' ? 'collected' : benchmarks }
}

const waitingState: TaskState = { status: 'WAITING', attempt: 0, retries: { user: 0, infrastructure: 0 } }

const reusedState = {
  status: 'COMPLETED',
  attempt: 0,
  retries: { user: 0, infrastructure: 0 },
  exitCode: 0,
  message: 'Taken over from the run before',
  startedAt: undefined,
  /** Replaced by PostgreSQL's time when it is inserted. */
  finishedAt: 0,
  outputs: 'stored',
  pod: 'none',
} as const satisfies TaskState

function countsOf(groups: readonly BornGroup[]): Counts {
  const conditions = groups.map((group) => groupCondition({ ...group, tasks: group.tasks.map((task) => ({ ...task, id: '' })) }))
  const completed = conditions.filter((condition) => condition === 'COMPLETED').length
  return {
    groups: groups.length,
    running: conditions.filter((condition) => condition === 'running').length,
    finished: completed > 0 ? { COMPLETED: completed } : {},
  }
}

async function byRunKey(db: Database, runKey: string): Promise<WorkflowId | undefined> {
  const { rows } = await sql<{ id: WorkflowId }>`select id from workflow where run_key = ${storableText(runKey)}`.execute(db)
  return rows[0]?.id
}

/** Undefined when another transaction opened this run key meanwhile; its display number is then left out. */
async function insertHeader(db: Database, { groups: _, ...plan }: WorkflowPlan, counts: Counts): Promise<WorkflowId | undefined> {
  const { provenance, concurrency } = plan
  const { rows } = await sql<{ id: WorkflowId }>`
    insert into workflow (display_id, spec, repository_id, provenance, sha, pull_request, standing, run_key, rerun_of, plan,
      concurrency_key, concurrency_limit, cancel_in_progress, slot, counts, status)
    values (${await nextDisplayId(db, plan.name)}, ${storableText(plan.spec)}, ${provenance.repositoryId}, ${json(provenance)},
      ${provenance.sha}, ${provenance.pullRequest ?? null}, ${standingOf(provenance)}, ${storableText(plan.runKey)},
      ${plan.rerunOf ?? null}, ${json(plan)}, ${storableText(concurrency.key)}, ${concurrency.limit ?? null},
      ${concurrency.cancelInProgress !== 'never'}, ${concurrency.limit === undefined ? 'held' : 'waiting'}, ${json(counts)}, ${workflowStatus(counts)})
    on conflict (run_key) do nothing returning id`.execute(db)
  return rows[0]?.id
}

/** The counter's row stays locked until the transaction ends, so numbers of one name are given in order. */
async function nextDisplayId(db: Database, name: string): Promise<string> {
  const { rows } = await sql<{ last: number }>`
    insert into display_counter (name, last) values (${storableText(name)}, 1)
    on conflict (name) do update set last = display_counter.last + 1 returning last`.execute(db)
  return `${storableText(name)}-${rows[0]!.last}`
}

/** Whose outputs and numbers may serve others; those of `trusted-default` also make history. */
type Standing = 'trusted-default' | 'trusted' | 'other'

function standingOf({ origin, defaultBranch, pullRequest }: Provenance): Standing {
  if (origin !== 'trusted') return 'other'
  return defaultBranch && pullRequest === undefined ? 'trusted-default' : 'trusted'
}

async function insertGroups(db: Database, id: WorkflowId, groups: readonly BornGroup[]): Promise<void> {
  const rows = groups.map(({ name, waitsFor, downstream, ignoreNonleadStatus, barrier, baseInputs }, ordinal) => ({
    name,
    ordinal,
    waits_for: waitsFor,
    downstream,
    ignore_nonlead_status: ignoreNonleadStatus,
    barrier,
    base_inputs: baseInputs,
  }))
  await sql`
    insert into task_group (workflow_id, name, ordinal, waits_for, downstream, ignore_nonlead_status, barrier, base_inputs)
    select ${id}::uuid, c.* from jsonb_to_recordset(${jsonText(rows)}::jsonb) as c (name text, ordinal int, waits_for jsonb,
      downstream jsonb, ignore_nonlead_status boolean, barrier boolean, base_inputs text)`.execute(db)
}

/** A reused task that was itself reused leads to where the outputs really are. */
async function insertTasks(db: Database, id: WorkflowId, groups: readonly BornGroup[]): Promise<void> {
  const rows = groups
    .flatMap((group) => group.tasks.map((task) => ({ ...task, group_name: group.name })))
    .map(({ reuse, ...task }, ordinal) => ({ ...task, ordinal, reuse_workflow_id: reuse?.workflow, reuse_attempt: reuse?.attempt }))
  await sql`
    insert into task (workflow_id, group_name, name, ordinal, lead, policy, template, state, status, attempt, benchmarks,
      reuse_workflow_id, reuse_attempt)
    select ${id}::uuid, c.group_name, c.name, c.ordinal, c.lead, c.policy, c.template,
      case when c.reuse_workflow_id is null then c.state else jsonb_set(c.state, '{finishedAt}', to_jsonb(instant_now())) end,
      c.state ->> 'status', (c.state ->> 'attempt')::int, c.benchmarks,
      coalesce(old.reuse_workflow_id, c.reuse_workflow_id), coalesce(old.reuse_attempt, c.reuse_attempt)
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as c (group_name text, name text, ordinal int, lead boolean, policy jsonb,
      template jsonb, state jsonb, benchmarks text, reuse_workflow_id uuid, reuse_attempt int)
    left join task old on old.workflow_id = c.reuse_workflow_id and old.name = c.name`.execute(db)
}

async function insertReused(db: Database, id: WorkflowId): Promise<void> {
  await sql`
    insert into attempt (workflow_id, task, attempt, backend, state, finished)
    select workflow_id, name, attempt, backend, state, true from task
    where workflow_id = ${id} and reuse_workflow_id is not null`.execute(db)
}

async function admitAtOnce(db: Database, id: WorkflowId): Promise<void> {
  await sql`insert into event (workflow_id, event) values (${id}, ${json({ kind: 'workflow-admitted' })})`.execute(db)
}
