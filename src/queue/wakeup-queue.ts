import type { QueueName, Waker, WakeupConsumer } from '../engine/ports.ts'
import { createConsumer } from './consumer.ts'
import { withinSeconds } from './deadline.ts'
import { createSparingLog } from './sparing-log.ts'
import type { JobQueue, NewJob, Technology, WakeupLog } from './technology.ts'

export type WakeupQueue = Waker & WakeupConsumer

const wakeSeconds = 2
const wakesPerCall = 500

/**
 * Ids in, calls out. A wake-up is never more than a hint: one that cannot be sent is logged, once in a while, and forgotten, since the
 * sweep finds the same work in the store.
 */
export function createWakeupQueue(technology: Technology, log: WakeupLog): WakeupQueue {
  const warn = createSparingLog(log)
  const queues = new Map<QueueName, JobQueue>()
  const consumers = new Set<ReturnType<typeof createConsumer>>()

  return {
    wake: (name, id) => wakeMany(name, [id]),
    wakeMany,
    consume,
    probe,
    close,
  }

  async function wakeMany(name: QueueName, ids: readonly string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += wakesPerCall) {
      const jobs = ids.slice(start, start + wakesPerCall).map(jobOf)
      try {
        await withinSeconds(wakeSeconds, 'sending wake-ups', add(queue(name), jobs))
      } catch (error) {
        return warn({ error, queue: name, through: technology.name }, 'Wake-ups could not be sent; the sweep will find the work')
      }
    }
  }

  async function consume(name: QueueName, concurrency: number, handle: (id: string) => Promise<void>) {
    const consumer = createConsumer({ technology, queue: queue(name), concurrency, handle, warn })
    consumers.add(consumer)
    return {
      close: async () => {
        consumers.delete(consumer)
        await consumer.close()
      },
    }
  }

  async function probe(timeoutSeconds: number): Promise<void> {
    if (consumers.size === 0) await withinSeconds(timeoutSeconds, 'asking the queue', queue('delivery').count())
    await Promise.all([...consumers].map((consumer) => consumer.probe(timeoutSeconds)))
  }

  async function close(): Promise<void> {
    await Promise.all([...consumers].map((consumer) => consumer.close()))
    consumers.clear()
    for (const opened of queues.values()) await opened.close()
    await technology.close()
  }

  function queue(name: QueueName): JobQueue {
    const opened = queues.get(name) ?? technology.openQueue(`osmo-${name}`)
    if (!queues.has(name)) opened.on('error', (error) => warn({ error, queue: name }, 'The queue reported an error'))
    queues.set(name, opened)
    return opened
  }
}

/** BullMQ builds keys with colons; an encoded id has none. While a job is active the next wake-up for its id is kept and follows it. */
const jobOf = (id: string): NewJob => ({
  name: 'wake',
  data: { kind: 'wake', id },
  opts: { deduplication: { id: encodeURIComponent(id), keepLastIfActive: true } },
})

async function add(queue: JobQueue, jobs: readonly NewJob[]): Promise<void> {
  const [first] = jobs
  if (first && jobs.length === 1) await queue.add(first.name, first.data, first.opts)
  else await queue.addBulk([...jobs])
}
