import { type Kysely, sql } from 'kysely'

/** What is asked of the inbox, by index: who pushed a commit, and what has served for long enough. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table delivery add column pushed_commit text`,
  `update delivery set pushed_commit = substring(body from '"after"\\s*:\\s*"([0-9a-f]{40})"') where state <> 'processed' and failures < 8`,
  `create index delivery_pushed on delivery (pushed_commit) where state <> 'processed' and failures < 8 and pushed_commit is not null`,
  `create index delivery_processed on delivery (received_at) where state = 'processed'`,
]
