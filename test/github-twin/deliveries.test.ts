import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { startGithubTwin } from '../../src/github-twin/server.ts'
import { type Stage, startReceiver, startStage, webhookSecret } from './harness.ts'

let stage: Stage

before(async () => {
  stage = await startStage()
  const { admin } = stage.twin
  await admin.createUser({ login: 'mona' })
  await admin.createRepository({ owner: 'mona', name: 'arm' })
  await admin.install({ owner: 'mona' })
  await admin.commitFiles({ repository: 'mona/arm', branch: 'main', author: 'mona', message: 'First', files: { a: 'a\n' } })
  await admin.commitFiles({ repository: 'mona/arm', branch: 'next', from: 'main', author: 'mona', message: 'Next', files: { a: 'b\n' } })
  await admin.createPullRequest({ repository: 'mona/arm', title: 'Next', head: 'next', author: 'mona' })
  await admin.idle({})
})

after(() => stage.close())

beforeEach(async () => {
  stage.receiver.answerWith(200)
  await stage.twin.admin.setFaults({})
  await stage.twin.admin.idle({})
  stage.receiver.hooks.length = 0
})

const say = (body: string) => stage.twin.admin.comment({ repository: 'mona/arm', number: 1, as: 'mona', body })

async function heard(): Promise<string[]> {
  await stage.twin.admin.idle({})
  return stage.receiver.hooks.map((hook) => hook.body.comment.body)
}

test('a delivery that failed is listed as such and can be sent again under the same GUID', async () => {
  stage.receiver.answerWith(500)
  await say('one')
  await stage.twin.admin.idle({})
  const [failed] = (await stage.call('GET', '/app/hook/deliveries?status=failure&per_page=1', stage.jwt())).body
  assert.deepEqual([failed.event, failed.action, failed.status_code, failed.redelivery], ['issue_comment', 'created', 500, false])
  stage.receiver.answerWith(202)
  await stage.call('POST', `/app/hook/deliveries/${failed.id}/attempts`, stage.jwt())
  await stage.twin.admin.idle({})
  const [first, second] = stage.receiver.hooks
  assert.deepEqual([second?.guid, second?.text], [first?.guid, first?.text])
  const [newest] = (await stage.call('GET', '/app/hook/deliveries?per_page=1', stage.jwt())).body
  assert.deepEqual([newest.guid, newest.redelivery, newest.status_code, newest.id === failed.id], [failed.guid, true, 202, false])
})

test('nobody listening is a delivery without a status code, neither success nor failure', async () => {
  await stage.twin.admin.setWebhookUrl({ url: 'http://127.0.0.1:1/' })
  await say('lost')
  await stage.twin.admin.idle({})
  await stage.twin.admin.setWebhookUrl({ url: stage.receiver.url })
  const [newest] = (await stage.call('GET', '/app/hook/deliveries', stage.jwt())).body
  assert.equal(newest.status_code, 0)
  for (const status of ['success', 'failure']) {
    const listed = (await stage.call('GET', `/app/hook/deliveries?per_page=100&status=${status}`, stage.jwt())).body
    assert.ok(!listed.some((delivery: { id: number }) => delivery.id === newest.id), status)
  }
})

test('pages of deliveries follow a cursor', async () => {
  for (const body of ['1', '2', '3']) await say(body)
  await stage.twin.admin.idle({})
  const first = await stage.call('GET', '/app/hook/deliveries?per_page=2', stage.jwt())
  const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
  const second = await stage.call('GET', next, stage.jwt())
  const ids = [...first.body, ...second.body].map((delivery: { id: number }) => delivery.id)
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((a, b) => b - a),
  )
  assert.equal(ids.length, 4)
})

test('a scripted fault drops, doubles or turns around what would have come in order', async () => {
  const table = [
    { fault: { kind: 'drop' as const }, expected: ['two', 'three'] },
    { fault: { kind: 'lose' as const }, expected: ['two', 'three'] },
    { fault: { kind: 'duplicate' as const }, expected: ['one', 'one', 'two', 'three'] },
    { fault: { kind: 'delay' as const, milliseconds: 5 }, expected: ['one', 'two', 'three'] },
    { fault: { kind: 'reorder' as const }, expected: ['two', 'three', 'one'] },
  ]
  for (const { fault, expected } of table) {
    stage.receiver.hooks.length = 0
    await stage.twin.admin.setFaults({ deliveries: [fault] })
    await Promise.all([say('one'), say('two'), say('three')])
    assert.deepEqual(await heard(), expected, fault.kind)
  }
})

test('a scripted fault of the API happens once, before or after the change', async () => {
  const token = await stage.installationToken()
  const post = (body: string) =>
    stage.call('POST', '/repos/mona/arm/issues/1/comments', token, { body }).then(
      (answer) => answer.status,
      () => 'no answer',
    )
  const bodies = async () => (await stage.twin.admin.comments({ repository: 'mona/arm', number: 1 })).map((comment) => comment.body)
  const raw = (body: string) =>
    fetch(`${stage.twin.url}/api/v3/repos/mona/arm/issues/1/comments`, {
      method: 'POST',
      headers: { authorization: token },
      body: JSON.stringify({ body }),
    })
  await stage.twin.admin.setFaults({ api: [{ kind: 'error', when: 'before', method: 'POST', path: '/comments' }] })
  assert.equal((await raw('before')).status, 502)
  assert.ok(!(await bodies()).includes('before'))
  await stage.twin.admin.setFaults({ api: [{ kind: 'error', when: 'after', status: 503, path: '/comments' }] })
  assert.equal((await raw('after')).status, 503)
  assert.ok((await bodies()).includes('after'))
  await stage.twin.admin.setFaults({ api: [{ kind: 'secondary-limit', retryAfterSeconds: 7 }] })
  const limited = await raw('limited')
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [403, '7'])
  await stage.twin.admin.setFaults({ api: [{ kind: 'reset' }] })
  assert.equal(await post('reset'), 'no answer')
  await stage.twin.admin.setFaults({ api: [{ kind: 'hang' }] })
  await assert.rejects(fetch(`${stage.twin.url}/api/v3/meta`, { signal: AbortSignal.timeout(50) }))
  assert.equal(await post('good again'), 201)
})

test('a restart on the same directory finds everything', async () => {
  await say('kept')
  await stage.twin.admin.idle({})
  const before = await stage.twin.admin.comments({ repository: 'mona/arm', number: 1 })
  const { token } = await stage.twin.admin.createUser({ login: 'mona' })
  await stage.restart()
  assert.deepEqual(await stage.twin.admin.comments({ repository: 'mona/arm', number: 1 }), before)
  assert.equal((await stage.twin.admin.createUser({ login: 'mona' })).token, token)
  assert.equal((await stage.call('GET', '/app', stage.jwt())).status, 200)
  assert.equal((await stage.call('GET', '/repos/mona/arm/pulls/1')).body.title, 'Next')
})

test('a second twin on the same directory is refused and harms nothing', async () => {
  const app = { id: 1, slug: 'second', name: 'Second', webhookSecret, webhookUrl: stage.receiver.url }
  await assert.rejects(startGithubTwin({ directory: join(stage.directory, 'twin'), app }), /is another twin running on this directory/)
  assert.equal((await stage.call('GET', '/repos/mona/arm')).status, 200)
})

test('a killed process delivers at its next start what it had noted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'twin-killed-'))
  const receiver = await startReceiver()
  const adminToken = 'a token for the admin verbs'
  const file = join(directory, 'options.json')
  const app = { id: 1, slug: 'osmo', name: 'OSMO', webhookSecret, webhookUrl: receiver.url }
  await writeFile(file, JSON.stringify({ directory: join(directory, 'twin'), adminToken, app }))
  const first = await startProcess(file)
  const ask = (url: string, verb: string, input: object) =>
    fetch(`${url}/_twin/${verb}`, { method: 'POST', headers: { authorization: `Bearer ${adminToken}` }, body: JSON.stringify(input) })
  await ask(first.url, 'createUser', { login: 'mona' })
  await ask(first.url, 'setFaults', { deliveries: [{ kind: 'delay', milliseconds: 60_000 }] })
  assert.equal((await ask(first.url, 'install', { owner: 'mona' })).status, 200)
  assert.equal((await fetch(`${first.url}/_twin/ping`, { method: 'POST', body: '{}' })).status, 404)
  await first.end('SIGKILL')
  assert.equal(receiver.hooks.length, 0)
  const second = await startProcess(file)
  await ask(second.url, 'idle', {})
  assert.deepEqual(
    receiver.hooks.map((hook) => `${hook.event} ${hook.body.action}`),
    ['installation created'],
  )
  await second.end('SIGTERM')
  await receiver.close()
  await rm(directory, { recursive: true })
})

async function startProcess(file: string): Promise<{ url: string; end(signal: NodeJS.Signals): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/github-twin/main.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return {
    url: JSON.parse(String(line)).url,
    async end(signal) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    },
  }
}

test('nothing that was said differs from GitHub’s descriptions', () => {
  assert.deepEqual(stage.description.problems, [])
})
