import { sql } from 'kysely'
import { type Delivery, type DeliveryStore, ForgeError, type ParkedDelivery } from '../engine/ports.ts'
import type { Instant } from '../workflow/names.ts'
import { createBatching } from './batching.ts'
import type { Database } from './database.ts'
import { storableText } from './storable.ts'

/** A delivery that failed this often waits for somebody to redeliver it. */
const maxFailures = 8
/** Seconds before another try: 2, 4, 8 … at most 300. */
const maxBackoffSeconds = 300
/** GitHub being away or limiting us passes by itself, and is waited for this long. */
const maxPostponedMs = 24 * 3600 * 1000

/** Their GUIDs, so that a redelivery is recognised. */
const keptMs = 30 * 24 * 3600 * 1000

/** Sizes are characters. */
const batchLimits = { maxItems: 100, maxSize: 512 * 1024 }

type Arriving = { readonly guid: string; readonly event: string; readonly body: string }

/** The inbox of webhooks. `processNext` keeps a connection for as long as the handler runs, so that the death of the process frees the row at once. */
export function createDeliveryStore(db: Database): DeliveryStore {
  const save = createBatching(
    (arriving: readonly Arriving[]) => saveAll(db, arriving),
    ({ body }) => body.length,
    batchLimits,
  )
  return { accept, processNext, waiting, anyWaitingFor, parked, takeParked, prune, missing, sweptUntil, saveSweptUntil }

  async function accept(delivery: Arriving) {
    if ((await save(delivery)) === 'new') return 'new'
    // Skips a row that is being handled, so that answering GitHub never waits for a handler.
    const reopened = await sql`
      update delivery set state = 'waiting', failures = 0, postponements = 0, open_since = instant_now(), announced = false, due_at = instant_now()
      where guid = (select guid from delivery where guid = ${delivery.guid} and state = 'failed' for update skip locked)
      returning guid`.execute(db)
    return reopened.rows.length > 0 ? 'reopened' : 'seen'
  }

  async function processNext(handle: (delivery: Delivery) => Promise<void>) {
    return db.transaction().execute(async (transaction) => {
      const delivery = await lockNext(transaction)
      if (!delivery) return 'none'
      const failure = await handle(delivery).then(() => undefined, failureOf)
      await (failure === undefined ? recordSuccess(transaction, delivery.guid) : recordFailure(transaction, delivery.guid, failure))
      return failure === undefined ? 'processed' : 'failed'
    })
  }

  async function waiting(limit: number): Promise<readonly string[]> {
    const { rows } = await sql<{ guid: string }>`
      select guid from delivery where ${isOpen} and due_at <= instant_now() order by due_at, guid limit ${limit}`.execute(db)
    return rows.map(({ guid }) => guid)
  }

  async function anyWaitingFor(sha: string): Promise<boolean> {
    const { rows } = await sql`select 1 from delivery where ${isOpen} and pushed_commit = ${sha} limit 1`.execute(db)
    return rows.length > 0
  }

  async function parked(): Promise<number> {
    const { rows } = await sql<{ count: number }>`select count(*) as count from delivery where ${isParked}`.execute(db)
    return rows[0]?.count ?? 0
  }

  async function takeParked(limit: number): Promise<readonly ParkedDelivery[]> {
    const { rows } = await sql<ParkedDelivery>`
      update delivery set announced = true where guid in (
        select guid from delivery where ${isParked} and not announced order by open_since limit ${limit} for update skip locked)
      returning guid, event, coalesce(message, '') as message, received_at as "receivedAt"`.execute(db)
    return rows.toSorted((a, b) => a.receivedAt - b.receivedAt)
  }

  async function prune(limit: number): Promise<number> {
    const { rows } = await sql`
      delete from delivery where guid in (
        select guid from delivery where state = 'processed' and received_at < instant_now() - ${sql.lit(keptMs)}::bigint
        order by received_at limit ${limit} for update skip locked)
      returning guid`.execute(db)
    return rows.length
  }

  async function missing(guids: readonly string[]): Promise<readonly string[]> {
    if (guids.length === 0) return []
    const { rows } = await sql<{ guid: string }>`
      select guid from delivery where guid = any(${guids}::text[]) and not (${isParked})`.execute(db)
    const known = new Set(rows.map(({ guid }) => guid))
    return guids.filter((guid) => !known.has(guid))
  }

  async function sweptUntil(): Promise<Instant | undefined> {
    const { rows } = await sql<{ swept_until: Instant }>`select swept_until from delivery_sweep`.execute(db)
    return rows[0]?.swept_until
  }

  async function saveSweptUntil(at: Instant): Promise<void> {
    await sql`
      insert into delivery_sweep (swept_until) values (${at})
      on conflict (one) do update set swept_until = excluded.swept_until`.execute(db)
  }
}

/** Of one GUID that comes twice in a batch, the first is new. */
async function saveAll(db: Database, arriving: readonly Arriving[]): Promise<readonly ('new' | 'known')[]> {
  const values = arriving.map(
    ({ guid, event, body }) => sql`(${storableText(guid)}, ${storableText(event)}, ${storableText(body)}, ${pushedCommit(body)}::text)`,
  )
  const { rows } = await sql<{ guid: string }>`
    insert into delivery (guid, event, body, pushed_commit) values ${sql.join(values)} on conflict (guid) do nothing returning guid`.execute(
    db,
  )
  const added = new Set(rows.map(({ guid }) => guid))
  return arriving.map(({ guid }) => (added.delete(guid) ? 'new' : 'known'))
}

/** Where a branch stands after a push, in a body whose strings cannot hold such quotes unescaped; null in what is no push. */
function pushedCommit(body: string): string | null {
  return /"after"\s*:\s*"([0-9a-f]{40})"/.exec(body)?.[1] ?? null
}

/** Word for word the condition of the index `delivery_open`, so that PostgreSQL uses it. */
const isOpen = sql<boolean>`state <> 'processed' and failures < ${sql.lit(maxFailures)}`
/** As the index `delivery_parked` has it. */
const isParked = sql<boolean>`state = 'failed' and failures >= ${sql.lit(maxFailures)}`

async function lockNext(db: Database): Promise<Delivery | undefined> {
  const { rows } = await sql<Delivery>`
    select guid, event, body, received_at as "receivedAt", failures from delivery
    where ${isOpen} and due_at <= instant_now() order by due_at limit 1 for update skip locked`.execute(db)
  return rows[0]
}

/** The body has served; only the GUID is kept, so that a redelivery is recognised. */
async function recordSuccess(db: Database, guid: string): Promise<void> {
  await sql`update delivery set state = 'processed', message = null, body = '' where guid = ${guid}`.execute(db)
}

type Failure = { readonly kind: 'passing' | 'lasting'; readonly message: string; readonly retryAfterSeconds: number | undefined }

/** One that passes counts as a postponement, until the delivery has been open for too long: then all its tries are used up. */
async function recordFailure(db: Database, guid: string, { kind, message, retryAfterSeconds }: Failure): Promise<void> {
  const passing = sql.lit(kind === 'passing')
  await sql`
    update delivery set state = 'failed', message = ${storableText(message).slice(0, 4000)},
      failures = case when not ${passing} then failures + 1
        when open_since < instant_now() - ${sql.lit(maxPostponedMs)}::bigint then ${sql.lit(maxFailures)} else failures end,
      postponements = postponements + case when ${passing} then 1 else 0 end,
      due_at = instant_now() + 1000 * coalesce(${retryAfterSeconds ?? null}::bigint,
        least(${maxBackoffSeconds}, 2 ^ least(20, failures + postponements + 1))::bigint)
    where guid = ${guid}`.execute(db)
}

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof ForgeError) || error.reaction !== 'retry') return { kind: 'lasting', message, retryAfterSeconds: undefined }
  return {
    kind: 'passing',
    message,
    retryAfterSeconds: error.retryAfterSeconds === undefined ? undefined : Math.ceil(error.retryAfterSeconds),
  }
}
