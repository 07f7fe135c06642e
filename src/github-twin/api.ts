import { createHash, randomBytes } from 'node:crypto'
import { type Identity, identify } from './auth.ts'
import { Failure } from './failure.ts'
import { apiFault, type Faults } from './faults.ts'
import { apiUrl } from './payloads/urls.ts'
import { createRateLimiter, type Quota, rateHeaders } from './rate-limit.ts'
import { match, ok, type Reply, type Route, route } from './router.ts'
import { appRoutes } from './routes/app.ts'
import { checkRoutes } from './routes/checks.ts'
import { commentRoutes } from './routes/comments.ts'
import { gitRoutes } from './routes/git-objects.ts'
import { pullRoutes } from './routes/pulls.ts'
import { repositoryRoutes } from './routes/repositories.ts'
import { fullName, type World } from './world.ts'

const bodyLimitBytes = 8 * 1024 * 1024
export const apiRoot = '/api/v3'

/** What one call was and what it was answered, for tests that compare it with GitHub's description. */
export type Exchange = {
  readonly method: string
  /** The route as GitHub's description writes it; none when no route fits. */
  readonly template: string | undefined
  readonly path: string
  readonly status: number
  readonly body: unknown
}

export type Api = (request: Request) => Promise<Response | 'hang' | 'reset'>

const routes: readonly Route[] = [...checkRoutes, ...gitRoutes, ...pullRoutes, ...commentRoutes, ...repositoryRoutes, ...appRoutes]

/** Every route there is, so that a test can ask whether each has been tried. */
export const served: readonly string[] = [...routes.map((found) => `${found.method} ${found.template}`), 'GET /rate_limit', 'GET /meta']

/** Answers below `/api/v3` as GitHub Enterprise Server does. */
export function createApi(world: World, faults: Faults, observe: (exchange: Exchange) => void): Api {
  const limiter = createRateLimiter(world)
  const all = [...routes, ...metaRoutes(world, (identity) => limiter.spend(identity, 0))]
  return async (request) => {
    const path = new URL(request.url).pathname.slice(apiRoot.length)
    const fault = apiFault(faults, request.method, path)
    if (fault?.kind === 'hang' || fault?.kind === 'reset') return fault.kind
    if (fault?.kind === 'secondary-limit') return secondaryLimit(fault.retryAfterSeconds)
    if (fault?.kind === 'error' && fault.when === 'before') return broken(fault.status)
    const response = await answer(world, all, limiter, request, path, observe)
    return fault?.kind === 'error' ? broken(fault.status) : response
  }
}

function metaRoutes(world: World, quotaOf: (identity: Identity) => Quota): Route[] {
  return [
    route('GET', '/meta', () =>
      ok({ verifiable_password_authentication: false, web: [], api: [], git: [], domains: { website: [new URL(world.url).host] } }),
    ),
    route('GET', '/rate_limit', ({ identity }) => {
      const { limit, used, remaining, resetSeconds: reset } = quotaOf(identity)
      const rate = { limit, used, remaining, reset }
      return ok({ resources: { core: rate, search: rate, graphql: rate }, rate })
    }),
  ]
}

function broken(status: number): Response {
  return new Response('<html><body>Unicorn!</body></html>', { status, headers: { 'content-type': 'text/html' } })
}

function secondaryLimit(retryAfterSeconds: number | undefined): Response {
  const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return Response.json(
    { message, documentation_url: 'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits' },
    { status: 403, headers },
  )
}

async function answer(
  world: World,
  all: readonly Route[],
  limiter: ReturnType<typeof createRateLimiter>,
  request: Request,
  path: string,
  observe: (exchange: Exchange) => void,
): Promise<Response> {
  const found = tryMatch(all, request.method, namedPath(world, path))
  const headers = new Headers({
    'x-github-request-id': requestId(),
    'x-github-media-type': 'github.v3; format=json',
  })
  headers.set('x-github-api-version-selected', request.headers.get('x-github-api-version') ?? '2022-11-28')
  const reply = await replyOf(world, found, limiter, request, headers).catch((error) => failed(world, error))
  observe({ method: request.method, template: found?.route.template, path, status: reply.status, body: reply.body })
  for (const [name, value] of Object.entries(reply.headers ?? {})) headers.set(name, value)
  return respond(request, reply, headers)
}

function requestId(): string {
  return randomBytes(12)
    .toString('hex')
    .toUpperCase()
    .replace(/(.{4})(?=.)/g, '$1:')
}

/** Each address of a repository also works with its id, which outlives names. */
function namedPath(world: World, path: string): string {
  const [, id, rest = ''] = /^\/repositories\/(\d{1,15})(\/.*)?$/.exec(path) ?? []
  const repository = id === undefined ? undefined : world.state.repositories.get(Number(id))
  return repository === undefined ? path : `/repos/${fullName(world, repository)}${rest}`
}

function tryMatch(all: readonly Route[], method: string, path: string): ReturnType<typeof match> {
  try {
    return match(all, method, path)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

async function replyOf(
  world: World,
  found: ReturnType<typeof match>,
  limiter: ReturnType<typeof createRateLimiter>,
  request: Request,
  headers: Headers,
): Promise<Reply> {
  const identity = identify(world, request.headers.get('authorization') ?? undefined)
  spend(limiter.spend(identity, found?.route.template === '/rate_limit' ? 0 : 1), headers)
  if (found === undefined) throw new Failure(404, 'Not Found')
  const url = new URL(request.url)
  const body = await readBody(request)
  const address = apiUrl(world, url.pathname.slice(apiRoot.length))
  const reply = await found.route.answer({ world, identity, params: found.params, query: url.searchParams, body, address })
  const shown = withEtag(request, reply)
  if (shown.status === 304 && identity.kind !== 'anonymous') spend(limiter.spend(identity, -1), headers)
  return shown
}

function spend(quota: Quota, headers: Headers): void {
  for (const [name, value] of Object.entries(rateHeaders(quota))) headers.set(name, value)
  if (quota.used <= quota.limit) return
  throw new Failure(403, 'API rate limit exceeded')
}

/** Reads at most a few MiB, then JSON. An empty body is an empty object. */
async function readBody(request: Request): Promise<unknown> {
  if (request.method === 'GET' || request.method === 'HEAD' || request.body === null) return {}
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body) {
    size += chunk.length
    if (size > bodyLimitBytes) throw new Failure(413, `Request body is larger than ${bodyLimitBytes} bytes`)
    chunks.push(chunk)
  }
  return parseJson(Buffer.concat(chunks).toString('utf8'))
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    throw new Failure(400, 'Problems parsing JSON')
  }
}

/** A GET that asks whether something changed and hears that it did not costs nothing where the caller is known. */
function withEtag(request: Request, reply: Reply): Reply {
  if (request.method !== 'GET' || reply.status !== 200) return reply
  const etag = `W/"${createHash('sha256').update(JSON.stringify(reply.body)).digest('hex')}"`
  const headers = {
    ...reply.headers,
    etag,
    'cache-control': 'private, max-age=60, s-maxage=60',
    vary: 'Accept, Authorization, Cookie, X-GitHub-OTP',
  }
  const same = (request.headers.get('if-none-match') ?? '').split(/, */).includes(etag)
  return same ? { status: 304, body: undefined, headers } : { ...reply, headers }
}

function failed(world: World, error: unknown): Reply {
  if (!(error instanceof Failure)) {
    world.log(`an API call failed: ${error instanceof Error ? error.stack : error}`)
    return { status: 500, body: { message: 'Server Error' } }
  }
  const body = {
    message: error.message,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
    documentation_url: 'https://docs.github.com/rest',
    status: String(error.status),
  }
  return { status: error.status, body, headers: error.headers }
}

function respond(request: Request, reply: Reply, headers: Headers): Response {
  if (reply.body === undefined) return new Response(null, { status: reply.status, headers })
  headers.set('content-type', 'application/json; charset=utf-8')
  return new Response(request.method === 'HEAD' ? null : JSON.stringify(reply.body), { status: reply.status, headers })
}
