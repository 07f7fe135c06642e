/** Branded names and the rules they obey. A value of these types was checked once, at the door. */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** UUID of a workflow; people see its display id, such as `nav-eval-12`. */
export type WorkflowId = Branded<'WorkflowId'>
export type CommitSha = Branded<'CommitSha'>
/** The same attempt always gets the same name, so creating its pod twice is a conflict and never a second pod. */
export type PodName = Branded<'PodName'>

/** Milliseconds since 1970, from PostgreSQL's clock or a supervisor's; pure code gets it inside events. */
export type Instant = number

export type AttemptReference = { readonly workflow: WorkflowId; readonly task: string; readonly attempt: number }

export const WorkflowId = (text: string) => checked<WorkflowId>('workflow UUID', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, text)
export const CommitSha = (text: string) => checked<CommitSha>('full commit sha', /^[0-9a-f]{40}$/, text)

/** `<last 16 hex digits of the workflow's UUID>-<the task's>-<attempt>` (extensions.md §6). */
export function podName(workflow: WorkflowId, taskId: string, attempt: number): PodName {
  return `${lastHexDigits(workflow)}-${lastHexDigits(taskId)}-${attempt}` as PodName
}

export const isPodName = (text: string): text is PodName => /^[0-9a-f]{16}-[0-9a-f]{16}-[0-9]{1,6}$/.test(text)

export const isZeroSha = (sha: string) => /^0{40}$/.test(sha)

const lastHexDigits = (uuid: string) => uuid.replaceAll('-', '').slice(-16)

function checked<T extends string>(what: string, pattern: RegExp, text: string): T {
  if (!pattern.test(text)) throw new SyntaxError(`Expected a ${what} matching ${pattern.source}, got ${JSON.stringify(text.slice(0, 80))}`)
  return text as T
}
