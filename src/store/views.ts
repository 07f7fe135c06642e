import { sql } from 'kysely'
import type { BaseInputs, StoredPlan, TaskView, ViewStore, WorkflowRow, WorkflowView } from '../engine/ports.ts'
import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import type { TaskState } from '../workflow/state.ts'
import { workflowStatus } from '../workflow/status.ts'
import type { Database } from './database.ts'
import { type HeaderRow, headerColumns, headerOf } from './headers.ts'
import { baseInputsOf, storedOutputs } from './inputs.ts'
import { storableText } from './storable.ts'
import { planOf } from './submissions.ts'

export function createViewStore(db: Database): ViewStore {
  return {
    workflow: async (id) => (await workflowViews(db, [id]))[0],
    byDisplayId: async (displayId) => (await ids(db, sql`display_id = ${displayId}`))[0],
    byCheckRun: (checkRunId) => byCheckRun(db, checkRunId),
    list: (filter, limit) => list(db, filter, limit),
    latestOfPullRequest: async (repositoryId, pullRequest) => workflowViews(db, await latestOfPullRequest(db, repositoryId, pullRequest)),
    sharingCheck: (id) => sharingCheck(db, id),
    overtaken: (change) => overtaken(db, change),
    latestOfCommit: (repositoryId, sha) => latestOfCommit(db, repositoryId, sha),
    latestByPlace: (repositoryId, sha) => latestByPlace(db, repositoryId, sha),
    openedBy: (request, repositoryId, sha) => openedBy(db, request, repositoryId, sha),
    completedOn: (repositoryId, spec, branch, limit) => completedOn(db, repositoryId, spec, branch, limit),
    trustedOutputs: (repositoryId, spec, shas, task) => trustedOutputs(db, repositoryId, spec, shas, task),
    liveProducers: (repositoryId, spec, sha, task) => liveProducers(db, repositoryId, spec, sha, task),
    awaitingBase: (repositoryId, spec) => awaitingBase(db, repositoryId, spec),
  }
}

// ------------------------------------------------------------- one workflow

type ViewRow = HeaderRow & {
  readonly plan: StoredPlan
  readonly check_run_id: number | null
  readonly check_digest: string | null
  readonly rerun_by: WorkflowId | null
}

/** In the order of the ids. */
async function workflowViews(db: Database, wanted: readonly WorkflowId[]): Promise<readonly WorkflowView[]> {
  if (wanted.length === 0) return []
  const { rows } = await sql<ViewRow>`
    select ${headerColumns}, workflow.plan, workflow.check_run_id, workflow.check_digest,
      (select rerun.id from workflow rerun where rerun.rerun_of = workflow.id order by rerun.ordinal desc limit 1) as rerun_by
    from workflow where id = any(${wanted}::uuid[]) order by array_position(${wanted}::uuid[], id)`.execute(db)
  const tasks = await taskViews(db, wanted)
  return rows.map((row) => ({
    workflow: headerOf(row),
    plan: planOf(row.plan),
    status: workflowStatus(row.counts),
    tasks: tasks.get(row.id) ?? [],
    checkRunId: row.check_run_id ?? undefined,
    checkDigest: row.check_digest ?? undefined,
    rerunBy: row.rerun_by ?? undefined,
  }))
}

type TaskRow = Omit<TaskView, 'baseInputs' | 'attempts'> & {
  readonly workflow: WorkflowId
  readonly base_inputs: BaseInputs | null
  readonly attempts: readonly TaskState[] | null
}

async function taskViews(db: Database, workflows: readonly WorkflowId[]): Promise<ReadonlyMap<WorkflowId, readonly TaskView[]>> {
  const { rows } = await sql<TaskRow>`
    select t.workflow_id as workflow, t.id, t.name, t.group_name as "group", t.lead, t.state, t.template, t.benchmarks, t.base_inputs,
      g.base_inputs as "baseInputsState", g.waits_for as "waitsFor",
      json_build_object('workflow', coalesce(t.reuse_workflow_id, t.workflow_id), 'task', t.name,
        'attempt', coalesce(t.reuse_attempt, t.attempt)) as outputs,
      (select json_agg(a.state order by a.attempt) from attempt a where a.workflow_id = t.workflow_id and a.task = t.name) as attempts
    from task t join task_group g on g.workflow_id = t.workflow_id and g.name = t.group_name
    where t.workflow_id = any(${workflows}::uuid[]) order by t.workflow_id, t.ordinal`.execute(db)
  const grouped = Map.groupBy(rows, ({ workflow }) => workflow)
  return new Map([...grouped].map(([id, tasks]) => [id, tasks.map(taskViewOf)]))
}

const taskViewOf = ({ workflow: _, base_inputs, attempts, ...row }: TaskRow): TaskView => ({
  ...row,
  baseInputs: baseInputsOf(base_inputs),
  attempts: (attempts ?? []).map((state) => ({ attempt: state.attempt, state })),
})

async function ids(db: Database, condition: ReturnType<typeof sql>): Promise<readonly WorkflowId[]> {
  const { rows } = await sql<{ id: WorkflowId }>`select id from workflow where ${condition} order by ordinal desc`.execute(db)
  return rows.map(({ id }) => id)
}

async function byCheckRun(db: Database, checkRunId: number): ReturnType<ViewStore['byCheckRun']> {
  const [id] = await ids(db, sql`check_run_id = ${checkRunId}`)
  if (id) return { kind: 'workflow', id }
  const { rows } = await sql<{ id: string }>`
    select id from submission where config_check_run_id = ${checkRunId} order by ordinal desc limit 1`.execute(db)
  return rows[0] && { kind: 'config', submission: rows[0].id }
}

// -------------------------------------------------------------------- lists

async function list(db: Database, filter: Parameters<ViewStore['list']>[0], limit: number): Promise<readonly WorkflowRow[]> {
  const conditions = [
    sql`true`,
    ...(filter.repositoryId === undefined ? [] : [sql`repository_id = ${filter.repositoryId}`]),
    ...(filter.pullRequest === undefined ? [] : [sql`pull_request = ${filter.pullRequest}`]),
    ...(filter.sha === undefined ? [] : [sql`sha = ${filter.sha}`]),
    ...(filter.before === undefined ? [] : [sql`opened_at < ${filter.before}`]),
  ]
  const { rows } = await sql<HeaderRow>`
    select ${headerColumns} from workflow where ${sql.join(conditions, sql` and `)}
    order by opened_at desc, ordinal desc limit ${limit}`.execute(db)
  return rows.map(workflowRowOf)
}

async function latestOfCommit(db: Database, repositoryId: number, sha: CommitSha): Promise<readonly WorkflowRow[]> {
  const { rows } = await sql<HeaderRow>`
    select distinct on (workflow.spec) ${headerColumns} from workflow
    where repository_id = ${repositoryId} and sha = ${sha} and provenance ->> 'event' <> 'base-run'
    order by workflow.spec, workflow.ordinal desc`.execute(db)
  return rows.map(workflowRowOf)
}

async function latestByPlace(db: Database, repositoryId: number, sha: CommitSha): Promise<readonly WorkflowRow[]> {
  const { rows } = await sql<HeaderRow>`
    select ${headerColumns} from workflow where id in (
      select distinct on (spec, provenance ->> 'ref', provenance ->> 'baseRef') id from workflow
      where repository_id = ${repositoryId} and sha = ${sha} and provenance ->> 'event' <> 'base-run'
      order by spec, provenance ->> 'ref', provenance ->> 'baseRef', ordinal desc)
    order by ordinal desc limit 500`.execute(db)
  return rows.map(workflowRowOf)
}

async function openedBy(db: Database, request: string, repositoryId: number, sha: CommitSha): ReturnType<ViewStore['openedBy']> {
  const { rows } = await sql<{ id: WorkflowId; spec: string; rerunOf: WorkflowId }>`
    select id, spec, rerun_of as "rerunOf" from workflow
    where repository_id = ${repositoryId} and sha = ${sha} and rerun_of is not null and plan ->> 'requestedBy' = ${storableText(request)}
    order by ordinal`.execute(db)
  return rows
}

/** A cancellation that is not folded yet counts as well. */
async function overtaken(
  db: Database,
  { repositoryId, sha, ref, baseRef }: Parameters<ViewStore['overtaken']>[0],
): ReturnType<ViewStore['overtaken']> {
  const { rows } = await sql<{ spec: string; attempt: number }>`
    select spec, attempt from (
      select id, spec, cancellation, row_number() over (partition by spec order by ordinal desc) as place,
        max((plan ->> 'runAttempt')::int) over (partition by spec) as attempt
      from workflow where repository_id = ${repositoryId} and sha = ${sha} and provenance ->> 'ref' = ${storableText(ref)}
        and provenance ->> 'baseRef' = ${storableText(baseRef)} and plan #>> '{dispatch,nonce}' = ''
        and provenance ->> 'event' <> 'base-run'
    ) run
    where place = 1 and (cancellation ->> 'cause' is not null or cancellation is null and exists (
      select 1 from event e where e.workflow_id = run.id and e.event ->> 'kind' = 'cancel-requested' and e.event ->> 'cause' is not null))`.execute(
    db,
  )
  return new Map(rows.map(({ spec, attempt }) => [spec, attempt]))
}

async function sharingCheck(db: Database, id: WorkflowId): ReturnType<ViewStore['sharingCheck']> {
  const { rows } = await sql<{ id: WorkflowId; own: boolean }>`
    with self as (select * from workflow where id = ${id}),
    other as (
      select other.*, other.provenance ->> 'ref' = self.provenance ->> 'ref' and other.provenance ->> 'baseRef' = self.provenance ->> 'baseRef' as own,
        coalesce(other.plan ->> 'values', 'usual') as kind, coalesce(self.plan ->> 'values', 'usual') as self_kind
      from self join workflow other on other.repository_id = self.repository_id and other.sha = self.sha and other.spec = self.spec
      where other.provenance ->> 'event' <> 'base-run')
    select distinct on (own, pull_request) id, own from other
    where own and kind <> self_kind or not own and kind = 'usual' and exists (
      select from pull_request p where p.repository_id = other.repository_id and p.number = other.pull_request and p.state = 'open'
        and p.sha = other.sha and p.base_ref = other.provenance ->> 'baseRef')
    order by own, pull_request, ordinal desc`.execute(db)
  const found = await workflowViews(
    db,
    rows.map((row) => row.id),
  )
  const isOwn = (view: WorkflowView) => rows.some((row) => row.id === view.workflow.id && row.own)
  return { sharing: found.filter((view) => !isOwn(view)), counterpart: found.find(isOwn) }
}

function workflowRowOf(row: HeaderRow): WorkflowRow {
  const { id, displayId, spec, provenance, openedAt, startedAt, finishedAt, counts } = headerOf(row)
  const status = workflowStatus(counts)
  return { id, displayId, spec, repository: provenance.repository, status, provenance, openedAt, startedAt, finishedAt }
}

/** By what was submitted for it, so that a run that a push had opened at the same commit is there too. */
async function latestOfPullRequest(db: Database, repositoryId: number, pullRequest: number): Promise<readonly WorkflowId[]> {
  const { rows } = await sql<{ id: WorkflowId }>`
    with newest as (
      select sha from submission where repository_id = ${repositoryId} and pull_request = ${pullRequest} and purpose = 'change'
      order by ordinal desc limit 1)
    select distinct on (w.spec) w.id from submission s join newest on newest.sha = s.sha
    join submission_workflow l on l.submission_id = s.id join workflow w on w.id = l.workflow_id
    where s.repository_id = ${repositoryId} and s.pull_request = ${pullRequest} order by w.spec, w.ordinal desc`.execute(db)
  return rows.map(({ id }) => id)
}

async function completedOn(
  db: Database,
  repositoryId: number,
  spec: string,
  branch: Parameters<ViewStore['completedOn']>[2],
  limit: number,
): Promise<readonly WorkflowId[]> {
  const isOn =
    branch === 'default' ? sql`standing = 'trusted-default'` : sql`provenance ->> 'ref' = ${storableText(`refs/heads/${branch.name}`)}`
  const { rows } = await sql<{ id: WorkflowId }>`
    select id from workflow
    where repository_id = ${repositoryId} and spec = ${storableText(spec)} and ${isOn} and standing <> 'other' and pull_request is null
      and status = 'COMPLETED' and provenance ->> 'event' <> 'base-run' and ${hasUsualValues}
    order by ordinal desc limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/** What a person chose values for made something else than others expect of this spec. */
const hasUsualValues = sql<boolean>`plan ->> 'values' is distinct from 'special'`

// ---------------------------------------------------------------- base arms

async function trustedOutputs(
  db: Database,
  repositoryId: number,
  spec: string,
  shas: readonly CommitSha[],
  task: string,
): ReturnType<ViewStore['trustedOutputs']> {
  const { rows } = await sql<{ workflow: WorkflowId; task: string; attempt: number; display_id: string; sha: CommitSha }>`
    select ${storedOutputs}, w.display_id, w.sha from workflow w join task t on t.workflow_id = w.id
    where w.repository_id = ${repositoryId} and w.spec = ${spec} and w.sha = any(${shas}::text[]) and w.standing <> 'other'
      and ${hasUsualValues} and t.name = ${task} and t.status = 'COMPLETED' and t.state ->> 'outputs' = 'stored'
    order by array_position(${shas}::text[], w.sha), w.ordinal desc limit 100`.execute(db)
  return rows.map(({ display_id, sha, ...reference }) => ({ reference, displayId: display_id, sha }))
}

async function liveProducers(
  db: Database,
  repositoryId: number,
  spec: string,
  sha: CommitSha,
  task: string,
): ReturnType<ViewStore['liveProducers']> {
  const { rows } = await sql<{ id: WorkflowId; displayId: string }>`
    select w.id, w.display_id as "displayId" from workflow w join task t on t.workflow_id = w.id
    where w.repository_id = ${repositoryId} and w.spec = ${spec} and w.sha = ${sha} and w.standing <> 'other'
      and ${hasUsualValues} and w.finished_at is null and w.cancellation is null and t.name = ${task}
      and t.status in ('WAITING', 'PROCESSING', 'SCHEDULING', 'INITIALIZING', 'RUNNING')
    order by w.ordinal`.execute(db)
  return rows
}

async function awaitingBase(db: Database, repositoryId: number, spec: string): ReturnType<ViewStore['awaitingBase']> {
  const { rows } = await sql<{ workflow: WorkflowId; group: string }>`
    select w.id as workflow, g.name as "group" from task_group g join workflow w on w.id = g.workflow_id
    where g.base_inputs = 'awaited' and w.repository_id = ${repositoryId} and w.spec = ${spec} and w.finished_at is null
    order by w.ordinal, g.ordinal`.execute(db)
  return rows
}
