import { sql } from 'kysely'
import type { BaseInputs, EventWithoutTime, ExpectedPod, Sighting, WorkflowStore } from '../engine/ports.ts'
import { podName, type WorkflowId } from '../workflow/names.ts'
import type { TaskState } from '../workflow/state.ts'
import { createAdmitting } from './admitting.ts'
import type { Database } from './database.ts'
import { createFolding } from './folding.ts'
import { json, jsonText } from './storable.ts'

export function createWorkflowStore(db: Database): WorkflowStore {
  return { ...createFolding(db), ...createAdmitting(db), post, due, recordSightings, expectedPods, saveBaseInputs }

  async function post(id: WorkflowId, event: EventWithoutTime): Promise<void> {
    await sql`insert into event (workflow_id, event) values (${id}, ${json(event)})`.execute(db)
  }

  async function due(limit: number): Promise<readonly WorkflowId[]> {
    const { rows } = await sql<{ id: WorkflowId }>`
      select workflow_id as id from (
        select workflow_id, at as since from event
        union all select workflow_id, seen_at from sighting where not folded
        union all select workflow_id, due_at from timer where due_at <= instant_now()
      ) waiting group by workflow_id order by min(since), workflow_id limit ${limit}`.execute(db)
    return rows.map(({ id }) => id)
  }

  /** Sightings of attempts that this database does not know are dropped: they belong to somebody else. */
  async function recordSightings(sightings: readonly Sighting[]): Promise<readonly WorkflowId[]> {
    if (sightings.length === 0) return []
    const { rows } = await sql<{ id: WorkflowId }>`
      with written as (
        insert into sighting (workflow_id, task, attempt, phase, rank)
        select t.workflow_id, t.name, c.attempt, c.phase, c.rank
        from jsonb_to_recordset(${jsonText(latest(sightings))}::jsonb)
          as c (workflow uuid, task text, attempt int, phase jsonb, rank smallint)
        join task t on t.workflow_id = c.workflow and t.name = c.task and c.attempt <= t.attempt
        order by t.workflow_id, t.name, c.attempt
        on conflict (workflow_id, task, attempt) do update
          set phase = excluded.phase, rank = excluded.rank, seen_at = instant_now(), folded = false
          where sighting.rank < excluded.rank
        returning workflow_id)
      select distinct workflow_id as id from written`.execute(db)
    return rows.map(({ id }) => id)
  }

  async function expectedPods(backend: string): Promise<readonly ExpectedPod[]> {
    const { rows } = await sql<ExpectedRow>`
      select a.workflow_id as workflow, a.task, a.attempt, a.state, a.dispatched_at as dispatched, t.id as task_id
      from attempt a join task t on t.workflow_id = a.workflow_id and t.name = a.task
      where a.backend = ${backend} and not a.finished and a.dispatched_at is not null`.execute(db)
    return rows.map(expectedPod)
  }

  async function saveBaseInputs(id: WorkflowId, task: string, base: BaseInputs): Promise<void> {
    await sql`update task set base_inputs = ${json(base)} where workflow_id = ${id} and name = ${task}
      and (${base.kind} <> 'awaited' or base_inputs is null or base_inputs ->> 'kind' = 'awaited')`.execute(db)
  }
}

/** `lost` gives way to an exit record that turns up late; nothing replaces an exit. */
const ranks: Readonly<Record<Sighting['phase']['kind'], number>> = { created: 0, initializing: 1, running: 2, lost: 3, exited: 4 }

/** One row per attempt: PostgreSQL refuses to write a row twice in one statement. */
function latest(sightings: readonly Sighting[]) {
  const byAttempt = new Map<string, Sighting['reference'] & { readonly phase: Sighting['phase']; readonly rank: number }>()
  for (const { reference, phase } of sightings) {
    const key = JSON.stringify([reference.workflow, reference.task, reference.attempt])
    const rank = ranks[phase.kind]
    if ((byAttempt.get(key)?.rank ?? -1) < rank) byAttempt.set(key, { ...reference, phase, rank })
  }
  return [...byAttempt.values()]
}

type ExpectedRow = {
  readonly workflow: WorkflowId
  readonly task: string
  readonly task_id: string
  readonly attempt: number
  readonly state: TaskState
  readonly dispatched: number
}

function expectedPod({ workflow, task, task_id, attempt, state, dispatched }: ExpectedRow): ExpectedPod {
  const since = 'startedAt' in state ? (state.startedAt ?? dispatched) : 'createdAt' in state ? state.createdAt : dispatched
  return { pod: podName(workflow, task_id, attempt), reference: { workflow, task, attempt }, status: state.status, since }
}
