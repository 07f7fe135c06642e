import { Kysely, PostgresDialect } from 'kysely'
import type { Pool } from 'pg'
import type {
  AttemptGrants,
  AuditStore,
  DeliveryStore,
  DispatchStore,
  LogStore,
  Outbox,
  ReportStore,
  SampleStore,
  SubmissionStore,
  ViewStore,
  WorkflowStore,
} from '../engine/ports.ts'
import { createAttemptStore } from './attempts.ts'
import { createAuditStore } from './audit.ts'
import type { Database } from './database.ts'
import { createDeliveryStore } from './deliveries.ts'
import { createDispatchStore } from './dispatch.ts'
import { createLogStore } from './logs.ts'
import { createOutbox } from './outbox.ts'
import { createReportStore } from './reports.ts'
import { createSampleStore } from './samples.ts'
import { createSubmissionStore } from './submissions.ts'
import { createViewStore } from './views.ts'
import { createWorkflowStore } from './workflows.ts'

/** Every port that PostgreSQL serves. */
export type Store = {
  readonly deliveries: DeliveryStore
  readonly submissions: SubmissionStore
  readonly workflows: WorkflowStore
  readonly outbox: Outbox
  readonly dispatch: DispatchStore
  readonly attempts: AttemptGrants
  readonly logs: LogStore
  readonly samples: SampleStore
  readonly views: ViewStore
  readonly reports: ReportStore
  readonly audit: AuditStore
}

/** Over a pool of `createPool` on a database that `migrate` has prepared. The pool stays the caller's to end. */
export function createStore(pool: Pool): Store {
  const db: Database = new Kysely({ dialect: new PostgresDialect({ pool }) })
  return {
    deliveries: createDeliveryStore(db),
    submissions: createSubmissionStore(db),
    workflows: createWorkflowStore(db),
    outbox: createOutbox(db),
    dispatch: createDispatchStore(db),
    attempts: createAttemptStore(db),
    logs: createLogStore(db),
    samples: createSampleStore(db),
    views: createViewStore(db),
    reports: createReportStore(db),
    audit: createAuditStore(db),
  }
}
