import type { Kysely } from 'kysely'

/** A connection pool or a transaction on it. Statements are written as SQL, each with the type of its rows; `migrations/` has the tables. */
export type Database = Kysely<unknown>
