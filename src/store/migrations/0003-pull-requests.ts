import { type Kysely, sql } from 'kysely'

/** What each pull request is now, so that deliveries of one take turns and those that share a commit are found. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table pull_request (
     repository_id bigint not null references repository,
     number int not null,
     state text not null check (state in ('open', 'closed')),
     sha text not null,
     base_ref text not null,
     primary key (repository_id, number)
   )`,
  `create index pull_request_head on pull_request (repository_id, sha) where state = 'open'`,
  // Those that were closed before count as open: a check that they share shows at worst too much.
  `insert into pull_request (repository_id, number, state, sha, base_ref)
     select distinct on (repository_id, pull_request) repository_id, pull_request, 'open', sha, provenance ->> 'baseRef'
     from submission where pull_request is not null and purpose = 'change'
     order by repository_id, pull_request, ordinal desc`,

  // Whether its sender pushed the head, and so says whose code it is.
  `alter table submission add column moves text not null default 'head' check (moves in ('head', 'nothing'))`,

  // For \`latest['SPEC']\`: the newest of a spec on a branch.
  `create index workflow_on_branch on workflow (repository_id, spec, (provenance ->> 'ref'), ordinal desc)
     where standing <> 'other' and pull_request is null and status = 'COMPLETED'`,
]
