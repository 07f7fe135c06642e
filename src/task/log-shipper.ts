import { setTimeout as sleep } from 'node:timers/promises'
import { type Ctrl, ServiceRefused } from './ctrl.ts'
import type { LogSpool } from './log-spool.ts'

const batchChunks = 8
/** People who follow a log see it within this time. */
const gatherMs = 150
/** After the first MiB a chatty command is sent at this pace, so that 1 GB of prints does not become 1 GB of rows. */
const freeBytes = 1024 * 1024
const bytesPerSecond = 1024 * 1024

export type LogShipper = {
  /**
   * Sends what is left, as fast as the service takes it, and stops; gives up after `seconds` of a service that does not answer, or once
   * `hopeless` says that nobody will.
   */
  finish(seconds: number, hopeless: AbortSignal): Promise<void>
}

/** Sends the spool to the service while the attempt runs. An unreachable service is waited for and never disturbs the attempt. */
export function startLogShipper(spool: LogSpool, ctrl: Ctrl): LogShipper {
  const giveUp = new AbortController()
  const finishing = new AbortController()
  let sentBytes = 0
  const shipping = ship()

  return {
    async finish(seconds, hopeless) {
      finishing.abort()
      // Wakes the loop when it waits for output.
      spool.write(new Uint8Array())
      const timer = setTimeout(() => giveUp.abort(), seconds * 1000)
      hopeless.addEventListener('abort', () => giveUp.abort(), { once: true })
      await shipping
      clearTimeout(timer)
    },
  }

  async function ship(): Promise<void> {
    for (;;) {
      if (spool.isEmpty) {
        if (finishing.signal.aborted) return
        await spool.written()
        await rest(gatherMs)
      } else if ((await shipBatch()) === 'refused') return
    }
  }

  async function shipBatch(): Promise<'sent' | 'refused'> {
    const chunks = spool.take(batchChunks)
    const bytes = chunks.reduce((sum, { text }) => sum + text.length, 0)
    try {
      await ctrl.logs(chunks, { signal: giveUp.signal, clock: { pause() {}, resume() {} } })
    } catch (error) {
      // The attempt is over for the service, or it stayed away for too long: nobody is left to read this.
      if (!(error instanceof ServiceRefused || giveUp.signal.aborted)) console.error('Sending logs failed:', error)
      return 'refused'
    }
    sentBytes += bytes
    if (sentBytes > freeBytes) await rest((bytes / bytesPerSecond) * 1000)
    return 'sent'
  }

  /** Nothing is waited for once the attempt is over. */
  async function rest(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: finishing.signal }).catch(() => undefined)
  }
}
