import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createConsumer } from '../../src/queue/consumer.ts'
import type { JobWorker, Technology, Wakeup } from '../../src/queue/technology.ts'

/** A worker that takes nothing any more, as one on a blocking connection that was lost without an error. */
it('replaces a worker that takes nothing while its canary waits', { timeout: 60_000 }, async () => {
  const waiting = new Map<string, Wakeup>()
  const opened: ((wakeup: Wakeup) => Promise<void>)[] = []
  let closed = 0
  const replaced = Promise.withResolvers<void>()
  const closeWorker = async () => {
    closed += 1
  }
  const worker: JobWorker = { on: () => undefined, close: closeWorker, abandon: async () => undefined }
  const queue = {
    name: 'osmo-workflow',
    add: async (_: string, wakeup: Wakeup) => {
      waiting.set('1', wakeup)
      if (opened.length > 1) await opened.at(-1)?.(wakeup)
      return { id: '1' }
    },
    addBulk: async () => undefined,
    getJob: async (id: string) => waiting.get(id),
    remove: async (id: string) => waiting.delete(id),
    count: async () => waiting.size,
    on: () => undefined,
    close: async () => undefined,
  }
  const technology: Technology = {
    name: 'a stuck server',
    openQueue: () => queue,
    openWorker: (_, __, handle) => {
      opened.push(handle)
      if (opened.length === 2) replaced.resolve()
      return worker
    },
    close: async () => undefined,
  }
  const pace = { canaryEverySeconds: 0.05, silentSeconds: 0.3 }
  const consumer = createConsumer({ pace, technology, queue, concurrency: 1, handle: async () => undefined, warn: () => undefined })
  await assert.rejects(consumer.probe(0.2), /Expected the canary of queue osmo-workflow to come through a stuck server within 0.2 s/)
  const alive = setTimeout(() => undefined, 60_000)
  await replaced.promise
  clearTimeout(alive)
  assert.equal(closed, 1)
  await consumer.probe(5)
  await consumer.close()
})
