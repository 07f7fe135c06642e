import { z } from 'zod'
import type { Instant } from '../workflow/names.ts'
import { type Standing, standings } from './verdicts.ts'

/** What the list of workflows shows. */
export type ListQuery = {
  /** GitHub's number of it: names change. */
  readonly repositoryId: number | undefined
  readonly pullRequest: number | undefined
  readonly standing: Standing | undefined
  readonly before: Instant | undefined
}

export type Parsed<T> = { readonly kind: 'valid'; readonly value: T } | { readonly kind: 'invalid'; readonly message: string }

const identifier = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, 'expected a positive whole number')
  .transform(Number)
const count = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'expected a whole number')
  .transform(Number)
/** A form sends its empty fields too. */
const blankIsAbsent = (value: unknown) => (value === '' ? undefined : value)

const listQuery = z.object({
  repository: z.preprocess(blankIsAbsent, identifier.optional()),
  pull_request: z.preprocess(blankIsAbsent, identifier.optional()),
  status: z.preprocess(blankIsAbsent, z.enum(standings, `expected one of ${standings.join(', ')}`).optional()),
  before: z.preprocess(blankIsAbsent, count.optional()),
})

export function parseListQuery(query: Readonly<Record<string, string>>): Parsed<ListQuery> {
  const result = listQuery.safeParse(query)
  if (!result.success) return { kind: 'invalid', message: messageOf(result.error) }
  const { repository, pull_request, status, before } = result.data
  return { kind: 'valid', value: { repositoryId: repository, pullRequest: pull_request, standing: status, before } }
}

/** The address of a list, the inverse of `parseListQuery`. */
export function listUrl({ repositoryId, pullRequest, standing, before }: Partial<ListQuery>): string {
  const given = { repository: repositoryId, pull_request: pullRequest, status: standing, before }
  const present = Object.entries(given).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]))
  return present.length === 0 ? '/' : `/?${new URLSearchParams(present)}`
}

/** Undefined: not given. */
export function parseAttempt(text: string | undefined): Parsed<number | undefined> {
  if (text === undefined || text === '') return { kind: 'valid', value: undefined }
  if (/^[0-9]{1,6}$/.test(text)) return { kind: 'valid', value: Number(text) }
  return { kind: 'invalid', message: 'attempt: expected a whole number from 0' }
}

/** The sequence of the last chunk that the caller has; -1 has none. */
export function parseAfter(text: string | undefined): Parsed<number> {
  if (text === undefined || text === '') return { kind: 'valid', value: -1 }
  if (/^(-1|[0-9]{1,15})$/.test(text)) return { kind: 'valid', value: Number(text) }
  return { kind: 'invalid', message: 'after: expected the sequence of a chunk of this log, or -1' }
}

/** Names come from specs and are short, without control characters; anything else names nothing, and never reaches the store. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
export const isName = (text: string) => /^[^\u0000-\u001f\u007f]{1,300}$/.test(text)

/** Never quotes what came: it is shown on a page and in API answers. */
function messageOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}
