import type { PlatformConfig } from '../spec/types.ts'
import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import type { Cancellation, Provenance } from '../workflow/state.ts'
import { notRunPrefix } from './changes.ts'
import type { createCommands } from './commands.ts'
import type { Actor, CheckRerequested, DomainEvent, InstallationChanged, PullRequestChanged, SuiteRerequested } from './domain-event.ts'
import type { Logger } from './log.ts'
import { runsOfCommit } from './of-commit.ts'
import { hasPermission } from './permission.ts'
import type {
  AuditStore,
  Delivery,
  DeliveryStore,
  ForgeReader,
  ReportStore,
  RepositoryReference,
  SubmissionId,
  SubmissionStore,
  ViewStore,
  WorkflowRow,
  WorkflowStore,
} from './ports.ts'
import type { createReruns } from './reruns.ts'
import type { createSubmitter } from './submitter.ts'

/** A payload in our words, or why it is none of our business. */
export type Translate = (
  event: string,
  body: unknown,
) => DomainEvent | { readonly kind: 'ignored'; readonly reason: string } | { readonly kind: 'malformed'; readonly message: string }

export type DeliveryDeps = {
  readonly deliveries: DeliveryStore
  readonly translate: Translate
  readonly submitter: ReturnType<typeof createSubmitter>
  readonly commands: ReturnType<typeof createCommands>
  readonly reruns: ReturnType<typeof createReruns>
  readonly views: ViewStore
  readonly submissions: Pick<SubmissionStore, 'sharing' | 'findNotRun' | 'originOf' | 'ofOpenPullRequests'>
  readonly reports: ReportStore
  readonly workflows: WorkflowStore
  readonly reader: ForgeReader
  readonly audit: AuditStore
  readonly platforms: PlatformConfig
  readonly appId: number
  readonly wakeWorkflow: (id: WorkflowId) => void
  readonly log: Logger
}

/** Every delivery has a deadline; what it had done by then is done again harmlessly. */
const deadlineMs = 60_000
const maxCancelled = 500

/** Acts on stored deliveries, each once however often it came; one that failed acts when it is redelivered or swept up. */
export function createDeliveryWorker(deps: DeliveryDeps) {
  return { processNext }

  async function processNext(): Promise<'processed' | 'failed' | 'none'> {
    return deps.deliveries.processNext((delivery) => handle(delivery, AbortSignal.timeout(deadlineMs)))
  }

  async function handle(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const event = deps.translate(delivery.event, parseJson(delivery.body))
    if (event.kind === 'ignored') return
    if (event.kind === 'malformed')
      return deps.log.warn({ guid: delivery.guid, event: delivery.event, reason: event.message }, 'A signed delivery could not be read')
    await act(event, `delivery ${delivery.guid}`, signal)
  }

  /** `nonce` is the same each time that the delivery is heard. */
  async function act(event: DomainEvent, nonce: string, signal: AbortSignal): Promise<void> {
    switch (event.kind) {
      case 'pushed':
        return deps.submitter.push(event, signal)
      case 'pull-request-changed':
        return pullRequestChanged(event, signal)
      case 'comment-written':
        return deps.commands.answerComment(event, signal)
      case 'check-rerequested':
        return checkRerequested(event, nonce, signal)
      case 'suite-rerequested':
        return suiteRerequested(event, nonce, signal)
      case 'repository-gone':
        return repositoryGone(event.repositories)
      case 'installation-changed':
        return installationChanged(event)
    }
  }

  /** What could not be written while the app was suspended or not allowed to is written now. */
  async function installationChanged({ installationId, change }: InstallationChanged): Promise<void> {
    deps.log.info({ installation: installationId, change }, 'Installation changed')
    if (change !== 'deleted' && change !== 'suspended') await deps.reports.requeueOfInstallation(installationId)
  }

  async function pullRequestChanged(event: PullRequestChanged, signal: AbortSignal): Promise<void> {
    const { repository, number, action, sender } = event
    if (action === 'closed') return pullRequestClosed(event, signal)
    await deps.submitter.pullRequest({ repository, number, action, sender }, signal)
  }

  /** Of older heads too: what runs on a bench goes on when the head moves, and nobody wants it any more. */
  async function pullRequestClosed(event: PullRequestChanged, signal: AbortSignal): Promise<void> {
    if ((await deps.submitter.close(event, signal)) === 'open') return
    const rows = await deps.views.list({ repositoryId: event.repository.id, pullRequest: event.number }, maxCancelled)
    await cancelIds(unfinished(rows), 'the pull request was closed', 'pull-request-closed')
  }

  /** "Re-run" on one check: our own record of its id says what it was, since GitHub names no pull request for forks. */
  async function checkRerequested(event: CheckRerequested, nonce: string, signal: AbortSignal): Promise<void> {
    const target = await targetOf(event)
    if (!target || event.appId !== deps.appId || !(await mayRerun(event, event.checkRunId, signal))) return
    if (target.kind === 'config') return planAgain(target.submission, event, signal)
    const view = await deps.views.workflow(target.id)
    if (view?.workflow.finishedAt !== undefined)
      await deps.reruns.rerun([{ view, scope: { kind: 'everything' } }], { sender: event.sender, nonce }, signal)
  }

  /** The id of a check of a spec that did not run is not kept: each submission at the commit writes the same one. */
  async function targetOf({ checkRunId, externalId, repository, headSha }: CheckRerequested): ReturnType<ViewStore['byCheckRun']> {
    const known = await deps.views.byCheckRun(checkRunId)
    if (known || !externalId.startsWith(notRunPrefix)) return known
    const submission = await deps.submissions.findNotRun(repository.id, headSha, externalId.slice(notRunPrefix.length))
    return submission === undefined ? undefined : { kind: 'config', submission }
  }

  /** Of `osmo / config`, or of a spec that did not run: the commit is planned anew, as whose code it was judged to be when it was pushed. */
  async function planAgain(id: SubmissionId, { sender }: CheckRerequested, signal: AbortSignal): Promise<void> {
    for (const { submission } of await deps.submissions.sharing(id)) await planOneAgain(submission.provenance, sender, signal)
  }

  async function planOneAgain(provenance: Provenance, sender: Actor | undefined, signal: AbortSignal): Promise<void> {
    const { repositoryId, installationId, repository, pullRequest } = provenance
    if (pullRequest === undefined) return deps.submitter.pushAgain(provenance, signal)
    const originAt = async (sha: CommitSha) => (await deps.submissions.originOf(repositoryId, pullRequest, sha)) ?? 'untrusted'
    await deps.submitter.pullRequest(
      {
        repository: { id: repositoryId, installationId, fullName: repository },
        number: pullRequest,
        action: 'synchronize',
        sender,
        originAt,
      },
      signal,
    )
  }

  /** Decided from the state and never from the kind of event: what failed runs again; everything, when nothing did (github.md §1.4). */
  async function suiteRerequested(event: SuiteRerequested, nonce: string, signal: AbortSignal): Promise<void> {
    if (event.appId !== deps.appId || !(await mayRerun(event, event.headSha, signal))) return
    const newest = await runsOfCommit(event.repository.id, event.headSha, deps)
    const views = (await deps.reruns.asFound(newest, nonce)).filter(({ workflow }) => workflow.finishedAt !== undefined)
    const failed = await deps.reruns.failedOf(views)
    const orders =
      failed.length > 0
        ? failed.map((view) => ({ view, scope: { kind: 'failed' } as const }))
        : views.map((view) => ({ view, scope: { kind: 'everything' } as const }))
    await deps.reruns.rerun(orders, { sender: event.sender, nonce }, signal)
  }

  /** Who clicked is the one who is authorised, at this moment. */
  async function mayRerun(
    { repository, sender }: { readonly repository: RepositoryReference; readonly sender: Actor | undefined },
    subject: string | number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const permission = sender ? await deps.reader.permission(repository, sender.login, signal) : 'none'
    const allowed = hasPermission(permission, deps.platforms.trust.trusted)
    await deps.audit.record({
      repositoryId: repository.id,
      actor: sender?.login ?? '',
      action: 'button/rerun',
      subject: String(subject),
      outcome: allowed ? 'allowed' : 'denied',
      detail: '',
    })
    return allowed
  }

  async function repositoryGone(repositories: readonly RepositoryReference[]): Promise<void> {
    for (const { id } of repositories) {
      await cancelIds(unfinished(await deps.views.list({ repositoryId: id }, maxCancelled)), 'the repository is gone')
    }
  }

  async function cancelIds(ids: readonly WorkflowId[], reason: string, cause?: Cancellation['cause']): Promise<void> {
    for (const id of ids) {
      await deps.workflows.post(id, { kind: 'cancel-requested', by: 'osmo-runner', reason, ...(cause && { cause }) })
      deps.wakeWorkflow(id)
    }
  }
}

const unfinished = (rows: readonly WorkflowRow[]) => rows.filter(({ finishedAt }) => finishedAt === undefined).map(({ id }) => id)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
