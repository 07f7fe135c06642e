import { createHash } from 'node:crypto'
import { benchmarkSection, benchmarkTitle } from '../benchmark/report.ts'
import type { WorkflowId } from '../workflow/names.ts'
import { isFinished } from '../workflow/status.ts'
import { type CheckText, cell, checkText, code, notices, taskTable } from '../workflow/text.ts'
import { severityRank, type Verdict } from '../workflow/verdict.ts'
import { lateReason, lateRemedy, repositoryOf } from './base-inputs.ts'
import { checkPrefix } from './changes.ts'
import { combined, configCheck, isWorthShowing, maxSummaryCharacters, skippedCheck } from './config-check.ts'
import type {
  BaseInputs,
  CheckWrite,
  Forge,
  LogStore,
  Outbox,
  ReportStore,
  SampleStore,
  SubmissionId,
  SubmissionStore,
  SubmissionView,
  TaskView,
  ViewStore,
  WorkflowView,
} from './ports.ts'
import { createSharedChecks, type Read } from './shared-check.ts'
import { taskLine } from './wait-reason.ts'

export type ReportDeps = {
  readonly views: ViewStore
  readonly samples: SampleStore
  readonly logs: LogStore
  readonly reports: ReportStore
  readonly submissions: SubmissionStore
  readonly outbox: Outbox
  readonly forge: Forge
  /** Of our own pages; undefined when nobody outside could open them. */
  readonly workflowUrl: (displayId: string) => string | undefined
  readonly runtimeOf: (backend: string) => string
}

/** Progress of a comment is gathered for this long; its end goes out at once. */
const commentDelaySeconds = 2
const failureLogLines = 20
const failureLogBytes = 4000
const maxFailureLogs = 5

/** A submission of another pull request may be saved while one is reported. */
const maxRounds = 3

/** Writes what GitHub should show, each time from the state as it is now; nothing is rewritten when nothing changed. */
export function createReports(deps: ReportDeps) {
  const { views, logs, reports, submissions, outbox, forge } = deps
  const { readVerdict, shown, tellOthers, requestReport } = createSharedChecks(deps)
  return { reportWorkflow, reportSubmission, reportPullRequest }

  async function reportWorkflow(id: WorkflowId, signal: AbortSignal): Promise<void> {
    const view = await views.workflow(id)
    if (!view) return
    if (view.workflow.provenance.event === 'base-run') return reportBaseRun(view)
    const read = await readVerdict(view)
    const shared = await shown(read)
    const text = withNote(await composeCheck(read), shared.note)
    const digest = digestOf([text, shared.verdict, view.workflow.startedAt])
    if (digest !== view.checkDigest) {
      if (shared.verdict.kind === 'concluded') await tellOthers(shared)
      const { checkRunId } = await forge.writeCheck(workflowCheck({ ...read, verdict: shared.verdict }, text), signal)
      await reports.saveCheck(id, checkRunId, digest)
    }
    const { repositoryId, pullRequest } = view.workflow.provenance
    if (pullRequest === undefined) return
    const delaySeconds = read.verdict.kind === 'concluded' ? 0 : commentDelaySeconds
    await outbox.add(
      { kind: 'pull-request-report', repositoryId, pullRequest },
      { key: `pull-request-report/${repositoryId}/${pullRequest}`, lane: 'reports', delaySeconds },
    )
  }

  /** It ran a part of its spec, so the commit gets no check that could pass for the whole; those who wait for it say what it does. */
  async function reportBaseRun({ workflow }: WorkflowView): Promise<void> {
    if (workflow.finishedAt !== undefined) await reports.saveConclusion(workflow.id)
  }

  async function composeCheck({ view, judged }: Read): Promise<CheckText> {
    const { workflow } = view
    const backend = view.tasks[0]?.template.backend ?? ''
    return checkText({
      displayId: workflow.displayId,
      status: view.status,
      tasks: view.tasks.map((task) => taskLine(view, task)),
      cancellation: workflow.cancellation,
      notices: noticesOf(view),
      benchmarks: judged.judgement ? section({ view, judged }, { remarks: [], longestCharacters: 20_000 }) : '',
      benchmarkTitle: judged.judgement ? benchmarkTitle(judged.judgement) : '',
      failures: await failureLogs(view),
      runtime: deps.runtimeOf(backend),
      startedAt: workflow.startedAt,
      finishedAt: workflow.finishedAt,
    })
  }

  async function failureLogs(view: WorkflowView) {
    const failed = view.tasks.filter(
      ({ state }) => isFinished(state) && state.pod !== 'none' && !['COMPLETED', 'FAILED_UPSTREAM'].includes(state.status),
    )
    return Promise.all(
      failed.slice(0, maxFailureLogs).map(async ({ name, state }) => ({
        task: name,
        attempt: state.attempt,
        log: await logs.tail({ workflow: view.workflow.id, task: name, attempt: state.attempt }, failureLogLines, failureLogBytes),
      })),
    )
  }

  function workflowCheck({ view, verdict: shown }: Read, text: CheckText): CheckWrite {
    const { workflow, checkRunId } = view
    return {
      repository: repositoryOf(view),
      name: `${checkPrefix}${workflow.spec}`,
      sha: workflow.provenance.sha,
      externalId: workflow.id,
      checkRunId,
      detailsUrl: deps.workflowUrl(workflow.displayId),
      state: checkState(shown, workflow.startedAt, workflow.finishedAt ?? workflow.openedAt),
      title: text.title,
      summary: text.summary.slice(0, maxSummaryCharacters),
      text: undefined,
      annotations: [],
    }
  }

  async function reportSubmission(id: SubmissionId, signal: AbortSignal): Promise<void> {
    const found = await submissions.get(id)
    if (!found) return
    let written: readonly SubmissionId[] | undefined
    for (let round = 0; round < maxRounds; round++) {
      const sharing = await submissions.sharing(id)
      const ids = sharing.map(({ submission }) => submission.id)
      if (written && ids.join() === written.join()) return
      await writeSubmission(combined(found, sharing), signal)
      written = ids
    }
  }

  async function writeSubmission(submission: SubmissionView, signal: AbortSignal): Promise<void> {
    const { repositoryId, sha } = submission.provenance
    const ran = await views.latestOfCommit(repositoryId, sha)
    const required = submission.skipped.filter((one) => one.required === 'required')
    // The check of a run at this commit shows what another pull request misses there.
    const missed = new Set(submission.skipped.filter(({ conclusion }) => conclusion === 'action_required').map(({ spec }) => spec))
    for (const { id, spec } of ran) if (missed.has(spec)) await requestReport(id)
    if (!isWorthShowing(submission) && submission.configCheckRunId === undefined) return
    await writeConfig(submission, signal)
    const own = required.filter(({ spec }) => !ran.some((row) => row.spec === spec))
    for (const one of own) await forge.writeCheck(skippedCheck(submission, one), signal)
  }

  async function writeConfig(submission: SubmissionView, signal: AbortSignal): Promise<void> {
    const check = configCheck(submission)
    const digest = digestOf(check)
    if ((await reports.configDigest(submission.id)) === digest) return
    const { checkRunId } = await forge.writeCheck(check, signal)
    await reports.saveConfigCheck(submission.id, checkRunId, digest)
  }

  async function reportPullRequest(repositoryId: number, pullRequest: number, signal: AbortSignal): Promise<void> {
    const found = await views.latestOfPullRequest(repositoryId, pullRequest)
    const first = found[0]
    if (!first) return
    const read = await Promise.all(found.map(readVerdict))
    const change = await submissions.newestOf(repositoryId, pullRequest)
    const body = commentBody(read, pullRequest, change?.skipped.filter(({ conclusion }) => conclusion === 'neutral') ?? [])
    const known = await reports.comment(repositoryId, pullRequest)
    const digest = digestOf(body)
    if (known?.digest === digest) return
    const { commentId } = await forge.writeComment(
      { repository: repositoryOf(first), pullRequest, commentId: known?.commentId, marker: marker(pullRequest), body },
      signal,
    )
    await reports.saveComment(repositoryId, pullRequest, commentId, digest)
  }

  function section(
    { view, judged }: Pick<Read, 'view' | 'judged'>,
    shown: { readonly remarks: readonly string[]; readonly longestCharacters: number },
  ): string {
    const { workflow } = view
    const url = deps.workflowUrl(workflow.displayId)
    const base = baseOf(view)
    return judged.judgement
      ? benchmarkSection(judged.judgement, {
          spec: workflow.spec,
          headCommit: workflow.provenance.sha,
          subject: workflow.provenance.pullRequest === undefined ? 'commit' : 'pull-request',
          ...(base ? { base } : {}),
          links: url === undefined ? [] : [{ text: 'tasks and logs', url }],
          ...shown,
        })
      : ''
  }

  /** One sticky comment per pull request: a section a spec, worst first. */
  function commentBody(read: readonly Read[], pullRequest: number, missed: SubmissionView['skipped']): string {
    const ordered = read.toSorted(
      (a, b) => severityRank(a.verdict) - severityRank(b.verdict) || a.view.workflow.spec.localeCompare(b.view.workflow.spec),
    )
    const budget = Math.floor(50_000 / Math.max(1, ordered.length))
    const sections = ordered.map((one) =>
      one.judged.judgement && one.verdict.kind === 'concluded'
        ? section(one, { remarks: noticesOf(one.view), longestCharacters: budget })
        : plainSection(one, deps.workflowUrl),
    )
    const missing = notices(missed.slice(0, 20).map(({ spec, reason }) => `${code(spec)}: ${reason}`))
    return [
      marker(pullRequest),
      missing,
      ...sections,
      '<sub>`/osmo rerun failed` · `/osmo cancel` · `/osmo status` · `/osmo help`</sub>',
    ].join('\n\n')
  }
}

function withNote(text: CheckText, note: string | undefined): CheckText {
  return note === undefined ? text : { title: note, summary: `${notices([note])}\n\n${text.summary}` }
}

const marker = (pullRequest: number) => `<!-- osmo:report pr=${pullRequest} -->`

function plainSection({ view, verdict: shown }: Read, workflowUrl: ReportDeps['workflowUrl']): string {
  const { workflow } = view
  const url = workflowUrl(workflow.displayId)
  const words = shown.kind === 'concluded' ? conclusionWords[shown.conclusion] : shown.kind === 'running' ? '🔵 running' : '⚪ waiting'
  const link = url === undefined ? '' : ` · [tasks and logs](${url})`
  const table = taskTable(view.tasks.map((task) => taskLine(view, task)))
  const heading = `### ${words} · ${cell(workflow.spec)}\n\`${workflow.displayId}\` on \`${workflow.provenance.sha.slice(0, 7)}\`${link}`
  return [heading, notices(noticesOf(view)), table].filter((part) => part !== '').join('\n\n')
}

const conclusionWords = {
  success: '✅ passed',
  failure: '❌ failed',
  neutral: '❔ undecided',
  cancelled: '⏹️ cancelled',
  timed_out: '⌛ ran out of time',
  action_required: '✋ needs a person',
} as const

const noticesOf = (view: WorkflowView) => [...view.plan.notices, ...baseNotices(view)]

function baseNotices(view: WorkflowView): readonly string[] {
  return view.tasks.flatMap((task) => [
    ...(task.baseInputsState === 'ready' ? baseInputNotice(task.name, task.baseInputs, view.workflow.spec) : []),
    ...(task.baseInputs?.kind === 'found' ? commandNotice(task) : []),
  ])
}

function baseInputNotice(task: string, base: BaseInputs | undefined, spec: string): readonly string[] {
  if (base?.kind === 'awaited')
    return [`Task ${task}: ${lateReason(base.workflow)}. Only head was measured. ${lateRemedy(base.workflow, spec)}`]
  if (base?.kind === 'missing') return [`Task ${task}: ${base.reason}. Only head was measured. ${base.remedy}`]
  if (base?.kind === 'found' && base.exact === 'merge-base' && base.note)
    return [`Task ${task}: the base arm reads outputs of \`${base.workflow}\`. ${base.note}`]
  if (base?.kind === 'found' && base.exact === 'ancestor')
    return [
      `Task ${task}: the base arm reads outputs of \`${base.workflow}\` at ${base.sha.slice(0, 7)}, which is older than the merge base: the nearest ancestor that has any${base.note ? `. ${base.note}` : ''}`,
    ]
  return []
}

/** The code of a base arm is the merge base's, whichever commit its inputs are of. */
function baseOf({ workflow, tasks }: WorkflowView) {
  const found = tasks.flatMap(({ baseInputs }) => (baseInputs?.kind === 'found' ? [baseInputs] : []))
  const older = found.filter(({ exact }) => exact === 'ancestor').map(({ sha }) => sha)
  return found.length === 0 ? undefined : { mergeBase: workflow.provenance.baseSha, olderInputs: [...new Set(older)] }
}

/** Both arms run head's task, so what its command or image does differently is not in the comparison. */
function commandNotice({ name, template }: TaskView): readonly string[] {
  const own = template.baseTemplate
  if (!own) return []
  const changed = (['image', 'command'] as const).filter((field) => JSON.stringify(own[field]) !== JSON.stringify(template[field]))
  return changed.length === 0
    ? []
    : [
        `Task ${name}: its ${changed.join(' and ')} differ from base's spec, and both arms ran head's, so the comparison covers the code only`,
      ]
}

function checkState(shown: Verdict, startedAt: number | undefined, completedAt: number): CheckWrite['state'] {
  if (shown.kind === 'concluded') return { status: 'completed', conclusion: shown.conclusion, startedAt, completedAt }
  return { status: shown.kind === 'queued' ? 'queued' : 'in_progress', startedAt }
}

const digestOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')
