import { sql } from 'kysely'
import type { BaseInputs, DispatchOrder, DispatchStore, LivePod, PendingPod } from '../engine/ports.ts'
import type { AttemptReference, WorkflowId } from '../workflow/names.ts'
import type { TaskTemplate } from '../workflow/plan-types.ts'
import type { Task } from '../workflow/state.ts'
import type { Database } from './database.ts'
import { type HeaderRow, headerColumns, headerOf } from './headers.ts'
import { baseInputsOf, resolveInputs } from './inputs.ts'
import { isClaimable } from './outbox.ts'
import { isEndSeen } from './sightings.ts'

export function createDispatchStore(db: Database): DispatchStore {
  return {
    claim: (backend, limit, leaseSeconds, choose) =>
      db.transaction().execute(async (transaction) => {
        await lockBackend(transaction, backend)
        await dropUnwanted(transaction, backend)
        const pending = await pendingPods(transaction, backend, limit)
        const chosen = await chooseFrom(transaction, backend, pending, choose)
        await markDispatched(transaction, chosen, leaseSeconds)
        return chosen
      }),
    order: (reference) => order(db, reference),
  }
}

/** Two dispatchers that count what lives at the same time would both fill the same free place. */
async function lockBackend(db: Database, backend: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`dispatch/${backend}`}, 0))`.execute(db)
}

const isWanted = sql<boolean>`t.attempt = o.attempt and t.status = 'PROCESSING' and w.cancellation is null`

async function dropUnwanted(db: Database, backend: string): Promise<void> {
  await sql`
    delete from outbox using outbox o join task t on t.workflow_id = o.workflow_id and t.name = o.task join workflow w on w.id = o.workflow_id
    where outbox.id = o.id and o.lane = ${`pods:${backend}`} and o.kind = 'create-pod' and coalesce(o.leased_until, 0) <= instant_now()
      and not (${isWanted})`.execute(db)
}

type Pending = PendingPod & { readonly dispatched: boolean }

async function pendingPods(db: Database, backend: string, limit: number): Promise<readonly Pending[]> {
  const { rows } = await sql<Omit<Pending, 'reference'> & AttemptReference>`
    select outbox.id::text as "outboxId", t.workflow_id as workflow, t.name as task, t.attempt, w.repository_id as "repositoryId",
      t.group_name as "group", (t.template ->> 'exclusive')::boolean as exclusive, (t.template ->> 'cpu')::float8 as cpu,
      (t.state ->> 'queuedAt')::bigint as "queuedAt", outbox.failures,
      exists (select 1 from attempt a where a.workflow_id = t.workflow_id and a.task = t.name and a.attempt = t.attempt
        and a.dispatched_at is not null) as dispatched
    from outbox join task t on t.workflow_id = outbox.workflow_id and t.name = outbox.task join workflow w on w.id = t.workflow_id
    where outbox.lane = ${`pods:${backend}`} and outbox.kind = 'create-pod' and ${isClaimable}
    order by outbox.due_at, outbox.id limit ${limit} for update of outbox skip locked`.execute(db)
  return rows.map(({ workflow, task, attempt, ...row }) => ({ ...row, reference: { workflow, task, attempt } }))
}

/** A pod that was dispatched before has its place already, whether or not it came to exist; it is only tried again. */
async function chooseFrom(
  db: Database,
  backend: string,
  pending: readonly Pending[],
  choose: Parameters<DispatchStore['claim']>[3],
): Promise<readonly PendingPod[]> {
  if (pending.length === 0) return []
  const again = pending.filter(({ dispatched }) => dispatched)
  const fresh = pending.filter(({ dispatched }) => !dispatched)
  const chosen = fresh.length > 0 ? choose(await livePods(db, backend), fresh.map(withoutMark)) : []
  return [...again.map(withoutMark), ...chosen]
}

const withoutMark = ({ dispatched: _, ...pod }: Pending): PendingPod => pod

/** Whatever may still have a process: a task that ended by our will runs on until its end is seen. */
async function livePods(db: Database, backend: string): Promise<readonly LivePod[]> {
  const { rows } = await sql<Omit<LivePod, 'reference'> & AttemptReference>`
    select a.workflow_id as workflow, a.task, a.attempt, w.repository_id as "repositoryId",
      (t.template ->> 'exclusive')::boolean as exclusive, (t.template ->> 'cpu')::float8 as cpu
    from attempt a join task t on t.workflow_id = a.workflow_id and t.name = a.task join workflow w on w.id = a.workflow_id
    where a.backend = ${backend} and (not a.finished or a.ending) and a.dispatched_at is not null and not ${isEndSeen(sql`a`)}`.execute(db)
  return rows.map(({ workflow, task, attempt, ...row }) => ({ ...row, reference: { workflow, task, attempt } }))
}

async function markDispatched(db: Database, chosen: readonly PendingPod[], leaseSeconds: number): Promise<void> {
  if (chosen.length === 0) return
  await sql`
    with leased as (
      update outbox set leased_until = instant_now() + ${leaseSeconds * 1000}::bigint
      where id = any(${chosen.map(({ outboxId }) => outboxId)}::bigint[]) returning workflow_id, task, attempt)
    update attempt a set dispatched_at = coalesce(a.dispatched_at, instant_now()) from leased l
    where a.workflow_id = l.workflow_id and a.task = l.task and a.attempt = l.attempt`.execute(db)
}

type OrderRow = HeaderRow & {
  readonly task_id: string
  readonly group_name: string
  readonly barrier: boolean
  readonly members: readonly string[]
  readonly policy: Task['policy']
  readonly template: TaskTemplate
  readonly base_inputs: BaseInputs | null
}

async function order(db: Database, { workflow, task, attempt }: AttemptReference): Promise<DispatchOrder | undefined> {
  const { rows } = await sql<OrderRow>`
    select ${headerColumns}, t.id as task_id, t.group_name, g.barrier, t.policy, t.template, t.base_inputs,
      array(select m.name from task m where m.workflow_id = t.workflow_id and m.group_name = t.group_name order by m.ordinal) as members
    from task t join workflow on workflow.id = t.workflow_id
    join task_group g on g.workflow_id = t.workflow_id and g.name = t.group_name
    where t.workflow_id = ${workflow} and t.name = ${task} and t.attempt = ${attempt} and workflow.cancellation is null
      and t.status in ('PROCESSING', 'SCHEDULING', 'INITIALIZING', 'RUNNING')`.execute(db)
  return rows[0] && orderOf(db, task, rows[0])
}

async function orderOf(db: Database, taskName: string, row: OrderRow): Promise<DispatchOrder> {
  return {
    workflow: headerOf(row),
    taskId: row.task_id,
    taskName,
    group: { name: row.group_name, members: row.members, barrier: row.barrier },
    policy: row.policy,
    template: row.template,
    inputs: await resolveInputs(db, row.id as WorkflowId, row.template.inputs),
    baseInputs: baseInputsOf(row.base_inputs),
  }
}
