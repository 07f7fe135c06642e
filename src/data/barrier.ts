import type { AttemptGrant } from '../engine/ports.ts'
import type { BarrierCall, BarrierState } from '../engine/task-protocol.ts'

/** Members of a group wait for each other; each calls again and again. */
export type Barrier = (grant: AttemptGrant, call: BarrierCall) => BarrierState | Promise<BarrierState>

/** A member that was not heard of for so long is gone, or belonged to an attempt that is over. */
const forgetAfterMs = 15_000
const maxGroups = 10_000

/**
 * A barrier in memory, for a service of one process. A restart loses nothing for good: waiting members ask again within a second, and those
 * that have passed say so every few seconds.
 */
export function createMemoryBarrier(now: () => number): Barrier {
  const groups = new Map<string, Map<string, { readonly state: BarrierCall['state']; readonly at: number }>>()

  return (grant, call) => {
    const members = heardOf(`${grant.reference.workflow}/${call.group}`)
    members.set(call.member, { state: call.state, at: now() })
    for (const [name, { at }] of members) if (now() - at > forgetAfterMs) members.delete(name)
    const someonePassed = [...members.values()].some(({ state }) => state === 'passed')
    return someonePassed || call.members.every((name) => members.has(name)) ? 'open' : 'waiting'
  }

  function heardOf(key: string) {
    const members = groups.get(key) ?? new Map()
    // Moves the group to the end: the first one is the one unheard of for longest.
    groups.delete(key)
    groups.set(key, members)
    const oldest = groups.keys().next().value
    if (groups.size > maxGroups && oldest !== undefined) groups.delete(oldest)
    return members
  }
}
