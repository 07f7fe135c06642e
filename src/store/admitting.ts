import { sql } from 'kysely'
import type { WorkflowStore } from '../engine/ports.ts'
import type { WorkflowId } from '../workflow/names.ts'
import type { Database } from './database.ts'
import { isEndSeen } from './sightings.ts'
import { supersede } from './superseding.ts'

type Admitting = Pick<WorkflowStore, 'admit' | 'waitingConcurrencyKeys' | 'yieldSlot'>

/** Places in concurrency groups. Every decision about one group is made under one lock. */
export function createAdmitting(db: Database): Admitting {
  return { admit: (key) => db.transaction().execute((transaction) => admit(transaction, key)), waitingConcurrencyKeys, yieldSlot }

  async function waitingConcurrencyKeys(limit: number): Promise<readonly string[]> {
    const { rows } = await sql<{ concurrency_key: string }>`
      select first.concurrency_key from (
        select distinct on (concurrency_key) concurrency_key, concurrency_limit, ordinal from workflow
        where finished_at is null and slot = 'waiting' order by concurrency_key, ordinal
      ) first
      where first.concurrency_limit is null or first.concurrency_limit > (
        select count(*) from ${holders} h where h.concurrency_key = first.concurrency_key)
      order by first.ordinal limit ${limit}`.execute(db)
    return rows.map(({ concurrency_key }) => concurrency_key)
  }

  /** A holder gives its place up while a group of it awaits a base arm; once none does, it stands in line again, in its old place. */
  async function yieldSlot(id: WorkflowId): Promise<void> {
    await sql`
      with awaited as (select exists (select 1 from task_group where workflow_id = ${id} and base_inputs = 'awaited') as found)
      update workflow set slot = case when awaited.found then 'yielded' else 'waiting' end from awaited
      where id = ${id} and concurrency_limit is not null and finished_at is null
        and slot = case when awaited.found then 'held' else 'yielded' end`.execute(db)
  }
}

/**
 * Who has a place: also a workflow that has ended while processes that it had started live on, since they use what the group is there to share.
 */
const holders = sql`(
  select id, concurrency_key, ordinal, concurrency_limit, false as ended from workflow where finished_at is null and slot = 'held'
  union select w.id, w.concurrency_key, w.ordinal, w.concurrency_limit, true from attempt a join workflow w on w.id = a.workflow_id
    where a.ending and w.finished_at is not null and w.slot = 'held' and not ${isEndSeen(sql`a`)})`

type Member = { readonly id: WorkflowId; readonly slot: 'waiting' | 'held' | 'yielded' | 'ended'; readonly limit: number | null }

/** Gives what is free to those who have waited longest. Returns whom to wake. */
export async function admit(db: Database, key: string): Promise<readonly WorkflowId[]> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`concurrency/${key}`}, 0))`.execute(db)
  const members = await membersOf(db, key)
  const admitted = firstInLine(members)
  await hold(db, admitted)
  const stillWaits = members.some(({ id, slot }) => slot === 'waiting' && !admitted.includes(id))
  const newest = members.findLast(({ slot }) => slot !== 'ended')
  const cancelled = newest && stillWaits ? await supersede(db, newest.id) : []
  return [...admitted, ...cancelled]
}

/** Oldest first. A member's own limit says how many may hold a place together with it. */
function firstInLine(members: readonly Member[]): readonly WorkflowId[] {
  let held = members.filter(({ slot }) => slot === 'held' || slot === 'ended').length
  const admitted: WorkflowId[] = []
  for (const { id, limit } of members.filter(({ slot }) => slot === 'waiting')) {
    if (limit !== null && held >= limit) break
    held += 1
    admitted.push(id)
  }
  return admitted
}

async function membersOf(db: Database, key: string): Promise<readonly Member[]> {
  const { rows } = await sql<Member>`
    select id, slot, concurrency_limit as limit, ordinal from workflow where concurrency_key = ${key} and finished_at is null
    union all select id, 'ended', concurrency_limit, ordinal from ${holders} h where concurrency_key = ${key} and ended
    order by ordinal`.execute(db)
  return rows
}

async function hold(db: Database, ids: readonly WorkflowId[]): Promise<void> {
  if (ids.length === 0) return
  await sql`
    with held as (update workflow set slot = 'held' where id = any(${ids}::uuid[]) returning id)
    insert into event (workflow_id, event) select id, '{"kind": "workflow-admitted"}' from held`.execute(db)
}
