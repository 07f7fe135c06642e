import { sql } from 'kysely'
import type { AuditStore } from '../engine/ports.ts'
import type { Database } from './database.ts'
import { storableText } from './storable.ts'

/** Strangers choose some of these words; each is cut. */
const maxLength = 2000

export function createAuditStore(db: Database): AuditStore {
  return {
    record: async ({ repositoryId, actor, action, subject, outcome, detail }) => {
      await sql`
        insert into audit (repository_id, actor, action, subject, outcome, detail) values (${repositoryId}, ${bounded(actor)},
          ${bounded(action)}, ${bounded(subject)}, ${outcome}, ${bounded(detail)})`.execute(db)
    },
  }
}

const bounded = (text: string) => storableText(text.slice(0, maxLength))
