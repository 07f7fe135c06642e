import { generateKeyPairSync, timingSafeEqual } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { type Admin, createAdmin } from './admin.ts'
import { apiRoot, createApi, type Exchange } from './api.ts'
import { Failure } from './failure.ts'
import type { Faults } from './faults.ts'
import { gitHandler } from './http-backend.ts'
import { createLock, type Lock } from './lock.ts'
import { TwinOptions, type TwinOptionsInput } from './options.ts'
import { pages } from './pages/routes.ts'
import { synchronise } from './pulls.ts'
import { settle } from './pushes.ts'
import { type Delivery, openState, type State } from './state.ts'
import { startSender } from './webhooks.ts'
import { headRepositoryOf, timeOf, userOf, type World } from './world.ts'

export type { Admin } from './admin.ts'
export type { Exchange } from './api.ts'
export type { TwinOptionsInput } from './options.ts'
export type { Delivery } from './state.ts'

export type TwinHooks = {
  readonly log?: (line: string) => void
  /** Called with every answer of the API before it is sent. */
  readonly exchanged?: (exchange: Exchange) => void
  /** Called with every webhook after it was tried. */
  readonly delivered?: (delivery: Delivery) => void
}

export type GithubTwin = {
  /** Without a slash at the end. Octokit's `baseUrl` is this and `/api/v3`. */
  readonly url: string
  readonly port: number
  /** The app's private key, PEM: the one from the options, or the one made at the first start. */
  readonly privateKey: string
  readonly admin: Admin
  /** Ends requests and webhooks under way. What was not delivered is tried at the next start. */
  close(): Promise<void>
}

/**
 * Starts a stand-in for github.com over real git repositories. Everything it knows is below `options.directory`, where a later start
 * finds it again, also after a kill.
 */
export async function startGithubTwin(input: TwinOptionsInput, hooks: TwinHooks = {}): Promise<GithubTwin> {
  const options = TwinOptions.parse(input)
  await mkdir(join(options.directory, 'repositories'), { recursive: true })
  const server = createServer()
  const port = await listen(server, options.host, options.port)
  const state = openStateOrClose(server, join(options.directory, 'twin.sqlite'))
  const url = urlOf(options, port)
  const world: World = { options, app: options.app, state, url, log: hooks.log ?? (() => {}), wake: () => {} }
  const privateKey = introduce(state, options)
  const pushes = createLock()
  const faults: Faults = { deliveries: [], api: [] }
  const sender = startSender(world, faults, hooks.delivered ?? (() => {}))
  world.wake = sender.wake
  const admin = createAdmin({ world, pushes, faults, idle: sender.idle })
  const api = createApi(world, faults, hooks.exchanged ?? (() => {}))
  server.on('request', listener(gitHandler(world, pushes), getRequestListener(webApp(world, api, admin).fetch)))
  await pushes(() => catchUp(world))
  sender.wake()
  return { url, port, privateKey, admin, close: () => close(server, sender, pushes, state) }
}

function openStateOrClose(server: Server, file: string): State {
  try {
    return openState(file)
  } catch (error) {
    server.close()
    throw error
  }
}

function urlOf({ publicUrl, host }: TwinOptions, port: number): string {
  return publicUrl?.replace(/\/+$/, '') ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('expected a TCP address'))
      else resolve(address.port)
    })
  })
}

/** Makes the row about the twin itself and the app's bot at the first start. The webhook's address is the newest one given. */
function introduce(state: State, options: TwinOptions): string {
  const before = state.self.get(1)
  const createdAt = timeOf(Date.now())
  const bot = { name: options.app.name, kind: 'Bot', token: null, createdAt } as const
  const login = `${options.app.slug}[bot]`
  const botId =
    before?.botId ??
    state.users.put({ ...bot, id: state.store.nextId(), login, email: `${options.app.id}+${login}@users.noreply.twin.test` }).id
  const privateKey = options.app.privateKey ?? before?.privateKey ?? newKey()
  state.self.put({
    id: 1,
    privateKey,
    botId,
    clockOffsetMilliseconds: before?.clockOffsetMilliseconds ?? 0,
    webhookUrl: options.app.webhookUrl,
  })
  return privateKey
}

function newKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** Git speaks to the sockets themselves; all else is a `Request` and a `Response`. */
function listener(git: (request: IncomingMessage, response: ServerResponse) => boolean, web: Listener): Listener {
  return (request, response) => {
    if (!git(request, response)) web(request, response)
  }
}

type Bindings = { readonly Bindings: { readonly incoming: IncomingMessage } }

function webApp(world: World, api: ReturnType<typeof createApi>, admin: Admin): Hono<Bindings> {
  const app = new Hono<Bindings>()
  app.all(`${apiRoot}/*`, async (context) => {
    const answer = await api(context.req.raw)
    if (answer === 'reset') context.env.incoming.socket.destroy()
    return typeof answer === 'string' ? new Promise<Response>(() => {}) : answer
  })
  app.post('/_twin/:verb', (context) => administer(world, admin, context.req.raw, context.req.param('verb')))
  app.route('/', pages(world))
  return app
}

/** The same verbs for other processes: `POST /_twin/<verb>` with the input as JSON and the admin token as bearer. */
async function administer(world: World, admin: Admin, request: Request, verb: string): Promise<Response> {
  if (!isAdmin(world, request.headers.get('authorization') ?? '')) return Response.json({ message: 'Not Found' }, { status: 404 })
  const run = Object.hasOwn(admin, verb) ? (admin[verb as keyof Admin] as (input: unknown) => Promise<unknown>) : undefined
  if (run === undefined) return Response.json({ message: `expected one of ${Object.keys(admin).join(', ')}` }, { status: 404 })
  try {
    return Response.json((await run(await request.json())) ?? null)
  } catch (error) {
    const status = error instanceof Failure ? error.status : 500
    return Response.json({ message: error instanceof Error ? error.message : String(error) }, { status })
  }
}

function isAdmin(world: World, authorization: string): boolean {
  const expected = Buffer.from(`Bearer ${world.options.adminToken ?? ''}`)
  const given = Buffer.from(authorization)
  return world.options.adminToken !== undefined && given.length === expected.length && timingSafeEqual(given, expected)
}

/** Announces what a killed process had taken but not announced: pushes, and heads that moved without their pull request. */
async function catchUp(world: World): Promise<void> {
  for (const repository of [...world.state.repositories.all()]) await settle(world, repository.id)
  for (const pull of world.state.pulls.filter((found) => found.state === 'open')) {
    const head = headRepositoryOf(world, pull)
    const sha = head?.refs[`refs/heads/${pull.headRef}`]
    if (head !== undefined && sha !== undefined && sha !== pull.headSha) await synchronise(world, pull, sha, userOf(world, head.pusherId))
  }
}

async function close(server: Server, sender: { close(): Promise<void> }, pushes: Lock, state: State): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
  await sender.close()
  await pushes(async () => {})
  state.store.close()
}
