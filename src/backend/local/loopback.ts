import { createHash } from 'node:crypto'
import type { WorkflowId } from '../../workflow/names.ts'

/**
 * Addresses of a group's members on this machine: each its own, the same at every start, so that two of them can listen on one port. All of
 * 127.0.0.0/8 is loopback on Linux; 127.0.0.* is left to everybody else.
 */
export function loopbackHosts(workflow: WorkflowId, members: readonly string[]): Readonly<Record<string, string>> {
  const taken = new Set<string>()
  return Object.fromEntries(members.map((member) => [member, freeAddress(workflow, member, taken)]))
}

function freeAddress(workflow: WorkflowId, member: string, taken: Set<string>): string {
  for (let salt = 0; ; salt++) {
    const [a = 0, b = 0, c = 0] = createHash('sha256').update(`${workflow}/${member}/${salt}`).digest()
    const address = `127.${1 + (a % 254)}.${b}.${1 + (c % 254)}`
    if (taken.has(address)) continue
    taken.add(address)
    return address
  }
}
