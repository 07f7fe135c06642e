import { type Kysely, sql } from 'kysely'

/** An attempt that we ended keeps its place on its backend, and its workflow's in its concurrency group, until its end has been seen. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table attempt add column ending boolean not null default false`,
  `drop index attempt_live`,
  `create index attempt_live on attempt (backend) where (not finished or ending) and dispatched_at is not null`,
  `create index attempt_ending on attempt (workflow_id) where ending`,
]
