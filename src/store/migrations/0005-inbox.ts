import { type Kysely, sql } from 'kysely'

/** What is asked of the inbox, by index: who speaks of a commit, and what has served for long enough. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // Without `fastupdate` no webhook's insert ever has to work off those of others.
  `alter table delivery add column commits text[] not null default '{}'`,
  `update delivery set commits = array(select distinct found[1] from regexp_matches(body, '"([0-9a-f]{40})"', 'g') found)
     where state <> 'processed' and failures < 8`,
  `create index delivery_commits on delivery using gin (commits) with (fastupdate = off) where state <> 'processed' and failures < 8`,
  `create index delivery_processed on delivery (received_at) where state = 'processed'`,
]
