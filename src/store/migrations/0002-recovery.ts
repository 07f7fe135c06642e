import { type Kysely, sql } from 'kysely'

/** What recovery needs to know: how long something has been tried, what was given up, and what GitHub has not been told yet. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // `postponements` are failures that pass by themselves and use up no try; `open_since` bounds them. `announced`: its end is in the log.
  `alter table delivery add column postponements int not null default 0, add column open_since bigint not null default instant_now(),
     add column announced boolean not null default false`,
  `update delivery set open_since = received_at`,
  `create index delivery_parked on delivery (open_since) where state = 'failed' and failures >= 8`,

  // Everything newer than this in GitHub's list of deliveries has still to be looked at.
  `create table delivery_sweep (one boolean primary key default true check (one), swept_until bigint not null)`,

  // Of an effect that speaks to GitHub: whose rate it uses.
  `alter table outbox add column installation_id bigint`,
  `create table installation_pause (installation_id bigint primary key, until bigint not null)`,

  // Effects that were given up, for people.
  `create table dead_effect (
     id bigint primary key,
     key text not null,
     lane text not null,
     effect jsonb not null,
     failures int not null,
     message text not null,
     created_at bigint not null,
     died_at bigint not null default instant_now()
   )`,

  `alter table workflow add column check_concluded_at bigint, add column report_repaired_at bigint`,
  // Only three days are ever repaired; older ones are left out of the index.
  `update workflow set check_concluded_at = finished_at where finished_at < instant_now() - 259200000`,
  `create index workflow_unreported on workflow (finished_at) where finished_at is not null and check_concluded_at is null`,
  `alter table submission add column reported_at bigint, add column report_repaired_at bigint`,
  `update submission set reported_at = created_at where created_at < instant_now() - 259200000`,
  `create index submission_unreported on submission (created_at) where reported_at is null`,
]
