import type { GpuQuota } from '../types.ts'

export type Priority = 'HIGH' | 'NORMAL' | 'LOW'

/** What a cluster's scheduler is told (osmo-spec.md §6.7). */
export const schedulingOf: Readonly<Record<Priority, { readonly priorityClass: string; readonly preemptible: 'preemptible' | 'safe' }>> = {
  HIGH: { priorityClass: 'osmo-high', preemptible: 'safe' },
  NORMAL: { priorityClass: 'osmo-normal', preemptible: 'safe' },
  LOW: { priorityClass: 'osmo-low', preemptible: 'preemptible' },
}

/**
 * Why a group can never get its GPUs in this pool, or undefined. What cannot be taken away again (HIGH, NORMAL) has to fit into the
 * guarantee; LOW may borrow up to the maximum. -1 is no bound. Pure.
 */
export function faultOfQuota(groupGpus: number, priority: Priority, { guarantee, maximum }: GpuQuota, pool: string): string | undefined {
  const [bound, name] = priority === 'LOW' ? ([maximum, 'maximum'] as const) : ([guarantee, 'guarantee'] as const)
  if (bound === -1 || groupGpus <= bound) return undefined
  const advice =
    priority !== 'LOW' && (maximum === -1 || groupGpus <= maximum) ? ' Submit it with priority LOW, or ask for fewer.' : ' Ask for fewer.'
  return `A group asks for ${groupGpus} GPUs with priority ${priority}, but the ${name} of pool ${pool} is ${bound}.${advice}`
}
