import { authorise, type Identity, type Need } from './auth.ts'
import { Failure } from './failure.ts'
import type { Repository } from './state.ts'
import { repositoryByFormerName, repositoryByName, type World } from './world.ts'

/** One request on its way through a route. */
export type Call = {
  readonly world: World
  readonly identity: Identity
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
  /** The address without query, for links to other pages of the same list. */
  readonly address: string
}

/** A call whose repository was found and may be used as the route needs. */
export type RepositoryCall = Call & { readonly repository: Repository }

export type Reply = { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }

export type Route = {
  readonly method: string
  /** As GitHub's OpenAPI description writes it: `/repos/{owner}/{repo}/pulls/{pull_number}`. */
  readonly template: string
  readonly pattern: RegExp
  readonly answer: (call: Call) => Reply | Promise<Reply>
}

/** A route outside repositories; `answer` looks at the identity itself. */
export function route(method: string, template: string, answer: Route['answer']): Route {
  return { method, template, pattern: patternOf(template), answer }
}

/** A route on a repository: found, then checked against what is needed, before `answer` is called. */
export function repositoryRoute(
  method: string,
  template: string,
  need: Need,
  answer: (call: RepositoryCall) => Reply | Promise<Reply>,
): Route {
  return route(method, template, (call) => {
    const owner = call.params.owner ?? ''
    const name = call.params.repo ?? ''
    const found = repositoryByName(call.world, owner, name)
    const moved = found === undefined ? repositoryByFormerName(call.world, owner, name) : undefined
    if (moved !== undefined) return redirect(call, authorise(call.world, call.identity, moved, need))
    return answer({ ...call, repository: authorise(call.world, call.identity, found, need) })
  })
}

/** GitHub leads from an old name to the address by id, with the rest of the path kept. */
function redirect(call: Call, repository: Repository): Reply {
  const url = call.address.replace(/\/repos\/[^/]+\/[^/]+/, `/repositories/${repository.id}`)
  const body = { message: 'Moved Permanently', url, documentation_url: 'https://docs.github.com/rest' }
  return { status: 301, body, headers: { location: url } }
}

/** Parameters that may hold slashes, escaped or not. */
const long = new Set(['ref', 'path', 'basehead', 'branch'])

function patternOf(template: string): RegExp {
  const source = template
    .replace(/[.+?]/g, '\\$&')
    .replace(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${long.has(name) ? '.*?' : '[^/]+'})`)
  return new RegExp(`^${source}$`)
}

/** The first route that fits. Routes are tried in order, so the more special one comes first. */
export function match(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  for (const candidate of routes) {
    if (candidate.method !== method) continue
    const found = candidate.pattern.exec(path)
    if (found !== null) return { route: candidate, params: decoded(found.groups ?? {}) }
  }
  return undefined
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]))
  } catch {
    throw new Failure(400, 'Bad Request: the address is not valid percent-encoding')
  }
}

export function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, body, headers }
}

export function created(body: unknown): Reply {
  return { status: 201, body }
}

export function numberParam(call: Call, name: string): number {
  const text = call.params[name] ?? ''
  if (!/^\d{1,15}$/.test(text)) throw new Failure(404, 'Not Found')
  return Number(text)
}

export type Page = { readonly number: number; readonly size: number }

/** `page` and `per_page` as GitHub reads them: 30 a page unless told, 100 at most, nonsense ignored. */
export function pageOf(query: URLSearchParams): Page {
  const size = Math.min(Math.max(Math.trunc(Number(query.get('per_page') ?? 30)) || 30, 1), 100)
  return { number: Math.max(Math.trunc(Number(query.get('page') ?? 1)) || 1, 1), size }
}

/** The asked-for page of a list, and the header that leads to the others. */
export function paged<T>(call: Call, items: readonly T[]): { items: T[]; headers: Record<string, string> } {
  const page = pageOf(call.query)
  const start = (page.number - 1) * page.size
  return { items: items.slice(start, start + page.size), headers: linkHeader(call, page, Math.ceil(items.length / page.size)) }
}

function linkHeader(call: Call, page: Page, last: number): Record<string, string> {
  const links = [
    ...(page.number > 1 ? [linkTo(call, page.number - 1, 'prev')] : []),
    ...(page.number < last ? [linkTo(call, page.number + 1, 'next'), linkTo(call, last, 'last')] : []),
    ...(page.number > 1 ? [linkTo(call, 1, 'first')] : []),
  ]
  return links.length === 0 ? {} : { link: links.join(', ') }
}

function linkTo(call: Call, page: number, rel: string): string {
  const query = new URLSearchParams(call.query)
  query.set('page', String(page))
  return `<${call.address}?${query}>; rel="${rel}"`
}
