import { sql } from 'kysely'
import type { OutboxEffect, OutboxLane, SubmissionId } from '../engine/ports.ts'
import type { Instant, WorkflowId } from '../workflow/names.ts'
import type { Effect } from '../workflow/state.ts'
import type { Database } from './database.ts'
import { jsonText } from './storable.ts'

/** Progress is reported at most this often; what is important goes at once (architecture.md §9). */
const progressDelayMilliseconds = 10_000

type Row = {
  readonly key: string
  readonly lane: OutboxLane | 'pods'
  readonly kind: string
  readonly effect: OutboxEffect
  readonly workflow_id: WorkflowId | undefined
  readonly task: string | undefined
  readonly attempt: number | undefined
  readonly delay_ms: number
  readonly not_before: Instant
}

/** Effects of one workflow as outbox rows, one statement for all. */
export async function addEffects(db: Database, workflow: WorkflowId, effects: readonly Effect[]): Promise<void> {
  await addRows(
    db,
    effects.map((effect) => workflowRow(workflow, effect)),
  )
}

export async function addOther(
  db: Database,
  effect: OutboxEffect,
  row: { readonly key: string; readonly lane: OutboxLane; readonly delaySeconds: number },
): Promise<void> {
  await addRows(db, [otherRow(effect, row)])
}

/** The checks of a submission. */
export async function addConfigReport(db: Database, submission: SubmissionId): Promise<void> {
  await addOther(db, { kind: 'config-report', submission }, { key: `config-report/${submission}`, lane: 'reports', delaySeconds: 0 })
}

/** A row of the same key that nobody has taken yet is replaced and keeps the earlier due time. */
async function addRows(db: Database, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into outbox (key, lane, kind, effect, workflow_id, task, attempt, due_at, installation_id)
    select c.key, case c.lane when 'pods' then 'pods:' || t.backend else c.lane end, c.kind, c.effect, c.workflow_id, c.task, c.attempt,
      greatest(instant_now() + c.delay_ms, c.not_before), case c.lane when 'reports' then ${installationOf} end
    from jsonb_to_recordset(${jsonText(oncePerKey(rows))}::jsonb) as c (key text, lane text, kind text, effect jsonb, workflow_id uuid,
      task text, attempt int, delay_ms bigint, not_before bigint)
    left join task t on t.workflow_id = c.workflow_id and t.name = c.task
    on conflict (key) where leased_until is null do update set effect = excluded.effect,
      due_at = least(outbox.due_at, excluded.due_at)`.execute(db)
}

/** Of what an effect is about; an answer names it. */
const installationOf = sql`coalesce((c.effect #>> '{answer,repository,installationId}')::bigint,
  (select r.installation_id from repository r where r.id = coalesce((c.effect ->> 'repositoryId')::bigint,
    (select w.repository_id from workflow w where w.id = c.workflow_id),
    (select s.repository_id from submission s where s.id = (c.effect ->> 'submission')::uuid))))`

function oncePerKey(rows: readonly Row[]): readonly Row[] {
  const byKey = new Map<string, Row>()
  for (const row of rows) {
    const old = byKey.get(row.key)
    byKey.set(row.key, old && old.delay_ms < row.delay_ms ? { ...row, delay_ms: old.delay_ms } : row)
  }
  return [...byKey.values()]
}

function workflowRow(workflow: WorkflowId, effect: Effect): Row {
  return {
    key: [effect.kind, workflow, ...subjectOf(effect)].join('/'),
    lane: laneOf(effect),
    kind: effect.kind,
    effect: { kind: 'workflow', workflow, effect },
    workflow_id: workflow,
    task: 'task' in effect ? effect.task : undefined,
    attempt: 'attempt' in effect ? effect.attempt : undefined,
    delay_ms: effect.kind === 'report' && effect.urgency === 'soon' ? progressDelayMilliseconds : 0,
    not_before: effect.kind === 'create-pod' ? effect.notBefore : 0,
  }
}

function otherRow(effect: OutboxEffect, { key, lane, delaySeconds }: { key: string; lane: OutboxLane; delaySeconds: number }): Row {
  const row = effect.kind === 'workflow' ? workflowRow(effect.workflow, effect.effect) : undefined
  return {
    key,
    lane,
    kind: row?.kind ?? effect.kind,
    effect,
    workflow_id: row?.workflow_id,
    task: row?.task,
    attempt: row?.attempt,
    delay_ms: Math.round(delaySeconds * 1000),
    not_before: 0,
  }
}

function subjectOf(effect: Effect): readonly (string | number)[] {
  switch (effect.kind) {
    case 'create-pod':
    case 'delete-pod':
    case 'collect-benchmarks':
      return [effect.task, effect.attempt]
    case 'announce-outputs':
      return [effect.task]
    case 'settle-base-inputs':
      return [effect.group]
    case 'report':
    case 'free-slot':
      return []
  }
}

function laneOf(effect: Effect): Row['lane'] {
  switch (effect.kind) {
    case 'create-pod':
    case 'delete-pod':
      return 'pods'
    case 'report':
      return 'reports'
    default:
      return 'work'
  }
}
