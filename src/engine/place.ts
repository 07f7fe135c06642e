import type { Provenance } from '../workflow/state.ts'

/** Whom a run at a commit is for: a pull request against a base branch, or a ref that was pushed. */
export type Place = Pick<Provenance, 'ref' | 'pullRequest' | 'baseRef'>

export const isSamePlace = (one: Place, other: Place) =>
  one.ref === other.ref && one.pullRequest === other.pullRequest && one.baseRef === other.baseRef

/** Of a branch whose open pull request runs this commit now: nobody waits for the run of the push. */
export function isReplacedPush(push: Provenance, pullRequest: Omit<Provenance, 'tier'>): boolean {
  const isOfBranch = push.event === 'push' && !push.defaultBranch && push.ref === `refs/heads/${pullRequest.headRef}`
  return pullRequest.origin === 'trusted' && isOfBranch
}
