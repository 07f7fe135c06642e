import { timingSafeEqual } from 'node:crypto'
import type { Context, Next } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { World } from '../world.ts'
import type { Speaker } from './pull-page.ts'

const cookieName = 'github_twin'
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * A page in some other tab must neither read nor press anything here. `Host` must be a name of this machine, which a rebound DNS name
 * is not; what changes something must also come from a page of ours.
 */
export function guard(world: World): (context: Context, next: Next) => Promise<Response | undefined> {
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    if (!isOurs(world, host)) return refuse(context, `expected a host of this machine, got ${host.slice(0, 100)}`)
    if (context.req.method === 'POST' && !comesFromHere(context, host))
      return refuse(context, 'this form was not sent by a page of this server')
    const { searchParams, pathname } = new URL(context.req.url)
    const token = searchParams.get('token')
    if (token !== null && isToken(world, token)) return admit(context, pathname, token)
    if (context.req.method === 'POST' && speakerOf(world, context) !== 'may speak') {
      return refuse(context, 'open this page through the address that was printed at the start, then try again')
    }
    await next()
    return undefined
  }
}

function isOurs(world: World, host: string): boolean {
  const ours = new URL(world.url)
  if (!loopback.has(ours.hostname)) return true
  const name = host.replace(/:\d+$/, '')
  return loopback.has(name) && host.slice(name.length + 1) === ours.port
}

/** Browsers send `Origin` with each POST; a client that sends neither it nor `Sec-Fetch-Site` is not a page. */
function comesFromHere(context: Context, host: string): boolean {
  const origin = context.req.header('origin')
  return origin !== undefined ? origin === `http://${host}` : context.req.header('sec-fetch-site') === 'same-origin'
}

function isToken(world: World, given: string): boolean {
  const expected = Buffer.from(world.options.pageToken ?? '')
  const bytes = Buffer.from(given)
  return expected.length > 0 && bytes.length === expected.length && timingSafeEqual(bytes, expected)
}

/** Takes the token out of the address, where it would be seen and shared, into a cookie that scripts cannot read. */
function admit(context: Context, path: string, token: string): Response {
  setCookie(context, cookieName, token, { httpOnly: true, sameSite: 'Lax', path: '/', maxAge: 365 * 24 * 3600 })
  return context.redirect(path, 303)
}

export function speakerOf(world: World, context: Context): Speaker {
  if (world.options.pageToken === undefined) return 'may speak'
  return isToken(world, getCookie(context, cookieName) ?? '') ? 'may speak' : 'must come by the printed address'
}

export function refuse(context: Context, message: string): Response {
  return context.json({ message }, 403)
}
