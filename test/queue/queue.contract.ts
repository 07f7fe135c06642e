import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WakeupQueue } from '../../src/queue/wakeup-queue.ts'

export type QueueUnderTest = {
  /** A queue as another process would open it: same server, same installation. */
  open(): Promise<WakeupQueue>
  /** Throws away everything that the server holds, as `FLUSHALL` does. */
  empty(): Promise<void>
  stop(): Promise<void>
}

/** What `Waker` and `WakeupConsumer` promise, for each technology below them. */
export function queueContract(name: string, skip: string | false, start: () => Promise<QueueUnderTest>): void {
  describe(`Wake-ups over ${name}`, { skip }, () => {
    let server: QueueUnderTest
    let queue: WakeupQueue
    before(async () => {
      server = await start()
    })
    beforeEach(async (context) => {
      queue = await server.open()
      if ('after' in context) context.after(() => queue.close())
    })
    after(() => server.stop())

    it('calls the handler with the id', async () => {
      const heard = listener()
      await queue.consume('delivery', 2, heard.handle)
      await queue.wake('delivery', 'a-workflow')
      assert.deepEqual(await heard.after(1), ['a-workflow'])
    })

    for (const id of ['repository:12:head', '12345', 'pods:local', 'blank and % signs', 'ü/日本'])
      it(`takes ${JSON.stringify(id)} as an id`, async () => {
        const heard = listener()
        await queue.wake('delivery', id)
        await queue.consume('delivery', 1, heard.handle)
        assert.deepEqual(await heard.after(1), [id])
      })

    it('calls once for wake-ups that wait together', async () => {
      const heard = listener()
      for (let count = 0; count < 5; count += 1) await queue.wake('delivery', 'same')
      await queue.wake('delivery', 'last')
      await queue.consume('delivery', 1, heard.handle)
      assert.deepEqual(await heard.after(2), ['same', 'last'])
    })

    it('calls once more for wake-ups that arrive while the id is handled', async () => {
      const gate = Promise.withResolvers<void>()
      const heard = listener(() => gate.promise)
      await queue.consume('delivery', 4, heard.handle)
      await queue.wake('delivery', 'busy')
      await heard.after(1)
      for (let count = 0; count < 3; count += 1) await queue.wake('delivery', 'busy')
      assert.deepEqual(heard.calls, ['busy'])
      gate.resolve()
      await heard.after(2)
      await queue.wake('delivery', 'end')
      assert.deepEqual(await heard.after(3), ['busy', 'busy', 'end'])
    })

    it('goes on after a handler that throws', async () => {
      const heard = listener(async () => {
        throw new Error('a handler that fails')
      })
      await queue.consume('delivery', 1, heard.handle)
      await queue.wake('delivery', 'fails')
      await heard.after(1)
      await queue.wake('delivery', 'fails')
      assert.deepEqual(await heard.after(2), ['fails', 'fails'])
    })

    it('wakes many at once, each once', async () => {
      const heard = listener()
      const ids = Array.from({ length: 700 }, (_, index) => `id-${index}`)
      await queue.wakeMany('delivery', ids)
      await queue.consume('delivery', 8, heard.handle)
      assert.deepEqual(new Set(await heard.after(700)), new Set(ids))
    })

    it('keeps what waits for a consumer that comes later', async () => {
      const first = await server.open()
      await first.wake('delivery', 'left behind')
      await first.close()
      const heard = listener()
      await queue.consume('delivery', 1, heard.handle)
      assert.deepEqual(await heard.after(1), ['left behind'])
    })

    it('survives being emptied, again and again', async () => {
      const heard = listener()
      await queue.consume('delivery', 2, heard.handle)
      for (const round of [1, 2, 3]) {
        await queue.wake('delivery', 'before')
        await server.empty()
        await queue.wake('delivery', `after ${round}`)
        await heard.until((calls) => calls.includes(`after ${round}`))
      }
    })

    it('forgets that an id was busy when it was emptied meanwhile', async () => {
      const gate = Promise.withResolvers<void>()
      const heard = listener(() => gate.promise)
      await queue.consume('delivery', 4, heard.handle)
      await queue.wake('delivery', 'busy')
      await heard.after(1)
      await server.empty()
      gate.resolve()
      await queue.wake('delivery', 'busy')
      assert.deepEqual((await heard.after(2)).slice(0, 2), ['busy', 'busy'])
    })

    it('answers a probe end to end', async () => {
      await queue.consume('delivery', 1, async () => undefined)
      await queue.probe(10)
    })

    it('closes after the handlers that run', async () => {
      const closing = await server.open()
      const gate = Promise.withResolvers<void>()
      let finished = 0
      const heard = listener(async () => {
        await gate.promise
        finished += 1
      })
      await closing.consume('delivery', 1, heard.handle)
      await closing.wake('delivery', 'slow')
      await heard.after(1)
      const closed = closing.close()
      gate.resolve()
      await closed
      assert.equal(finished, 1)
    })

    it('takes a wake-up after it was closed for what it is: lost', async () => {
      const closed = await server.open()
      await closed.close()
      await closed.wake('delivery', 'too late')
    })
  })
}

/** Records calls, and lets a test wait for them. */
function listener(work: (id: string) => Promise<void> = async () => undefined) {
  const calls: string[] = []
  return { calls, handle, after: (count: number) => until((all) => all.length >= count), until }

  async function handle(id: string): Promise<void> {
    calls.push(id)
    await work(id)
  }

  async function until(enough: (calls: readonly string[]) => boolean): Promise<readonly string[]> {
    const deadline = Date.now() + 20_000
    while (!enough(calls)) {
      if (Date.now() > deadline) assert.fail(`Waited 20 s for more calls than ${JSON.stringify(calls)}`)
      await sleep(5)
    }
    return calls
  }
}
