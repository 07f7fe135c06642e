import { type RawBuilder, sql } from 'kysely'
import type { Standing } from '../engine/ports.ts'
import type { CommitSha, WorkflowId } from '../workflow/names.ts'
import type { Provenance } from '../workflow/state.ts'
import type { Database } from './database.ts'
import { storableText } from './storable.ts'

/** Until the transaction ends, no other push to this branch opens what may end the runs of this one. */
export async function lockPushes(db: Database, repositoryId: number, ref: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${storableText(`pushes/${repositoryId}/${ref}`)}, 0))`.execute(db)
}

/** Ends what a workflow that has just been opened stands for now, or the workflow itself where a newer push was heard of before its own. */
export async function takePlace(db: Database, id: WorkflowId, standing: Exclude<Standing, { kind: 'gone' }>): Promise<void> {
  const overtaken = standing.kind === 'pushed' ? await yieldToNewer(db, id, standing.tip) : 'no'
  if (overtaken === 'no') await supersede(db, id)
}

/** Pushes between an older and a newer one that are looked through, and unfinished workflows of a group that are. */
const mostPushes = 50
const mostMembers = 20

/**
 * Deliveries come out of order, and what may end the runs of other refs of its group would end those of a newer push too. Newer is what runs
 * at the tip of the branch, and a push that began, by way of others, where this one ended.
 */
async function yieldToNewer(db: Database, id: WorkflowId, tip: CommitSha | undefined): Promise<'yes' | 'no'> {
  const { rows } = await sql`
    with recursive own as (
      select *, provenance ->> 'ref' as ref from workflow
      where id = ${id} and sha is distinct from ${tip ?? null} and plan #>> '{concurrency,cancelInProgress}' = 'any-ref'
    ), member as (
      select w.* from own join workflow w on w.concurrency_key = own.concurrency_key and w.sha <> own.sha
        and w.provenance ->> 'ref' = own.ref and w.finished_at is null
      order by w.ordinal desc limit ${mostMembers}
    ), line (display_id, ordinal, began, pushes) as (
      select display_id, ordinal, provenance ->> 'baseSha', 1 from member
      union all
      select line.display_id, line.ordinal, before.sha, line.pushes + 1 from own, line, lateral (
        select s.provenance ->> 'baseSha' as sha from submission s
        where s.repository_id = own.repository_id and s.sha = line.began and s.ref = own.ref order by s.ordinal desc limit 1) before
      where line.began <> own.sha and line.pushes < ${mostPushes}
    ), newer as (
      select line.display_id, line.ordinal from own join line on line.began = own.sha
      union all
      select w.display_id, w.ordinal from own join workflow w on w.repository_id = own.repository_id and w.sha = ${tip ?? null}
        and w.concurrency_key = own.concurrency_key and w.provenance ->> 'ref' = own.ref
    )
    insert into event (workflow_id, event)
    select ${id}::uuid, jsonb_build_object('kind', 'cancel-requested', 'by', 'osmo-runner',
      'reason', 'superseded by ' || display_id || ', which was pushed later', 'cause', 'head-moved')
    from newer order by ordinal desc limit 1
    returning workflow_id`.execute(db)
  return rows.length > 0 ? 'yes' : 'no'
}

/**
 * What a new workflow of a concurrency group means for the older ones (extensions.md §2): of a pull request, those of another head that
 * have not started end whatever their tier; with `cancel-in-progress` older ones end, running or waiting: all of them where the spec says
 * so, those of the same ref where it is only the default. Workflows of the same
 * commit stay, unless this one is a rerun of them: specs that share a group do not end each other. A rerun may be of an older commit, so
 * it ends nobody else, and neither does what is to be cancelled itself.
 */
export async function supersede(db: Database, newer: WorkflowId): Promise<readonly WorkflowId[]> {
  const { rows } = await sql<{ workflow_id: WorkflowId }>`
    insert into event (workflow_id, event)
    select old.id, jsonb_build_object('kind', 'cancel-requested', 'by', 'osmo-runner', 'reason', 'superseded by ' || new.display_id)
      || case when old.provenance ->> 'ref' = new.provenance ->> 'ref' then '{"cause": "head-moved"}' else '{}' end::jsonb
    from workflow new join workflow old on old.concurrency_key = new.concurrency_key and old.ordinal < new.ordinal
    where new.id = ${newer} and new.cancellation is null and ${isNotToEnd(sql`new`)} and old.finished_at is null and old.cancellation is null
      and (old.id = new.rerun_of or (old.sha <> new.sha and new.rerun_of is null))
      and (new.plan #>> '{concurrency,cancelInProgress}' = 'any-ref'
        or (new.cancel_in_progress and old.provenance ->> 'ref' = new.provenance ->> 'ref')
        or (old.pull_request = new.pull_request and old.started_at is null))
      and ${isNotToEnd(sql`old`)}
    returning workflow_id`.execute(db)
  return rows.map(({ workflow_id }) => workflow_id)
}

/** No cancellation of it waits to be folded. */
const isNotToEnd = (workflow: RawBuilder<unknown>) =>
  sql`not exists (select 1 from event e where e.workflow_id = ${workflow}.id and e.event ->> 'kind' = 'cancel-requested')`

/**
 * A pull request's runs that have not started end when their commit stops being its head, whatever their tier and whether or not the new
 * head runs the same spec (extensions.md §2). A rerun was asked for by name, at its own commit.
 */
export async function endUnstarted(db: Database, { repositoryId, pullRequest, sha }: Provenance): Promise<void> {
  if (pullRequest === undefined) return
  await sql`
    insert into event (workflow_id, event)
    select old.id, jsonb_build_object('kind', 'cancel-requested', 'by', 'osmo-runner',
      'reason', 'the head of the pull request is ' || left(${sha}, 7) || ' now', 'cause', 'head-moved')
    from workflow old
    where old.repository_id = ${repositoryId} and old.pull_request = ${pullRequest} and old.sha <> ${sha} and old.rerun_of is null
      and old.started_at is null and old.finished_at is null and old.cancellation is null
      and ${isNotToEnd(sql`old`)}`.execute(db)
}
