import type { Instant } from '../../workflow/names.ts'

/** Ids of deliveries: whoever takes webhooks need not be who acts on them. All else starts in the process that learned of it. */
export type QueueName = 'delivery'

/** Wake-ups carry ids only; losing all of them only makes things later, since the sweep finds the same work in the store. */
export interface Waker {
  wake(queue: QueueName, id: string): Promise<void>
  wakeMany(queue: QueueName, ids: readonly string[]): Promise<void>
}
export interface WakeupConsumer {
  /** A wake-up that arrives while its id is handled leads to one more call afterwards. Handlers take less than a second. */
  consume(queue: QueueName, concurrency: number, handle: (id: string) => Promise<void>): Promise<{ close(): Promise<void> }>
  /** Proves liveness end to end with a canary job; throws with a reason when it does not come through in time. */
  probe(timeoutSeconds: number): Promise<void>
  close(): Promise<void>
}

export type Clock = () => Instant
