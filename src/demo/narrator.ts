import { setTimeout as sleep } from 'node:timers/promises'
import { benchmarkTitle } from '../benchmark/report.ts'
import { judgeWorkflow } from '../engine/judgement.ts'
import type { SampleStore, ViewStore, WorkflowView } from '../engine/ports.ts'
import { waitReason } from '../engine/wait-reason.ts'
import { isFinished } from '../workflow/status.ts'
import { durationOf, formatDuration, outcomeText, plain } from '../workflow/text.ts'
import { verdict } from '../workflow/verdict.ts'

export type NarratorDeps = {
  readonly views: ViewStore
  readonly samples: SampleStore
  readonly say: (line: string) => void
  /** After each conclusion, with all of them so far. */
  readonly concluded: (all: readonly Concluded[]) => void
  readonly signal: AbortSignal
}

const pollMs = 300
const maxWorkflows = 100

/**
 * Tells what happens, a line a change: tasks that start, end or wait, and what was concluded. Returns once `isTold` says that enough was
 * told, or when the signal ends it; what is told is read from the store, as every page is.
 */
export async function narrate({ views, samples, say, concluded: tellConcluded, signal }: NarratorDeps): Promise<void> {
  const told = new Map<string, string>()
  const concluded = new Map<string, Concluded>()
  while (!signal.aborted) {
    for (const row of (await views.list({}, maxWorkflows)).toReversed()) {
      if (concluded.has(row.id)) continue
      const view = await views.workflow(row.id)
      if (!view) continue
      for (const line of linesOf(view)) if (told.get(line.key) !== line.text) tell(line)
      const conclusion = await conclude(view, samples)
      if (!conclusion) continue
      concluded.set(row.id, conclusion)
      say(`${labelOf(view)}  ${marks[conclusion.conclusion]} ${conclusion.title}`)
      tellConcluded([...concluded.values()])
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }

  function tell({ key, text }: Line): void {
    told.set(key, text)
    say(text)
  }
}

export type Concluded = {
  readonly displayId: string
  readonly pullRequest: number | undefined
  readonly conclusion: keyof typeof marks
  readonly title: string
}

type Line = { readonly key: string; readonly text: string }

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
    return words === undefined
      ? []
      : [{ key: `${view.workflow.id}/${task.name}`, text: `${labelOf(view)}  ${task.name.padEnd(10)} ${words}` }]
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
