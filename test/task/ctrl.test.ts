import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { ClientRequest, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, afterEach, describe, it } from 'node:test'
import { createCtrl, ServiceRefused } from '../../src/task/ctrl.ts'
import { WorkflowId } from '../../src/workflow/names.ts'

const reference = { workflow: WorkflowId('00000000-0000-0000-0000-00000000000a'), task: 'train', attempt: 0 }

describe('ctrl', () => {
  const directory = mkdtempSync(join(tmpdir(), 'osmo-ctrl-'))
  const path = join(directory, 'service.sock')
  let server: Server | undefined
  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })
  after(() => rmSync(directory, { recursive: true }))
  const serve = (answer: (request: IncomingMessage, response: ServerResponse, call: number) => void) => {
    let calls = 0
    rmSync(path, { force: true })
    server = createServer((request, response) => answer(request, response, calls++))
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(path, resolve)
    return promise
  }
  const ctrl = createCtrl({ service: { kind: 'socket', path }, reference, token: 'secret' })
  const aPatience = () => {
    const clock: string[] = []
    return {
      clock: { pause: () => void clock.push('pause'), resume: () => void clock.push('resume') },
      signal: new AbortController().signal,
      told: clock,
    }
  }

  it('proves who it is and sends files whole', async () => {
    const seen: unknown[] = []
    await serve((request, response) => {
      seen.push(request.url, request.headers.authorization, request.headers['x-osmo-mode'])
      request.on('data', (chunk: Buffer) => seen.push(chunk.toString())).on('end', () => response.end('{"bytes":3,"sha256":"x"}'))
    })
    assert.deepEqual(await ctrl.output('a b/c%', 0o755, () => Readable.from(['abc']), aPatience()), { bytes: 3, sha256: 'x' })
    assert.deepEqual(seen, [`/task/v1/${reference.workflow}/train/0/outputs/a%20b/c%25`, 'Bearer secret', '755', 'abc'])
  })

  it('waits for a service that is away, stumbles or breaks off, and stops the clock meanwhile', async () => {
    await serve((request, response, call) => {
      request.resume()
      if (call === 0) response.writeHead(503).end()
      else if (call === 1) request.destroy()
      else response.end('{"state":"open"}')
    })
    const patience = aPatience()
    assert.equal(await ctrl.barrier({ group: 'g', member: 'a', members: [], state: 'waiting' }, patience), 'open')
    assert.equal(patience.told.filter((word) => word === 'pause').length, 2)
    assert.equal(patience.told.at(-1), 'resume')
  })

  it('lets the clock run while a service that is there fails', async () => {
    await serve((request, response, call) => {
      request.resume()
      if (call < 2) response.writeHead(500).end('broken')
      else response.end('{"state":"open"}')
    })
    const patience = aPatience()
    assert.equal(await ctrl.barrier({ group: 'g', member: 'a', members: [], state: 'waiting' }, patience), 'open')
    assert.ok(!patience.told.includes('pause'))
  })

  for (const status of [400, 413, 422]) {
    it(`tells that a no with ${status} is for ever`, async () => {
      await serve((_, response) => response.writeHead(status).end('never'))
      await assert.rejects(
        ctrl.source('head', async () => undefined, aPatience()),
        (error) => error instanceof ServiceRefused && error.isLasting,
      )
    })
  }

  it('waits a whole deadline for a source that is long silent, and a minute for anything else', async (test) => {
    await serve((_, response) => response.end('tree'))
    const asks: number[] = []
    test.mock.method(ClientRequest.prototype, 'setTimeout', function (this: ClientRequest, milliseconds: number) {
      asks.push(milliseconds)
      return this
    })
    await ctrl.source('head', async (body) => void (await body.toArray()), aPatience())
    const stop = new AbortController()
    const logs = ctrl.logs([], { ...aPatience(), signal: stop.signal })
    stop.abort(new Error('enough'))
    await assert.rejects(logs, /enough/)
    assert.deepEqual(asks, [0, 60_000])
  })

  it('begins a download that broke off again', async () => {
    await serve((_, response, call) => {
      if (call > 0) return void response.end('whole')
      response.writeHead(200, { 'content-length': '5' })
      response.write('wh')
      setTimeout(() => response.destroy(), 20)
    })
    const got: string[] = []
    const consume = async (body: Readable) => {
      let text = ''
      for await (const chunk of body) text += chunk
      got.push(text)
    }
    await ctrl.source('head', consume, aPatience())
    assert.deepEqual(got, ['whole'])
  })

  it('does not ask again after a no', async () => {
    let calls = 0
    await serve((request, response) => {
      calls++
      request.resume()
      response.writeHead(401).end('over')
    })
    await assert.rejects(
      ctrl.logs([{ sequence: 0, text: 'x' }], aPatience()),
      (error) => error instanceof ServiceRefused && error.status === 401 && error.message === 'over',
    )
    assert.equal(calls, 1)
  })

  it('does not blame the service for a fault of its own', async () => {
    await serve((_, response) => response.end('fine'))
    const consume = async (body: Readable) => {
      for await (const _ of body);
      throw new Error('disk full')
    }
    await assert.rejects(ctrl.source('head', consume, aPatience()), /disk full/)
  })

  it('stops waiting when told to', async () => {
    rmSync(path, { force: true })
    const stop = new AbortController()
    const waiting = ctrl.manifest({ files: [] }, { ...aPatience(), signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 30)
    await assert.rejects(waiting, /enough/)
  })
})
