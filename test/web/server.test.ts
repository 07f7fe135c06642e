import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { createHealth } from '../../src/web/health.ts'
import { startWebServer, type WebServerOptions } from '../../src/web/server.ts'
import { aWorkflow, aWorld, pagesOf } from './builders.ts'

async function serve(t: TestContext, app: WebServerOptions['app'], over: Partial<WebServerOptions> = {}) {
  const server = await startWebServer({ app, listen: { host: '127.0.0.1', port: 0 }, ...over })
  t.after(() => server.close())
  return server
}

async function aDirectory(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'osmo-web-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

const hello = () => new Hono().get('/', (context) => context.text('hello'))

describe('web server', () => {
  it('serves on a free port and says which', async (t) => {
    const { address, port } = await serve(t, hello())
    assert.equal(address, `http://127.0.0.1:${port}`)
    assert.equal(await (await fetch(address)).text(), 'hello')
  })

  it('tells the app who the peer is', async (t) => {
    const pages = pagesOf(aWorld(aWorkflow({ displayId: 'nav-1' })), { access: { kind: 'loopback-only' } })
    const { address } = await serve(t, pages)
    assert.equal((await fetch(`${address}/workflows/nav-1`)).status, 200)
  })

  it('names the address that is taken', async (t) => {
    const { port } = await serve(t, hello())
    await assert.rejects(
      startWebServer({ app: hello(), listen: { host: '127.0.0.1', port } }),
      new RegExp(`Cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`),
    )
  })

  it('serves on a Unix socket that only its owner may use, also where a dead process left one', async (t) => {
    const socketPath = join(await aDirectory(t), 'tasks.sock')
    const first = await serve(t, hello(), { listen: { socketPath } })
    assert.equal((await stat(socketPath)).mode & 0o777, 0o600)
    await assert.rejects(startWebServer({ app: hello(), listen: { socketPath } }), /EADDRINUSE/)
    assert.equal(await getOverSocket(socketPath), 'hello')
    await first.close()
    await leaveSocketBehind(socketPath)
    await serve(t, hello(), { listen: { socketPath } })
    assert.equal(await getOverSocket(socketPath), 'hello')
  })

  it('does not replace a file that is no socket', async (t) => {
    const socketPath = join(await aDirectory(t), 'precious')
    await writeFile(socketPath, 'data')
    await assert.rejects(startWebServer({ app: hello(), listen: { socketPath } }), /EADDRINUSE/)
    assert.equal((await stat(socketPath)).size, 4)
  })

  it('lets what is under way end when it closes', async (t) => {
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const app = new Hono().get('/', async (context) => {
      begun.resolve()
      await end.promise
      return context.text('finished')
    })
    const server = await serve(t, app)
    const answer = fetch(server.address).then((response) => response.text())
    await begun.promise
    const closed = server.close()
    await assert.rejects(fetch(server.address))
    end.resolve()
    assert.equal(await answer, 'finished')
    await closed
  })

  it('cuts off what does not end in time', async (t) => {
    const begun = Promise.withResolvers<void>()
    const app = new Hono().get('/', () => {
      begun.resolve()
      return new Promise<Response>(() => {})
    })
    const server = await serve(t, app, { closeGraceSeconds: 0.1 })
    const answer = assert.rejects(fetch(server.address))
    await begun.promise
    await server.close()
    await answer
  })

  it('refuses headers without end', async (t) => {
    const { port } = await serve(t, hello())
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`)
    const [data] = (await once(socket, 'data')) as [Buffer]
    assert.match(data.toString(), /^HTTP\/1\.1 431 /)
  })
})

describe('health', () => {
  const examples = [
    ['all parts are ready', async () => [], 200, 'ready\n'],
    ['a part is not', async () => ['database'], 503, 'not ready: database\n'],
    ['the check throws', () => Promise.reject(new Error('postgres://user:secret@host')), 503, 'not ready: the check of readiness failed\n'],
  ] as const
  for (const [title, notReady, status, text] of examples) {
    it(`answers ${status} at /readyz when ${title}`, async () => {
      const response = await createHealth({ notReady }).request('/readyz')
      assert.deepEqual([response.status, await response.text()], [status, text])
    })
  }

  it('says at /readyz what waits for a person', async () => {
    const counts = async () => ({ 'parked deliveries': 2, 'buried effects': 0 })
    const ready = await createHealth({ notReady: async () => [], counts }).request('/readyz')
    assert.deepEqual([ready.status, await ready.text()], [200, 'ready\nparked deliveries: 2\nburied effects: 0\n'])
    const failing = await createHealth({ notReady: async () => [], counts: () => Promise.reject(new Error('secret')) }).request('/readyz')
    assert.deepEqual([failing.status, await failing.text()], [503, 'not ready: the check of readiness failed\n'])
  })

  it('answers at /healthz whoever asks, before the pages are', async () => {
    const app = new Hono()
    app.route('/', createHealth({ notReady: async () => [] }))
    app.route('/', pagesOf(aWorld()))
    assert.equal((await app.request('/healthz', { headers: { host: '10.1.2.3:8080' } })).status, 200)
    assert.equal((await app.request('/', { headers: { host: '10.1.2.3:8080' } })).status, 403)
    assert.equal((await app.request('/nowhere', { headers: { host: 'localhost' } })).status, 401)
  })
})

function getOverSocket(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/', agent: false }, async (response) => {
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part as Buffer)
      resolve(Buffer.concat(parts).toString())
    })
    sent.once('error', reject)
    sent.end()
  })
}

/** As `kill -9` of a listening process does. */
async function leaveSocketBehind(path: string): Promise<void> {
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`])
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await sleep(0)
}
