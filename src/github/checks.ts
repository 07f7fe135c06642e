import { z } from 'zod'
import type { CheckWrite, Forge, StoredDiagnostic } from '../engine/ports.ts'
import type { GithubClient } from './client.ts'
import { clipMarkdown, clipText } from './clip.ts'

/** Limits of the REST documentation: annotations a request, characters of summary and text, of a message and of a title. */
const annotationsPerRequest = 50
const maxTextLength = 65_535
const maxMessageLength = 16_384
const maxTitleLength = 255
/** Ours: a file with more faults than that is not repaired by reading them all here. */
const maxAnnotations = 500
const maxNameLength = 200
const maxPages = 5

const Run = z.object({ id: z.number(), output: z.object({ annotations_count: z.number().nullish() }).nullish() })
const Runs = z.object({ check_runs: z.array(z.object({ id: z.number(), external_id: z.string().nullish() })) })

/**
 * Creates a check run, or updates the one of this `externalId` that an earlier try made. Annotations go in parts of 50;
 * since GitHub appends them, those that it has already are counted first and not sent again.
 */
export function createCheckWriter(client: GithubClient): Forge['writeCheck'] {
  return async (check, signal) => {
    const known = check.checkRunId ?? (await find(check, signal))
    const annotations = check.annotations.slice(0, maxAnnotations).map(annotation)
    const first = known === undefined ? 0 : await countAnnotations(known, check, signal)
    const checkRunId = await save(known, check, annotations.slice(first, first + annotationsPerRequest), signal)
    for (let sent = first + annotationsPerRequest; sent < annotations.length; sent += annotationsPerRequest) {
      await save(checkRunId, check, annotations.slice(sent, sent + annotationsPerRequest), signal)
    }
    return { checkRunId }
  }

  /** GitHub lists the newest first. */
  async function find(check: CheckWrite, signal: AbortSignal): Promise<number | undefined> {
    const name = clipText(check.name, maxNameLength)
    for (let page = 1; page <= maxPages; page++) {
      const { check_runs: runs } = await client.read({
        repository: check.repository,
        route: 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
        parameters: { ref: check.sha, check_name: name, filter: 'all', app_id: client.appId, per_page: 100, page },
        schema: Runs,
        signal,
      })
      const found = runs.find((run) => run.external_id === check.externalId)
      if (found) return found.id
      if (runs.length < 100) return undefined
    }
    return undefined
  }

  async function countAnnotations(id: number, check: CheckWrite, signal: AbortSignal): Promise<number> {
    if (check.annotations.length === 0) return 0
    const run = await client.read({
      repository: check.repository,
      route: 'GET /repos/{owner}/{repo}/check-runs/{check_run_id}',
      parameters: { check_run_id: id },
      schema: Run,
      signal,
    })
    return run.output?.annotations_count ?? 0
  }

  async function save(id: number | undefined, check: CheckWrite, annotations: readonly object[], signal: AbortSignal): Promise<number> {
    const fields = { ...fieldsOf(check), output: { ...outputOf(check), ...(annotations.length > 0 && { annotations }) } }
    const target =
      id === undefined
        ? ({ route: 'POST /repos/{owner}/{repo}/check-runs', parameters: { ...fields, head_sha: check.sha } } as const)
        : ({ route: 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', parameters: { ...fields, check_run_id: id } } as const)
    return (await client.write({ repository: check.repository, ...target, schema: Run, signal })).id
  }
}

function fieldsOf({ name, externalId, detailsUrl, state }: CheckWrite) {
  return {
    name: clipText(name, maxNameLength),
    external_id: externalId,
    ...(isWebAddress(detailsUrl) && { details_url: detailsUrl }),
    status: state.status,
    ...(state.startedAt !== undefined && { started_at: new Date(state.startedAt).toISOString() }),
    ...(state.status === 'completed' && { conclusion: state.conclusion, completed_at: new Date(state.completedAt).toISOString() }),
  }
}

function isWebAddress(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

const clipped = '_This text was cut to what GitHub takes. The details page has all of it._'

function outputOf({ title, summary, text }: CheckWrite) {
  return {
    title: clipText(title || 'osmo', maxTitleLength),
    summary: clipMarkdown(summary, maxTextLength, clipped),
    ...(text !== undefined && { text: clipMarkdown(text, maxTextLength, clipped) }),
  }
}

/** Columns are allowed only where start and end are on one line. */
function annotation({ file, line, column, endLine, endColumn, severity, code, message }: StoredDiagnostic) {
  const start = Math.max(1, line)
  const end = Math.max(start, endLine)
  return {
    path: file,
    start_line: start,
    end_line: end,
    ...(start === end && { start_column: Math.max(1, column), end_column: Math.max(1, column, endColumn) }),
    annotation_level: severity === 'error' ? 'failure' : 'warning',
    title: clipText(code, maxTitleLength),
    message: clipText(message || code, maxMessageLength),
  }
}
