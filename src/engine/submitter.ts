import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import type { Provenance } from '../workflow/state.ts'
import { type ChangeDeps, changeOfPullRequest, changeOfPush, changeOfPushAgain, type PullRequestRequest } from './changes.ts'
import type { Pushed } from './domain-event.ts'
import type { Logger } from './log.ts'
import { isReplacedPush } from './place.ts'
import {
  mayEndOthers,
  type Standing,
  type Submission,
  type SubmissionStore,
  type ViewStore,
  type WorkflowRow,
  type WorkflowStore,
} from './ports.ts'
import { type Before, prepareSubmission, type Selection, type SubmitDeps, type SubmittedChange } from './submit.ts'

export type SubmitterDeps = SubmitDeps &
  ChangeDeps & {
    readonly submissions: SubmissionStore
    readonly views: ViewStore
    readonly workflows: WorkflowStore
    readonly wakeWorkflow: (id: WorkflowId) => void
    readonly kick: (lane: 'work' | 'reports') => void
    readonly log: Logger
  }

/** `existing` were opened by an earlier hearing of the same; `specs` are all that run. */
export type Submitted = {
  readonly opened: readonly WorkflowId[]
  readonly existing: readonly WorkflowId[]
  readonly specs: readonly string[]
}

/** Opens what a change leads to. Hearing of the same change twice opens nothing twice: run keys are unique. */
export function createSubmitter(deps: SubmitterDeps) {
  return { push, pushAgain, pullRequest, close, submit }

  async function push(event: Pushed, signal: AbortSignal): Promise<void> {
    const result = await changeOfPush(event, deps, signal)
    if (result.kind === 'change') await submitTriggered(result.change, signal)
    else deps.log.info({ repository: event.repository.fullName, ref: event.ref, reason: result.reason }, 'Push ran nothing')
  }

  /** Reads the specs of a commit anew and says what they lead to; what runs already goes on. An older commit must not end what its branch runs now. */
  async function pushAgain(provenance: Provenance, signal: AbortSignal): Promise<void> {
    const change = await changeOfPushAgain(provenance, deps, signal)
    const { ref, headRef, sha } = provenance
    if (headRef === '' || (await deps.reader.branchHead(change.repository, headRef, signal)) === sha) await submitTriggered(change, signal)
    else deps.log.info({ repository: change.repository.fullName, ref, sha }, 'Not planned again: the branch has moved on')
  }

  async function pullRequest(request: PullRequestRequest, signal: AbortSignal): Promise<void> {
    const result = await changeOfPullRequest(request, deps, signal)
    if (result.kind === 'nothing') {
      deps.log.info(
        { repository: request.repository.fullName, pullRequest: request.number, reason: result.reason },
        'Pull request ran nothing',
      )
      return
    }
    const { specs } = await submitTriggered(result.change, signal)
    await replacePushRuns(result.change, specs)
  }

  /** `open`: it has been opened again since that was said. */
  async function close(
    { repository, number }: Pick<PullRequestRequest, 'repository' | 'number'>,
    signal: AbortSignal,
  ): Promise<'closed' | 'open'> {
    const isClosed = async () => (await deps.reader.pullRequest(repository, number, signal))?.state !== 'open'
    const state = await deps.submissions.close(repository.id, number, isClosed)
    deps.kick('reports')
    return state
  }

  /** A head that was pushed away and comes back is live again, though its run was cancelled. */
  async function submitTriggered(change: SubmittedChange, signal: AbortSignal): Promise<Submitted> {
    const [overtaken, before] = await Promise.all([deps.views.overtaken(change.provenance), heardBefore(change)])
    return submit(change, { kind: 'triggers', overtaken, before }, signal)
  }

  async function heardBefore({ provenance }: SubmittedChange): Promise<Before> {
    const { repositoryId, pullRequest: number, sha, baseRef } = provenance
    const submission = number === undefined ? undefined : await deps.submissions.newestOf(repositoryId, number)
    if (!submission) return { kind: 'nothing' }
    const isSame = submission.provenance.sha === sha && submission.provenance.baseRef === baseRef
    return isSame ? { kind: 'planned', submission } : { kind: 'another' }
  }

  async function submit(change: SubmittedChange, selection: Selection, signal: AbortSignal): Promise<Submitted> {
    const submission = await prepareSubmission(change, selection, deps, signal)
    const saved = await deps.submissions.openIf(submission, () => standingOf(change, submission, signal))
    if (!saved) {
      deps.log.info(
        { repository: change.repository.fullName, sha: change.provenance.sha },
        'The pull request has moved on while it was read',
      )
      return { opened: [], existing: [], specs: [] }
    }
    const { opened, existing } = saved
    for (const id of opened) deps.wakeWorkflow(id)
    deps.kick('work')
    deps.kick('reports')
    deps.log.info(
      { repository: change.repository.fullName, sha: change.provenance.sha, opened: opened.length, skipped: submission.skipped.length },
      'Change submitted',
    )
    return { opened, existing, specs: submission.plans.map(({ spec }) => spec) }
  }

  /** What a person asked for by name stands at whatever commit it was asked for. */
  async function standingOf({ repository, provenance }: SubmittedChange, submission: Submission, signal: AbortSignal): Promise<Standing> {
    const { pullRequest, headRef, sha, baseRef } = provenance
    if (submission.purpose === 'command') return { kind: 'current' }
    if (pullRequest === undefined && (headRef === '' || !mayEndOthers(submission))) return { kind: 'current' }
    if (pullRequest === undefined) return { kind: 'pushed', tip: await deps.reader.branchHead(repository, headRef, signal) }
    const now = await deps.reader.pullRequest(repository, pullRequest, signal)
    const isNow = now?.state === 'open' && now.headSha === sha && now.baseRef === baseRef
    return { kind: isNow ? 'current' : 'gone' }
  }

  /**
   * A pull request opened on a commit whose push run lives replaces that run: it has a base, which the push had not. Only runs of its own
   * branch, and only specs that it runs itself; code that is not trusted replaces nothing.
   */
  async function replacePushRuns({ repository, provenance }: SubmittedChange, specs: readonly string[]): Promise<void> {
    if (provenance.origin !== 'trusted') return
    const rows = await deps.views.list({ repositoryId: repository.id, sha: provenance.sha as CommitSha }, 200)
    const isReplaced = (row: WorkflowRow) => isReplacedPush(row.provenance, provenance) && specs.includes(row.spec)
    const pushes = rows.filter((row) => row.finishedAt === undefined && isReplaced(row))
    for (const { id } of pushes) {
      await deps.workflows.post(id, {
        kind: 'cancel-requested',
        by: 'osmo-runner',
        reason: `pull request #${provenance.pullRequest} runs this commit now`,
      })
      deps.wakeWorkflow(id)
    }
  }
}
