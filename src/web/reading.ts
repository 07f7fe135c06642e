import { benchmarkTitle } from '../benchmark/report.ts'
import { type Judged, judgeWorkflow } from '../engine/judgement.ts'
import type { SampleStore, TaskView, ViewStore, WorkflowView } from '../engine/ports.ts'
import { taskLine } from '../engine/wait-reason.ts'
import type { AttemptReference, WorkflowId } from '../workflow/names.ts'
import type { TaskState } from '../workflow/state.ts'
import { isFinished } from '../workflow/status.ts'
import { checkTitle } from '../workflow/text.ts'
import { type Verdict, verdict } from '../workflow/verdict.ts'
import { isName } from './parameters.ts'

/** One workflow as its pages show it. */
export type ShownWorkflow = {
  readonly view: WorkflowView
  readonly judged: Judged
  readonly verdict: Verdict
  /** One sentence: what it does, or how it ended. */
  readonly title: string
  readonly rerunOf: string | undefined
  readonly rerunBy: string | undefined
}

/** Undefined when nothing has this name. */
export async function readView(views: ViewStore, displayId: string): Promise<WorkflowView | undefined> {
  if (!isName(displayId)) return undefined
  const id = await views.byDisplayId(displayId)
  return id === undefined ? undefined : views.workflow(id)
}

export async function showWorkflow(views: ViewStore, samples: SampleStore, view: WorkflowView): Promise<ShownWorkflow> {
  const judged = await judgeWorkflow(view, samples)
  const [rerunOf, rerunBy] = await Promise.all([displayIdOf(views, view.plan.rerunOf), displayIdOf(views, view.rerunBy)])
  return { view, judged, verdict: verdict(view.status, judged.verdict), title: titleOf(view, judged), rerunOf, rerunBy }
}

async function displayIdOf(views: ViewStore, id: WorkflowId | undefined): Promise<string | undefined> {
  return id === undefined ? undefined : (await views.workflow(id))?.workflow.displayId
}

function titleOf(view: WorkflowView, { judgement, verdict: benchmarks }: Judged): string {
  if (view.status === 'COMPLETED' && benchmarks === 'awaited') return 'Completed; its numbers are being read'
  return checkTitle({
    displayId: view.workflow.displayId,
    status: view.status,
    tasks: view.tasks.map((task) => taskLine(view, task)),
    cancellation: view.workflow.cancellation,
    notices: [],
    benchmarks: '',
    benchmarkTitle: judgement === undefined ? '' : benchmarkTitle(judgement),
    failures: [],
    runtime: '',
    startedAt: view.workflow.startedAt,
    finishedAt: view.workflow.finishedAt,
  })
}

/** One attempt of one task, and where its log is. */
export type ShownAttempt = {
  readonly task: TaskView
  readonly attempt: number
  readonly state: TaskState
  readonly log: AttemptReference
  /** Its outputs and log are those of an earlier workflow, and it did not run here. */
  readonly source: 'own' | 'taken-over'
  /** More of its log may come. */
  readonly live: 'live' | 'ended'
}

/** The newest attempt when none is asked for; undefined when there is no such task or attempt. */
export function findAttempt(view: WorkflowView, name: string, asked: number | undefined): ShownAttempt | undefined {
  const task = view.tasks.find((candidate) => candidate.name === name)
  if (task === undefined) return undefined
  const attempt = asked ?? task.state.attempt
  const state = attempt === task.state.attempt ? task.state : task.attempts.find((earlier) => earlier.attempt === attempt)?.state
  if (state === undefined) return undefined
  const source = task.outputs.workflow !== view.workflow.id ? 'taken-over' : 'own'
  const log = source === 'own' ? { workflow: view.workflow.id, task: name, attempt } : task.outputs
  return { task, attempt, state, log, source, live: isFinished(state) ? 'ended' : 'live' }
}
