import { sql } from 'kysely'
import type { WorkflowId } from '../workflow/names.ts'
import type { Folded, Group, Slice, Task, TaskState, Workflow, WorkflowEvent } from '../workflow/state.ts'
import { isFinished, workflowStatus } from '../workflow/status.ts'
import type { Database } from './database.ts'
import { type HeaderRow, headerColumns, headerOf } from './headers.ts'
import { isEndSeen } from './sightings.ts'
import { json, jsonText } from './storable.ts'

/**
 * Takes the workflow's row. `busy` when another transaction has it. Not `for update`: that would also wait for everyone who inserts a
 * row which refers to this workflow.
 */
export async function lockHeader(db: Database, id: WorkflowId): Promise<Workflow | 'busy' | 'gone'> {
  const { rows } = await sql<HeaderRow>`
    select ${headerColumns} from workflow where id = ${id} for no key update skip locked`.execute(db)
  if (rows[0]) return headerOf(rows[0])
  const known = await sql`select 1 from workflow where id = ${id}`.execute(db)
  return known.rows.length > 0 ? 'busy' : 'gone'
}

/** The groups that these events touch, and those directly downstream of them, each with its tasks. */
export async function loadGroups(db: Database, id: WorkflowId, events: readonly WorkflowEvent[]): Promise<Slice['groups']> {
  const touched = touchedBy(events)
  const { rows } = await sql<GroupRow>`
    with touched as (
      select name, downstream from task_group where workflow_id = ${id} and name = any(${touched.groups}::text[])
      union select g.name, g.downstream from task t join task_group g on g.workflow_id = t.workflow_id and g.name = t.group_name
        where t.workflow_id = ${id} and t.name = any(${touched.tasks}::text[])
      ${scopes[touched.scope](id)}
    ), wanted as (select name from touched union select jsonb_array_elements_text(downstream) from touched)
    select g.name, g.waits_for, g.downstream, g.ignore_nonlead_status, g.base_inputs, (
      select json_agg(json_build_object('id', t.id, 'name', t.name, 'lead', t.lead, 'policy', t.policy, 'state', t.state,
        'benchmarks', t.benchmarks) order by t.ordinal)
      from task t where t.workflow_id = g.workflow_id and t.group_name = g.name) as tasks
    from task_group g where g.workflow_id = ${id} and g.name in (select name from wanted) order by g.ordinal`.execute(db)
  return new Map(rows.map((row) => [row.name, groupOf(row)]))
}

/** Saves what differs by identity from what was loaded, which the fold keeps for everything it did not change. */
export async function saveSlice(
  db: Database,
  before: Slice,
  { slice: after, replaced }: Pick<Folded, 'slice' | 'replaced'>,
): Promise<void> {
  const pairs = [...after.groups.values()].map((group) => ({ was: before.groups.get(group.name), is: group }))
  const groups = pairs.filter(({ was, is }) => was?.waitsFor !== is.waitsFor || was?.baseInputs !== is.baseInputs)
  const tasks = pairs.flatMap(({ was, is }) => (was === is ? [] : changedTasks(was?.tasks ?? [], is.tasks)))
  await saveGroups(
    db,
    after.workflow.id,
    groups.map(({ is }) => is),
  )
  await saveTasks(
    db,
    after.workflow.id,
    tasks.map(({ is }) => is),
  )
  const current = tasks.flatMap(({ is: { name, state } }) =>
    state.status === 'WAITING' ? [] : [{ task: name, state, finished: isFinished(state) }],
  )
  await saveAttempts(db, after.workflow.id, [...replaced.map((one) => ({ ...one, finished: true })), ...current])
}

/** The generation counts the folds, whether or not the header itself changed. */
export async function saveHeader(db: Database, { id, slot, cancellation, startedAt, finishedAt, counts }: Workflow): Promise<void> {
  await sql`
    update workflow set slot = ${slot}, cancellation = ${cancellation ? json(cancellation) : null}, started_at = ${startedAt ?? null},
      finished_at = ${finishedAt ?? null}, counts = ${json(counts)}, status = ${workflowStatus(counts)}, generation = generation + 1
    where id = ${id}`.execute(db)
}

type GroupRow = {
  readonly name: string
  readonly waits_for: readonly string[]
  readonly downstream: readonly string[]
  readonly ignore_nonlead_status: boolean
  readonly base_inputs: Group['baseInputs']
  readonly tasks: readonly Task[] | null
}

const groupOf = (row: GroupRow): Group => ({
  name: row.name,
  waitsFor: row.waits_for,
  downstream: row.downstream,
  ignoreNonleadStatus: row.ignore_nonlead_status,
  baseInputs: row.base_inputs,
  tasks: row.tasks ?? [],
})

type Scope = 'named' | 'unblocked' | 'all'
type Touched = { readonly scope: Scope; readonly groups: readonly string[]; readonly tasks: readonly string[] }

function touchedBy(events: readonly WorkflowEvent[]): Touched {
  return {
    scope: events.some(({ kind }) => kind === 'cancel-requested')
      ? 'all'
      : events.some(({ kind }) => kind === 'workflow-admitted')
        ? 'unblocked'
        : 'named',
    groups: events.flatMap((event) => ('group' in event ? [event.group] : event.kind === 'timer-fired' ? [event.timer.subject] : [])),
    tasks: events.flatMap((event) => ('task' in event ? [event.task] : event.kind === 'timer-fired' ? [event.timer.subject] : [])),
  }
}

const scopes: Readonly<Record<Scope, (id: WorkflowId) => ReturnType<typeof sql>>> = {
  named: () => sql``,
  unblocked: (id) => sql`union select name, downstream from task_group where workflow_id = ${id} and waits_for = '[]'`,
  all: (id) => sql`union select name, downstream from task_group where workflow_id = ${id}`,
}

type Change = { readonly was: Task | undefined; readonly is: Task }

function changedTasks(was: readonly Task[], is: readonly Task[]): readonly Change[] {
  return is.flatMap((task) => {
    const old = was.find(({ id }) => id === task.id)
    return old === task ? [] : [{ was: old, is: task }]
  })
}

async function saveGroups(db: Database, id: WorkflowId, groups: readonly Group[]): Promise<void> {
  if (groups.length === 0) return
  const rows = groups.map(({ name, waitsFor, baseInputs }) => ({ name, waits_for: waitsFor, base_inputs: baseInputs }))
  await sql`
    update task_group g set waits_for = c.waits_for, base_inputs = c.base_inputs
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as c (name text, waits_for jsonb, base_inputs text)
    where g.workflow_id = ${id} and g.name = c.name`.execute(db)
}

async function saveTasks(db: Database, id: WorkflowId, tasks: readonly Task[]): Promise<void> {
  if (tasks.length === 0) return
  const rows = tasks.map(({ name, state, benchmarks }) => ({ name, state, benchmarks }))
  await sql`
    update task t set state = c.state, status = c.state ->> 'status', attempt = (c.state ->> 'attempt')::int, benchmarks = c.benchmarks
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as c (name text, state jsonb, benchmarks text)
    where t.workflow_id = ${id} and t.name = c.name`.execute(db)
}

/** Each attempt that has begun or ended keeps its own last state; the task's row only has that of the current one. */
type AttemptRow = { readonly task: string; readonly state: TaskState; readonly finished: boolean }

async function saveAttempts(db: Database, id: WorkflowId, attempts: readonly AttemptRow[]): Promise<void> {
  if (attempts.length === 0) return
  await sql`
    insert into attempt (workflow_id, task, attempt, backend, state, finished)
    select t.workflow_id, t.name, (c.state ->> 'attempt')::int, t.backend, c.state, c.finished
    from jsonb_to_recordset(${jsonText(attempts)}::jsonb) as c (task text, state jsonb, finished boolean)
    join task t on t.workflow_id = ${id} and t.name = c.task
    on conflict (workflow_id, task, attempt) do update set state = excluded.state, finished = excluded.finished,
      ending = excluded.finished and excluded.state ->> 'pod' = 'abandoned' and attempt.dispatched_at is not null
        and not ${isEndSeen(sql`attempt`)}`.execute(db)
}
