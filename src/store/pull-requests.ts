import { sql } from 'kysely'
import type { SubmissionId } from '../engine/ports.ts'
import type { WorkflowId } from '../workflow/names.ts'
import type { Provenance } from '../workflow/state.ts'
import type { Database } from './database.ts'
import { addConfigReport, addEffects } from './effects.ts'
import { storableText } from './storable.ts'

/** Until the transaction ends, nobody else opens or closes anything of this pull request. */
export async function lockPullRequest(db: Database, repositoryId: number, number: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`pull-request/${repositoryId}/${number}`}, 0))`.execute(db)
}

/** What the pull request is from now on. A head or base branch that it leaves may have others, whose reports are due. */
export async function headOf(db: Database, { repositoryId, pullRequest, sha, baseRef }: Provenance): Promise<void> {
  if (pullRequest === undefined) return
  const { rows } = await sql<{ sha: string }>`
    select sha from pull_request where repository_id = ${repositoryId} and number = ${pullRequest} and state = 'open'
      and (sha, base_ref) <> (${sha}, ${storableText(baseRef)})`.execute(db)
  await sql`
    insert into pull_request (repository_id, number, state, sha, base_ref)
    values (${repositoryId}, ${pullRequest}, 'open', ${sha}, ${storableText(baseRef)})
    on conflict (repository_id, number) do update set state = 'open', sha = excluded.sha, base_ref = excluded.base_ref`.execute(db)
  for (const left of rows) await reportOthers(db, repositoryId, pullRequest, left.sha)
}

export async function closePullRequest(
  db: Database,
  repositoryId: number,
  number: number,
  stands: () => Promise<boolean>,
): Promise<'closed' | 'open'> {
  await lockPullRequest(db, repositoryId, number)
  if (!(await stands())) return 'open'
  const { rows } = await sql<{ sha: string }>`
    update pull_request set state = 'closed' where repository_id = ${repositoryId} and number = ${number} and state = 'open'
    returning sha`.execute(db)
  for (const { sha } of rows) await reportOthers(db, repositoryId, number, sha)
  return 'closed'
}

/** Checks at this commit no longer show what this pull request thinks of it. */
async function reportOthers(db: Database, repositoryId: number, number: number, sha: string): Promise<void> {
  const workflows = await sql<{ id: WorkflowId }>`
    select distinct on (spec, pull_request, provenance ->> 'baseRef') id from workflow
    where repository_id = ${repositoryId} and sha = ${sha} and pull_request is distinct from ${number} and provenance ->> 'event' <> 'base-run'
    order by spec, pull_request, provenance ->> 'baseRef', ordinal desc limit 500`.execute(db)
  for (const { id } of workflows.rows) await addEffects(db, id, [{ kind: 'report', urgency: 'now' }])
  const submissions = await sql<{ id: SubmissionId }>`
    select distinct on (ref) id from submission
    where repository_id = ${repositoryId} and sha = ${sha} and purpose = 'change' and pull_request is distinct from ${number}
    order by ref, ordinal desc limit 100`.execute(db)
  for (const { id } of submissions.rows) await addConfigReport(db, id)
}
