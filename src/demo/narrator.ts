import { setTimeout as sleep } from 'node:timers/promises'
import { benchmarkTitle } from '../benchmark/report.ts'
import { judgeWorkflow } from '../engine/judgement.ts'
import type { SampleStore, ViewStore, WorkflowView } from '../engine/ports.ts'
import { waitReason } from '../engine/wait-reason.ts'
import type { WorkflowId } from '../workflow/names.ts'
import { isFinished } from '../workflow/status.ts'
import { durationOf, formatDuration, outcomeText, plain } from '../workflow/text.ts'
import { verdict } from '../workflow/verdict.ts'

export type NarratorDeps = {
  readonly views: ViewStore
  readonly samples: SampleStore
  readonly say: (line: string) => void
  /** After each conclusion. */
  readonly concluded: (one: Concluded) => void
  readonly signal: AbortSignal
  /** For tests. */
  readonly pollMs?: number
}

const defaultPollMs = 300
const maxWorkflows = 100

/**
 * Tells what happens, a line a change: tasks that start, end or wait, and what was concluded. What is told is read from the store, as every
 * page is; a store that is away is said once and waited for. Returns when the signal ends it, and never rejects.
 */
export async function narrate(deps: NarratorDeps): Promise<void> {
  const { say, signal, pollMs = defaultPollMs } = deps
  const story = createStory(deps)
  let isAway = false
  while (!signal.aborted) {
    try {
      await story.tellNews()
      isAway = false
    } catch (error) {
      if (!isAway && !signal.aborted) say(`Nothing can be read at the moment, so the story waits: ${messageOf(error)}`)
      isAway = true
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Remembers of each workflow that goes on what was told of it, and of the newest that they are told to the end. */
function createStory({ views, samples, say, concluded }: NarratorDeps) {
  const going = new Map<WorkflowId, Map<string, string>>()
  const ended = new Set<WorkflowId>()
  return { tellNews }

  async function tellNews(): Promise<void> {
    const newest = (await views.list({}, maxWorkflows)).map(({ id }) => id).toReversed()
    for (const id of new Set([...going.keys(), ...newest])) if (!ended.has(id)) await tellWorkflow(id)
    for (const id of ended) if (!newest.includes(id)) ended.delete(id)
  }

  async function tellWorkflow(id: WorkflowId): Promise<void> {
    const view = await views.workflow(id)
    if (!view) return void going.delete(id)
    tellTasks(view)
    const conclusion = await conclude(view, samples)
    if (!conclusion) return
    ended.add(id)
    going.delete(id)
    say(`${labelOf(view)}  ${marks[conclusion.conclusion]} ${conclusion.title}`)
    concluded(conclusion)
  }

  function tellTasks(view: WorkflowView): void {
    const told = going.get(view.workflow.id) ?? new Map<string, string>()
    going.set(view.workflow.id, told)
    for (const { task, text } of linesOf(view)) {
      if (told.get(task) === text) continue
      told.set(task, text)
      say(text)
    }
  }
}

export type Concluded = {
  readonly displayId: string
  readonly pullRequest: number | undefined
  readonly conclusion: keyof typeof marks
  readonly title: string
}

type Line = { readonly task: string; readonly text: string }

const marks = {
  success: '✅ green:',
  failure: '❌ red:',
  neutral: '❔ undecided:',
  cancelled: '⏹️ cancelled',
  timed_out: '⌛ out of time',
  action_required: '✋ needs a person:',
} as const

function linesOf(view: WorkflowView): readonly Line[] {
  return view.tasks.flatMap((task) => {
    const words = stateWords(view, task)
    return words === undefined ? [] : [{ task: task.name, text: `${labelOf(view)}  ${task.name.padEnd(10)} ${words}` }]
  })
}

function stateWords(view: WorkflowView, task: WorkflowView['tasks'][number]): string | undefined {
  const { state } = task
  if (isFinished(state)) {
    const took = durationOf(state)
    return `${outcomeText(state)}${took === undefined ? '' : ` in ${formatDuration(took)}`}`
  }
  if (state.status === 'RUNNING') return `running on ${task.template.platform}`
  const reason = waitReason(view, task)
  // Waiting for a task of its own workflow goes without saying.
  return reason === undefined || task.waitsFor.length > 0 ? undefined : plain(reason).replaceAll('`', '')
}

async function conclude(view: WorkflowView, samples: SampleStore): Promise<Concluded | undefined> {
  const judged = await judgeWorkflow(view, samples)
  const shown = verdict(view.status, judged.verdict)
  if (shown.kind !== 'concluded') return undefined
  const title = judged.judgement && view.status === 'COMPLETED' ? benchmarkTitle(judged.judgement) : view.status.toLowerCase()
  return { displayId: view.workflow.displayId, pullRequest: view.workflow.provenance.pullRequest, conclusion: shown.conclusion, title }
}

const labelOf = ({ workflow: { provenance } }: WorkflowView) =>
  (provenance.pullRequest === undefined ? provenance.headRef || 'tag' : `#${provenance.pullRequest}`).padEnd(5)
