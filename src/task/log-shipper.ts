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
  /** Sends what is left, as fast as the service takes it, and stops; gives up after `seconds` of a service that does not answer. */
  finish(seconds: number): Promise<void>
}

/** Sends the spool to the service while the attempt runs. An unreachable service is waited for and never disturbs the attempt. */
export function startLogShipper(spool: LogSpool, ctrl: Ctrl): LogShipper {
  const giveUp = new AbortController()
  let pace: 'steady' | 'finishing' = 'steady'
  let sentBytes = 0
  const shipping = ship()

  return {
    async finish(seconds) {
      pace = 'finishing'
      // Wakes the loop when it waits for output.
      spool.write(new Uint8Array())
      const timer = setTimeout(() => giveUp.abort(), seconds * 1000)
      await shipping
      clearTimeout(timer)
    },
  }

  async function ship(): Promise<void> {
    for (;;) {
      if (spool.isEmpty) {
        if (pace === 'finishing') return
        await spool.written()
        if (pace === 'steady') await sleep(gatherMs)
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
    await rest(bytes)
    return 'sent'
  }

  async function rest(bytes: number): Promise<void> {
    const untilMs = performance.now() + (sentBytes > freeBytes ? (bytes / bytesPerSecond) * 1000 : 0)
    while (pace === 'steady' && performance.now() < untilMs) await sleep(20)
  }
}
