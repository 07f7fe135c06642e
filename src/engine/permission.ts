import type { Permission } from '../spec/types.ts'

/** GitHub's roles, weakest first. */
const ranks: readonly (Permission | 'none')[] = ['none', 'read', 'triage', 'write', 'maintain', 'admin']

export const hasPermission = (actual: Permission | 'none', needed: Permission) => ranks.indexOf(actual) >= ranks.indexOf(needed)
