import { type RawBuilder, sql } from 'kysely'
import type { ReportStore, SubmissionId } from '../engine/ports.ts'
import type { WorkflowId } from '../workflow/names.ts'
import type { Database } from './database.ts'
import { addConfigReport, addEffects } from './effects.ts'

/** Older ends are left as they are: people have seen that something is wrong, and GitHub's lists have moved on. */
const repairedForMs = 3 * 24 * 3600 * 1000
/** The way by the outbox takes seconds. */
const overdueMs = 2 * 60 * 1000
/** What GitHub refuses is asked again this often. */
const repairEveryMs = 3600 * 1000
const maxOfInstallation = 1000

/** What was last written to GitHub, so that nothing is written again that has not changed. */
export function createReportStore(db: Database): ReportStore {
  return {
    saveCheck,
    saveConfigCheck,
    configDigest,
    comment,
    saveComment,
    saveConclusion,
    saveSubmissionReported,
    requeueOverdue,
    requeueOfInstallation,
  }

  async function saveCheck(id: WorkflowId, checkRunId: number, digest: string): Promise<void> {
    await sql`update workflow set check_run_id = ${checkRunId}, check_digest = ${digest} where id = ${id}`.execute(db)
  }

  async function saveConfigCheck(id: SubmissionId, checkRunId: number, digest: string): Promise<void> {
    // Submissions at one commit write the same check, so what any other had written is there no more.
    await sql`
      update submission s set config_check_run_id = case when s.id = own.id then ${checkRunId} else s.config_check_run_id end,
        config_digest = case when s.id = own.id then ${digest} end
      from submission own where own.id = ${id} and s.repository_id = own.repository_id and s.sha = own.sha
        and (s.id = own.id or s.config_digest is not null)`.execute(db)
  }

  async function configDigest(id: SubmissionId): Promise<string | undefined> {
    const { rows } = await sql<{ config_digest: string | null }>`select config_digest from submission where id = ${id}`.execute(db)
    return rows[0]?.config_digest ?? undefined
  }

  async function comment(repositoryId: number, pullRequest: number) {
    const { rows } = await sql<{ commentId: number; digest: string }>`
      select comment_id as "commentId", digest from pull_request_report
      where repository_id = ${repositoryId} and pull_request = ${pullRequest}`.execute(db)
    return rows[0]
  }

  async function saveComment(repositoryId: number, pullRequest: number, commentId: number, digest: string): Promise<void> {
    await sql`
      insert into pull_request_report (repository_id, pull_request, comment_id, digest)
      values (${repositoryId}, ${pullRequest}, ${commentId}, ${digest})
      on conflict (repository_id, pull_request) do update set comment_id = excluded.comment_id, digest = excluded.digest`.execute(db)
  }

  /** Of a skipped spec the id is its submission's with the spec behind it, which is no workflow's. */
  async function saveConclusion(externalId: string): Promise<void> {
    if (!/^[0-9a-f-]{36}$/.test(externalId)) return
    await sql`update workflow set check_concluded_at = instant_now() where id = ${externalId}::uuid`.execute(db)
  }

  async function saveSubmissionReported(id: SubmissionId): Promise<void> {
    await sql`update submission set reported_at = instant_now() where id = ${id}`.execute(db)
  }

  async function requeueOverdue(limit: number): Promise<number> {
    const isOverdue = sql<boolean>`coalesce(report_repaired_at, 0) < instant_now() - ${repairEveryMs}::bigint`
    const workflows = await takeWorkflows(
      sql`${hasUnreportedEnd} and finished_at < instant_now() - ${overdueMs}::bigint and ${isOverdue}`,
      limit,
    )
    const submissions = await takeSubmissions(sql`created_at < instant_now() - ${overdueMs}::bigint and ${isOverdue}`, limit)
    await requeue(workflows, submissions)
    return workflows.length + submissions.length
  }

  async function requeueOfInstallation(installationId: number): Promise<void> {
    const isOurs = sql<boolean>`repository_id in (select id from repository where installation_id = ${installationId})`
    await sql`delete from installation_pause where installation_id = ${installationId}`.execute(db)
    await sql`update outbox set due_at = instant_now() where installation_id = ${installationId} and due_at > instant_now()`.execute(db)
    const workflows = await takeWorkflows(sql`${isOurs} and (finished_at is null or (${hasUnreportedEnd}))`, maxOfInstallation)
    await requeue(workflows, await takeSubmissions(isOurs, maxOfInstallation))
  }

  /** Noted before the rows are added: should this process die in between, the next hour asks again. */
  async function takeWorkflows(which: RawBuilder<unknown>, limit: number): Promise<readonly WorkflowId[]> {
    const { rows } = await sql<{ id: WorkflowId }>`
      update workflow set report_repaired_at = instant_now()
      where id in (select id from workflow where ${which} order by opened_at desc limit ${limit} for update skip locked)
      returning id`.execute(db)
    return rows.map(({ id }) => id)
  }

  async function takeSubmissions(which: RawBuilder<unknown>, limit: number): Promise<readonly SubmissionId[]> {
    const { rows } = await sql<{ id: SubmissionId }>`
      update submission set report_repaired_at = instant_now()
      where id in (
        select id from submission where reported_at is null and created_at > instant_now() - ${repairedForMs}::bigint and (${which})
        order by ordinal desc limit ${limit} for update skip locked)
      returning id`.execute(db)
    return rows.map(({ id }) => id)
  }

  async function requeue(workflows: readonly WorkflowId[], submissions: readonly SubmissionId[]): Promise<void> {
    for (const workflow of workflows) await addEffects(db, workflow, [{ kind: 'report', urgency: 'now' }])
    for (const submission of submissions) await addConfigReport(db, submission)
  }
}

/** An end that its check does not show. */
const hasUnreportedEnd = sql<boolean>`finished_at > instant_now() - ${sql.lit(repairedForMs)}::bigint and check_concluded_at is null`
