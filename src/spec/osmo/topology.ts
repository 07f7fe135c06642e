import type { Reporter } from '../reporter.ts'
import type { ResourceSpec } from '../types.ts'
import { quote } from '../yaml/node.ts'
import type { ReadTask } from './task.ts'

/**
 * All tasks of a workflow use the same topology keys, whatever their groups (osmo-spec.md §1.5). OSMO refuses other keys and lets tasks
 * without any pass; those are placed anywhere, of which a warning tells.
 */
export function checkTopology(tasks: readonly ReadTask[], resources: Readonly<Record<string, ResourceSpec>>, reporter: Reporter): void {
  const uses = tasks.map((task) => ({ task, keys: keysOf(task, resources) }))
  const first = uses.find(({ keys }) => keys.length > 0)
  if (first === undefined) return
  for (const { task, keys } of uses) {
    const [name, firstName] = [quote(task.name.value), quote(first.task.name.value)]
    if (keys.length === 0) {
      const message = `All tasks must use the same topology keys, but ${firstName} has (${first.keys.join(', ')}) and ${name} has none, so it may run anywhere. Give its resource the same keys.`
      reporter.warning('semantic/topology', task.name.range, message)
    } else if (keys.join(' ') !== first.keys.join(' ')) {
      const message = `All tasks must use the same topology keys, but ${firstName} has (${first.keys.join(', ')}) and ${name} has (${keys.join(', ')}). Make them equal.`
      reporter.error('semantic/topology', task.name.range, message)
    }
  }
}

/** A key that stands twice counts twice. */
function keysOf({ spec }: ReadTask, resources: Readonly<Record<string, ResourceSpec>>): readonly string[] {
  const topology = Object.hasOwn(resources, spec.resource) ? resources[spec.resource]?.topology : undefined
  return (topology ?? []).map(({ key }) => key).sort()
}
