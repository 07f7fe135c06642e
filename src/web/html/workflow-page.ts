import { html } from 'hono/html'
import type { TaskView, WorkflowView } from '../../engine/ports.ts'
import { taskLine } from '../../engine/wait-reason.ts'
import type { Instant } from '../../workflow/names.ts'
import { isFinished } from '../../workflow/status.ts'
import { durationOf, formatDuration, stateText } from '../../workflow/text.ts'
import type { ShownWorkflow } from '../reading.ts'
import { benchmarkSection } from './benchmarks.ts'
import {
  ago,
  badge,
  changeLink,
  commitLink,
  type ForgeLinks,
  type Html,
  line,
  nothing,
  numberCell,
  offset,
  repositoryLink,
  taskPath,
  unmarked,
  verdictBadge,
  workflowPath,
} from './markup.ts'
import { type Span, timelineBar, toneOf } from './timeline.ts'

export type WorkflowPage = { readonly shown: ShownWorkflow; readonly now: Instant; readonly forge: ForgeLinks }

/** More tasks than a page can hold are shown worst first. */
const maxTasks = 500

export function workflowMain(page: WorkflowPage): Html {
  const { view, verdict, title, judged } = page.shown
  return html`<nav class="crumbs"><a href="/">Workflows</a></nav>
<h1>${line(view.workflow.displayId)} ${verdictBadge(verdict)}</h1>
<p class="lead">${line(unmarked(title), 300)}</p>
${facts(page)}
${noticeList(view)}
${judged.judgement === undefined ? nothing : benchmarkSection(judged.judgement)}
<section><h2>Tasks</h2>${taskTable(view, page.now)}</section>`
}

function facts({ shown, now, forge }: WorkflowPage): Html {
  const { workflow } = shown.view
  const { provenance } = workflow
  const took =
    workflow.startedAt === undefined ? nothing : html`, took ${formatDuration((workflow.finishedAt ?? now) - workflow.startedAt)}`
  return html`<dl class="facts">
${fact('Repository', repositoryLink(provenance, forge))}
${fact(provenance.pullRequest === undefined ? 'Branch' : 'Pull request', changeLink(provenance, forge))}
${fact('Commit', commitLink(provenance, forge))}
${fact('Spec', html`<code>${line(shown.view.plan.path)}</code>`)}
${fact('By', html`${line(provenance.actor, 60)} <span class="faint">${provenance.event.replace('_', ' ')}</span>`)}
${fact('Code', html`${provenance.origin}`)}
${fact('Opened', html`${ago(workflow.openedAt, now)}${workflow.finishedAt === undefined ? nothing : took}`)}
${rerunFacts(shown)}
</dl>`
}

function rerunFacts({ rerunOf, rerunBy }: ShownWorkflow): Html {
  const link = (displayId: string) => html`<a href="${workflowPath(displayId)}">${line(displayId)}</a>`
  return html`${rerunOf === undefined ? nothing : fact('Rerun of', link(rerunOf))}${rerunBy === undefined ? nothing : fact('Run again as', link(rerunBy))}`
}

const fact = (name: string, value: Html): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`

function noticeList({ plan, workflow }: WorkflowView): Html {
  const cancelled = workflow.cancellation ? [`Cancelled by ${workflow.cancellation.by}: ${workflow.cancellation.reason}`] : []
  const notices = [...cancelled, ...plan.notices].slice(0, 20)
  return notices.length === 0 ? nothing : html`<ul class="remarks">${notices.map((notice) => html`<li>${line(notice, 300)}</li>`)}</ul>`
}

function taskTable(view: WorkflowView, now: Instant): Html {
  const span: Span = { start: view.workflow.openedAt, end: view.workflow.finishedAt ?? now }
  const shown = shownTasks(view.tasks)
  const more =
    view.tasks.length > shown.length
      ? html`<p class="faint">… and ${view.tasks.length - shown.length} more that completed or wait</p>`
      : nothing
  return html`<table class="cards tasks"><caption class="hidden">Tasks</caption>
<thead><tr><th>Task</th><th>State</th><th>Platform</th><th class="number" title="since the workflow was opened">Started</th><th class="number">Duration</th><th>Timeline</th></tr></thead>
<tbody>${shown.map((task) => taskRow(view, task, span, now))}</tbody></table>${more}`
}

function shownTasks(tasks: readonly TaskView[]): readonly TaskView[] {
  if (tasks.length <= maxTasks) return tasks
  const rank = { bad: 0, active: 1, unsure: 2, quiet: 3, good: 4 } as const
  return tasks.toSorted((a, b) => rank[toneOf(a.state)] - rank[toneOf(b.state)]).slice(0, maxTasks)
}

function taskRow(view: WorkflowView, task: TaskView, span: Span, now: Instant): Html {
  const { state } = task
  const words = stateText(taskLine(view, task))
  const earlier = task.attempts.filter(({ attempt }) => attempt < state.attempt).map((each) => each.state)
  return html`<tr>
<th scope="row"><a href="${taskPath(view.workflow.displayId, task.name)}">${line(task.name)}</a>${groupName(view, task)}${attemptCount(task)}</th>
<td data-label="State">${badge(toneOf(state), state.status.toLowerCase().replaceAll('_', ' '))} ${reason(task, words)}</td>
<td class="platform" data-label="Platform">${line(task.template.platform, 80)}</td>
${numberCell('Started', offset('startedAt' in state ? state.startedAt : undefined, span.start))}
${numberCell('Duration', durationWords(task, now))}
<td class="bars">${timelineBar([...earlier, state], span)}</td>
</tr>`
}

/** Said where the status does not say it. */
function reason({ state }: TaskView, words: string): Html {
  const known = [state.status.toLowerCase(), `${state.status.toLowerCase()}, attempt ${state.attempt + 1}`]
  return known.includes(words) ? nothing : html`<span class="reason">${line(words, 200)}</span>`
}

/** Where a group is more than its only task. */
function groupName({ tasks }: WorkflowView, { group, lead }: TaskView): Html {
  const members = tasks.filter((task) => task.group === group).length
  return members < 2 ? nothing : html` <span class="faint">${line(group, 80)}${lead ? ', lead' : ''}</span>`
}

function attemptCount({ state }: TaskView): Html {
  return state.attempt === 0 ? nothing : html` <span class="faint">attempt ${state.attempt + 1}</span>`
}

function durationWords({ state }: TaskView, now: Instant): string | undefined {
  const duration = isFinished(state) ? durationOf(state) : state.status === 'RUNNING' ? now - state.startedAt : undefined
  return duration === undefined ? undefined : formatDuration(duration)
}
