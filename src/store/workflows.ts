import { sql } from 'kysely'
import type { BaseInputs, EventWithoutTime, WorkflowStore } from '../engine/ports.ts'
import type { WorkflowId } from '../workflow/names.ts'
import { createAdmitting } from './admitting.ts'
import type { Database } from './database.ts'
import { createFolding } from './folding.ts'
import { createSightings } from './sightings.ts'
import { json } from './storable.ts'

export function createWorkflowStore(db: Database): WorkflowStore {
  return { ...createFolding(db), ...createAdmitting(db), ...createSightings(db), post, due, saveBaseInputs }

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

  async function saveBaseInputs(id: WorkflowId, task: string, base: BaseInputs): Promise<void> {
    await sql`update task set base_inputs = ${json(base)} where workflow_id = ${id} and name = ${task}
      and (${base.kind} <> 'awaited' or base_inputs is null or base_inputs ->> 'kind' = 'awaited')`.execute(db)
  }
}
