import { sql } from 'kysely'
import type { AttemptGrant, AttemptGrants, BaseInputs } from '../engine/ports.ts'
import type { AttemptReference } from '../workflow/names.ts'
import type { TaskTemplate } from '../workflow/plan-types.ts'
import type { Provenance } from '../workflow/state.ts'
import type { Database } from './database.ts'
import { baseInputsOf, resolveInputs } from './inputs.ts'

/** An attempt may ask from the moment its `create-pod` is saved until it has ended, cancellation's grace included. */
export function createAttemptStore(db: Database): AttemptGrants {
  return { attemptGrant }

  async function attemptGrant(reference: AttemptReference): Promise<AttemptGrant | undefined> {
    const { rows } = await sql<Row>`
      select w.provenance, t.template, t.base_inputs from task t join workflow w on w.id = t.workflow_id
      where t.workflow_id = ${reference.workflow} and t.name = ${reference.task} and t.attempt = ${reference.attempt}
        and t.status in ('PROCESSING', 'SCHEDULING', 'INITIALIZING', 'RUNNING')`.execute(db)
    return rows[0] && grantOf(db, reference, rows[0])
  }
}

type Row = { readonly provenance: Provenance; readonly template: TaskTemplate; readonly base_inputs: BaseInputs | null }

async function grantOf(db: Database, reference: AttemptReference, { provenance, template, base_inputs }: Row): Promise<AttemptGrant> {
  const base = baseInputsOf(base_inputs)
  return {
    reference,
    repositoryId: provenance.repositoryId,
    installationId: provenance.installationId,
    repository: provenance.repository,
    origin: provenance.origin,
    sha: provenance.sha,
    baseSha: provenance.baseSha,
    checkout: template.checkout,
    inputs: await resolveInputs(db, reference.workflow, template.inputs),
    baseInputs: base?.kind === 'found' ? base.inputs : undefined,
  }
}
