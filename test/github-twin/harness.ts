import { execFile } from 'node:child_process'
import { createHmac, createSign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type GithubTwin, startGithubTwin, type TwinOptionsInput } from '../../src/github-twin/server.ts'
import { createDescription, type Description } from './description.ts'

export const webhookSecret = 'a secret for tests'

export type Hook = {
  readonly event: string
  readonly guid: string
  readonly signature: string
  readonly text: string
  readonly body: Payload
}

/** A webhook's payload as a test reads it: whatever it names. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into payloads that were checked against GitHub's schemas
export type Payload = any

export type Receiver = { readonly url: string; readonly hooks: Hook[]; answerWith(status: number): void; close(): Promise<void> }

/** Takes webhooks and keeps them. */
export async function startReceiver(): Promise<Receiver> {
  const hooks: Hook[] = []
  let status = 200
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString('utf8')
    const header = (name: string) => String(request.headers[name] ?? '')
    hooks.push({
      event: header('x-github-event'),
      guid: header('x-github-delivery'),
      signature: header('x-hub-signature-256'),
      text,
      body: JSON.parse(text),
    })
    response.writeHead(status).end()
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}/`,
    hooks,
    answerWith: (next) => {
      status = next
    },
    close: () => closeServer(server),
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(address !== null && typeof address === 'object' ? address.port : 0)
    })
  })
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

export function isSigned(hook: Hook): boolean {
  return hook.signature === `sha256=${createHmac('sha256', webhookSecret).update(hook.text).digest('hex')}`
}

export type Stage = {
  twin: GithubTwin
  readonly description: Description
  readonly receiver: Receiver
  readonly directory: string
  /** Stops the twin and starts it again over the same directory. */
  restart(): Promise<void>
  /** An API call; `credential` is the whole Authorization header. */
  call(method: string, path: string, credential?: string, body?: object, headers?: Record<string, string>): Promise<Answer>
  jwt(claims?: object): string
  installationToken(request?: object): Promise<string>
  close(): Promise<void>
}

export type Answer = { readonly status: number; readonly body: Payload; readonly headers: Headers }

/** A twin with a receiver, each answer and each webhook compared with GitHub's descriptions. */
export async function startStage(options: Partial<TwinOptionsInput> = {}): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'twin-'))
  const receiver = await startReceiver()
  const description = createDescription()
  const start = () =>
    startGithubTwin(
      {
        directory: join(directory, 'twin'),
        app: { id: 4711, slug: 'osmo-runner', name: 'OSMO Runner', webhookSecret, webhookUrl: receiver.url },
        ...options,
      },
      { exchanged: description.exchanged, delivered: description.delivered, log: (line) => description.problems.push(line) },
    )
  const stage: Stage = {
    twin: await start(),
    description,
    receiver,
    directory,
    async restart() {
      await stage.twin.close()
      stage.twin = await start()
    },
    call: (method, path, credential, body, headers) => call(stage.twin, method, path, credential, body, headers),
    jwt: (claims) => jwtOf(stage.twin.privateKey, claims),
    installationToken: (request) => installationToken(stage, request),
    async close() {
      await stage.twin.close()
      await receiver.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return stage
}

async function call(twin: GithubTwin, method: string, path: string, credential = '', body?: object, headers = {}): Promise<Answer> {
  const response = await fetch(path.startsWith('http') ? path : `${twin.url}/api/v3${path}`, {
    method,
    headers: { ...(credential === '' ? {} : { authorization: credential }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers }
}

function jwtOf(key: string, claims: object = {}): string {
  const seconds = Math.floor(Date.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: '4711', iat: seconds - 30, exp: seconds + 500, ...claims })}`
  return `Bearer ${head}.${createSign('RSA-SHA256').update(head).sign(key).toString('base64url')}`
}

async function installationToken(stage: Stage, request: object = {}): Promise<string> {
  const installations = await stage.call('GET', '/app/installations', stage.jwt())
  const { body } = await stage.call('POST', `/app/installations/${installations.body[0].id}/access_tokens`, stage.jwt(), request)
  return `token ${body.token}`
}

const run = promisify(execFile)

/** Runs git as a person with a working copy would; nothing of the machine's own settings gets in. */
export async function git(directory: string, ...args: string[]): Promise<string> {
  const environment = { PATH: process.env.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
  const identity = ['-c', 'user.name=Mona', '-c', 'user.email=mona@example.com', '-c', 'init.defaultBranch=main']
  return (await run('git', [...identity, ...args], { cwd: directory, env: environment })).stdout.trim()
}
