/** What a machine offers and who stands in line for it; structurally the ports' own rows. */
export type Pending = { readonly exclusive: boolean; readonly cpu: number }
export type Living = { readonly exclusive: boolean; readonly cpu: number }

/**
 * Which waiting pods may start on one node now, in the order of their waiting.
 *
 * A1. While an exclusive attempt runs, nothing else starts; it starts only when nothing runs (extensions.md §7).
 * A2. An exclusive attempt at its turn stops everything behind it, so that it cannot starve.
 * A3. The sum of the CPUs stays within `capacity`; a pod that wants more than the node has counts as the whole node.
 * A4. A pod that does not fit stops those behind it: small ones must not starve a large one.
 */
export function admit<P extends Pending>(living: readonly Living[], pending: readonly P[], capacity: number): readonly P[] {
  if (living.some((pod) => pod.exclusive)) return []
  const chosen: P[] = []
  let used = living.reduce((sum, pod) => sum + clamped(pod.cpu, capacity), 0)
  for (const pod of pending) {
    if (pod.exclusive) return living.length + chosen.length === 0 ? [pod] : chosen
    if (used + clamped(pod.cpu, capacity) > capacity) return chosen
    used += clamped(pod.cpu, capacity)
    chosen.push(pod)
  }
  return chosen
}

const clamped = (cpu: number, capacity: number) => Math.min(Math.max(cpu, 0), capacity)
