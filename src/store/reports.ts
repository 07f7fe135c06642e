import { sql } from 'kysely'
import type { ReportStore, SubmissionId } from '../engine/ports.ts'
import type { WorkflowId } from '../workflow/names.ts'
import type { Database } from './database.ts'

/** What was last written to GitHub, so that nothing is written again that has not changed. */
export function createReportStore(db: Database): ReportStore {
  return { saveCheck, saveConfigCheck, configDigest, comment, saveComment }

  async function saveCheck(id: WorkflowId, checkRunId: number, digest: string): Promise<void> {
    await sql`update workflow set check_run_id = ${checkRunId}, check_digest = ${digest} where id = ${id}`.execute(db)
  }

  async function saveConfigCheck(id: SubmissionId, checkRunId: number, digest: string): Promise<void> {
    await sql`update submission set config_check_run_id = ${checkRunId}, config_digest = ${digest} where id = ${id}`.execute(db)
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
}
