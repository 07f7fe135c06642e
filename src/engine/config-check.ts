import { cell, sentence } from '../workflow/text.ts'
import { checkPrefix, notRunPrefix } from './changes.ts'
import type { CheckWrite, SharedSubmission, StoredDiagnostic, Submission, SubmissionView } from './ports.ts'
import { configRequiredNote } from './submit.ts'

/** GitHub's own limit is 65 535; the rest is for markers and closing tags (github.md §2.6). */
export const maxSummaryCharacters = 60_000

type Skipped = Submission['skipped'][number]

/** Worst first. */
const skipRank: Readonly<Record<Skipped['conclusion'], number>> = { action_required: 0, neutral: 1, skipped: 2 }

/**
 * What one commit's `osmo / config` speaks of: this submission and those of all open pull requests that share the commit, of each spec the
 * worst (extensions.md §1). A spec that has run has a check of its own, and no later change of labels or titles takes its place.
 */
export function combined(found: SubmissionView, sharing: readonly SharedSubmission[]): SubmissionView {
  const shown = sharing.map(withoutRuns)
  const own = shown.find(({ id }) => id === found.id) ?? shown[0] ?? found
  if (shown.length < 2) return { ...own, id: found.id }
  const skipped = Map.groupBy(
    shown.flatMap((one) => one.skipped.map((entry) => ({ ...entry, reason: `${entry.reason.replace(/\.$/, '')} (${placeOf(one)})` }))),
    ({ spec }) => spec,
  )
  return {
    ...own,
    id: found.id,
    plans: shown.flatMap(({ plans }) => plans),
    skipped: [...skipped.values()].map(worstOf),
    diagnostics: distinct(shown.flatMap(({ diagnostics }) => diagnostics)),
    notes: distinct(shown.flatMap(({ notes }) => notes)),
  }
}

const withoutRuns = ({ submission, ran }: SharedSubmission): SubmissionView => ({
  ...submission,
  skipped: submission.skipped.filter(({ spec }) => !ran.includes(spec)),
})

const placeOf = ({ provenance }: SubmissionView) =>
  provenance.pullRequest === undefined ? provenance.ref : `#${provenance.pullRequest} against ${provenance.baseRef}`

/** Required anywhere is required. */
function worstOf(entries: readonly Skipped[]): Skipped {
  const [worst] = entries.toSorted((a, b) => skipRank[a.conclusion] - skipRank[b.conclusion])
  return { ...(worst as Skipped), required: entries.some(({ required }) => required === 'required') ? 'required' : 'optional' }
}

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]

/**
 * Faults, and specs that a reviewer may miss. A push to a topic branch that selects nothing says nothing: the pull request of that branch
 * will, about the same commit.
 */
export function isWorthShowing({ diagnostics, skipped, notes, plans, provenance }: SubmissionView): boolean {
  const isReviewed = provenance.pullRequest !== undefined || provenance.defaultBranch
  const missed = skipped.filter(({ required, conclusion }) => isReviewed || required === 'required' || conclusion === 'action_required')
  const isSaid = notes.includes(configRequiredNote) || (notes.length > 0 && plans.length > 0)
  return diagnostics.length > 0 || missed.length > 0 || isSaid
}

export function configCheck(submission: SubmissionView): CheckWrite {
  const { diagnostics, skipped, notes } = submission
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const worst = skipped.map(({ conclusion }) => conclusion).toSorted((a, b) => skipRank[a] - skipRank[b])[0]
  const conclusion = errors.length > 0 ? 'failure' : worst === undefined || worst === 'skipped' ? 'success' : worst
  return {
    ...checkOf(submission),
    name: `${checkPrefix}config`,
    checkRunId: submission.configCheckRunId,
    state: { status: 'completed', conclusion, startedAt: undefined, completedAt: submission.openedAt },
    title: configTitle([
      plural(errors.length, 'error'),
      plural(diagnostics.length - errors.length, 'warning'),
      skipped.length > 0 ? `${skipped.length} not run` : '',
      plural(notes.length, 'note'),
    ]),
    summary: configSummary(submission).slice(0, maxSummaryCharacters),
    annotations: diagnostics,
  }
}

/** Of a required spec that did not run, so that nothing waits for ever. */
export function skippedCheck(submission: SubmissionView, { spec, reason, conclusion }: SubmissionView['skipped'][number]): CheckWrite {
  return {
    ...checkOf(submission),
    externalId: `${notRunPrefix}${spec}`,
    name: `${checkPrefix}${spec}`,
    checkRunId: undefined,
    state: { status: 'completed', conclusion, startedAt: undefined, completedAt: submission.openedAt },
    title: conclusion === 'skipped' ? 'Not selected by this change' : 'Did not run',
    summary: sentence(reason),
    annotations: [],
  }
}

const checkOf = ({ id, provenance }: SubmissionView) => ({
  repository: { id: provenance.repositoryId, installationId: provenance.installationId, fullName: provenance.repository },
  sha: provenance.sha,
  externalId: id,
  detailsUrl: undefined,
  text: undefined,
})

const configTitle = (parts: readonly string[]) => parts.filter((part) => part !== '').join(', ') || 'Nothing to say'

const plural = (count: number, word: string) => (count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`)

function configSummary({ diagnostics, skipped, notes }: SubmissionView): string {
  const faults = diagnostics.slice(0, 100).map(faultRow)
  const table = faults.length === 0 ? '' : ['| where | | what |', '|:--|:--|:--|', ...faults].join('\n')
  const rows = skipped.slice(0, 100).map(({ spec, reason }) => `| ${cell(spec)} | ${sentence(reason)} |`)
  const skippedTable = rows.length === 0 ? '' : ['| spec | why it did not run |', '|:--|:--|', ...rows].join('\n')
  return [table, skippedTable, ...notes.map(sentence)].filter((part) => part !== '').join('\n\n')
}

const faultRow = ({ file, line, column, severity, code, message }: StoredDiagnostic) =>
  `| ${cell(`${file}:${line}:${column}`)} | ${severity === 'error' ? '❌' : '⚠️'} ${cell(code)} | ${sentence(message)} |`
