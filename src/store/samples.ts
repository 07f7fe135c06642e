import { sql } from 'kysely'
import type { BenchmarkRun } from '../benchmark/types.ts'
import type { SampleStore } from '../engine/ports.ts'
import type { Database } from './database.ts'
import { json } from './storable.ts'

export function createSampleStore(db: Database): SampleStore {
  return { save, ofWorkflow, history }

  async function save({ workflow, task, attempt }: Parameters<SampleStore['save']>[0], benchmark: string, runs: readonly BenchmarkRun[]) {
    await sql`
      insert into sample (workflow_id, task, attempt, benchmark, runs)
      values (${workflow}, ${task}, ${attempt}, ${benchmark}, ${json(runs)})
      on conflict (workflow_id, task, attempt, benchmark) do update set runs = excluded.runs`.execute(db)
  }

  /** A task that was taken over from an earlier run brings its numbers along. */
  async function ofWorkflow(id: Parameters<SampleStore['ofWorkflow']>[0]) {
    const { rows } = await sql<Awaited<ReturnType<SampleStore['ofWorkflow']>>[number]>`
      select t.name as task, t.attempt, s.benchmark, s.runs from task t join sample s
        on s.workflow_id = coalesce(t.reuse_workflow_id, t.workflow_id) and s.task = t.name
        and s.attempt = coalesce(t.reuse_attempt, t.attempt)
      where t.workflow_id = ${id} order by t.ordinal, s.benchmark`.execute(db)
    return rows
  }

  async function history(upTo: Parameters<SampleStore['history']>[0], benchmark: string, limit: number) {
    const { rows } = await sql<{ runs: readonly BenchmarkRun[] }>`
      select jsonb_path_query_array(jsonb_agg(s.runs order by t.ordinal), 'lax $[*][*] ? (@.arm == "head")') as runs
      from workflow own
      join workflow w on w.repository_id = own.repository_id and w.spec = own.spec and w.ordinal <= own.ordinal
      join task t on t.workflow_id = w.id join sample s on s.workflow_id = w.id and s.task = t.name and s.attempt = t.attempt
      where own.id = ${upTo} and w.standing = 'trusted-default' and s.benchmark = ${benchmark}
      group by w.id, w.ordinal order by w.ordinal desc limit ${limit}`.execute(db)
    return rows.map(({ runs }) => runs).toReversed()
  }
}
