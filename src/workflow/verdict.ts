import type { WorkflowStatus } from './state.ts'

/** What a person should conclude. Derived each time, never stored, so it cannot go stale. */
export type Verdict =
  | { readonly kind: 'queued' }
  | { readonly kind: 'running' }
  | { readonly kind: 'concluded'; readonly conclusion: Conclusion }

export type Conclusion = 'success' | 'failure' | 'neutral' | 'cancelled' | 'timed_out' | 'action_required'

/** `none`: nothing declared. `awaited`: declared, not read yet. Else what the judge concluded. */
export type BenchmarkVerdict = 'none' | 'awaited' | 'success' | 'failure' | 'neutral' | 'action_required'

/**
 * Green needs both: every group completed, and every declared number measured and inside its bounds. A workflow whose numbers are not
 * read yet is still running (law 7).
 */
export function verdict(status: WorkflowStatus, benchmarks: BenchmarkVerdict): Verdict {
  if (status === 'PENDING') return { kind: 'queued' }
  if (status === 'RUNNING') return { kind: 'running' }
  if (status !== 'COMPLETED') return { kind: 'concluded', conclusion: failureConclusion(status) }
  if (benchmarks === 'awaited') return { kind: 'running' }
  return { kind: 'concluded', conclusion: benchmarks === 'none' ? 'success' : benchmarks }
}

function failureConclusion(status: Exclude<WorkflowStatus, 'PENDING' | 'RUNNING' | 'COMPLETED'>): Conclusion {
  switch (status) {
    case 'FAILED_CANCELED':
      return 'cancelled'
    case 'FAILED_EXEC_TIMEOUT':
    case 'FAILED_QUEUE_TIMEOUT':
    case 'FAILED_START_TIMEOUT':
      return 'timed_out'
    default:
      return 'failure'
  }
}

/** Worst first; for ordering sections of a report. */
export function severityRank(verdict: Verdict): number {
  if (verdict.kind !== 'concluded') return verdict.kind === 'running' ? 3 : 4
  return { failure: 0, timed_out: 0, action_required: 1, cancelled: 2, neutral: 5, success: 6 }[verdict.conclusion]
}
