import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { authorise, type Identity, identify } from './auth.ts'
import { Failure } from './failure.ts'
import { gitEnvironment } from './git.ts'
import { createLock, type Lock } from './lock.ts'
import { settle } from './pushes.ts'
import type { Repository } from './state.ts'
import { gitDirectory, repositoryByName, repositoryOf, type World } from './world.ts'

const address = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/
const answerLimitBytes = 1024 * 1024
const deadlineMilliseconds = 10 * 60_000

/**
 * Answers git's smart HTTP protocol with git's own `http-backend`. Anyone may fetch what is public; a push needs a person's token, and is
 * announced before git hears that it succeeded.
 *
 * @returns whether the request was for git at all
 */
export function gitHandler(world: World, pushes: Lock): (request: IncomingMessage, response: ServerResponse) => boolean {
  const lockOf = locksByRepository()
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://twin')
    const found = address.exec(url.pathname)
    if (found === null) return false
    const [, owner = '', name = '', service = ''] = found
    const target = { owner, name, service, query: url.search.slice(1) }
    serve(world, { lockOf, pushes }, request, response, target).catch((error) => fail(world, response, error))
    return true
  }
}

type Locks = { readonly lockOf: (repository: Repository) => Lock; readonly pushes: Lock }

/** One push at a time into a repository, so that each is announced in the name of who pushed; a slow one holds up no other repository. */
function locksByRepository(): Locks['lockOf'] {
  const locks = new Map<number, Lock>()
  return ({ id }) => {
    const lock = locks.get(id) ?? createLock()
    locks.set(id, lock)
    return lock
  }
}

type Target = { readonly owner: string; readonly name: string; readonly service: string; readonly query: string }

async function serve(world: World, locks: Locks, request: IncomingMessage, response: ServerResponse, target: Target): Promise<void> {
  const identity = identify(world, request.headers.authorization)
  const found = repositoryByName(world, decodeURIComponent(target.owner), decodeURIComponent(target.name))
  const level = isPush(target) ? 'write' : 'read'
  const repository = authoriseGit(world, identity, found, level)
  const run = () => runBackend(request, response, gitDirectory(world, repository), target)
  if (target.service !== 'git-receive-pack') return finish(response, await run())
  await locks.lockOf(repository)(async () => {
    notePusher(world, repository, identity)
    const answer = await run()
    await locks.pushes(() => settle(world, repository.id))
    finish(response, answer)
  })
}

/** git sends no credential until it hears 401, so a caller without one is asked for it where the API would say 404. */
function authoriseGit(world: World, identity: Identity, found: Repository | undefined, level: 'read' | 'write'): Repository {
  try {
    return authorise(world, identity, found, { permission: 'contents', level })
  } catch (error) {
    throw identity.kind === 'anonymous' && error instanceof Failure ? new Failure(401, 'Requires authentication') : error
  }
}

function isPush(target: Target): boolean {
  return target.service === 'git-receive-pack' || target.query.includes('service=git-receive-pack')
}

/** Kept before the push, so that one which the process does not survive is announced in the right name. */
function notePusher(world: World, repository: Repository, identity: Identity): void {
  if (identity.kind !== 'person') throw new Failure(403, 'Pushing needs the token of a person')
  world.state.repositories.put({ ...repositoryOf(world, repository.id), pusherId: identity.user.id })
}

/** What is left to send once git has ended; a fetch has been streamed by then. */
type Rest = { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer } | 'sent'

function runBackend(request: IncomingMessage, response: ServerResponse, directory: string, target: Target): Promise<Rest> {
  const child = spawn('git', ['http-backend'], { env: backendEnvironment(request, directory, target), stdio: ['pipe', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMilliseconds)
  request.pipe(child.stdin)
  child.stdin.on('error', () => request.unpipe(child.stdin)) // git may end before reading all; its answer says why
  response.on('close', () => child.kill())
  child.stderr.resume()
  const collected = target.service === 'git-receive-pack' ? collect(child.stdout) : stream(child.stdout, response)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      collected.then(resolve, reject)
    })
  })
}

function backendEnvironment(request: IncomingMessage, directory: string, target: Target): NodeJS.ProcessEnv {
  const header = (name: string) => String(request.headers[name] ?? '')
  return {
    ...gitEnvironment,
    GIT_PROJECT_ROOT: directory,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${target.service}`,
    QUERY_STRING: target.query,
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: header('content-type'),
    ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: header('content-length') }),
    ...(request.headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: header('content-encoding') }),
    ...(request.headers['git-protocol'] === undefined ? {} : { GIT_PROTOCOL: header('git-protocol') }),
    REMOTE_USER: 'twin',
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
  }
}

async function collect(out: NodeJS.ReadableStream): Promise<Rest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of out) {
    size += chunk.length
    if (size <= answerLimitBytes) chunks.push(Buffer.from(chunk))
  }
  return split(Buffer.concat(chunks)) ?? { status: 500, headers: {}, body: Buffer.from('git http-backend gave no answer\n') }
}

/** Sends the body as it comes: a clone may be larger than memory. */
async function stream(out: NodeJS.ReadableStream, response: ServerResponse): Promise<Rest> {
  let head: Buffer = Buffer.alloc(0)
  for await (const chunk of out) {
    if (response.headersSent) {
      await write(response, Buffer.from(chunk))
      continue
    }
    head = Buffer.concat([head, Buffer.from(chunk)])
    const found = split(head)
    if (found === undefined) continue
    response.writeHead(found.status, found.headers)
    await write(response, found.body)
  }
  response.end()
  return 'sent'
}

async function write(response: ServerResponse, data: Buffer): Promise<void> {
  if (response.write(data) || response.closed) return
  const settled = new AbortController()
  const either = ['drain', 'close'].map((event) => once(response, event, { signal: settled.signal }))
  await Promise.race(either).finally(() => settled.abort())
}

/** A CGI answer: header lines, an empty line, the body. Undefined while the empty line has not come. */
function split(data: Buffer): Exclude<Rest, 'sent'> | undefined {
  const end = data.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const pairs = data
    .subarray(0, end)
    .toString('latin1')
    .split('\r\n')
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const)
  const { status = '200', ...headers } = Object.fromEntries(pairs)
  return { status: Number.parseInt(status, 10), headers, body: data.subarray(end + 4) }
}

function finish(response: ServerResponse, answer: Rest): void {
  if (answer === 'sent') return
  response.writeHead(answer.status, answer.headers)
  response.end(answer.body)
}

function fail(world: World, response: ServerResponse, error: unknown): void {
  if (!(error instanceof Failure)) world.log(`git over HTTP failed: ${error}`)
  if (response.headersSent) return void response.destroy()
  const status = error instanceof Failure ? error.status : 500
  const ask = status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}
  response.writeHead(status, { 'content-type': 'text/plain', ...ask })
  response.end(error instanceof Failure ? `${error.message}\n` : 'Internal error\n')
}
