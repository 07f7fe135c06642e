import type { DeduplicationOptions } from 'bullmq'

/** A wake-up says which row to look at, a canary only that somebody listens. */
export type Wakeup = { readonly kind: 'wake'; readonly id: string } | { readonly kind: 'canary'; readonly nonce: string }

export type WakeupLog = { info(fields: object, message: string): void; warn(fields: object, message: string): void }

export type NewJob = {
  readonly name: string
  readonly data: Wakeup
  readonly opts?: { readonly deduplication: DeduplicationOptions }
}

/** The part of BullMQ's `Queue` that is used, whatever is below it. */
export interface JobQueue {
  readonly name: string
  add(name: string, data: Wakeup, options?: NewJob['opts']): Promise<{ id?: string | undefined }>
  addBulk(jobs: NewJob[]): Promise<unknown>
  getJob(id: string): Promise<unknown>
  remove(id: string): Promise<unknown>
  count(): Promise<number>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

export interface JobWorker {
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Waits for the jobs that run, and for the server. */
  close(): Promise<void>
  /** Lets go of the connections at once, for a worker that does not close. */
  abandon(): Promise<void>
}

/** What differs between Redis and PostgreSQL below BullMQ. */
export type Technology = {
  readonly name: string
  openQueue(name: string): JobQueue
  openWorker(name: string, concurrency: number, handle: (wakeup: Wakeup) => Promise<void>): JobWorker
  close(): Promise<void>
}

/**
 * A job whose process died is given to another after the lock (5 s) and two checks. It never counts as poisoned: it is only an id, and the
 * store keeps count of what failed.
 */
export const workerOptions = {
  lockDuration: 5000,
  stalledInterval: 2000,
  maxStalledCount: 1_000_000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  drainDelay: 5,
  runRetryDelay: 1000,
} as const

export const queueOptions = {
  streams: { events: { maxLen: 100 } },
  defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
} as const
