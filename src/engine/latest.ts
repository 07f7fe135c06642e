import type { ViewStore } from './ports.ts'
import type { Latest } from './spec-tree.ts'

/** Workflows of a repository that are looked through, newest first. */
const lookedThrough = 500

/** `latest['SPEC']` of templates: only trusted code on the default branch may be built upon (extensions.md §3). */
export function latestSuccessful(views: ViewStore): Latest {
  return async (repositoryId) => {
    const rows = await views.list({ repositoryId }, lookedThrough)
    const successful = rows.filter(
      ({ status, provenance }) => status === 'COMPLETED' && provenance.origin === 'trusted' && provenance.defaultBranch,
    )
    return Object.fromEntries(successful.toReversed().map(({ spec, displayId }) => [spec, displayId]))
  }
}
