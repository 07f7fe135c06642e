import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type ServerType, serve } from '@hono/node-server'
import type { DeliveryStore } from '../../src/engine/ports.ts'
import { createIntake, type IntakeOptions } from '../../src/github/intake.ts'

const secret = 'a-secret-of-this-test'
const path = '/api/github/webhooks'
const body = JSON.stringify({ action: 'opened', payload: 'PLANTED' })
const servers: ServerType[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

describe('a delivery', () => {
  it('that is signed is saved as it came, answered 202 and wakes the worker', async () => {
    const world = aWorld()
    const answer = await world.post(body)
    assert.equal(answer.status, 202)
    assert.deepEqual(world.saved, [{ guid: 'guid-1', event: 'push', body }])
    assert.deepEqual(world.woken, ['delivery guid-1'])
  })

  it('that comes twice is acknowledged twice and wakes once', async () => {
    const world = aWorld()
    await world.post(body)
    assert.equal((await world.post(body)).status, 202)
    assert.equal(world.saved.length, 1)
    assert.deepEqual(world.woken, ['delivery guid-1'])
  })

  it('that had failed wakes again when it is redelivered', async () => {
    const world = aWorld()
    await world.post(body)
    world.failed.add('guid-1')
    await world.post(body)
    assert.deepEqual(world.woken, ['delivery guid-1', 'delivery guid-1'])
  })

  it('that cannot be saved is not acknowledged, so that GitHub marks it failed', async () => {
    const world = aWorld({ deliveries: { accept: () => Promise.reject(new Error('the database is down: PLANTED-URL')) } })
    const answer = await world.post(body)
    assert.equal(answer.status, 503)
    assert.doesNotMatch(await answer.text(), /PLANTED/)
    assert.deepEqual(world.woken, [])
  })

  it('that is saved is acknowledged although its wake-up got lost', async () => {
    const world = aWorld({ waker: { wake: () => Promise.reject(new Error('the queue is down')) } })
    assert.equal((await world.post(body)).status, 202)
    assert.equal(world.saved.length, 1)
  })

  it('keeps multi-byte characters that arrive in pieces', async () => {
    const world = aWorld()
    const text = JSON.stringify({ title: 'Prüfstand 🤖'.repeat(20_000) })
    assert.equal((await world.post(text)).status, 202)
    assert.equal(world.saved[0]?.body, text)
  })
})

describe('a delivery is refused', () => {
  const hmac = sign(body, secret)
  const refusals: readonly (readonly [string, Record<string, string | undefined>, string | undefined, number])[] = [
    ['without a signature', { 'x-hub-signature-256': undefined }, body, 401],
    ['with an empty signature', { 'x-hub-signature-256': '' }, body, 401],
    ['with a short signature', { 'x-hub-signature-256': hmac.slice(0, 40) }, body, 401],
    ['with a signature of odd length', { 'x-hub-signature-256': hmac.slice(0, -1) }, body, 401],
    ['with a signature that is not hex', { 'x-hub-signature-256': `sha256=${'z'.repeat(64)}` }, body, 401],
    ['with two signatures', { 'x-hub-signature-256': `${hmac}, ${hmac}` }, body, 401],
    ['with the signature of another text', { 'x-hub-signature-256': sign(`${body} `, secret) }, body, 401],
    ['with the signature of another secret', { 'x-hub-signature-256': sign(body, 'development') }, body, 401],
    ['with only SHA-1', { 'x-hub-signature-256': undefined, 'x-hub-signature': `sha1=${'0'.repeat(40)}` }, body, 401],
    ['with SHA-1 in the place of SHA-256', { 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` }, body, 401],
    ['without a GUID', { 'x-github-delivery': undefined }, body, 400],
    ['with a GUID of 1 000 characters', { 'x-github-delivery': 'a'.repeat(1000) }, body, 400],
    ['without an event', { 'x-github-event': undefined }, body, 400],
    ['with an event that is no word', { 'x-github-event': '../push' }, body, 400],
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }, body, 400],
    ['with an empty body', { 'x-hub-signature-256': sign('', secret) }, '', 400],
    ['with no body', { 'x-hub-signature-256': sign('', secret) }, undefined, 400],
  ]
  for (const [title, headers, text, status] of refusals) {
    it(`${title} (${status}), in constant words`, async () => {
      const world = aWorld()
      const answer = await world.post(text, headers)
      assert.equal(answer.status, status)
      assert.equal(await answer.text(), status === 401 ? 'bad signature' : 'bad request')
      assert.deepEqual([world.saved, world.woken], [[], []])
    })
  }

  it('before JSON is looked at: nonsense that is signed is the worker’s to judge', async () => {
    const world = aWorld()
    assert.equal((await world.post('not json')).status, 202)
    assert.equal((await world.post('not json', { 'x-hub-signature-256': sign('other', secret) })).status, 401)
  })

  it('by its length alone when that says 30 MB', async () => {
    const world = aWorld()
    const answer = await world.post('x'.repeat(30 * 1024 * 1024))
    assert.equal(answer.status, 413)
    assert.equal(world.saved.length, 0)
  })

  it('after 26 MB when it streams without a length', async () => {
    const world = aWorld()
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1
        controller.enqueue(new Uint8Array(1024 * 1024))
        if (sent === 200) controller.close()
      },
    })
    const answer = await world.app.request(path, { ...signed(''), body: endless, duplex: 'half' } as RequestInit)
    assert.equal(answer.status, 413)
    assert.ok(sent < 40, `${sent} MB were read`)
  })

  it('when its sender stays silent, over a real connection', async () => {
    const world = aWorld({ stallSeconds: 0.1 })
    const answer = await rawRequest(world.app, 'content-length: 100\r\n', '{"half":')
    assert.match(answer, /^HTTP\/1\.1 408 /)
    assert.equal(world.saved.length, 0)
  })
})

describe('bodies under way', () => {
  const large = 'x'.repeat(600)

  it('share their memory: one too many is told to come later, and the next has room again', async () => {
    const world = aWorld({ maxBytesUnderWay: 1000 })
    const first = Promise.withResolvers<void>()
    const slow = new ReadableStream({
      async start(controller) {
        controller.enqueue(Buffer.from(large))
        await first.promise
        controller.close()
      },
    })
    const underWay = world.app.request(path, {
      ...signed(large, { 'content-length': undefined }),
      body: slow,
      duplex: 'half',
    } as RequestInit)
    await setImmediate()
    const refused = await world.post(large, { 'x-github-delivery': 'guid-2' })
    assert.deepEqual([refused.status, Number(refused.headers.get('retry-after')) > 0], [503, true])
    assert.equal((await world.post(body, { 'x-github-delivery': 'guid-3' })).status, 202)
    first.resolve()
    assert.equal((await underWay).status, 202)
    assert.equal((await world.post(large, { 'x-github-delivery': 'guid-2' })).status, 202)
  })

  it('that are refused or not saved give theirs back', async () => {
    const world = aWorld({ maxBytesUnderWay: 1000 })
    for (let times = 0; times < 5; times++)
      assert.equal((await world.post(large, { 'x-hub-signature-256': sign('other', secret) })).status, 401)
    assert.equal((await world.post(large)).status, 202)
  })
})

describe('secrets', () => {
  it('of a rotation are both good', async () => {
    const world = aWorld({ secrets: ['new-secret', secret] })
    assert.equal((await world.post(body)).status, 202)
    assert.equal((await world.post(body, { 'x-hub-signature-256': sign(body, 'new-secret'), 'x-github-delivery': 'guid-2' })).status, 202)
    assert.equal((await world.post(body, { 'x-hub-signature-256': sign(body, 'older') })).status, 401)
  })

  it('that are empty are refused at the start', () => {
    assert.throws(() => aWorld({ secrets: [''] }), /not empty/)
    assert.throws(() => aWorld({ secrets: [secret, ''] }), /not empty/)
  })
})

it('the log of a delivery is short and holds neither payload nor secret nor signature', async () => {
  const world = aWorld()
  await world.post(JSON.stringify({ payload: 'PLANTED'.repeat(100_000) }))
  await world.post(body, { 'x-hub-signature-256': sign(body, 'PLANTED') })
  const lines = world.logged.map((line) => JSON.stringify(line))
  assert.equal(lines.length, 2)
  for (const line of lines) {
    assert.ok(line.length < 2048)
    assert.doesNotMatch(line, /PLANTED|sha256|a-secret/)
  }
})

it('other addresses and methods are not there', async () => {
  const { app } = aWorld()
  assert.equal((await app.request(path)).status, 404)
  assert.equal((await app.request('/', { method: 'POST' })).status, 404)
})

function aWorld(options: Partial<IntakeOptions> = {}) {
  const saved: { readonly guid: string; readonly event: string; readonly body: string }[] = []
  const failed = new Set<string>()
  const woken: string[] = []
  const logged: unknown[] = []
  const note = (fields: object, message: string) => logged.push({ ...fields, message })
  const accept: DeliveryStore['accept'] = async (delivery) => {
    if (failed.delete(delivery.guid)) return 'reopened'
    if (saved.some(({ guid }) => guid === delivery.guid)) return 'seen'
    saved.push(delivery)
    return 'new'
  }
  const app = createIntake({
    secrets: [secret],
    deliveries: { accept },
    waker: { wake: async (queue, id) => void woken.push(`${queue} ${id}`) },
    log: { info: note, warn: note, error: note },
    ...options,
  })
  const post = (text: string | undefined, headers: Record<string, string | undefined> = {}) =>
    Promise.resolve(app.request(path, text === undefined ? signed('', headers) : { ...signed(text, headers), body: text }))
  return { app, post, saved, failed, woken, logged }
}

function signed(text: string, headers: Record<string, string | undefined> = {}) {
  const all = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    'x-github-event': 'push',
    'x-github-delivery': 'guid-1',
    'x-hub-signature-256': sign(text, secret),
    ...headers,
  }
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { method: 'POST', headers: Object.fromEntries(given) }
}

function sign(text: string, key: string): string {
  return `sha256=${createHmac('sha256', key).update(text).digest('hex')}`
}

async function rawRequest(app: ReturnType<typeof createIntake>, headers: string, start: string): Promise<string> {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const socket = connect(address.port, '127.0.0.1')
  const lines = Object.entries(signed(start).headers).filter(([name]) => name !== 'content-length')
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${start}`,
  )
  const [answer] = await once(socket, 'data')
  socket.destroy()
  return String(answer)
}
