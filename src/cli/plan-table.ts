import type { Diagnostic, Tier } from '../spec/types.ts'
import { visible } from './terminal.ts'

/** What would become of one spec. `refused`: somebody has to allow it; `invalid`: the file, or what it asks for, is wrong. */
export type PlanRow = {
  readonly file: string
  readonly spec: string
  readonly outcome: 'run' | 'skip' | 'refused' | 'invalid'
  readonly reason: string
  readonly pool?: string
  readonly platforms?: readonly string[]
  readonly tier?: Tier
  /** What its check on a pull request says where it is required and does not run. */
  readonly conclusion?: 'skipped' | 'action_required'
  /** Everything that does not suit, where no pool does. */
  readonly faults?: readonly Diagnostic[]
}

const words: Readonly<Record<PlanRow['outcome'], string>> = { run: '✓ runs', skip: '– skipped', refused: '! refused', invalid: '✗ fails' }

/** A Markdown table, aligned for a terminal and fit for a comment on GitHub. */
export function planTable(rows: readonly PlanRow[]): string {
  const cells = rows.map((row) => [
    row.spec,
    words[row.outcome],
    row.pool ?? '',
    row.platforms?.join(', ') ?? '',
    row.tier ?? '',
    row.reason,
  ])
  const table = [['spec', '', 'pool', 'platform', 'tier', 'why'], ...cells.map((row) => row.map(cell))]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(3, ...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) => `| ${row.map((text, column) => text.padEnd(column === 5 ? 0 : (widths[column] ?? 0))).join(' | ')} |`)
  const [heading = '', ...body] = lines
  return [heading, `|${widths.map((width, column) => `:${'-'.repeat(column === 5 ? 3 : width + 1)}`).join('|')}|`, ...body].join('\n')
}

function cell(text: string): string {
  return visible(text).replaceAll('|', '\\|')
}
