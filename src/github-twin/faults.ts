import { z } from 'zod'
import type { Delivery } from './state.ts'

const count = z.number().int().positive().default(1)
const whichDelivery = { event: z.string().optional(), action: z.string().optional(), count }
const whichCall = { method: z.string().optional(), path: z.string().optional(), count }

/** What goes wrong with the next `count` deliveries of an event (of any event when none is named). */
const DeliveryFault = z.discriminatedUnion('kind', [
  /** Sent, as far as the list of deliveries says, and never answered. */
  z.strictObject({ kind: z.literal('drop'), ...whichDelivery }),
  /** Never sent and not in the list. */
  z.strictObject({ kind: z.literal('lose'), ...whichDelivery }),
  z.strictObject({ kind: z.literal('duplicate'), ...whichDelivery }),
  /** Sent after all that waits at that moment. */
  z.strictObject({ kind: z.literal('reorder'), ...whichDelivery }),
  z.strictObject({
    kind: z.literal('delay'),
    milliseconds: z.number().int().positive().max(60_000),
    ...whichDelivery,
  }),
])

/** What goes wrong with the next `count` API calls whose method and path fit; `path` is a part of the path. */
const ApiFault = z.discriminatedUnion('kind', [
  /** Answers 5xx, with the change made (`after`) or not (`before`). */
  z.strictObject({
    kind: z.literal('error'),
    when: z.enum(['before', 'after']),
    status: z.number().int().min(500).max(599).default(502),
    ...whichCall,
  }),
  /** 403 of the secondary rate limit. */
  z.strictObject({
    kind: z.literal('secondary-limit'),
    retryAfterSeconds: z.number().int().positive().optional(),
    ...whichCall,
  }),
  /** Never answers; the caller has to give up. */
  z.strictObject({ kind: z.literal('hang'), ...whichCall }),
  /** Closes the connection instead of answering. */
  z.strictObject({ kind: z.literal('reset'), ...whichCall }),
])

export const FaultScript = z.strictObject({ deliveries: z.array(DeliveryFault).default([]), api: z.array(ApiFault).default([]) })
export type FaultScript = z.output<typeof FaultScript>

/** The script as it is being used up. Kept in memory: a restart ends all scripted faults. */
export type Faults = { deliveries: z.output<typeof DeliveryFault>[]; api: z.output<typeof ApiFault>[] }

export function deliveryFault(faults: Faults, delivery: Delivery): z.output<typeof DeliveryFault> | undefined {
  return take(
    faults.deliveries,
    (fault) => (fault.event ?? delivery.event) === delivery.event && (fault.action ?? delivery.action) === delivery.action,
  )
}

export function apiFault(faults: Faults, method: string, path: string): z.output<typeof ApiFault> | undefined {
  return take(faults.api, (fault) => (fault.method ?? method) === method && path.includes(fault.path ?? ''))
}

function take<T extends { count: number }>(script: T[], fits: (fault: T) => boolean): T | undefined {
  const index = script.findIndex(fits)
  const fault = script[index]
  if (fault === undefined) return undefined
  if (fault.count === 1) script.splice(index, 1)
  else script[index] = { ...fault, count: fault.count - 1 }
  return fault
}
