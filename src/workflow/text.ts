import type { Instant } from './names.ts'
import type { Cancellation, TaskState, WorkflowStatus } from './state.ts'
import { isFinished } from './status.ts'

/** Every word that people read about a workflow, as pure functions of the state. Benchmarks have theirs in `benchmark/report.ts`. */

export type TaskLine = {
  readonly name: string
  readonly group: string
  readonly platform: string
  readonly state: TaskState
  /** Why it waits, when it does. */
  readonly reason: string | undefined
  /** Earlier attempts of it. */
  readonly attempts: number
}

export type CheckText = { readonly title: string; readonly summary: string }

export type CheckInput = {
  readonly displayId: string
  readonly status: WorkflowStatus
  readonly tasks: readonly TaskLine[]
  readonly cancellation: Cancellation | undefined
  readonly notices: readonly string[]
  /** Markdown of `benchmark/report.ts`, escaped there; empty without benchmarks. */
  readonly benchmarks: string
  readonly benchmarkTitle: string
  readonly failures: readonly { readonly task: string; readonly attempt: number; readonly log: string }[]
  readonly runtime: string
  readonly startedAt: Instant | undefined
  readonly finishedAt: Instant | undefined
}

/** One check: what happened in a table, and of what failed the last lines it printed. */
export function checkText(input: CheckInput): CheckText {
  const parts = [notices(input.notices), input.benchmarks, taskTable(input.tasks), ...input.failures.map(failure), footer(input)]
  return { title: checkTitle(input), summary: parts.filter((part) => part !== '').join('\n\n') }
}

export function checkTitle({ status, tasks, cancellation, benchmarkTitle }: CheckInput): string {
  if (status === 'PENDING')
    return capitalised(tasks.map(({ reason }) => reason).find((reason) => reason !== undefined) ?? 'waiting to start')
  if (status === 'RUNNING')
    return cancellation ? 'Being cancelled' : `${finishedCount(tasks)} of ${tasks.length} tasks finished${runningNames(tasks)}`
  if (status === 'COMPLETED') return benchmarkTitle || `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'} completed`
  if (status === 'FAILED_CANCELED') return cancellation ? `Cancelled by ${cancellation.by}: ${cancellation.reason}` : 'Cancelled'
  const failed = tasks.find(({ state }) => isFinished(state) && state.status !== 'COMPLETED' && state.status !== 'FAILED_UPSTREAM')
  return failed ? `Task ${failed.name} ${outcomeText(failed.state)}` : 'Failed'
}

const capitalised = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

export function taskTable(tasks: readonly TaskLine[]): string {
  const shown = tasks.slice(0, maxRows)
  const rows = shown.map(
    (task) =>
      `| ${icon(task.state)} | ${cell(task.name)} | ${sentence(stateText(task))} | ${durationText(task.state)} | ${cell(task.platform)} |`,
  )
  const rest = tasks.length > maxRows ? [`| | … and ${tasks.length - maxRows} more | | | |`] : []
  return ['| | task | state | time | platform |', '|:--|:--|:--|--:|:--|', ...rows, ...rest].join('\n')
}

/** `running`, `failed with exit code 3`, `waits for train-group`; for tables and pages. */
export function stateText({ state, reason, attempts }: TaskLine): string {
  const again = attempts > 0 && !isFinished(state) ? `, attempt ${attempts + 1}` : ''
  if (isFinished(state)) return outcomeText(state) + (attempts > 0 ? ` after ${attempts + 1} attempts` : '')
  if (reason !== undefined) return reason + again
  return liveWords[state.status] + again
}

export function outcomeText(state: TaskState): string {
  if (!isFinished(state)) return state.status.toLowerCase()
  if (state.status === 'COMPLETED') return state.message === 'Lead task finished' ? 'completed with its lead' : 'completed'
  if (state.status === 'FAILED')
    return state.exitCode < 256 ? `failed with exit code ${state.exitCode}` : `failed: ${oneLine(state.message)}`
  return `${outcomeWords[state.status]}${state.message ? `: ${oneLine(state.message)}` : ''}`
}

/** `1.3 s`, `2 m 05 s`, `3 h 07 m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000
  if (seconds < 60) return `${seconds < 10 ? (Math.floor(seconds * 10) / 10).toFixed(1) : Math.floor(seconds)} s`
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)]
  return hours > 0 ? `${hours} h ${pad(minutes % 60)} m` : `${minutes} m ${pad(Math.floor(seconds % 60))} s`
}

export function durationOf(state: TaskState): number | undefined {
  return isFinished(state) && state.startedAt !== undefined ? state.finishedAt - state.startedAt : undefined
}

/** Untrusted text inside a fence: it cannot close the fence, and holds no control or bidirectional characters. */
export function fenced(text: string): string {
  const clean = plain(text)
  const longest = Math.max(2, ...[...clean.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${clean.trimEnd()}\n${fence}`
}

/** Untrusted text in a table or a sentence. */
export function cell(text: string): string {
  return escaped(oneLine(text))
}

/** A sentence of ours with names from a pull request in it, also in a table: what stands between backticks stays code. */
export function sentence(text: string): string {
  const parts = oneLine(text).split(/`([^`]*)`/)
  return parts.map((part, index) => (index % 2 === 0 ? escaped(part) : code(part))).join('')
}

/** A name in a code span, where GitHub links nothing. Backticks and pipes, which end a span or a cell, become look-alikes. */
export const code = (name: string) => `\`${oneLine(name).replaceAll('`', 'ˋ').replaceAll('|', '¦') || ' '}\``

/** Sentences under a warning sign. */
export function notices(lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `> [!WARNING]\n${lines
    .slice(0, 20)
    .map((line) => `> ${sentence(line)}`)
    .join('\n>\n')}`
}

/** GitHub looks for mentions, references and addresses in the rendered text, where an entity no longer helps: a zero-width space does. */
function escaped(text: string): string {
  return text
    .replace(/@|#(?=\d)|:(?=\/\/)|\bGH-(?=\d)|\bwww(?=\.)/gi, '$&\u200b')
    .replace(/[\\`*_{}[\]<>|#~!@:$&]/g, (character) => `&#${character.codePointAt(0)};`)
}

/** Without control characters (other than tab and line feed), bidirectional overrides and zero-width characters. */
export function plain(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(invisible, '')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const invisible = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
const maxRows = 60

const oneLine = (text: string) => plain(text).replace(/\s+/g, ' ').trim().slice(0, 300)
const pad = (value: number) => String(value).padStart(2, '0')
const durationText = (state: TaskState) => {
  const milliseconds = durationOf(state)
  return milliseconds === undefined ? '' : formatDuration(milliseconds)
}
const finishedCount = (tasks: readonly TaskLine[]) => tasks.filter(({ state }) => isFinished(state)).length

function runningNames(tasks: readonly TaskLine[]): string {
  const names = tasks.filter(({ state }) => state.status === 'RUNNING').map(({ name }) => name)
  return names.length === 0 ? '' : `, ${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''} running`
}

function icon(state: TaskState): string {
  if (!isFinished(state)) return state.status === 'RUNNING' ? '🔵' : '⚪'
  if (state.status === 'COMPLETED') return '✅'
  return state.status === 'FAILED_UPSTREAM' || state.status === 'FAILED_CANCELED' ? '⏹️' : '❌'
}

const failure = ({ task, attempt, log }: CheckInput['failures'][number]) =>
  `**Last lines of ${cell(task)}#${attempt}**\n\n${log.trim() === '' ? '_It printed nothing._' : fenced(log)}`

function footer({ displayId, runtime, startedAt, finishedAt }: CheckInput): string {
  const took = startedAt !== undefined && finishedAt !== undefined ? ` · took ${formatDuration(finishedAt - startedAt)}` : ''
  return `<sub>workflow ${cell(displayId)}${took}${runtime ? ` · ${sentence(runtime)}` : ''}</sub>`
}

const liveWords = {
  WAITING: 'waiting',
  PROCESSING: 'queued',
  SCHEDULING: 'starting',
  INITIALIZING: 'fetching its inputs',
  RUNNING: 'running',
} as const

const outcomeWords = {
  FAILED_CANCELED: 'cancelled',
  FAILED_SERVER_ERROR: 'failed in this service',
  FAILED_BACKEND_ERROR: 'failed on its backend',
  FAILED_EXEC_TIMEOUT: 'ran past its time limit',
  FAILED_QUEUE_TIMEOUT: 'found no free place in time',
  FAILED_IMAGE_PULL: 'could not pull its image',
  FAILED_START_ERROR: 'could not start',
  FAILED_START_TIMEOUT: 'did not start in time',
  FAILED_EVICTED: 'was evicted or ran out of memory',
  FAILED_PREEMPTED: 'was preempted',
  FAILED_UPSTREAM: 'did not run',
} as const
