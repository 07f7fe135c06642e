import type pg from 'pg'
import { aDatabase, type TestDatabase } from '../postgres.ts'
import { createSessions, type Sessions } from './sessions.ts'

export type Stage = { readonly database: TestDatabase; readonly sessions: Sessions; readonly pool: pg.Pool }

const startsAt = 1_800_000_000_000

/** One PostgreSQL for all histories of a file: with a clock that only moves when told, ids that repeat, and guards over what must not change. */
export async function aStage(): Promise<Stage> {
  const database = await aDatabase()
  for (const statement of statements) await database.pool.query(statement)
  const { pool } = database
  await openAll(pool)
  return { database, pool, sessions: createSessions(pool) }
}

const connections = 40

/** Rows without an order come as the plan has them, so the plan must not depend on what earlier histories left behind. */
const samePlans = ['plan_cache_mode=force_generic_plan', 'enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off']

/** Beforehand, so that no history waits for a connection, whose time nobody chooses. */
async function openAll(pool: pg.Pool): Promise<void> {
  const options = samePlans.map((setting) => `-c ${setting}`).join(' ')
  Object.assign(pool.options, { max: connections, idleTimeoutMillis: 0, options })
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  for (const client of clients) client.release()
}

/** As a new installation. Deleting a few rows costs a tenth of truncating the tables, and neither keys nor guards look at it. */
export async function clearStage({ pool }: Stage): Promise<number> {
  const { rows } = await pool.query<{ deletions: string }>(
    `select string_agg(format('delete from %I', tablename), '; ') as deletions from pg_tables
     where schemaname = 'public' and tablename not like 'kysely%' and tablename <> 'time_travel'`,
  )
  await pool.query(
    `set session_replication_role = replica; ${rows[0]?.deletions}; set session_replication_role = default;
     select setval('repeatable_id', 1); update time_travel set ms = ${startsAt}`,
  )
  return startsAt
}

const setOf = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')
const live = setOf(['WAITING', 'PROCESSING', 'SCHEDULING', 'INITIALIZING', 'RUNNING'])

/** The guards note what they see in the very transaction that did it: what is rolled back has not been. */
const statements = [
  `create table time_travel as select ${startsAt}::bigint as ms`,
  'create or replace function instant_now() returns bigint language sql stable parallel safe as $$ select ms from time_travel $$',
  'create sequence repeatable_id',
  `create function repeatable_uuid() returns uuid language sql volatile as $$ select md5(nextval('repeatable_id')::text)::uuid $$`,
  ...['submission', 'workflow', 'task'].map((table) => `alter table ${table} alter column id set default repeatable_uuid()`),
  'create table violation (what text)',
  `create function guard_task() returns trigger language plpgsql as $$ begin
     if old.status not in (${live}) and (new.status, new.attempt) is distinct from (old.status, old.attempt) then
       insert into violation values (format('%s#%s left %s for %s#%s', old.name, old.attempt, old.status, new.status, new.attempt));
     end if;
     if new.attempt < old.attempt or new.attempt > old.attempt + 1 then
       insert into violation values (format('%s went from attempt %s to %s', old.name, old.attempt, new.attempt));
     end if;
     return new; end $$`,
  'create trigger guard before update on task for each row execute function guard_task()',
  `create function guard_workflow() returns trigger language plpgsql as $$ begin
     if old.finished_at is not null and (new.finished_at, new.status) is distinct from (old.finished_at, old.status) then
       insert into violation values (format('%s went from %s to %s', old.display_id, old.status, new.status));
     end if;
     if old.cancellation is not null and new.cancellation is distinct from old.cancellation then
       insert into violation values (format('%s was cancelled twice', old.display_id));
     end if;
     return new; end $$`,
  'create trigger guard before update on workflow for each row execute function guard_workflow()',
  `create function guard_attempt() returns trigger language plpgsql as $$ begin
     if old.finished and (not new.finished or old.state ->> 'status' <> new.state ->> 'status') then
       insert into violation values (format('attempt %s#%s left %s', old.task, old.attempt, old.state ->> 'status'));
     end if;
     return new; end $$`,
  'create trigger guard before update on attempt for each row execute function guard_attempt()',
]
