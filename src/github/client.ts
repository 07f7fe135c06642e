import { Probot, ProbotOctokit } from 'probot'
import { z } from 'zod'
import type { RepositoryReference } from '../engine/ports.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { createConditionalCache } from './conditional-cache.ts'
import { forgeError, isStatus, notFound } from './failures.ts'
import type { Route } from './permissions.ts'

type ProbotOptions = NonNullable<ConstructorParameters<typeof Probot>[0]>
export type ProbotLog = NonNullable<ProbotOptions['log']>

export type ClientOptions = {
  readonly appId: number
  /** PEM. */
  readonly privateKey: string
  readonly webhookSecret: string
  /** The REST API's address from our settings, never from a payload: `https://api.github.com`, or `https://<host>/api/v3`. */
  readonly apiUrl: string
  readonly log: ProbotLog
  /** For one request. */
  readonly timeoutSeconds?: number
  readonly maxCacheBytes?: number
}

/** Every call throws `ForgeError` when GitHub refuses or does not answer, and checks the answer's shape. */
export type GithubClient = {
  readonly appId: number
  /** A GET as this installation; conditional when it was asked before, which costs nothing of the rate when nothing changed. */
  read<T>(call: Call<T>): Promise<T>
  /** As `read`, and undefined when GitHub says 404 or 410. */
  readIfFound<T>(call: Call<T>): Promise<T | undefined>
  /** POST or PATCH. When the repository was renamed, the new name is looked up by its id and the write is made there. */
  write<T>(call: Call<T>): Promise<T>
  /** The page numbers that the last answer to a listing speaks of come from `readPage` only; its links are never followed. */
  readPage<T>(call: Call<T>): Promise<{ readonly data: T; readonly lastPage: number }>
  /** As the app itself. */
  asApp<T>(call: Omit<Call<T>, 'repository'>): Promise<T>
  /** As the app itself, of a listing that is paged by cursor; only the cursor is taken from the answer's links. */
  readAppPage<T>(call: Omit<Call<T>, 'repository'>): Promise<{ readonly data: T; readonly nextCursor: string | undefined }>
  /** A token that can read the contents of this one repository, for at most an hour. */
  readToken(repository: RepositoryReference, signal: AbortSignal): Promise<string>
}
export type Call<T> = {
  readonly repository: RepositoryReference
  readonly route: Route
  readonly parameters: Readonly<Record<string, unknown>>
  readonly schema: z.ZodType<T>
  readonly signal: AbortSignal
}

const apiVersion = '2022-11-28'
const RepositoryName = z.object({ full_name: z.string() })
const InstallationToken = z.object({ token: z.string().min(1) })

/** GitHub's REST API through Probot's authenticated clients. Rates and retries are the outbox's, so Octokit's own are off. */
export function createGithubClient(options: ClientOptions): GithubClient {
  const probot = createProbot(options)
  const cache = createConditionalCache(options.maxCacheBytes ?? 32 * 1024 * 1024)
  return { appId: options.appId, read, readIfFound, readPage, write, asApp, readAppPage, readToken }

  async function read<T>(call: Call<T>): Promise<T> {
    return (await readPage(call)).data
  }

  async function readIfFound<T>(call: Call<T>): Promise<T | undefined> {
    try {
      return await read(call)
    } catch (error) {
      if (isStatus(error, notFound)) return undefined
      throw error
    }
  }

  function readPage<T>(call: Call<T>): Promise<{ readonly data: T; readonly lastPage: number }> {
    const key = JSON.stringify([call.repository.installationId, call.repository.fullName, call.route, call.parameters])
    return cache.read(key, async (etag) => {
      const answer = await send(call, etag === undefined ? {} : { 'if-none-match': etag })
      return { etag: answer.headers.etag, value: { data: parse(call, answer.data), lastPage: lastPageOf(answer.headers.link) } }
    })
  }

  async function write<T>(call: Call<T>): Promise<T> {
    const answer = await send(call, {})
    if (!isRedirect(answer.status)) return parse(call, answer.data)
    const again = await send({ ...call, repository: await currentName(call) }, {})
    if (isRedirect(again.status))
      throw forgeError(new Error('Expected the repository below its present name, got another redirect'), call.route)
    return parse(call, again.data)
  }

  /** A write is never sent on to where a redirect points: the id decides. */
  async function currentName({ repository, signal }: Call<unknown>): Promise<RepositoryReference> {
    const { full_name: fullName } = await read({
      repository,
      route: 'GET /repositories/{id}',
      parameters: { id: repository.id },
      schema: RepositoryName,
      signal,
    })
    return { ...repository, fullName }
  }

  async function send<T>({ repository, route, parameters, signal }: Call<T>, headers: Record<string, string>) {
    try {
      const octokit = await probot.auth(repository.installationId)
      return await octokit.request(route, {
        ...(route.includes('{owner}') && nameOf(repository)),
        ...parameters,
        headers,
        request: { signal },
      })
    } catch (error) {
      throw forgeError(error, route)
    }
  }

  async function asApp<T>(call: Omit<Call<T>, 'repository'>): Promise<T> {
    return parse(call, (await sendAsApp(call)).data)
  }

  async function readAppPage<T>(call: Omit<Call<T>, 'repository'>): Promise<{ readonly data: T; readonly nextCursor: string | undefined }> {
    const answer = await sendAsApp(call)
    return { data: parse(call, answer.data), nextCursor: nextCursorOf(answer.headers.link) }
  }

  async function sendAsApp({ route, parameters, signal }: Omit<Call<unknown>, 'repository'>) {
    try {
      const octokit = await probot.auth()
      return await octokit.request(route, { ...parameters, request: { signal } })
    } catch (error) {
      throw forgeError(error, route)
    }
  }

  async function readToken({ id, installationId }: RepositoryReference, signal: AbortSignal): Promise<string> {
    const route = 'POST /app/installations/{installation_id}/access_tokens'
    const parameters = { installation_id: installationId, repository_ids: [id], permissions: { contents: 'read' } }
    return (await asApp({ route, parameters, schema: InstallationToken, signal })).token
  }
}

type OctokitDefaults = { readonly throttle?: object; readonly retry?: object }

function createProbot({ appId, privateKey, webhookSecret, apiUrl, log, timeoutSeconds = 20 }: ClientOptions): Probot {
  const fetch = boundedFetch({ apiUrl, timeoutMs: timeoutSeconds * 1000, headers: { 'x-github-api-version': apiVersion } })
  return new Probot({
    appId,
    privateKey,
    secret: webhookSecret,
    baseUrl: apiUrl,
    log,
    request: { fetch },
    Octokit: ProbotOctokit.defaults((given: OctokitDefaults) => ({
      ...given,
      userAgent: 'osmo-runner',
      throttle: { ...given.throttle, enabled: false },
      retry: { ...given.retry, enabled: false },
    })),
  })
}

function nameOf({ fullName }: RepositoryReference) {
  const [owner, repo] = fullName.split('/')
  return { owner, repo }
}

function parse<T>({ schema, route }: { readonly schema: z.ZodType<T>; readonly route: Route }, data: unknown): T {
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  throw forgeError(
    new Error(
      `Unexpected answer: ${parsed.error.issues
        .slice(0, 3)
        .map(({ path, message }) => `${path.join('.')}: ${message}`)
        .join('; ')}`,
    ),
    route,
  )
}

const isRedirect = (status: number) => status >= 300 && status < 400

/** The `page` of `rel="last"`; 1 when the listing has one page. Only this number is taken from the header, never its address. */
function lastPageOf(link: string | undefined): number {
  const last = (link ?? '')
    .slice(0, 4096)
    .split(',')
    .find((part) => part.includes('rel="last"'))
  return Number(/[?&]page=([0-9]{1,6})\b/.exec(last ?? '')?.[1] ?? 1)
}

/** The `cursor` of `rel="next"`; undefined on the last page. */
function nextCursorOf(link: string | undefined): string | undefined {
  const next = (link ?? '')
    .slice(0, 4096)
    .split(',')
    .find((part) => part.includes('rel="next"'))
  const cursor = /[?&]cursor=([^&>]{1,200})/.exec(next ?? '')?.[1]
  return cursor === undefined ? undefined : decodeURIComponent(cursor)
}
