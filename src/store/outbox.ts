import { sql } from 'kysely'
import type { Outbox, OutboxLane, OutboxRow } from '../engine/ports.ts'
import { createBatching } from './batching.ts'
import type { Database } from './database.ts'
import { addOther } from './effects.ts'
import { storableText } from './storable.ts'

const maxRemoved = 500

/**
 * Effects that wait to be performed. Of the rows with one key only the oldest can be taken, so that two processes never write one check
 * at the same time. A taken row is one with a lease; a lease that has run out is as good as none.
 */
export function createOutbox(db: Database): Outbox {
  const remove = createBatching(
    (ids: readonly string[]) => removeAll(db, ids),
    () => 1,
    { maxItems: maxRemoved, maxSize: maxRemoved },
  )
  return {
    add: (effect, options) => addOther(db, effect, options),
    claim,
    done,
    retry,
    postpone,
    extend,
    bury,
    buried,
    pause,
    dueLanes,
    releaseAll,
  }

  /** Pods to create are the dispatcher's to admit (`DispatchStore.claim`); of a `pods:` lane this gives the rest. */
  async function claim(lane: OutboxLane, limit: number, leaseSeconds: number): Promise<readonly OutboxRow[]> {
    const { rows } = await sql<OutboxRow>`
      with due as (
        select id from outbox where lane = ${lane} and kind <> 'create-pod' and ${isClaimable} order by due_at, id
        limit ${limit} for update skip locked
      )
      update outbox set leased_until = instant_now() + ${leaseSeconds * 1000}::bigint from due where outbox.id = due.id
      returning outbox.id::text as id, effect, failures, due_at as "dueAt", (instant_now() - created_at) / 1000 as "ageSeconds",
        installation_id as "installationId"`.execute(db)
    return rows
      .map((row) => ({ ...row, installationId: row.installationId ?? undefined }))
      .toSorted((a, b) => a.dueAt - b.dueAt || Number(a.id) - Number(b.id))
  }

  async function done(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map(remove))
  }

  /** Goes back with a lease that has run out, so that news of the same key waits behind it and cannot break into its back-off. */
  async function retry(id: string, delaySeconds: number, message: string): Promise<void> {
    await sql`
      update outbox set leased_until = 0, failures = failures + 1, message = ${storableText(message).slice(0, 4000)},
        due_at = instant_now() + ${Math.round(delaySeconds * 1000)}::bigint
      where id = ${id}::bigint`.execute(db)
  }

  async function postpone(id: string, delaySeconds: number, message: string): Promise<void> {
    await sql`
      update outbox set leased_until = 0, message = ${storableText(message).slice(0, 4000)},
        due_at = instant_now() + ${Math.round(delaySeconds * 1000)}::bigint
      where id = ${id}::bigint`.execute(db)
  }

  async function extend(id: string, leaseSeconds: number): Promise<void> {
    await sql`
      update outbox set leased_until = instant_now() + ${leaseSeconds * 1000}::bigint
      where id = ${id}::bigint and leased_until is not null`.execute(db)
  }

  async function bury(id: string, message: string): Promise<void> {
    await sql`
      with dead as (delete from outbox where id = ${id}::bigint returning *)
      insert into dead_effect (id, key, lane, effect, failures, message, created_at)
      select id, key, lane, effect, failures, ${storableText(message).slice(0, 4000)}, created_at from dead
      on conflict (id) do nothing`.execute(db)
  }

  async function buried(): Promise<number> {
    const { rows } = await sql<{ count: number }>`select count(*) as count from dead_effect`.execute(db)
    return rows[0]?.count ?? 0
  }

  async function pause(installationId: number, seconds: number): Promise<void> {
    await sql`
      insert into installation_pause (installation_id, until)
      values (${installationId}, instant_now() + ${Math.ceil(seconds * 1000)}::bigint)
      on conflict (installation_id) do update set until = greatest(installation_pause.until, excluded.until)`.execute(db)
  }

  async function dueLanes(): Promise<readonly OutboxLane[]> {
    const { rows } = await sql<{ lane: OutboxLane }>`select distinct lane from outbox where ${isClaimable}`.execute(db)
    return rows.map(({ lane }) => lane)
  }

  async function releaseAll(): Promise<void> {
    await sql`update outbox set leased_until = 0 where leased_until is not null`.execute(db)
  }
}

async function removeAll(db: Database, ids: readonly string[]): Promise<readonly string[]> {
  await sql`delete from outbox where id = any(${ids}::bigint[])`.execute(db)
  return ids
}

/** Due, held by nobody, the oldest of its key, and of no installation that GitHub asked to wait. */
export const isClaimable = sql<boolean>`outbox.due_at <= instant_now() and coalesce(outbox.leased_until, 0) <= instant_now()
  and not exists (select 1 from outbox older where older.key = outbox.key and older.id < outbox.id)
  and not exists (select 1 from installation_pause pause
    where pause.installation_id = outbox.installation_id and pause.until > instant_now())`
