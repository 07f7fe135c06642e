import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Settings } from '../config.ts'
import type { Waker, WakeupConsumer } from '../engine/ports.ts'
import { createPostgresQueue } from '../queue/postgres.ts'
import { createRedisQueue } from '../queue/redis.ts'
import { startEmbeddedPostgres } from '../store/embedded/embedded.ts'
import { migrate } from '../store/migrate.ts'
import { createPool } from '../store/pool.ts'
import type { DataDirectory } from './data-directory.ts'
import { endsChild, type Stack } from './stack.ts'

export type Database = {
  readonly pool: ReturnType<typeof createPool>
  readonly connection: Parameters<typeof createPool>[0]
  readonly words: string
}

/** PostgreSQL with our schema in it: the one of the settings, or our own in the data directory. */
export async function startDatabase(settings: Settings, directory: DataDirectory, log: Logger, stack: Stack): Promise<Database> {
  const { connection, words } = await connectionOf(settings, directory, log, stack)
  const pool = createPool(connection, log)
  stack.push({ stop: () => pool.end() })
  await migrate(pool)
  return { pool, connection, words }
}

export async function startQueue({ queue }: Settings, database: Database, log: Logger, stack: Stack): Promise<Waker & WakeupConsumer> {
  const opened =
    queue.kind === 'redis'
      ? await createRedisQueue({ url: queue.url, prefix: 'osmo', log })
      : await createPostgresQueue({ connection: database.connection, log })
  stack.push({ stop: () => opened.close() })
  return opened
}

async function connectionOf({ database }: Settings, directory: DataDirectory, log: Logger, stack: Stack): Promise<Omit<Database, 'pool'>> {
  if (database.kind === 'server')
    return { connection: { connectionString: database.url }, words: `PostgreSQL at ${new URL(database.url).host || 'a socket'}` }
  const embedded = await startEmbeddedPostgres({ directory: join(directory.path, 'postgres'), log })
  // Left for adoption at SIGTERM as well as after a crash: the attempts that go on want it back soon.
  stack.push({ stop: async (how) => (endsChild(how, embedded.origin) ? embedded.stop() : undefined) })
  return { connection: embedded.connection, words: `embedded PostgreSQL (${embedded.origin})` }
}
