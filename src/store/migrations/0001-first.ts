import { type Kysely, sql } from 'kysely'

/**
 * Instants are bigint milliseconds of PostgreSQL's own clock, as the core has them. Rows that belong to an attempt are keyed by
 * (workflow, task name, attempt), which is what every event, effect and file path says. Names of tasks are unique in a workflow.
 */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // `stable`, so that an index can serve `due_at <= instant_now()`; one statement may take any moment of its own run as its time.
  `create function instant_now() returns bigint language sql stable parallel safe
     as $$ select floor(extract(epoch from clock_timestamp()) * 1000)::bigint $$`,

  `create table repository (
     id bigint primary key,
     installation_id bigint not null,
     full_name text not null,
     updated_at bigint not null default instant_now()
   )`,

  `create table delivery (
     guid text primary key,
     event text not null,
     body text not null,
     state text not null default 'waiting' check (state in ('waiting', 'failed', 'processed')),
     failures int not null default 0,
     message text,
     received_at bigint not null default instant_now(),
     due_at bigint not null default instant_now()
   )`,
  `create index delivery_open on delivery (due_at) where state <> 'processed' and failures < 8`,

  `create table submission (
     id uuid primary key default gen_random_uuid(),
     purpose text not null check (purpose in ('change', 'command')),
     repository_id bigint not null references repository,
     provenance jsonb not null,
     sha text not null,
     ref text not null,
     pull_request int,
     plans jsonb not null,
     skipped jsonb not null,
     diagnostics jsonb not null,
     notes jsonb not null,
     config_check_run_id bigint,
     config_digest text,
     created_at bigint not null default instant_now(),
     ordinal bigint generated always as identity
   )`,
  `create index submission_commit on submission (repository_id, sha, ref, ordinal desc)`,
  `create index submission_pull_request on submission (repository_id, pull_request, ordinal desc) where pull_request is not null`,
  `create index submission_check on submission (config_check_run_id) where config_check_run_id is not null`,

  `create table display_counter (name text primary key, last bigint not null)`,

  `create table workflow (
     id uuid primary key default gen_random_uuid(),
     ordinal bigint generated always as identity,
     display_id text not null unique,
     spec text not null,
     repository_id bigint not null references repository,
     provenance jsonb not null,
     sha text not null,
     pull_request int,
     standing text not null check (standing in ('trusted-default', 'trusted', 'other')),
     run_key text not null unique,
     rerun_of uuid,
     plan jsonb not null,
     concurrency_key text not null,
     concurrency_limit int,
     cancel_in_progress boolean not null,
     slot text not null check (slot in ('waiting', 'held', 'yielded')),
     cancellation jsonb,
     counts jsonb not null,
     status text not null,
     opened_at bigint not null default instant_now(),
     started_at bigint,
     finished_at bigint,
     generation bigint not null default 0,
     check_run_id bigint,
     check_digest text
   )`,
  `create index workflow_newest on workflow (opened_at desc)`,
  `create index workflow_repository on workflow (repository_id, opened_at desc)`,
  `create index workflow_commit on workflow (repository_id, sha)`,
  `create index workflow_spec on workflow (repository_id, spec, ordinal desc) where standing <> 'other'`,
  `create index workflow_concurrency on workflow (concurrency_key, ordinal) where finished_at is null`,
  `create index workflow_in_line on workflow (concurrency_key) where finished_at is null and slot = 'waiting'`,
  `create index workflow_rerun on workflow (rerun_of) where rerun_of is not null`,
  `create index workflow_check on workflow (check_run_id) where check_run_id is not null`,

  // What a submission led to, its own workflows and those that an earlier one had opened already.
  `create table submission_workflow (
     submission_id uuid not null references submission,
     workflow_id uuid not null references workflow,
     primary key (submission_id, workflow_id)
   )`,

  `create table task_group (
     workflow_id uuid not null references workflow,
     name text not null,
     ordinal int not null,
     waits_for jsonb not null,
     downstream jsonb not null,
     ignore_nonlead_status boolean not null,
     barrier boolean not null,
     base_inputs text not null check (base_inputs in ('not-needed', 'awaited', 'ready')),
     primary key (workflow_id, name)
   )`,
  `create index task_group_awaiting on task_group (workflow_id) where base_inputs = 'awaited'`,

  `create table task (
     id uuid primary key default gen_random_uuid(),
     workflow_id uuid not null,
     group_name text not null,
     name text not null,
     ordinal int not null,
     lead boolean not null,
     policy jsonb not null,
     template jsonb not null,
     backend text generated always as (template ->> 'backend') stored,
     state jsonb not null,
     status text not null,
     attempt int not null,
     benchmarks text not null check (benchmarks in ('none', 'awaited', 'collected')),
     base_inputs jsonb,
     reuse_workflow_id uuid,
     reuse_attempt int,
     unique (workflow_id, name),
     foreign key (workflow_id, group_name) references task_group
   )`,
  `create index task_of_group on task (workflow_id, group_name)`,

  `create table attempt (
     workflow_id uuid not null,
     task text not null,
     attempt int not null,
     backend text not null,
     state jsonb not null,
     finished boolean not null,
     dispatched_at bigint,
     primary key (workflow_id, task, attempt),
     foreign key (workflow_id, task) references task (workflow_id, name)
   )`,
  `create index attempt_live on attempt (backend) where not finished and dispatched_at is not null`,

  `create table event (
     id bigint generated always as identity primary key,
     workflow_id uuid not null references workflow,
     event jsonb not null,
     at bigint not null default instant_now()
   )`,
  `create index event_of_workflow on event (workflow_id, id)`,

  // `rank` orders the phases of one attempt; a sighting of a lower or equal rank says nothing new.
  `create table sighting (
     workflow_id uuid not null,
     task text not null,
     attempt int not null,
     phase jsonb not null,
     rank smallint not null,
     seen_at bigint not null default instant_now(),
     folded boolean not null default false,
     primary key (workflow_id, task, attempt),
     foreign key (workflow_id, task) references task (workflow_id, name)
   )`,
  `create index sighting_fresh on sighting (workflow_id) where not folded`,

  `create table timer (
     workflow_id uuid not null references workflow,
     kind text not null,
     subject text not null,
     attempt int not null,
     due_at bigint not null,
     primary key (workflow_id, kind, subject, attempt)
   )`,
  `create index timer_due on timer (due_at)`,

  `create table outbox (
     id bigint generated always as identity primary key,
     key text not null,
     lane text not null,
     kind text not null,
     effect jsonb not null,
     workflow_id uuid,
     task text,
     attempt int,
     due_at bigint not null,
     leased_until bigint,
     failures int not null default 0,
     message text,
     created_at bigint not null default instant_now()
   )`,
  `create unique index outbox_untaken on outbox (key) where leased_until is null`,
  `create index outbox_key on outbox (key, id)`,
  `create index outbox_due on outbox (lane, due_at)`,

  `create table log_stream (
     workflow_id uuid not null,
     task text not null,
     attempt int not null,
     head_bytes int not null default 0,
     tail_bytes int not null default 0,
     head_sequence bigint not null default -1,
     dropped_sequence bigint not null default -1,
     dropped_bytes bigint not null default 0,
     primary key (workflow_id, task, attempt),
     foreign key (workflow_id, task) references task (workflow_id, name)
   )`,
  `create table log_chunk (
     workflow_id uuid not null,
     task text not null,
     attempt int not null,
     sequence bigint not null,
     bytes int not null,
     text text not null,
     primary key (workflow_id, task, attempt, sequence),
     foreign key (workflow_id, task, attempt) references log_stream
   )`,

  `create table sample (
     workflow_id uuid not null,
     task text not null,
     attempt int not null,
     benchmark text not null,
     runs jsonb not null,
     primary key (workflow_id, task, attempt, benchmark),
     foreign key (workflow_id, task) references task (workflow_id, name)
   )`,

  `create table approval (
     id uuid primary key default gen_random_uuid(),
     repository_id bigint not null references repository,
     pull_request int not null,
     sha text not null,
     spec text not null,
     digest text not null,
     tier text not null,
     approver text not null,
     approved_at bigint not null default instant_now(),
     unique (repository_id, pull_request, sha, spec, digest, tier, approver)
   )`,

  `create table audit (
     id bigint generated always as identity primary key,
     at bigint not null default instant_now(),
     repository_id bigint not null,
     actor text not null,
     action text not null,
     subject text not null,
     outcome text not null check (outcome in ('allowed', 'denied')),
     detail text not null
   )`,
  `create index audit_repository on audit (repository_id, at)`,

  `create table pull_request_report (
     repository_id bigint not null,
     pull_request int not null,
     comment_id bigint not null,
     digest text not null,
     primary key (repository_id, pull_request)
   )`,
]
