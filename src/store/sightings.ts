import { sql } from 'kysely'
import type { ExpectedPod, Sighting, WorkflowStore } from '../engine/ports.ts'
import { type Instant, podName, type WorkflowId } from '../workflow/names.ts'
import type { TaskState } from '../workflow/state.ts'
import type { Database } from './database.ts'
import { jsonText } from './storable.ts'

/** What backends say of attempts, and of which attempts they should say something. */
export function createSightings(db: Database): Pick<WorkflowStore, 'recordSightings' | 'expectedPods'> {
  return { recordSightings, expectedPods }

  /**
   * Sightings of attempts that this database does not know are dropped: they belong to somebody else. An attempt that somebody is saving now
   * stays `ending` until the next sighting; its place is free all the same.
   */
  async function recordSightings(sightings: readonly Sighting[]): Promise<readonly WorkflowId[]> {
    if (sightings.length === 0) return []
    const sighted = jsonText(latest(sightings))
    const { rows } = await sql<{ id: WorkflowId }>`
      with gone as (
        select a.workflow_id, a.task, a.attempt from attempt a
        join jsonb_to_recordset(${sighted}::jsonb) as c (workflow uuid, task text, attempt int, rank smallint)
          on a.workflow_id = c.workflow and a.task = c.task and a.attempt = c.attempt and a.ending and c.rank >= ${ranks.lost}
        for no key update of a skip locked
      ), ended as (
        update attempt a set ending = false from gone
        where a.workflow_id = gone.workflow_id and a.task = gone.task and a.attempt = gone.attempt
      ), written as (
        insert into sighting (workflow_id, task, attempt, phase, rank)
        select t.workflow_id, t.name, c.attempt, c.phase, c.rank
        from jsonb_to_recordset(${sighted}::jsonb)
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
      select a.workflow_id as workflow, a.task, a.attempt, a.state, a.dispatched_at as dispatched, a.ending, t.id as task_id
      from attempt a join task t on t.workflow_id = a.workflow_id and t.name = a.task
      where a.backend = ${backend} and (not a.finished or a.ending) and a.dispatched_at is not null`.execute(db)
    return rows.map(expectedPod)
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

/** Whether the backend has shown the end of this attempt, `table` being its row. */
export const isEndSeen = (table: ReturnType<typeof sql>) => sql<boolean>`exists (
  select 1 from sighting e where e.workflow_id = ${table}.workflow_id and e.task = ${table}.task and e.attempt = ${table}.attempt
    and e.rank >= ${ranks.lost})`

type ExpectedRow = {
  readonly workflow: WorkflowId
  readonly task: string
  readonly task_id: string
  readonly attempt: number
  readonly state: TaskState
  readonly dispatched: number
  readonly ending: boolean
}

function expectedPod({ workflow, task, task_id, attempt, state, dispatched, ending }: ExpectedRow): ExpectedPod {
  return {
    pod: podName(workflow, task_id, attempt),
    reference: { workflow, task, attempt },
    status: state.status,
    since: sinceOf(state) ?? dispatched,
    standing: ending ? 'ending' : 'wanted',
  }
}

function sinceOf(state: TaskState): Instant | undefined {
  if ('finishedAt' in state) return state.finishedAt
  return 'startedAt' in state ? state.startedAt : 'createdAt' in state ? state.createdAt : undefined
}
