import type { WorkflowId } from '../workflow/names.ts'
import { code } from '../workflow/text.ts'
import type { ViewStore, WorkflowStore, WorkflowView } from './ports.ts'

export type CancelDeps = {
  readonly views: Pick<ViewStore, 'workflow' | 'byDisplayId' | 'awaitingBase'>
  readonly workflows: Pick<WorkflowStore, 'post'>
  readonly wakeWorkflow: (id: WorkflowId) => void
}

/** Who cancels, why, and by which command, which is the same each time that it is heard. */
export type CancelOrder = { readonly by: string; readonly reason: string; readonly request: string }

/** Ends workflows, and with them the base runs that only they wait for: nobody else can name those from a conversation. */
export function createCancels({ views, workflows, wakeWorkflow }: CancelDeps) {
  return { cancel }

  /** Returns what there is to say of base runs that go on. Base runs end first: should this break off, the command finds the rest when it is heard again. */
  async function cancel(ids: readonly WorkflowId[], order: CancelOrder): Promise<readonly string[]> {
    const waiting = (await Promise.all(ids.map((id) => views.workflow(id)))).filter((view) => view !== undefined)
    const said: string[] = []
    for (const run of await baseRunsOf(waiting)) {
      const other = await whoElseNeeds(run, ids)
      if (other) said.push(goesOn(run, other))
      else await end(run.workflow.id, order)
    }
    for (const id of ids) await end(id, order)
    return said
  }

  async function baseRunsOf(waiting: readonly WorkflowView[]): Promise<readonly WorkflowView[]> {
    const names = new Set(waiting.flatMap(awaited))
    const ids = (await Promise.all([...names].map((name) => views.byDisplayId(name)))).filter((id) => id !== undefined)
    const found = (await Promise.all(ids.map((id) => views.workflow(id)))).filter((view) => view !== undefined)
    return found.filter(({ workflow }) => workflow.provenance.event === 'base-run' && workflow.finishedAt === undefined)
  }

  async function whoElseNeeds(run: WorkflowView, ids: readonly WorkflowId[]): Promise<WorkflowView | undefined> {
    const { provenance, spec, displayId } = run.workflow
    const others = new Set((await views.awaitingBase(provenance.repositoryId, spec)).map(({ workflow }) => workflow))
    for (const id of others) {
      const view = ids.includes(id) ? undefined : await views.workflow(id)
      if (view && view.workflow.cancellation === undefined && awaited(view).includes(displayId)) return view
    }
    return undefined
  }

  async function end(id: WorkflowId, order: CancelOrder): Promise<void> {
    await workflows.post(id, { kind: 'cancel-requested', ...order })
    wakeWorkflow(id)
  }
}

/** Display ids of the workflows that make what this one's base arms read. */
const awaited = ({ tasks }: WorkflowView): readonly string[] =>
  tasks.flatMap(({ baseInputs, baseInputsState }) =>
    baseInputsState === 'awaited' && baseInputs?.kind === 'awaited' ? [baseInputs.workflow] : [],
  )

function goesOn(run: WorkflowView, other: WorkflowView): string {
  const { displayId, provenance } = other.workflow
  const whose = provenance.pullRequest === undefined ? '' : ` of #${provenance.pullRequest}`
  return `The base run ${code(run.workflow.displayId)} goes on, since ${code(displayId)}${whose} waits for it too.`
}
