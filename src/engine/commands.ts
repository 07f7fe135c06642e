import { createHash } from 'node:crypto'
import { benchmarkTitle } from '../benchmark/report.ts'
import {
  type Command,
  type CommandError,
  commandsAddedByEdit,
  explainCommandError,
  findTarget,
  isCommandError,
  parseCommands,
} from '../workflow/command.ts'
import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import { firstRun } from '../workflow/plan.ts'
import { cell, code, sentence, taskTable } from '../workflow/text.ts'
import { verdict } from '../workflow/verdict.ts'
import { createCancels } from './cancels.ts'
import { type ChangeDeps, changeOfPullRequest } from './changes.ts'
import { dispatchValues } from './dispatch-values.ts'
import type { CommentWritten } from './domain-event.ts'
import { judgeWorkflow } from './judgement.ts'
import { hasPermission } from './permission.ts'
import type { AuditStore, CommandAnswer, Outbox, SampleStore, SubmissionStore, ViewStore, WorkflowStore, WorkflowView } from './ports.ts'
import type { createReruns, RerunOrder, RerunTarget } from './reruns.ts'
import type { SpecParser } from './spec-tree.ts'
import type { createSubmitter } from './submitter.ts'
import { taskLine, waitReason } from './wait-reason.ts'

export type CommandDeps = ChangeDeps & {
  readonly views: ViewStore
  readonly samples: SampleStore
  readonly workflows: WorkflowStore
  readonly submissions: Pick<SubmissionStore, 'originOf'>
  readonly outbox: Outbox
  readonly audit: AuditStore
  readonly submitter: ReturnType<typeof createSubmitter>
  readonly reruns: ReturnType<typeof createReruns>
  readonly parse: SpecParser
  readonly appId: number
  readonly wakeWorkflow: (id: WorkflowId) => void
  readonly kick: (lane: 'reports') => void
}

/** What one command line led to: done in silence, or words for the one reply. */
type Outcome = { readonly kind: 'done' | 'refused' | 'not-allowed'; readonly words: string | undefined }

/**
 * Answers a comment. Several commands run in order and share one reaction and at most one reply; who may use them is asked of GitHub at
 * that moment, about the one who wrote or edited, whoever the pull request's author is.
 */
export function createCommands(deps: CommandDeps) {
  const cancels = createCancels(deps)
  return { answerComment }

  async function answerComment(comment: CommentWritten, signal: AbortSignal): Promise<void> {
    const parsed = commandsOf(comment)
    if (parsed.length === 0 || comment.viaAppId === deps.appId || !comment.sender) return
    const permission = await deps.reader.permission(comment.repository, comment.sender.login, signal)
    const outcomes: Outcome[] = []
    for (const [index, command] of parsed.entries())
      outcomes.push(await execute(command, { comment, nonce: nonceOf(comment, index) }, permission, signal))
    await deps.outbox.add(
      { kind: 'answer', answer: answerOf(comment, outcomes) },
      { key: `answer/${comment.commentId}/${comment.action}`, lane: 'reports', delaySeconds: 0 },
    )
    deps.kick('reports')
  }

  async function execute(
    command: Command | CommandError,
    line: CommandLine,
    permission: Parameters<typeof hasPermission>[0],
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (isCommandError(command)) return { kind: 'refused', words: explainCommandError(command) }
    const { comment } = line
    const needed = command.kind === 'help' || command.kind === 'status' ? 'read' : deps.platforms.trust.trusted
    const allowed = hasPermission(permission, needed)
    await record(command, comment, allowed ? 'allowed' : 'denied')
    if (!allowed)
      return {
        kind: 'not-allowed',
        words: `\`/osmo ${command.kind}\` needs ${needed} permission on this repository; ${person(comment)} has ${permission}.`,
      }
    return perform(command, line, signal)
  }

  function record(command: Command, { repository, number, sender }: CommentWritten, outcome: 'allowed' | 'denied'): Promise<void> {
    return deps.audit.record({
      repositoryId: repository.id,
      actor: sender?.login ?? '',
      action: `command/${command.kind}`,
      subject: `pull request #${number}`,
      outcome,
      detail: '',
    })
  }

  async function perform(command: Command, line: CommandLine, signal: AbortSignal): Promise<Outcome> {
    const { comment } = line
    const views = await deps.views.latestOfPullRequest(comment.repository.id, comment.number)
    switch (command.kind) {
      case 'help':
        return { kind: 'done', words: helpText }
      case 'status':
        return { kind: 'done', words: await statusText(views, deps.samples) }
      case 'cancel':
        return cancel(command.target, views, line)
      case 'rerun':
        return rerun(command.target, views, line, signal)
      case 'run':
        return run(command, line, signal)
    }
  }

  /** Everything of this pull request that has not ended, of older heads too: a bench must be stoppable from the conversation. And what runs for it alone. */
  async function cancel(
    target: Extract<Command, { kind: 'cancel' }>['target'],
    views: readonly WorkflowView[],
    { comment, nonce }: CommandLine,
  ): Promise<Outcome> {
    const rows = await deps.views.list({ repositoryId: comment.repository.id, pullRequest: comment.number }, maxCancelled)
    const chosen = target.kind === 'all' ? rows : rows.filter((row) => row.spec === target.path)
    if (target.kind === 'named' && chosen.length === 0) return refused(unknownSpec(target.path, views))
    const live = chosen.filter((row) => row.finishedAt === undefined)
    const wasHeard = views.some((view) => view.workflow.cancellation?.request === nonce)
    if (live.length === 0) return wasHeard ? done : refused('Nothing is running here that could be cancelled.')
    const order = { by: comment.sender?.login ?? 'somebody', reason: `/osmo cancel in #${comment.number}`, request: nonce }
    const said = await cancels.cancel(
      live.map(({ id }) => id),
      order,
    )
    return said.length === 0 ? done : { kind: 'done', words: said.join(' ') }
  }

  async function rerun(
    target: RerunTarget,
    views: readonly WorkflowView[],
    { comment, nonce }: CommandLine,
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (views.length === 0) return refused('Nothing has run on this pull request yet. Push a commit, or use `/osmo run NAME`.')
    const snapshot = await deps.reader.pullRequest(comment.repository, comment.number, signal)
    if (snapshot?.state !== 'open') return refused('The pull request is closed.')
    const orders = await rerunOrders(target, await deps.reruns.asFound(views, nonce))
    if (typeof orders === 'string') return refused(orders)
    const finished = orders.filter(({ view }) => view.workflow.finishedAt !== undefined)
    if (finished.length === 0) return refused('It is still running. Wait for its end, or cancel it first with `/osmo cancel`.')
    const opened = await deps.reruns.rerun(finished, { sender: comment.sender, nonce }, signal)
    return opened.length > 0
      ? done
      : refused('Nothing new was started: it is being run again already, or `osmo / config` says what stands in the way.')
  }

  async function rerunOrders(target: RerunTarget, views: readonly WorkflowView[]): Promise<readonly RerunOrder[] | string> {
    if (target.kind === 'all') return views.map((view) => ({ view, scope: { kind: 'everything' } }))
    if (target.kind === 'named') return namedOrder(target.path, views)
    const failed = await deps.reruns.failedOf(views)
    if (failed.length > 0) return failed.map((view) => ({ view, scope: { kind: 'failed' } }))
    return target.kind === 'failed'
      ? 'Nothing has failed here. `/osmo rerun all` runs everything again.'
      : views.map((view) => ({ view, scope: { kind: 'everything' } }))
  }

  function namedOrder(path: string, views: readonly WorkflowView[]): readonly RerunOrder[] | string {
    const found = findTarget(
      path,
      views.map((view) => view.workflow.spec),
    )
    const view = views.find((candidate) => candidate.workflow.spec === found?.spec)
    if (!found || !view) return unknownSpec(path, views)
    if (found.task === undefined) return [{ view, scope: { kind: 'everything' } }]
    const task = view.tasks.find(({ name }) => name === found.task)
    return task
      ? [{ view, scope: { kind: 'task', task: task.name } }]
      : `${code(found.spec)} has no task ${code(found.task)}. It has: ${view.tasks.map(({ name }) => code(name)).join(', ')}.`
  }

  /** A dispatch always makes its own run; it runs the code of the pull request, with the origin that code has. */
  async function run(command: Extract<Command, { kind: 'run' }>, { comment, nonce }: CommandLine, signal: AbortSignal): Promise<Outcome> {
    const { repository, number, sender } = comment
    // Judged when it was pushed, by who pushed it: whoever types a command vouches for nothing (extensions.md §7).
    const originAt = async (sha: CommitSha) => (await deps.submissions.originOf(repository.id, number, sha)) ?? 'untrusted'
    const found = await changeOfPullRequest({ repository, number, action: 'synchronize', sender, originAt }, deps, signal)
    if (found.kind === 'nothing') return refused(`${found.reason}.`)
    const values = await dispatchValues(command, found.change, deps, signal)
    if (values.kind === 'refused') return refused(values.words)
    const identity = { ...firstRun, dispatch: { nonce, values: values.values }, requestedBy: nonce }
    const { opened, existing } = await deps.submitter.submit(
      { ...found.change, provenance: { ...found.change.provenance, event: 'command' } },
      { kind: 'named', run: (spec) => (spec === command.spec ? identity : undefined) },
      signal,
    )
    if (opened.length + existing.length > 0) return done
    const { origin } = found.change.provenance
    return refused(
      `\`${cell(command.spec)}\` could not be started: the file has errors, or no pool runs it for ${origin} code. \`osmo / config\` says more.`,
    )
  }
}

/** One command line of a comment; `nonce` names it, the same each time the comment is heard. */
type CommandLine = { readonly comment: CommentWritten; readonly nonce: string }

const maxCancelled = 500

/** An edit is another text, so its lines are other commands. */
function nonceOf({ commentId, body }: CommentWritten, index: number): string {
  return `comment ${commentId}-${createHash('sha256').update(body).digest('hex').slice(0, 12)}-${index}`
}

const done: Outcome = { kind: 'done', words: undefined }

function commandsOf({ action, body, previousBody, on }: CommentWritten): readonly (Command | CommandError)[] {
  if (on !== 'pull-request') return []
  return action === 'created' ? parseCommands(body) : commandsAddedByEdit(previousBody, body)
}

function answerOf({ repository, number, commentId }: CommentWritten, outcomes: readonly Outcome[]): CommandAnswer {
  const words = outcomes.flatMap((outcome) => (outcome.words === undefined ? [] : [outcome.words]))
  const reaction = outcomes.some(({ kind }) => kind === 'not-allowed')
    ? '-1'
    : outcomes.some(({ kind }) => kind === 'refused')
      ? 'confused'
      : '+1'
  return { repository, pullRequest: number, commentId, reaction, reply: words.length === 0 ? undefined : words.join('\n\n') }
}

async function statusText(views: readonly WorkflowView[], samples: SampleStore): Promise<string> {
  if (views.length === 0) return 'Nothing has run on this pull request yet.'
  const sections = views.map(async (view) => {
    const { spec, displayId } = view.workflow
    const state = sentence(await stateOf(view, samples))
    return `**${cell(spec)}** (\`${displayId}\`): ${state}\n\n${taskTable(view.tasks.map((task) => taskLine(view, task)))}`
  })
  return (await Promise.all(sections)).join('\n\n')
}

/** What its check says: a workflow whose tasks completed may still be red for its numbers. */
async function stateOf(view: WorkflowView, samples: SampleStore): Promise<string> {
  const { judgement, verdict: benchmarks } = await judgeWorkflow(view, samples)
  const shown = verdict(view.status, benchmarks)
  if (shown.kind === 'concluded')
    return `${shown.conclusion.replaceAll('_', ' ')}${judgement && view.status === 'COMPLETED' ? `, ${benchmarkTitle(judgement)}` : ''}`
  const waiting = view.tasks.map((task) => waitReason(view, task)).find((reason) => reason !== undefined)
  return `${view.status.toLowerCase()}${waiting ? `, ${waiting}` : ''}`
}

export const helpText = [
  'What I understand, each on a line of its own:',
  '',
  '| command | what it does |',
  '|:--|:--|',
  '| `/osmo run NAME [key=value …]` | runs a spec on this pull request, with values for its declared inputs |',
  '| `/osmo rerun` | runs again what failed; everything, when nothing did |',
  '| `/osmo rerun all`, `failed`, `NAME` or `NAME/TASK` | runs again just that; finished tasks lend their outputs to `failed` and `NAME/TASK` |',
  '| `/osmo cancel [NAME]` | stops what is running |',
  '| `/osmo status` | says what runs and what waits for what |',
  '| `/osmo help` | this list |',
].join('\n')

const refused = (words: string): Outcome => ({ kind: 'refused', words })

const unknownSpec = (path: string, views: readonly WorkflowView[]) =>
  `There is no spec ${code(path)} on this pull request. ${views.length > 0 ? `It has: ${views.map((view) => code(view.workflow.spec)).join(', ')}.` : ''}`

const person = ({ sender }: CommentWritten) => cell(sender?.login ?? 'somebody')
