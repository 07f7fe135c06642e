import type { WorkflowId } from '../workflow/names.ts'
import type { Provenance } from '../workflow/state.ts'
import { verdict } from '../workflow/verdict.ts'
import { judgeWorkflow } from './judgement.ts'
import type { SampleStore, ViewStore } from './ports.ts'
import type { Latest } from './spec-tree.ts'

/** Workflows of one spec that are looked through, newest first, for one whose check is green. */
const lookedThrough = 20

/**
 * `latest['SPEC']` of templates (extensions.md §3): only what trusted code made on the base branch may be built upon, and only where its own
 * benchmarks let it pass. A push has no base but the default branch.
 */
export function latestSuccessful(views: ViewStore, samples: SampleStore): Latest {
  return async (provenance, specs) => {
    const branch = branchOf(provenance)
    const found: Record<string, string> = {}
    for (const spec of specs) {
      const displayId = await firstGreen(await views.completedOn(provenance.repositoryId, spec, branch, lookedThrough))
      if (displayId !== undefined) found[spec] = displayId
    }
    return found
  }

  async function firstGreen(ids: readonly WorkflowId[]): Promise<string | undefined> {
    for (const id of ids) {
      const view = await views.workflow(id)
      const end = view && verdict(view.status, (await judgeWorkflow(view, samples)).verdict)
      if (end?.kind === 'concluded' && end.conclusion === 'success') return view?.workflow.displayId
    }
    return undefined
  }
}

const branchOf = ({ event, pullRequest, baseRef }: Pick<Provenance, 'event' | 'pullRequest' | 'baseRef'>) =>
  event === 'base-run' || pullRequest !== undefined ? { name: baseRef } : 'default'
