import type { Generated, GeneratedAlways, JSONColumnType, Kysely } from 'kysely'
import type { BenchmarkRun } from '../benchmark/types.ts'
import type { BaseInputs, OutboxEffect, Sighting, StoredDiagnostic, StoredPlan, Submission, SubmissionView } from '../engine/ports.ts'
import type { CommitSha, Instant, WorkflowId } from '../workflow/names.ts'
import type { TaskTemplate } from '../workflow/plan-types.ts'
import type {
  Cancellation,
  Counts,
  Group,
  Provenance,
  Task,
  TaskState,
  TimerKind,
  Workflow,
  WorkflowEvent,
  WorkflowStatus,
} from '../workflow/state.ts'

/** The tables as `migrations/` makes them. JSON columns are written through `json()` and read as they were. */
export interface Schema {
  repository: { id: number; installation_id: number; full_name: string; updated_at: Generated<Instant> }
  delivery: DeliveryTable
  submission: SubmissionTable
  submission_workflow: { submission_id: string; workflow_id: WorkflowId }
  display_counter: { name: string; last: number }
  workflow: WorkflowTable
  task_group: GroupTable
  task: TaskTable
  attempt: AttemptTable
  event: { id: GeneratedAlways<number>; workflow_id: WorkflowId; event: JSONColumnType<WorkflowEvent>; at: Generated<Instant> }
  sighting: SightingTable
  timer: { workflow_id: WorkflowId; kind: TimerKind; subject: string; attempt: number; due_at: Instant }
  outbox: OutboxTable
  log_stream: LogStreamTable
  log_chunk: { workflow_id: WorkflowId; task: string; attempt: number; sequence: number; bytes: number; text: string }
  sample: { workflow_id: WorkflowId; task: string; attempt: number; benchmark: string; runs: JSONColumnType<readonly BenchmarkRun[]> }
  audit: AuditTable
  pull_request_report: { repository_id: number; pull_request: number; comment_id: number; digest: string }
}
export type Database = Kysely<Schema>

type DeliveryTable = {
  guid: string
  event: string
  body: string
  state: Generated<'waiting' | 'failed' | 'processed'>
  failures: Generated<number>
  message: string | null
  received_at: Generated<Instant>
  due_at: Generated<Instant>
}
type SubmissionTable = {
  id: Generated<string>
  repository_id: number
  provenance: JSONColumnType<Provenance>
  sha: CommitSha
  ref: string
  pull_request: number | null
  plans: JSONColumnType<SubmissionView['plans']>
  skipped: JSONColumnType<Submission['skipped']>
  diagnostics: JSONColumnType<readonly StoredDiagnostic[]>
  notes: JSONColumnType<readonly string[]>
  config_check_run_id: number | null
  config_digest: string | null
  created_at: Generated<Instant>
  ordinal: GeneratedAlways<number>
}
type WorkflowTable = {
  id: Generated<WorkflowId>
  ordinal: GeneratedAlways<number>
  display_id: string
  spec: string
  repository_id: number
  provenance: JSONColumnType<Provenance>
  sha: CommitSha
  pull_request: number | null
  standing: Standing
  run_key: string
  rerun_of: WorkflowId | null
  plan: JSONColumnType<StoredPlan>
  concurrency_key: string
  concurrency_limit: number | null
  cancel_in_progress: boolean
  slot: Workflow['slot']
  cancellation: JSONColumnType<Cancellation> | null
  counts: JSONColumnType<Counts>
  status: WorkflowStatus
  opened_at: Generated<Instant>
  started_at: Instant | null
  finished_at: Instant | null
  generation: Generated<number>
  check_run_id: number | null
  check_digest: string | null
}
/** Whose outputs and numbers may serve others: `trusted-default` also makes history. */
export type Standing = 'trusted-default' | 'trusted' | 'other'
type GroupTable = {
  workflow_id: WorkflowId
  name: string
  ordinal: number
  waits_for: JSONColumnType<readonly string[]>
  downstream: JSONColumnType<readonly string[]>
  ignore_nonlead_status: boolean
  barrier: boolean
  base_inputs: Group['baseInputs']
}
type TaskTable = {
  id: Generated<string>
  workflow_id: WorkflowId
  group_name: string
  name: string
  ordinal: number
  lead: boolean
  policy: JSONColumnType<Task['policy']>
  template: JSONColumnType<TaskTemplate>
  backend: GeneratedAlways<string>
  state: JSONColumnType<TaskState>
  status: TaskState['status']
  attempt: number
  benchmarks: Task['benchmarks']
  base_inputs: JSONColumnType<BaseInputs> | null
  reuse_workflow_id: WorkflowId | null
  reuse_attempt: number | null
}
type AttemptTable = {
  workflow_id: WorkflowId
  task: string
  attempt: number
  backend: string
  state: JSONColumnType<TaskState>
  finished: boolean
  dispatched_at: Instant | null
}
type SightingTable = {
  workflow_id: WorkflowId
  task: string
  attempt: number
  phase: JSONColumnType<Sighting['phase']>
  rank: number
  seen_at: Generated<Instant>
  folded: Generated<boolean>
}
type OutboxTable = {
  id: GeneratedAlways<number>
  key: string
  lane: string
  kind: string
  effect: JSONColumnType<OutboxEffect>
  workflow_id: WorkflowId | null
  task: string | null
  attempt: number | null
  due_at: Instant
  leased_until: Instant | null
  failures: Generated<number>
  message: string | null
  created_at: Generated<Instant>
}
type LogStreamTable = {
  workflow_id: WorkflowId
  task: string
  attempt: number
  head_bytes: Generated<number>
  tail_bytes: Generated<number>
  head_sequence: Generated<number>
  dropped_sequence: Generated<number>
  dropped_bytes: Generated<number>
}
type AuditTable = {
  id: GeneratedAlways<number>
  at: Generated<Instant>
  repository_id: number
  actor: string
  action: string
  subject: string
  outcome: 'allowed' | 'denied'
  detail: string
}
