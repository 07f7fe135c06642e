import { type Kysely, sql } from 'kysely'

/** The check that speaks of a commit's specs, by index: a commit may be pushed again and again, and mostly there is nothing to say. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql.raw(statement).execute(db)
}

const statement =
  'create index submission_config_check on submission (repository_id, sha, ordinal desc) where config_check_run_id is not null'
