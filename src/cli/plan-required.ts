import type { PlanRow } from './plan-table.ts'

/**
 * What becomes of the checks that a pull request must have (extensions.md §1): each exists, also where its spec does not run or is not there
 * any more. Only a spec that base's own `on` does not select concludes `skipped`, which GitHub lets pass.
 */
export function withRequired(rows: readonly PlanRow[], required: readonly string[]): readonly PlanRow[] {
  const missing = required.filter((name) => name !== 'config' && !rows.some(({ spec }) => spec === name))
  return [...rows.map((row) => (required.includes(row.spec) ? requiredRow(row) : withoutConclusion(row))), ...missing.map(missingRow)]
}

function requiredRow(row: PlanRow): PlanRow {
  if (row.outcome === 'run') return row
  const conclusion = row.conclusion ?? (row.outcome === 'skip' ? 'skipped' : 'action_required')
  return { ...row, conclusion, reason: `${row.reason.replace(/\.$/, '')}. It is required: its check concludes ${conclusion}` }
}

function withoutConclusion({ conclusion: _, ...row }: PlanRow): PlanRow {
  return row
}

const missingRow = (spec: string): PlanRow =>
  requiredRow({ file: `.osmo/${spec}.yaml`, spec, outcome: 'refused', reason: 'The file of this required spec does not exist' })
