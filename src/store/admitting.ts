import { sql } from 'kysely'
import type { WorkflowStore } from '../engine/ports.ts'
import type { WorkflowId } from '../workflow/names.ts'
import type { Database } from './database.ts'
import { supersede } from './superseding.ts'

type Admitting = Pick<WorkflowStore, 'admit' | 'waitingConcurrencyKeys' | 'yieldSlot'>

/** Places in concurrency groups. Every decision about one group is made under one lock. */
export function createAdmitting(db: Database): Admitting {
  return { admit: (key) => db.transaction().execute((transaction) => admit(transaction, key)), waitingConcurrencyKeys, yieldSlot }

  async function waitingConcurrencyKeys(limit: number): Promise<readonly string[]> {
    const { rows } = await sql<{ concurrency_key: string }>`
      select distinct concurrency_key from workflow where finished_at is null and slot = 'waiting' limit ${limit}`.execute(db)
    return rows.map(({ concurrency_key }) => concurrency_key)
  }

  /** A holder gives its place up while a group of it awaits a base arm; once none does, it stands in line again, in its old place. */
  async function yieldSlot(id: WorkflowId): Promise<void> {
    await sql`
      with awaited as (select exists (select 1 from task_group where workflow_id = ${id} and base_inputs = 'awaited') as any)
      update workflow set slot = case when awaited.any then 'yielded' else 'waiting' end from awaited
      where id = ${id} and concurrency_limit is not null and finished_at is null
        and slot = case when awaited.any then 'held' else 'yielded' end`.execute(db)
  }
}

type Member = { readonly id: WorkflowId; readonly slot: 'waiting' | 'held' | 'yielded'; readonly limit: number | null }

async function admit(db: Database, key: string): Promise<readonly WorkflowId[]> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`concurrency/${key}`}, 0))`.execute(db)
  const members = await unfinished(db, key)
  const admitted = firstInLine(members)
  await hold(db, admitted)
  const newest = members.findLast(({ slot }) => slot === 'waiting')
  const cancelled = newest && !admitted.includes(newest.id) ? await supersede(db, newest.id) : []
  return [...admitted, ...cancelled]
}

/** Oldest first. A member's own limit says how many may hold a place together with it. */
function firstInLine(members: readonly Member[]): readonly WorkflowId[] {
  let held = members.filter(({ slot }) => slot === 'held').length
  const admitted: WorkflowId[] = []
  for (const { id, limit } of members.filter(({ slot }) => slot === 'waiting')) {
    if (limit !== null && held >= limit) break
    held += 1
    admitted.push(id)
  }
  return admitted
}

async function unfinished(db: Database, key: string): Promise<readonly Member[]> {
  const { rows } = await sql<Member>`
    select id, slot, concurrency_limit as limit from workflow where concurrency_key = ${key} and finished_at is null
    order by ordinal`.execute(db)
  return rows
}

async function hold(db: Database, ids: readonly WorkflowId[]): Promise<void> {
  if (ids.length === 0) return
  await sql`
    with held as (update workflow set slot = 'held' where id = any(${ids}::uuid[]) returning id)
    insert into event (workflow_id, event) select id, '{"kind": "workflow-admitted"}' from held`.execute(db)
}
