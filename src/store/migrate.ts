import { Kysely, PostgresDialect } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Pool } from 'pg'
import * as first from './migrations/0001-first.ts'
import * as recovery from './migrations/0002-recovery.ts'
import * as pullRequests from './migrations/0003-pull-requests.ts'
import * as ending from './migrations/0004-ending.ts'
import * as inbox from './migrations/0005-inbox.ts'
import * as configCheck from './migrations/0006-config-check.ts'

/**
 * Brings the database to this program's schema. Forward only; harmless to repeat; replicas that start together take turns under an
 * advisory lock, in one transaction. Throws when the database was migrated by a newer program.
 */
export async function migrate(pool: Pool): Promise<void> {
  const db = new Kysely<never>({ dialect: new PostgresDialect({ pool }) })
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  throw new Error(`Expected to bring the database to schema ${lastMigration}, got: ${messageOf(error)}`, { cause: error })
}

const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-recovery': recovery,
  '0003-pull-requests': pullRequests,
  '0004-ending': ending,
  '0005-inbox': inbox,
  '0006-config-check': configCheck,
}
const lastMigration = Object.keys(migrations).at(-1)

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
