import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { type JobWorker, queueOptions, type Technology, type Wakeup, type WakeupLog, workerOptions } from './technology.ts'
import { createWakeupQueue, type WakeupQueue } from './wakeup-queue.ts'

export type RedisQueueOptions = {
  /** `redis://…`, `rediss://…`, or the path of a Unix socket. */
  readonly url: string
  /** Keeps installations that share a server apart. */
  readonly prefix: string
  readonly log: WakeupLog
}

/** Wake-ups over Redis or Valkey. Throws when the server does not answer, or may evict keys. */
export async function createRedisQueue({ url, prefix, log }: RedisQueueOptions): Promise<WakeupQueue> {
  const producer = await connect(url)
  try {
    await expectNoEviction(producer)
  } catch (error) {
    producer.disconnect()
    throw error
  }
  return createWakeupQueue(technology({ url, producer, prefix }), log)
}

/** At most a second between tries: BullMQ's own back-off made a short outage cost 17 s. A replica that was a primary answers READONLY. */
const reconnecting = {
  connectTimeout: 5000,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 10), 1000),
  reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 2 : false),
} as const

/** Producers fail fast: a wake-up that cannot be sent now is found by the sweep. */
async function connect(url: string): Promise<Redis> {
  const producer = new Redis(url, { ...reconnecting, enableOfflineQueue: false, maxRetriesPerRequest: 1, lazyConnect: true })
  // Tells of the first failure; later ones are the technology's to log.
  let reason = 'no answer'
  producer.on('error', (error) => {
    reason = error.message || reason
  })
  try {
    await producer.connect()
    return producer
  } catch (cause) {
    producer.disconnect()
    throw new Error(`Expected Redis or Valkey at ${withoutPassword(url)}, got: ${reason}. Check REDIS_URL`, { cause })
  }
}

/** Locks carry a time to live, so every policy but this one may evict them. `INFO` also works where `CONFIG` is forbidden. */
async function expectNoEviction(redis: Redis): Promise<void> {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1] ?? 'unknown'
  if (policy === 'noeviction') return
  throw new Error(
    `Expected Redis with maxmemory-policy noeviction, got ${policy}: under memory pressure it would drop the queue's locks. Set "maxmemory-policy noeviction" in its configuration`,
  )
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}

type Parts = { readonly url: string; readonly producer: Redis; readonly prefix: string }

function technology({ url, producer, prefix }: Parts): Technology {
  producer.setMaxListeners(100)
  // The braces keep all keys of a queue on one node of a cluster.
  const shared = { prefix: `{${prefix}}`, skipWaitingForReady: true }
  return {
    name: 'Redis',
    openQueue: (name) => new Queue<Wakeup>(name, { ...queueOptions, ...shared, connection: producer }),
    openWorker: (name, concurrency, handle) => {
      const connection = new Redis(url, { ...reconnecting, maxRetriesPerRequest: null })
      const options = { ...workerOptions, ...shared, concurrency, connection }
      return withConnection(new LetGoWorker(name, (job) => handle(job.data), options), connection)
    },
    close: async () => producer.disconnect(),
  }
}

/**
 * Each worker has a connection of its own, so that letting go of one does not hurt the others. BullMQ leaves closing it to us, and would
 * wait for ever for the server when that is gone.
 */
function withConnection(worker: LetGoWorker, connection: Redis): JobWorker {
  return {
    on: (event, listener) => worker.on(event, listener),
    close: async () => {
      await worker.close(connection.status !== 'ready')
      connection.disconnect()
    },
    abandon: async () => {
      connection.disconnect()
      await worker.letGo()
    },
  }
}

class LetGoWorker extends Worker<Wakeup> {
  /** What `close` does after the wait in which it is stuck. */
  async letGo(): Promise<void> {
    await this.lockManager.close()
    await this.backend.close(true)
  }
}
