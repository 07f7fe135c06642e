import { taskLine } from '../engine/wait-reason.ts'
import { stateText } from '../workflow/text.ts'
import type { Verdict } from '../workflow/verdict.ts'
import type { ListedWorkflow, Listing } from './listing.ts'
import type { LogPart } from './log-reading.ts'
import type { ShownAttempt, ShownWorkflow } from './reading.ts'

/** What programs read. Chosen field by field, so that nothing of a template (its environment, its files) gets out by accident. */

export function listingJson({ rows, next }: Listing) {
  return { workflows: rows.map(rowJson), next: next ?? null }
}

function rowJson({ displayId, spec, status, verdict, provenance, openedAt, startedAt, finishedAt }: ListedWorkflow) {
  return {
    id: displayId,
    spec,
    status,
    ...verdictJson(verdict),
    ...provenanceJson(provenance),
    ...timesJson({ openedAt, startedAt, finishedAt }),
  }
}

export function workflowJson({ view, verdict, title, judged, rerunOf, rerunBy }: ShownWorkflow) {
  const { workflow } = view
  return {
    id: workflow.displayId,
    spec: workflow.spec,
    status: view.status,
    ...verdictJson(verdict),
    title,
    ...provenanceJson(workflow.provenance),
    ...timesJson(workflow),
    cancellation: workflow.cancellation === undefined ? null : { by: workflow.cancellation.by, reason: workflow.cancellation.reason },
    rerunOf: rerunOf ?? null,
    rerunBy: rerunBy ?? null,
    notices: view.plan.notices,
    tasks: view.tasks.map((task) => taskJson(view, task)),
    benchmarks: judged.judgement === undefined ? null : { conclusion: judged.judgement.conclusion, metrics: judged.judgement.rows },
  }
}

function taskJson(view: ShownWorkflow['view'], task: ShownAttempt['task']) {
  const { state } = task
  const line = taskLine(view, task)
  return {
    name: task.name,
    group: task.group,
    lead: task.lead,
    platform: task.template.platform,
    status: state.status,
    attempt: state.attempt,
    words: stateText(line),
    waitsBecause: line.reason ?? null,
    queuedAt: 'queuedAt' in state ? timeJson(state.queuedAt) : null,
    startedAt: 'startedAt' in state ? timeJson(state.startedAt) : null,
    finishedAt: 'finishedAt' in state ? timeJson(state.finishedAt) : null,
    exitCode: 'exitCode' in state ? state.exitCode : null,
    message: 'message' in state ? state.message : null,
  }
}

/** `next` goes into `after` of the following call; with `live` there may be more later, with `more` there is more now. */
export function logJson({ chunks, next, more }: LogPart, { attempt, live, state }: ShownAttempt) {
  return { attempt, status: state.status, live: live === 'live', more: more === 'more', next, chunks }
}

function verdictJson(verdict: Verdict) {
  return { verdict: verdict.kind === 'concluded' ? verdict.conclusion : verdict.kind }
}

function provenanceJson({
  repository,
  repositoryId,
  event,
  sha,
  headRef,
  baseRef,
  pullRequest,
  actor,
  origin,
}: ListedWorkflow['provenance']) {
  return { repository, repositoryId, event, sha, headRef, baseRef, pullRequest: pullRequest ?? null, actor, origin }
}

function timesJson({ openedAt, startedAt, finishedAt }: Pick<ListedWorkflow, 'openedAt' | 'startedAt' | 'finishedAt'>) {
  return { openedAt: timeJson(openedAt), startedAt: timeJson(startedAt), finishedAt: timeJson(finishedAt) }
}

const timeJson = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString())
