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
 * guarantee; LOW may borrow up to the maximum, which bounds all. -1 is no bound. Pure.
 */
export function faultOfQuota(
  group: string,
  gpus: number,
  priority: Priority,
  { guarantee, maximum }: GpuQuota,
  pool: string,
): string | undefined {
  const [bound, name] = priority === 'LOW' || guarantee === -1 ? ([maximum, 'maximum'] as const) : ([guarantee, 'guarantee'] as const)
  if (bound === -1 || gpus <= bound) return undefined
  const borrowed = name === 'guarantee' && (maximum === -1 || gpus <= maximum) ? ' Only priority LOW may borrow more.' : ''
  return `Group ${group} asks for ${gpus} GPUs with priority ${priority}, but the ${name} of pool ${pool} is ${bound}. Ask for at most ${bound}.${borrowed}`
}
