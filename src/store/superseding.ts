import { sql } from 'kysely'
import type { WorkflowId } from '../workflow/names.ts'
import type { Provenance } from '../workflow/state.ts'
import type { Database } from './database.ts'

/**
 * What a new workflow of a concurrency group means for the older ones (extensions.md §2): of a pull request, those of another head that
 * have not started end whatever their tier; with `cancel-in-progress` older ones end, running or waiting: all of them where the spec says
 * so, those of the same ref where it is only the default. Workflows of the same
 * commit stay, unless this one is a rerun of them: specs that share a group do not end each other. A rerun may be of an older commit, so
 * it ends nobody else.
 */
export async function supersede(db: Database, newer: WorkflowId): Promise<readonly WorkflowId[]> {
  const { rows } = await sql<{ workflow_id: WorkflowId }>`
    insert into event (workflow_id, event)
    select old.id, jsonb_build_object('kind', 'cancel-requested', 'by', 'osmo-runner', 'reason', 'superseded by ' || new.display_id)
      || case when old.provenance ->> 'ref' = new.provenance ->> 'ref' then '{"cause": "head-moved"}' else '{}' end::jsonb
    from workflow new join workflow old on old.concurrency_key = new.concurrency_key and old.ordinal < new.ordinal
    where new.id = ${newer} and old.finished_at is null and old.cancellation is null
      and (old.id = new.rerun_of or (old.sha <> new.sha and new.rerun_of is null))
      and (new.plan #>> '{concurrency,cancelInProgress}' = 'any-ref'
        or (new.cancel_in_progress and old.provenance ->> 'ref' = new.provenance ->> 'ref')
        or (old.pull_request = new.pull_request and old.started_at is null))
      and not exists (select 1 from event e where e.workflow_id = old.id and e.event ->> 'kind' = 'cancel-requested')
    returning workflow_id`.execute(db)
  return rows.map(({ workflow_id }) => workflow_id)
}

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
      and not exists (select 1 from event e where e.workflow_id = old.id and e.event ->> 'kind' = 'cancel-requested')`.execute(db)
}
