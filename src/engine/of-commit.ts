import type { CommitSha } from '../workflow/names.ts'
import { isReplacedPush, isSamePlace } from './place.ts'
import type { SubmissionStore, SubmissionView, ViewStore, WorkflowRow, WorkflowView } from './ports.ts'

export type OfCommitDeps = {
  readonly views: Pick<ViewStore, 'latestByPlace' | 'workflow'>
  readonly submissions: Pick<SubmissionStore, 'ofOpenPullRequests'>
}

/**
 * What all checks of a commit stand for: of each spec the newest run of each open pull request whose head it is, and of each ref that was
 * pushed. Where none of these is left, the newest of all, since its check can still be clicked.
 */
export async function runsOfCommit(
  repositoryId: number,
  sha: CommitSha,
  { views, submissions }: OfCommitDeps,
): Promise<readonly WorkflowView[]> {
  const rows = await views.latestByPlace(repositoryId, sha)
  const open = (await submissions.ofOpenPullRequests(repositoryId, sha)).map(({ submission }) => submission)
  const bySpec = [...Map.groupBy(rows, ({ spec }) => spec).values()]
  const wanted = bySpec.flatMap((ofSpec) => {
    const current = ofSpec.filter((row) => isCurrent(row, open))
    return current.length > 0 ? current : ofSpec.slice(0, 1)
  })
  return (await Promise.all(wanted.map(({ id }) => views.workflow(id)))).filter((view) => view !== undefined)
}

function isCurrent({ provenance }: WorkflowRow, open: readonly SubmissionView[]): boolean {
  if (provenance.pullRequest === undefined) return !open.some((submission) => isReplacedPush(provenance, submission.provenance))
  return open.some((submission) => isSamePlace(submission.provenance, provenance))
}
