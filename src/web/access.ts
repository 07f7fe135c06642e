import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'

/**
 * Who may read pages and API (architecture.md §13).
 * `token`: a person who has the address that was printed. `loopback-only`: a person at this machine; for everybody else nothing is here.
 */
export type Access = { readonly kind: 'token'; readonly token: string } | { readonly kind: 'loopback-only' }

/** What the node adapter tells about a connection; absent in requests that did not come over one. */
export type PeerBindings = { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } } }

export type Refusals = {
  readonly notFound: (context: Context) => Response | Promise<Response>
  readonly unauthorized: (context: Context) => Response | Promise<Response>
  readonly forbidden: (context: Context) => Response | Promise<Response>
}

const cookieSeconds = 30 * 24 * 3600

/** Lets a request through, or answers it with one of the refusals. Names in `Host` are checked so that no foreign name can be rebound to us. */
export function guard(access: Access, publicUrl: string | undefined, refusals: Refusals): MiddlewareHandler {
  return access.kind === 'token' ? tokenGuard(access.token, publicUrl, refusals) : loopbackGuard(refusals)
}

function tokenGuard(token: string, publicUrl: string | undefined, refusals: Refusals): MiddlewareHandler {
  if (token.length < 16) throw new RangeError(`Expected a token of at least 16 characters, got ${token.length}`)
  const publicHost = publicUrl === undefined ? undefined : new URL(publicUrl).host
  const cookie = cookieOf(token, publicUrl)
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    if (!isLoopbackHost(host) && host !== publicHost) return refusals.forbidden(context)
    if (isForeign(context, host)) return refusals.forbidden(context)
    const given = context.req.query('token')
    if (given !== undefined) return isSame(given, token) ? enter(context, cookie) : refusals.unauthorized(context)
    return isKnown(context, token, cookie) ? next() : refusals.unauthorized(context)
  }
}

/** A proxy at this machine is a loopback peer too, so whatever came through one is refused. */
function loopbackGuard(refusals: Refusals): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    const isLocal = isLoopbackHost(host) && isLoopbackAddress(peerOf(context)) && !isForwarded(context) && !isForeign(context, host)
    return isLocal ? next() : refusals.notFound(context)
  }
}

type Cookie = { readonly name: string; readonly value: string; readonly secure: boolean }

/** Cookies are shared between all ports of a host: the name tells installations apart, and the value is of no use elsewhere. */
function cookieOf(token: string, publicUrl: string | undefined): Cookie {
  const name = `osmo_${createHash('sha256').update(`name ${token}`).digest('hex').slice(0, 12)}`
  const value = createHmac('sha256', token).update('pages').digest('hex')
  return { name, value, secure: publicUrl?.startsWith('https:') ?? false }
}

/** The token goes into a cookie and out of the address, so that it is neither bookmarked nor passed on. */
function enter(context: Context, { name, value, secure }: Cookie): Response {
  setCookie(context, name, value, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: cookieSeconds, secure })
  const url = new URL(context.req.url)
  url.searchParams.delete('token')
  // More than one leading slash would name another host.
  return context.redirect(`${url.pathname.replace(/^[/\\]+/, '/')}${url.search}`, 303)
}

function isKnown(context: Context, token: string, cookie: Cookie): boolean {
  const bearer = /^Bearer (\S{1,512})$/.exec(context.req.header('authorization') ?? '')?.[1]
  if (bearer !== undefined) return isSame(bearer, token)
  return isSame(getCookie(context, cookie.name) ?? '', cookie.value)
}

/** By digest, so that neither content nor length shows in the time it takes. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** Another site's script asks. Following a link from there is fine: nothing changes by it. */
function isForeign(context: Context, host: string): boolean {
  const origin = context.req.header('origin')
  if (origin !== undefined && hostOf(origin) !== host) return true
  const site = context.req.header('sec-fetch-site')
  return (site === 'cross-site' || site === 'same-site') && context.req.header('sec-fetch-mode') !== 'navigate'
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
}

function isLoopbackAddress(address: string): boolean {
  return /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(address)
}

function peerOf(context: Context): string {
  return (context.env as PeerBindings | undefined)?.incoming?.socket?.remoteAddress ?? ''
}

const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

function isForwarded(context: Context): boolean {
  return proxyHeaders.some((name) => context.req.header(name) !== undefined)
}
