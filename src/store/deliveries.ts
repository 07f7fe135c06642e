import { sql } from 'kysely'
import type { Delivery, DeliveryStore } from '../engine/ports.ts'
import type { Database } from './database.ts'
import { storableText } from './storable.ts'

/** A delivery that failed this often waits for somebody to redeliver it. */
const maxFailures = 8
/** Seconds before another try: 2, 4, 8 … at most 300. */
const maxBackoffSeconds = 300

/** The inbox of webhooks. `processNext` keeps a connection for as long as the handler runs, so that the death of the process frees the row at once. */
export function createDeliveryStore(db: Database): DeliveryStore {
  return { accept, processNext, waiting, anyWaitingFor }

  async function accept({ guid, event, body }: { readonly guid: string; readonly event: string; readonly body: string }) {
    const added = await sql`
      insert into delivery (guid, event, body) values (${storableText(guid)}, ${storableText(event)}, ${storableText(body)})
      on conflict (guid) do nothing returning guid`.execute(db)
    if (added.rows.length > 0) return 'new'
    // Skips a row that is being handled, so that answering GitHub never waits for a handler.
    const reopened = await sql`
      update delivery set state = 'waiting', failures = 0, due_at = instant_now()
      where guid = (select guid from delivery where guid = ${guid} and state = 'failed' for update skip locked) returning guid`.execute(db)
    return reopened.rows.length > 0 ? 'reopened' : 'seen'
  }

  async function processNext(handle: (delivery: Delivery) => Promise<void>) {
    return db.transaction().execute(async (transaction) => {
      const delivery = await lockNext(transaction)
      if (!delivery) return 'none'
      const failure = await handle(delivery).then(() => undefined, messageOf)
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
    const { rows } = await sql`select 1 from delivery where ${isOpen} and position(${sha} in body) > 0 limit 1`.execute(db)
    return rows.length > 0
  }
}

/** Word for word the condition of the index `delivery_open`, so that PostgreSQL uses it. */
const isOpen = sql<boolean>`state <> 'processed' and failures < ${sql.lit(maxFailures)}`

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

async function recordFailure(db: Database, guid: string, message: string): Promise<void> {
  await sql`
    update delivery set state = 'failed', failures = failures + 1, message = ${storableText(message).slice(0, 4000)},
      due_at = instant_now() + 1000 * least(${maxBackoffSeconds}, 2 ^ (failures + 1))::bigint
    where guid = ${guid}`.execute(db)
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
