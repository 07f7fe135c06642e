import { sql } from 'kysely'
import {
  mayEndOthers,
  type SharedSubmission,
  type Standing,
  type StoredPlan,
  type Submission,
  type SubmissionId,
  type SubmissionStore,
  type SubmissionView,
} from '../engine/ports.ts'
import type { Origin } from '../spec/types.ts'
import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import type { Provenance } from '../workflow/state.ts'
import { admit } from './admitting.ts'
import type { Database } from './database.ts'
import { addConfigReport, addEffects } from './effects.ts'
import { provenanceOf } from './headers.ts'
import { openWorkflow } from './opening.ts'
import { closePullRequest, headOf, lockPullRequest } from './pull-requests.ts'
import { json, storableText } from './storable.ts'
import { endUnstarted, lockPushes, takePlace } from './superseding.ts'

export function createSubmissionStore(db: Database): SubmissionStore {
  return {
    open: (submission) => db.transaction().execute((transaction) => open(transaction, submission, { kind: 'current' })),
    openIf: (submission, standing) => db.transaction().execute((transaction) => openIf(transaction, submission, standing)),
    close: (repositoryId, pullRequest, stands) =>
      db.transaction().execute((transaction) => closePullRequest(transaction, repositoryId, pullRequest, stands)),
    get: async (id) => first(await select(db, sql`s.id = ${id}`)),
    sharing: (id) => sharing(db, id, sql`(select repository_id, sha from submission where id = ${id})`),
    ofOpenPullRequests: (repositoryId, sha) => sharing(db, undefined, sql`(${repositoryId}::bigint, ${sha}::text)`),
    newestOf: async (repositoryId, pullRequest) =>
      first(await select(db, sql`s.repository_id = ${repositoryId} and s.pull_request = ${pullRequest} and s.purpose = 'change'`)),
    findNotRun: (repositoryId, sha, spec) => findNotRun(db, repositoryId, sha, spec),
    originOf: (repositoryId, pullRequest, sha) => originOf(db, repositoryId, pullRequest, sha),
  }
}

type Opened = NonNullable<Awaited<ReturnType<SubmissionStore['openIf']>>>

async function openIf(db: Database, submission: Submission, standing: () => Promise<Standing>): Promise<Opened | undefined> {
  const { repositoryId, pullRequest, ref } = submission.provenance
  if (pullRequest !== undefined) await lockPullRequest(db, repositoryId, pullRequest)
  else if (mayEndOthers(submission)) await lockPushes(db, repositoryId, ref)
  const found = await standing()
  return found.kind === 'gone' ? undefined : open(db, submission, found)
}

async function open(db: Database, submission: Submission, standing: Exclude<Standing, { kind: 'gone' }>): Promise<Opened> {
  await saveRepository(db, submission.provenance)
  if (submission.purpose === 'change') await headOf(db, submission.provenance)
  const id = await saveSubmission(db, submission)
  const opened: WorkflowId[] = []
  const existing: WorkflowId[] = []
  const limited = new Set<string>()
  // So that two submissions take the locks of the counters, of which each name has one, and of the run keys in the same order.
  for (const plan of submission.plans.toSorted((a, b) => compareText(a.name, b.name) || compareText(a.runKey, b.runKey))) {
    const workflow = await openWorkflow(db, plan)
    if (workflow.kind === 'opened') await takePlace(db, workflow.id, standing)
    if (workflow.kind === 'opened' && plan.concurrency.limit !== undefined) limited.add(plan.concurrency.key)
    ;(workflow.kind === 'opened' ? opened : existing).push(workflow.id)
  }
  await link(db, id, [...opened, ...existing])
  for (const workflow of opened) await addEffects(db, workflow, [{ kind: 'report', urgency: 'now' }])
  if (submission.purpose === 'change') await endUnstarted(db, submission.provenance)
  // Last, since each takes a lock until this transaction ends; sorted, so that two submissions take them in the same order.
  for (const key of [...limited].toSorted(compareText)) await admit(db, key)
  if (submission.purpose === 'change') await addConfigReport(db, id)
  return { id, opened, existing }
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Names are labels: the newest one heard is shown. Looks first, since a conflict locks the row for everybody until this transaction ends. */
async function saveRepository(db: Database, { repositoryId, installationId, repository }: Provenance): Promise<void> {
  await sql`
    insert into repository (id, installation_id, full_name)
    select c.* from (values (${repositoryId}::bigint, ${installationId}::bigint, ${storableText(repository)}::text)) as c
    where not exists (select 1 from repository known where (known.id, known.installation_id, known.full_name) = c)
    on conflict (id) do update set installation_id = excluded.installation_id, full_name = excluded.full_name, updated_at = instant_now()
    where (repository.installation_id, repository.full_name) is distinct from (excluded.installation_id, excluded.full_name)`.execute(db)
}

async function saveSubmission(
  db: Database,
  { purpose, moves, provenance, plans, skipped, diagnostics, notes }: Submission,
): Promise<SubmissionId> {
  const stored: readonly StoredPlan[] = plans.map(({ groups: _, ...plan }) => plan)
  const { rows } = await sql<{ id: SubmissionId }>`
    insert into submission (purpose, moves, repository_id, provenance, sha, ref, pull_request, plans, skipped, diagnostics, notes)
    values (${purpose}, ${moves}, ${provenance.repositoryId}, ${json(provenance)}, ${provenance.sha}, ${storableText(provenance.ref)},
      ${provenance.pullRequest ?? null}, ${json(stored)}, ${json(skipped)}, ${json(diagnostics)}, ${json(notes)})
    returning id`.execute(db)
  return rows[0]!.id
}

async function originOf(db: Database, repositoryId: number, pullRequest: number, sha: CommitSha): Promise<Origin | undefined> {
  const { rows } = await sql<{ origin: Origin }>`
    select provenance ->> 'origin' as origin from submission
    where repository_id = ${repositoryId} and pull_request = ${pullRequest} and sha = ${sha} and purpose = 'change' and moves = 'head'
    order by ordinal desc limit 1`.execute(db)
  return rows[0]?.origin
}

async function findNotRun(db: Database, repositoryId: number, sha: CommitSha, spec: string): Promise<SubmissionId | undefined> {
  const { rows } = await sql<{ id: SubmissionId }>`
    select id from submission
    where repository_id = ${repositoryId} and sha = ${sha} and purpose = 'change' and skipped @> ${json([{ spec }])}
    order by ordinal desc limit 1`.execute(db)
  return rows[0]?.id
}

async function link(db: Database, id: SubmissionId, workflows: readonly WorkflowId[]): Promise<void> {
  if (workflows.length === 0) return
  await sql`
    insert into submission_workflow (submission_id, workflow_id) select ${id}::uuid, unnest(${workflows}::uuid[])
    on conflict do nothing`.execute(db)
}

type Row = Omit<SubmissionView, 'configCheckRunId'> & { readonly configCheckRunId: number | null }

const columns = sql<Row>`
  s.id, s.purpose, s.moves, s.provenance, s.plans, s.skipped, s.diagnostics, s.notes, s.created_at as "openedAt",
  (select c.config_check_run_id from submission c where c.repository_id = s.repository_id and c.sha = s.sha
    and c.config_check_run_id is not null order by c.ordinal desc limit 1) as "configCheckRunId",
  array(select w.id::text from submission_workflow l join workflow w on w.id = l.workflow_id
    where l.submission_id = s.id order by w.ordinal) as workflows`

async function select(db: Database, condition: ReturnType<typeof sql>): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`select ${columns} from submission s where ${condition} order by s.ordinal desc limit 1`.execute(db)
  return rows
}

/** `own` may be of a pull request that has a newer one by now, which then speaks for it. */
async function sharing(db: Database, own: SubmissionId | undefined, commit: ReturnType<typeof sql>): Promise<readonly SharedSubmission[]> {
  const { rows } = await sql<Row & { readonly ran: readonly string[] }>`
    select ${columns}, array(
      select distinct w.spec from workflow w
      where w.repository_id = s.repository_id and w.sha = s.sha and w.pull_request is not distinct from s.pull_request
        and w.provenance ->> 'baseRef' = s.provenance ->> 'baseRef' and w.provenance ->> 'ref' = s.ref
        and w.provenance ->> 'event' <> 'base-run' order by w.spec) as ran
    from submission s where s.id = ${own ?? null}::uuid or s.id in (
      select (select c.id from submission c where c.repository_id = p.repository_id and c.pull_request = p.number and c.purpose = 'change'
          order by c.ordinal desc limit 1)
      from pull_request p where (p.repository_id, p.sha) = ${commit} and p.state = 'open' order by p.number limit ${mostSharing})
    order by s.pull_request nulls first, s.ordinal`.execute(db)
  const isReplaced = (row: Row) =>
    row.id === own && row.provenance.pullRequest !== undefined && rows.some((other) => other.id !== own && isOfSame(other, row))
  return rows.filter((row) => !isReplaced(row)).map(({ ran, ...row }) => ({ submission: viewOf(row), ran }))
}

/** Open pull requests that share a head commit are few; more than these are not looked at. */
const mostSharing = 50

const isOfSame = (one: Row, other: Row) => one.provenance.pullRequest === other.provenance.pullRequest

const first = ([row]: readonly Row[]): SubmissionView | undefined => row && viewOf(row)

const viewOf = (row: Row): SubmissionView => ({
  ...row,
  provenance: provenanceOf(row.provenance),
  plans: row.plans.map(planOf),
  configCheckRunId: row.configCheckRunId ?? undefined,
})

/** JSON leaves out what is undefined; the type has the fields. */
export const planOf = (stored: StoredPlan): StoredPlan => ({
  ...stored,
  provenance: provenanceOf(stored.provenance),
  rerunOf: stored.rerunOf ?? undefined,
  values: stored.values ?? 'usual',
  concurrency: { ...stored.concurrency, limit: stored.concurrency.limit ?? undefined },
})
