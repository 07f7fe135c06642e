import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { withinSeconds } from './deadline.ts'
import type { SparingLog } from './sparing-log.ts'
import type { JobQueue, JobWorker, Technology, Wakeup } from './technology.ts'

export type ConsumerOptions = {
  readonly technology: Technology
  readonly queue: JobQueue
  readonly concurrency: number
  readonly handle: (id: string) => Promise<void>
  readonly warn: SparingLog
  readonly pace?: { readonly canaryEverySeconds: number; readonly silentSeconds: number }
}

const usualPace = { canaryEverySeconds: 5, silentSeconds: 10 }
const closeSeconds = 5

/**
 * A worker, and a canary that shows that it lives: workers have been seen to wait for ever on a connection that answers every ping. A
 * worker that takes nothing for 10 s while its canary waits is replaced.
 */
export function createConsumer({ technology, queue, concurrency, handle, warn, pace = usualPace }: ConsumerOptions) {
  const { canaryEverySeconds, silentSeconds } = pace
  const arrived = new Map<string, () => void>()
  let active = 0
  let lastStartedAt = 0
  let worker = open()
  const stop = new AbortController()
  const watching = watch()
  return { probe, close }

  function open(): JobWorker {
    const opened = technology.openWorker(queue.name, concurrency, process)
    opened.on('error', (error) => warn({ error, queue: queue.name }, 'A worker reported an error'))
    return opened
  }

  async function process(wakeup: Wakeup): Promise<void> {
    lastStartedAt = performance.now()
    if (wakeup.kind === 'canary') return arrived.get(wakeup.nonce)?.()
    active += 1
    try {
      await handle(wakeup.id)
    } catch (error) {
      warn({ error, queue: queue.name, id: wakeup.id }, 'Handling a wake-up failed; the sweep will try again')
    } finally {
      active -= 1
    }
  }

  async function probe(timeoutSeconds: number): Promise<void> {
    if (await sendCanary(timeoutSeconds)) return
    throw new Error(`Expected the canary of queue ${queue.name} to come through ${technology.name} within ${timeoutSeconds} s, it did not`)
  }

  /** True once it has come through here, or another replica has taken it. */
  async function sendCanary(seconds: number): Promise<boolean> {
    const nonce = randomUUID()
    const here = new Promise<'here'>((resolve) => arrived.set(nonce, () => resolve('here')))
    try {
      const { id } = await withinSeconds(seconds, 'sending a canary', queue.add('canary', { kind: 'canary', nonce }))
      return (await Promise.race([here, isTaken(id ?? '', seconds)])) !== 'silent'
    } finally {
      arrived.delete(nonce)
    }
  }

  async function isTaken(jobId: string, seconds: number): Promise<'taken' | 'silent'> {
    const deadline = performance.now() + seconds * 1000
    while (performance.now() < deadline) {
      await sleep(Math.min(500, deadline - performance.now()), undefined, { ref: false })
      if (!(await withinSeconds(seconds, 'looking for a canary', queue.getJob(jobId)))) return 'taken'
    }
    await queue.remove(jobId)
    return 'silent'
  }

  async function watch(): Promise<void> {
    while (!stop.signal.aborted) {
      await sleep(canaryEverySeconds * 1000, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
      if (stop.signal.aborted) return
      const startedAt = performance.now()
      const alive = await sendCanary(silentSeconds).catch(unsent)
      if (!alive && lastStartedAt < startedAt && active < concurrency && !stop.signal.aborted) replace()
    }
  }

  /** When even sending fails, the connection is at fault and a new worker would be no better. */
  function unsent(error: unknown): true {
    if (!stop.signal.aborted) warn({ error, queue: queue.name }, 'The canary of a queue could not be sent')
    return true
  }

  function replace(): void {
    warn({ queue: queue.name }, `A worker took nothing for ${silentSeconds} s; it is replaced`)
    void closeWorker(worker)
    worker = open()
  }

  async function close(): Promise<void> {
    stop.abort()
    await closeWorker(worker)
    await handlersEnd()
    await watching
  }

  /** A worker that had to be let go does not wait for its handlers. */
  async function handlersEnd(): Promise<void> {
    const deadline = performance.now() + closeSeconds * 1000
    while (active > 0 && performance.now() < deadline) await sleep(20)
  }

  /** Waits for the handlers that run, then no longer. */
  async function closeWorker(closing: JobWorker): Promise<void> {
    try {
      await withinSeconds(closeSeconds, 'closing a worker', closing.close())
    } catch (error) {
      warn({ error, queue: queue.name }, 'A worker did not close cleanly')
      void closing.abandon().catch((failure) => warn({ error: failure, queue: queue.name }, 'A worker could not be let go'))
    }
  }
}
