import { sql } from 'kysely'
import type { Sighting, WorkflowStore } from '../engine/ports.ts'
import type { Instant, WorkflowId } from '../workflow/names.ts'
import type { Effect, Folded, Slice, Timer, TimerKind, TimerName, WorkflowEvent } from '../workflow/state.ts'
import type { Database } from './database.ts'
import { addEffects } from './effects.ts'
import { loadGroups, lockHeader, saveHeader, saveSlice } from './slices.ts'
import { jsonText } from './storable.ts'

/** Lock, gather, fold, save: one transaction, whose cost follows what the events touch. */
export function createFolding(db: Database): Pick<WorkflowStore, 'fold'> {
  return {
    fold: (id, fold) =>
      db.transaction().execute(async (transaction) => {
        const workflow = await lockHeader(transaction, id)
        if (typeof workflow === 'string') return workflow
        const { events, now } = await takeEvents(transaction, id)
        if (events.length === 0) return 'idle'
        await foldAll(transaction, workflow, events, (slice, waiting) => fold(slice, waiting, now))
        return 'folded'
      }),
  }
}

/** Folds the events, then what follows from them in groups that were not loaded; a follow-up only ever leads further downstream. */
async function foldAll(
  db: Database,
  header: Slice['workflow'],
  events: readonly WorkflowEvent[],
  fold: (slice: Slice, events: readonly WorkflowEvent[]) => Folded,
): Promise<void> {
  let [workflow, waiting] = [header, events]
  const effects: Effect[] = []
  while (waiting.length > 0) {
    const before: Slice = { workflow, groups: await loadGroups(db, header.id, waiting) }
    const folded = fold(before, waiting)
    await saveSlice(db, before, folded)
    await saveTimers(db, header.id, folded.timers)
    effects.push(...folded.effects)
    workflow = folded.slice.workflow
    waiting = folded.followUps
  }
  await saveHeader(db, workflow)
  await addEffects(db, header.id, effects)
}

type Taken = TakenFact & { readonly now: Instant }
type TakenFact =
  | { readonly source: 'event'; readonly body: WorkflowEvent; readonly at: Instant }
  | { readonly source: 'sighting'; readonly body: Pick<Sighting, 'phase'> & TaskAttempt; readonly at: Instant }
  | { readonly source: 'timer'; readonly body: TimerName; readonly at: Instant }
type TaskAttempt = { readonly task: string; readonly attempt: number }

/** Everything that waits, by its own time; timers last, so that an end that was recorded beats the deadline it came close to. */
async function takeEvents(db: Database, id: WorkflowId): Promise<{ readonly events: readonly WorkflowEvent[]; readonly now: Instant }> {
  const { rows } = await sql<Taken>`
    with posted as (delete from event where workflow_id = ${id} returning id, event, at),
    seen as (update sighting set folded = true where workflow_id = ${id} and not folded returning task, attempt, phase, seen_at),
    due as (delete from timer where workflow_id = ${id} and due_at <= instant_now() returning kind, subject, attempt, due_at)
    select 'event' as source, id, event as body, at, instant_now() as now from posted
    union all select 'sighting', 0, jsonb_build_object('task', task, 'attempt', attempt, 'phase', phase), seen_at, instant_now() from seen
    union all select 'timer', 0, jsonb_build_object('kind', kind, 'subject', subject, 'attempt', attempt), instant_now(), instant_now() from due
    order by id`.execute(db)
  const timers = rows.filter(({ source }) => source === 'timer')
  const facts = rows.filter(({ source }) => source !== 'timer').map(eventOf)
  return { events: [...facts.toSorted((a, b) => a.at - b.at), ...timers.map(eventOf)], now: rows[0]?.now ?? 0 }
}

function eventOf(taken: TakenFact): WorkflowEvent {
  switch (taken.source) {
    case 'event':
      return { ...taken.body, at: taken.at }
    case 'sighting':
      return sightingEvent(taken.body.phase, taken.body, taken.at)
    case 'timer':
      return { kind: 'timer-fired', at: taken.at, timer: taken.body }
  }
}

function sightingEvent(phase: Sighting['phase'], { task, attempt }: TaskAttempt, seenAt: Instant): WorkflowEvent {
  switch (phase.kind) {
    case 'created':
      return { kind: 'pod-created', at: seenAt, task, attempt }
    case 'initializing':
      return { kind: 'pod-initializing', at: seenAt, task, attempt }
    case 'running':
      return { kind: 'task-started', at: phase.startedAt, task, attempt }
    case 'exited':
      return { kind: 'task-exited', at: phase.exitedAt, task, attempt, exit: phase.exit, startedAt: phase.startedAt }
    case 'lost':
      return { kind: 'pod-lost', at: phase.seenAt, task, attempt, message: phase.message }
  }
}

async function saveTimers(db: Database, id: WorkflowId, { set, cleared }: Folded['timers']): Promise<void> {
  await clearTimers(db, id, cleared)
  await setTimers(db, id, set)
}

async function clearTimers(db: Database, id: WorkflowId, timers: readonly TimerName[]): Promise<void> {
  if (timers.length === 0) return
  await sql`
    delete from timer t using jsonb_to_recordset(${jsonText(timers)}::jsonb) as c (kind text, subject text, attempt int)
    where t.workflow_id = ${id} and t.kind = c.kind and t.subject = c.subject and t.attempt = c.attempt`.execute(db)
}

async function setTimers(db: Database, id: WorkflowId, timers: readonly Timer[]): Promise<void> {
  if (timers.length === 0) return
  const rows = timers.map(({ kind, subject, attempt, dueAt }: Timer & { kind: TimerKind }) => ({ kind, subject, attempt, due_at: dueAt }))
  await sql`
    insert into timer (workflow_id, kind, subject, attempt, due_at)
    select ${id}::uuid, c.kind, c.subject, c.attempt, c.due_at
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as c (kind text, subject text, attempt int, due_at bigint)
    on conflict (workflow_id, kind, subject, attempt) do update set due_at = excluded.due_at`.execute(db)
}
