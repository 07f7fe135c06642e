import type { CommitSha, Instant } from '../../workflow/names.ts'

export type Delivery = {
  /** `X-GitHub-Delivery`; the same for every redelivery. */
  readonly guid: string
  readonly event: string
  /** The exact bytes, as text; at most 26 MB. */
  readonly body: string
  readonly receivedAt: Instant
  /** Times that processing failed for a reason that does not pass by itself. */
  readonly failures: number
}

export interface DeliveryStore {
  /** `new` or `reopened` (it had failed) means: wake the worker. `seen`: it is processed, or waits to be. Commits before it returns. */
  accept(delivery: { readonly guid: string; readonly event: string; readonly body: string }): Promise<'new' | 'reopened' | 'seen'>
  /**
   * Runs `handle` on the delivery that waits longest, while no other process can; records success, or the failure and its message. `none`:
   * nothing is due, or others have it. A `ForgeError` to retry uses up no try for a day, and its `retryAfterSeconds` is honoured; after
   * eight other failures, or that day, the delivery is parked until it is redelivered.
   */
  processNext(handle: (delivery: Delivery) => Promise<void>): Promise<'processed' | 'failed' | 'none'>
  /** GUIDs waiting or failed with tries left, oldest first. */
  waiting(limit: number): Promise<readonly string[]>
  /** Is a push to this commit still unprocessed? Asked before a base arm gives up on it. */
  anyWaitingFor(sha: CommitSha): Promise<boolean>
  /** How many are parked. */
  parked(): Promise<number>
  /** Those parked since the last call of any process, oldest first: each is given once, for the log. */
  takeParked(limit: number): Promise<readonly ParkedDelivery[]>
  /** Forgets deliveries that were processed, 30 days after they came: GitHub redelivers for seven at most. Oldest first; returns how many. */
  prune(limit: number): Promise<number>
  /** Of these GUIDs the ones that were never accepted, or are parked: acting on them takes a redelivery. */
  missing(guids: readonly string[]): Promise<readonly string[]>
  /** Up to when GitHub's list of deliveries was compared with the inbox; undefined when it never was. */
  sweptUntil(): Promise<Instant | undefined>
  saveSweptUntil(at: Instant): Promise<void>
}
export type ParkedDelivery = { readonly guid: string; readonly event: string; readonly message: string; readonly receivedAt: Instant }
