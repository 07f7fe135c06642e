import { html } from 'hono/html'
import { taskLine } from '../../engine/wait-reason.ts'
import type { TaskState } from '../../workflow/state.ts'
import { isFinished } from '../../workflow/status.ts'
import { durationOf, formatDuration, outcomeText, stateText } from '../../workflow/text.ts'
import type { LogEnd } from '../log-reading.ts'
import type { ShownAttempt, ShownWorkflow } from '../reading.ts'
import { attemptQuery, badge, type Html, line, nothing, offset, taskPath, workflowPath } from './markup.ts'
import { toneOf } from './timeline.ts'

export type TaskPage = {
  readonly shown: Pick<ShownWorkflow, 'view'>
  readonly attempt: ShownAttempt
  readonly log: LogEnd
}

export function taskMain(page: TaskPage): Html {
  const { shown, attempt } = page
  const { displayId } = shown.view.workflow
  return html`<nav class="crumbs"><a href="/">Workflows</a> / <a href="${workflowPath(displayId)}">${line(displayId)}</a></nav>
<div id="head">${head(page)}</div>
${attemptNav(page)}
<section class="log-section">
<div class="log-bar"><h2>Log</h2><span id="log-state" class="faint" role="status">${attempt.live === 'live' ? 'reload to see newer lines' : ''}</span><a href="${rawLogPath(page)}" download>Download</a></div>
${logBox(page)}
</section>`
}

function head({ shown, attempt }: TaskPage): Html {
  const { task, state } = attempt
  const word = state.status.toLowerCase().replaceAll('_', ' ')
  const words = state === task.state ? stateText(taskLine(shown.view, task)) : outcomeText(state)
  return html`<h1>${line(task.name)} ${badge(toneOf(state), word)}</h1>
${words === word ? nothing : html`<p class="lead">${line(words, 300)}</p>`}
<dl class="facts">
${fact('Platform', html`${line(task.template.platform, 80)}`)}
${fact('Attempt', html`${attempt.attempt + 1}`)}
${optionalFact('Started', offset('startedAt' in state ? state.startedAt : undefined, shown.view.workflow.openedAt))}
${optionalFact('Duration', durationWords(state))}
${isFinished(state) ? fact('Exit code', html`${state.exitCode}`) : nothing}
${fact('Image', html`<code>${line(task.template.image, 200)}</code>`)}
${fact('Command', html`<code>${line(task.template.command.join(' '), 200)}</code>`, 'whole line')}
${attempt.source === 'taken-over' ? fact('Outputs', html`taken over from an earlier run, which this log is of`) : nothing}
</dl>`
}

const optionalFact = (name: string, value: Html | undefined): Html => (value === undefined ? nothing : fact(name, value))
const fact = (name: string, value: Html, width: 'one column' | 'whole line' = 'one column'): Html =>
  html`<div${width === 'whole line' ? html` class="whole"` : nothing}><dt>${name}</dt><dd>${value}</dd></div>`

/** Of one that runs it would be out of date at once. */
function durationWords(state: TaskState): Html | undefined {
  const duration = durationOf(state)
  return duration === undefined ? undefined : html`${formatDuration(duration)}`
}

function attemptNav({ shown, attempt }: TaskPage): Html {
  const { task } = attempt
  if (task.state.attempt === 0) return nothing
  const known = [...new Set([...task.attempts.map((earlier) => earlier.attempt), task.state.attempt])].sort((a, b) => a - b).slice(-50)
  const path = taskPath(shown.view.workflow.displayId, task.name)
  const chip = (number: number) =>
    html`<a class="chip" href="${path}${attemptQuery(number)}"${number === attempt.attempt ? html` aria-current="true"` : nothing}>attempt ${number + 1}</a>`
  return html`<nav class="filters" aria-label="Attempts">${known.map(chip)}</nav>`
}

function logBox(page: TaskPage): Html {
  const { attempt, log } = page
  const cut =
    log.earlier === 'cut'
      ? html`<p class="faint" id="log-cut">Only the end is shown here; <a href="${rawLogPath(page)}">the whole log</a>.</p>`
      : nothing
  const empty = attempt.live === 'live' ? 'Nothing printed yet.' : 'It printed nothing.'
  return html`${cut}<pre id="log" tabindex="0" data-api="${logApiPath(page)}" data-after="${log.sequence}" data-live="${attempt.live}" data-status="${attempt.state.status}" data-empty="${empty}">${log.text}</pre>`
}

const rawLogPath = ({ shown, attempt }: TaskPage) =>
  `${taskPath(shown.view.workflow.displayId, attempt.task.name)}/log.txt${attemptQuery(attempt.attempt)}`
const logApiPath = ({ shown, attempt }: TaskPage) =>
  `/api${taskPath(shown.view.workflow.displayId, attempt.task.name)}/log${attemptQuery(attempt.attempt)}`
