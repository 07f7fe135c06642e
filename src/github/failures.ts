import { z } from 'zod'
import { ForgeError } from '../engine/ports.ts'

/** What Octokit throws. Read by shape, since several copies of its class may be installed. */
const RequestFailure = z.object({
  status: z.number(),
  response: z
    .object({
      headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()),
      data: z.object({ message: z.string(), documentation_url: z.string() }).partial().catch({}),
    })
    .optional(),
})
type RequestFailure = z.output<typeof RequestFailure>

export const notFound = [404, 410] as const

/** A failed call as the outbox understands it: repeat (and when), or give up. Tokens never are in it. */
export function forgeError(error: unknown, route: string): ForgeError {
  if (error instanceof ForgeError) return error
  const failure = RequestFailure.safeParse(error)
  const said = failure.data?.response?.data.message ?? (error instanceof Error ? error.message : String(error))
  const message = `${route}: ${failure.data?.response ? `${failure.data.status} ` : ''}${withoutTokens(said).slice(0, 300)}`
  // Without an answer it is the network, and that passes.
  if (!failure.data?.response) return new ForgeError(message, 'retry', undefined, { status: undefined })
  const cause = { status: failure.data.status }
  if (isRateLimit(failure.data)) return new ForgeError(message, 'retry', waitSeconds(failure.data), cause)
  return new ForgeError(message, isHopeless(failure.data.status) ? 'give-up' : 'retry', retryAfter(failure.data), cause)
}

const Cause = z.object({ status: z.number() })

export function isStatus(error: unknown, statuses: readonly number[]): boolean {
  if (!(error instanceof ForgeError)) return false
  const cause = Cause.safeParse(error.cause)
  return cause.success && statuses.includes(cause.data.status)
}

/** 403 for the primary limit (nothing remaining), for a secondary one (`retry-after`, or only its documentation's address), or 429. */
function isRateLimit({ status, response }: RequestFailure): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  const { headers = {}, data = {} } = response ?? {}
  const says = `${data.documentation_url ?? ''} ${data.message ?? ''}`
  return headers['retry-after'] !== undefined || String(headers['x-ratelimit-remaining']) === '0' || /rate[- ]limit/i.test(says)
}

/** GitHub's advice is at least a minute when a limit comes without a time. */
const defaultWaitSeconds = 60
const maxWaitSeconds = 3600

function waitSeconds(failure: RequestFailure): number {
  return retryAfter(failure) ?? untilReset(failure) ?? defaultWaitSeconds
}

function retryAfter({ response }: RequestFailure): number | undefined {
  const value = response?.headers['retry-after']
  return value !== undefined && /^[0-9]{1,6}$/.test(String(value)) ? Math.min(Number(value), maxWaitSeconds) : undefined
}

/** By GitHub's own clock, its `date` header, so that ours may be wrong. */
function untilReset({ response }: RequestFailure): number | undefined {
  const { headers = {} } = response ?? {}
  const reset = Number(headers['x-ratelimit-reset'])
  const now = Date.parse(String(headers.date)) / 1000
  if (String(headers['x-ratelimit-remaining']) !== '0' || !Number.isFinite(reset) || !Number.isFinite(now)) return undefined
  return Math.min(Math.max(1, Math.ceil(reset - now)), maxWaitSeconds)
}

/** Gone, forbidden or not what GitHub accepts: the same request would fail again. 401 may be a key in rotation, 409 a conflict that passes. */
const isHopeless = (status: number) => status >= 400 && status < 500 && ![401, 408, 409, 425].includes(status)

function withoutTokens(text: string): string {
  return text.replace(/\b(?:gh[a-z]_|github_pat_|v1\.)[A-Za-z0-9_.-]{10,}/g, '[token]').replace(/\beyJ[A-Za-z0-9_.-]{20,}/g, '[token]')
}
