import { createPostgresQueue } from '../../src/queue/postgres.ts'
import { aDatabase, silentLog } from '../harness/postgres.ts'
import { queueContract } from './queue.contract.ts'

queueContract('PostgreSQL', false, async () => {
  const { connection, pool } = await aDatabase()
  return {
    open: () => createPostgresQueue({ connection, log: silentLog }),
    empty: async () => void (await pool.query('delete from bullmq.job; delete from bullmq.dedup; delete from bullmq.dedup_next')),
    stop: async () => undefined,
  }
})
