import { sql } from 'kysely'
import type { BaseInputs, StoredOutputs } from '../engine/ports.ts'
import type { InputSpec } from '../spec/types.ts'
import type { WorkflowId } from '../workflow/names.ts'
import type { Database } from './database.ts'
import { jsonText } from './storable.ts'

/**
 * Where the files of each input are, in order; undefined for urls and for tasks that stored nothing. A task of an earlier workflow is
 * found by display id within the same repository only.
 */
export async function resolveInputs(
  db: Database,
  workflow: WorkflowId,
  inputs: readonly InputSpec[],
): Promise<readonly (StoredOutputs | undefined)[]> {
  if (inputs.every(({ kind }) => kind === 'url')) return inputs.map(() => undefined)
  const { rows } = await sql<StoredOutputs & { readonly index: number }>`
    select c.index, ${storedOutputs}
    from jsonb_to_recordset(${jsonText(inputs.map(wanted))}::jsonb) as c (index int, task text, display_id text)
    join workflow mine on mine.id = ${workflow}
    join workflow w on w.repository_id = mine.repository_id
      and case when c.display_id is null then w.id = mine.id else w.display_id = c.display_id end
    join task t on t.workflow_id = w.id and t.name = c.task
    where t.status = 'COMPLETED' and t.state ->> 'outputs' = 'stored'`.execute(db)
  const byIndex = new Map(rows.map(({ index, ...outputs }) => [index, outputs]))
  return inputs.map((_, index) => byIndex.get(index))
}

/** The place of a completed task's files, `t` being its row: its own, or those of the run it was taken over from. */
export const storedOutputs = sql<StoredOutputs>`coalesce(t.reuse_workflow_id, t.workflow_id) as workflow, t.name as task,
  coalesce(t.reuse_attempt, t.attempt) as attempt`

/** JSON reads an undefined input back as null. */
export function baseInputsOf(stored: BaseInputs | null): BaseInputs | undefined {
  if (stored?.kind !== 'found') return stored ?? undefined
  return { ...stored, inputs: stored.inputs.map((input) => input ?? undefined) }
}

function wanted(input: InputSpec, index: number) {
  switch (input.kind) {
    case 'url':
      return { index }
    case 'task':
      return { index, task: input.task }
    case 'other-workflow':
      return { index, task: input.task, display_id: input.workflow }
  }
}
