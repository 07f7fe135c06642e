import { judgeWorkflow } from '../engine/judgement.ts'
import type { SampleStore, ViewStore, WorkflowRow } from '../engine/ports.ts'
import type { WorkflowId } from '../workflow/names.ts'
import { type Verdict, verdict } from '../workflow/verdict.ts'

/** Verdicts as a list is filtered by them. */
export const standings = ['unfinished', 'passed', 'failed', 'other'] as const
export type Standing = (typeof standings)[number]

export function standingOf(shown: Verdict): Standing {
  if (shown.kind !== 'concluded') return 'unfinished'
  if (shown.conclusion === 'success') return 'passed'
  return shown.conclusion === 'failure' || shown.conclusion === 'timed_out' ? 'failed' : 'other'
}

export type VerdictReader = (row: WorkflowRow) => Promise<Verdict>

const maxRemembered = 2_000

/**
 * Verdicts of rows of a list. A completed workflow is green only if its numbers are too, so those are judged; what was concluded of a
 * finished workflow cannot change any more and is remembered for as long as there is room.
 */
export function createVerdictReader(views: ViewStore, samples: SampleStore): VerdictReader {
  const remembered = new Map<WorkflowId, Verdict>()
  return async (row) => {
    if (row.status !== 'COMPLETED') return verdict(row.status, 'none')
    const known = remembered.get(row.id)
    if (known !== undefined) return known
    const read = await judged(row)
    if (read.kind === 'concluded') remember(row.id, read)
    return read
  }

  async function judged(row: WorkflowRow): Promise<Verdict> {
    const view = await views.workflow(row.id)
    return view === undefined ? { kind: 'running' } : verdict(view.status, (await judgeWorkflow(view, samples)).verdict)
  }

  function remember(id: WorkflowId, read: Verdict): void {
    const oldest = remembered.size >= maxRemembered ? remembered.keys().next().value : undefined
    if (oldest !== undefined) remembered.delete(oldest)
    remembered.set(id, read)
  }
}
