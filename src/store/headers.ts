import { type RawBuilder, sql } from 'kysely'
import type { CommitSha, Instant, WorkflowId } from '../workflow/names.ts'
import type { Cancellation, Counts, Provenance, Workflow } from '../workflow/state.ts'

export type HeaderRow = {
  readonly id: WorkflowId
  readonly display_id: string
  readonly spec: string
  readonly provenance: Provenance
  readonly slot: Workflow['slot']
  readonly cancellation: Cancellation | null
  readonly opened_at: Instant
  readonly started_at: Instant | null
  readonly finished_at: Instant | null
  readonly counts: Counts
}

/** For a query in which `workflow` has no alias. */
export const headerColumns: RawBuilder<HeaderRow> = sql.raw(
  ['id', 'display_id', 'spec', 'provenance', 'slot', 'cancellation', 'opened_at', 'started_at', 'finished_at', 'counts']
    .map((column) => `workflow.${column}`)
    .join(', '),
)

export const headerOf = (row: HeaderRow): Workflow => ({
  id: row.id,
  displayId: row.display_id,
  spec: row.spec,
  provenance: provenanceOf(row.provenance),
  slot: row.slot,
  cancellation: row.cancellation ?? undefined,
  openedAt: row.opened_at,
  startedAt: row.started_at ?? undefined,
  finishedAt: row.finished_at ?? undefined,
  counts: row.counts,
})

/** JSON leaves out what is undefined; the type has the field. */
export const provenanceOf = (stored: Provenance): Provenance => ({
  ...stored,
  sha: stored.sha as CommitSha,
  pullRequest: stored.pullRequest ?? undefined,
})
