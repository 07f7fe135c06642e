import type { ViewStore, WorkflowRow } from '../engine/ports.ts'
import type { Instant } from '../workflow/names.ts'
import type { Verdict } from '../workflow/verdict.ts'
import type { ListQuery } from './parameters.ts'
import { standingOf, type VerdictReader } from './verdicts.ts'

export type ListedWorkflow = WorkflowRow & { readonly verdict: Verdict }
export type Listing = {
  readonly rows: readonly ListedWorkflow[]
  /** `before` of the next page; undefined when there is none. */
  readonly next: Instant | undefined
}

const pageRows = 30
/** Of one push: they opened in one transaction, at the same instant, and no page may end between them. */
const maxTies = 100
/** A filter by verdict looks at this many rows for one page; the next page goes on from there. */
const maxScannedPages = 8
const concurrentVerdicts = 4

/** One page of workflows, newest first, with their verdicts. */
export async function readListing(views: ViewStore, verdictOf: VerdictReader, query: ListQuery): Promise<Listing> {
  const found: ListedWorkflow[] = []
  let { before } = query
  for (let scanned = 0; scanned < maxScannedPages; scanned++) {
    const page = await readPage(views, { ...query, before })
    const judged = await withVerdicts(page.rows, verdictOf)
    found.push(...judged.filter((row) => query.standing === undefined || standingOf(row.verdict) === query.standing))
    before = page.next
    if (before === undefined || found.length >= pageRows) break
  }
  return { rows: found, next: before }
}

async function readPage(views: ViewStore, { repositoryId, pullRequest, before }: ListQuery) {
  const filter = {
    ...(repositoryId === undefined ? {} : { repositoryId }),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(before === undefined ? {} : { before }),
  }
  const rows = await views.list(filter, pageRows + maxTies)
  const last = rows[pageRows - 1]
  const end = last === undefined ? -1 : rows.findIndex((row, index) => index >= pageRows && row.openedAt !== last.openedAt)
  if (end >= 0) return { rows: rows.slice(0, end), next: rows[end - 1]?.openedAt }
  return { rows, next: rows.length === pageRows + maxTies ? rows.at(-1)?.openedAt : undefined }
}

async function withVerdicts(rows: readonly WorkflowRow[], verdictOf: VerdictReader): Promise<readonly ListedWorkflow[]> {
  const judged: ListedWorkflow[] = []
  for (let start = 0; start < rows.length; start += concurrentVerdicts) {
    const some = rows.slice(start, start + concurrentVerdicts)
    judged.push(...(await Promise.all(some.map(async (row) => ({ ...row, verdict: await verdictOf(row) })))))
  }
  return judged
}
