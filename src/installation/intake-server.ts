import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { PoolConfig } from 'pg'
import type { BurstGauge } from '../engine/burst-gauge.ts'
import type { Logger } from '../engine/log.ts'
import type { Waker } from '../engine/ports.ts'
import type { Running } from './stack.ts'

/** What the thread is started with; everything in it can be cloned. */
export type IntakeData = {
  readonly connection: PoolConfig
  readonly secrets: readonly [current: string, previous?: string]
  readonly host: string
  readonly port: number
}
export type IntakeMessage =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'wake'; readonly guid: string }
  | { readonly kind: 'note' }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly fields: object; readonly message: string }
  | { readonly kind: 'closed' }

export type IntakeOptions = IntakeData & { readonly waker: Waker; readonly gauge: BurstGauge; readonly log: Logger }

const closeSeconds = 8
const restartMs = 1000

/**
 * Starts the webhook's server in a thread and with connections of its own. Throws when it cannot listen. A thread that dies later is
 * started again; GitHub redelivers what it could not take meanwhile.
 */
export async function startIntake({ waker, gauge, log, ...data }: IntakeOptions): Promise<Running & { readonly address: string }> {
  let life: 'running' | 'stopping' = 'running'
  let worker = await launch()
  return { address: worker.address, stop }

  async function launch(): Promise<{ readonly thread: Worker; readonly address: string }> {
    const thread = new Worker(new URL('./intake-thread.ts', import.meta.url), { workerData: data satisfies IntakeData, env: {} })
    const address = await new Promise<string>((resolve, reject) => {
      thread.once('error', reject)
      thread.on('message', (messages: readonly IntakeMessage[]) => {
        for (const message of messages) message.kind === 'listening' ? resolve(message.address) : receive(message)
      })
    })
    thread.on('error', (error) => log.error({ error }, 'The thread that takes webhooks died; starting it again'))
    thread.once('exit', () => void again())
    return { thread, address }
  }

  async function again(): Promise<void> {
    while (life === 'running') {
      await sleep(restartMs)
      const next = await launch().catch((error: unknown) =>
        log.error({ error }, 'The thread that takes webhooks does not start; trying again'),
      )
      if (!next) continue
      worker = next
      return
    }
  }

  function receive(message: IntakeMessage): void {
    if (message.kind === 'wake') void waker.wake('delivery', message.guid)
    else if (message.kind === 'note') gauge.note()
    else if (message.kind === 'log') log[message.level](message.fields, message.message)
  }

  async function stop(): Promise<void> {
    life = 'stopping'
    const { thread } = worker
    const closed = new Promise<void>((resolve) =>
      thread.on('message', (messages: readonly IntakeMessage[]) => messages.some(({ kind }) => kind === 'closed') && resolve()),
    )
    thread.postMessage('close')
    await Promise.race([closed, sleep(1000 * closeSeconds, undefined, { ref: false })])
    await thread.terminate()
  }
}
