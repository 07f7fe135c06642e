import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { after, afterEach, describe, it } from 'node:test'
import { z } from 'zod'
import { ForgeError } from '../../src/engine/ports.ts'
import { createGithubClient } from '../../src/github/client.ts'
import { forgeError } from '../../src/github/failures.ts'
import { gitUrlOf } from '../../src/github/mirror-access.ts'
import { silent, soon } from './stage.ts'

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const repository = { id: 42, installationId: 7, fullName: 'acme/robot' }
const servers: Server[] = []
afterEach(closeAll)
after(closeAll)

const limited = { message: 'You have exceeded a secondary rate limit', documentation_url: 'https://docs.github.com/rest/rate-limits' }
const date = 'Tue, 24 Nov 2026 15:00:00 GMT'
const reset = String(Date.parse(date) / 1000 + 90)

/** Status, headers, body; reaction, seconds. */
const refusals: readonly (readonly [number, Record<string, string>, object, 'retry' | 'give-up', number | undefined])[] = [
  [403, { 'retry-after': '30' }, limited, 'retry', 30],
  [429, { 'retry-after': '7' }, limited, 'retry', 7],
  [429, {}, limited, 'retry', 60],
  [403, {}, limited, 'retry', 60],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date }, { message: 'API rate limit exceeded' }, 'retry', 90],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1', date }, { message: 'API rate limit exceeded' }, 'retry', 1],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }, { message: 'API rate limit exceeded' }, 'retry', 60],
  [403, { 'retry-after': '999999' }, limited, 'retry', 3600],
  [403, { 'x-ratelimit-remaining': '4000' }, { message: 'Resource not accessible by integration' }, 'give-up', undefined],
  [404, {}, { message: 'Not Found' }, 'give-up', undefined],
  [410, {}, { message: 'Gone' }, 'give-up', undefined],
  [451, {}, { message: 'Blocked' }, 'give-up', undefined],
  [422, {}, { message: 'No commit found for SHA' }, 'give-up', undefined],
  [409, {}, { message: 'Conflict' }, 'retry', undefined],
  [500, {}, { message: 'Server Error' }, 'retry', undefined],
  [502, {}, {}, 'retry', undefined],
  [503, { 'retry-after': '5' }, {}, 'retry', 5],
]

describe('what GitHub refuses', () => {
  for (const [status, headers, body, reaction, seconds] of refusals) {
    const title = `${status} ${JSON.stringify(headers)}: ${reaction}${seconds === undefined ? '' : ` after ${seconds} s`}, once`
    it(title, async () => {
      let asked = 0
      const client = await aClient((_, response) => {
        asked += 1
        json(response, status, body, headers)
      })
      const error = await failureOf(client.write({ ...aWrite, signal: soon() }))
      assert.deepEqual([error.reaction, error.retryAfterSeconds], [reaction, seconds])
      assert.equal(asked, 1)
    })
  }

  it('401 may be a key in rotation', () => {
    const { reaction } = forgeError({ status: 401, response: { headers: {}, data: { message: 'Bad credentials' } } }, 'GET /app')
    assert.equal(reaction, 'retry')
  })

  it('does not take tokens into messages', async () => {
    const client = await aClient((_, response) =>
      json(response, 500, { message: 'bad ghs_PLANTED1234567890 and eyJPLANTED12345678901234567890' }),
    )
    assert.doesNotMatch((await failureOf(client.write({ ...aWrite, signal: soon() }))).message, /PLANTED/)
  })

  it('an answer of another shape is an error, never a value', async () => {
    const client = await aClient((_, response) => json(response, 201, { id: 'text' }))
    assert.match((await failureOf(client.write({ ...aWrite, signal: soon() }))).message, /Unexpected answer: id: /)
  })
})

describe('a request', () => {
  it('names the API version and the installation’s token', async () => {
    const seen: IncomingMessage[] = []
    const client = await aClient((request, response) => {
      seen.push(request)
      json(response, 200, { id: 1 })
    })
    await client.read({ ...aRead, signal: soon() })
    assert.equal(seen[0]?.headers['x-github-api-version'], '2022-11-28')
    assert.equal(seen[0]?.headers.authorization, 'token ghs_test')
  })

  it('that was asked before is conditional, and its 304 is the earlier answer', async () => {
    const tags: (string | undefined)[] = []
    const client = await aClient((request, response) => {
      tags.push(request.headers['if-none-match'])
      if (request.headers['if-none-match'] === '"one"') response.writeHead(304, { etag: '"one"' }).end()
      else json(response, 200, { id: 1 }, { etag: '"one"' })
    })
    assert.deepEqual(
      [await client.read({ ...aRead, signal: soon() }), await client.read({ ...aRead, signal: soon() })],
      [{ id: 1 }, { id: 1 }],
    )
    assert.deepEqual(tags, [undefined, '"one"'])
    await client.read({ ...aRead, repository: { ...repository, installationId: 8 }, signal: soon() })
    assert.deepEqual(tags, [undefined, '"one"', undefined])
  })

  it('that is not answered ends by its deadline', async () => {
    const client = await aClient(() => undefined, { timeoutSeconds: 0.2 })
    assert.equal((await failureOf(client.read({ ...aRead, signal: soon() }))).reaction, 'retry')
  })

  it('ends with its signal', async () => {
    const client = await aClient(() => undefined)
    await failureOf(client.read({ ...aRead, signal: AbortSignal.timeout(50) }))
  })

  it('takes no endless answer', async () => {
    const client = await aClient((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const chunk = Buffer.alloc(1024 * 1024, 32)
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    await failureOf(client.read({ ...aRead, signal: soon() }))
  })

  it('takes only a page number from a link', async () => {
    const link = '<http://evil.example/?page=2>; rel="next", <http://evil.example/?per_page=100&page=50>; rel="last"'
    const client = await aClient((_, response) => json(response, 200, { id: 1 }, { link }))
    assert.equal((await client.readPage({ ...aRead, signal: soon() })).lastPage, 50)
  })

  it('survives a hostile link', async () => {
    const client = await aClient((_, response) => json(response, 200, { id: 1 }, { link: '<'.repeat(8000) }))
    assert.equal((await client.readPage({ ...aRead, signal: soon() })).lastPage, 1)
  })
})

describe('a redirect', () => {
  it('of a read is followed below our own address', async () => {
    const client = await aClient((request, response) => {
      if (request.url === '/repositories/42') json(response, 200, { id: 42 })
      else response.writeHead(301, { location: '/repositories/42' }).end()
    })
    assert.deepEqual(await client.read({ ...aRead, signal: soon() }), { id: 42 })
  })

  it('to another address is refused, and nothing is sent there', async () => {
    let visitors = 0
    const evil = await listen((_, response) => {
      visitors += 1
      json(response, 200, { id: 1 })
    })
    const client = await aClient((_, response) => void response.writeHead(302, { location: `${evil}/steal` }).end())
    await failureOf(client.read({ ...aRead, signal: soon() }))
    assert.equal(visitors, 0)
  })

  it('in a circle ends', async () => {
    const client = await aClient((_, response) => void response.writeHead(302, { location: '/again' }).end())
    await failureOf(client.read({ ...aRead, signal: soon() }))
  })

  it('of a write leads to a look-up by id, and the write goes to the present name', async () => {
    const written: string[] = []
    const client = await aClient((request, response) => {
      if (request.url === '/repositories/42') return json(response, 200, { full_name: 'acme/arm' })
      written.push(`${request.method} ${request.url}`)
      if (request.url?.startsWith('/repos/acme/arm/')) json(response, 201, { id: 9 })
      else response.writeHead(307, { location: '/repos/mallory/robot/check-runs' }).end()
    })
    assert.deepEqual(await client.write({ ...aWrite, signal: soon() }), { id: 9 })
    assert.deepEqual(written, ['POST /repos/acme/robot/check-runs', 'POST /repos/acme/arm/check-runs'])
  })
})

describe('where git repositories are', () => {
  const tables = [
    ['https://api.github.com', 'https://github.com'],
    ['https://git.acme.example/api/v3', 'https://git.acme.example'],
    ['https://api.acme.ghe.com', 'https://acme.ghe.com'],
    ['http://127.0.0.1:4000/api/v3', 'http://127.0.0.1:4000'],
  ] as const
  for (const [api, git] of tables) it(`of ${api}`, () => assert.equal(gitUrlOf(api), git))
})

const Id = z.object({ id: z.number() })
const aRead = { repository, route: 'GET /repos/{owner}/{repo}', parameters: {}, schema: Id } as const
const aWrite = { repository, route: 'POST /repos/{owner}/{repo}/check-runs', parameters: { name: 'x' }, schema: Id } as const

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A client of a GitHub that gives tokens and answers everything else as the test says. */
async function aClient(handle: Handler, options: { readonly timeoutSeconds?: number } = {}) {
  const apiUrl = await listen((request, response) => {
    if (request.url?.endsWith('/access_tokens'))
      json(response, 201, { token: 'ghs_test', expires_at: '2099-01-01T00:00:00Z', permissions: {}, repository_selection: 'all' })
    else handle(request, response)
  })
  return createGithubClient({ appId: 1, privateKey, webhookSecret: 'x', apiUrl, log: silent, ...options })
}

async function listen(handle: Handler): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `http://127.0.0.1:${address.port}`
}

function closeAll(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
}

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

async function failureOf(promise: Promise<unknown>): Promise<ForgeError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  )
  assert.ok(error instanceof ForgeError, `expected a ForgeError, got ${error}`)
  return error
}
