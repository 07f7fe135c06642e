import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { after, afterEach, before, it } from 'node:test'
import { anInstallation, repository, type TestInstallation, until } from '../harness/installation.ts'
import { specText } from '../harness/specs.ts'

let world: TestInstallation
let url: string
let pid: number
before(async () => {
  world = await anInstallation()
  pid = world.pid()
  url = `http://127.0.0.1:${world.kept('webhookPort')}/api/github/webhooks`
})
after(() => world.end())

const sign = (body: string | Buffer, secret = world.kept('webhookSecret')) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

type Answer = { readonly status: number; readonly text: string }
type Sent = { readonly body: string | Buffer; readonly signature?: string | undefined; readonly event?: string; readonly guid?: string }

/** What comes back, or that the server hung up on us while we were still talking. */
function post({ body, signature, event = 'push', guid = randomUUID() }: Sent): Promise<Answer | 'hung up'> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-github-event': event,
      'x-github-delivery': guid,
      ...(signature === undefined ? {} : { 'x-hub-signature-256': signature }),
    }
    const sending = request(url, { method: 'POST', headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', () => resolve('hung up'))
    })
    sending.on('error', () => resolve('hung up'))
    sending.end(body)
  })
}
const statusOf = (answer: Answer | 'hung up') => (answer === 'hung up' ? answer : answer.status)

/** A push that would run something, if it were believed. */
async function lastPush(): Promise<{ readonly guid: string; readonly payload: string; readonly id: number }> {
  await world.admin('idle', {})
  const deliveries = await world.admin<{ id: number; guid: string; payload: string }[]>('deliveries', { event: 'push' })
  return deliveries.at(-1)!
}
const workflowsOf = (sha: string) => world.logLines().filter((line) => line.msg === 'Change submitted' && line.sha === sha)
/** Whatever was sent, the service lives, and the next honest push is served. */
afterEach(() => {
  process.kill(pid, 0)
})

it('an honest push first', async () => {
  const sha = await world.push('main', { '.osmo/hello.yaml': specText({ name: 'hello', script: 'true', sections: 'on: push' }) })
  assert.equal((await world.conclusion(sha, 'osmo / hello')).conclusion, 'success')
})

it('a wrong, short, odd or missing signature is refused before anything is stored', async () => {
  const { payload } = await lastPush()
  const wrong: readonly (string | undefined)[] = [
    sign(payload, 'another secret of sixteen characters'),
    sign(payload).slice(0, 20),
    sign(payload).slice(0, -1),
    `sha1=${createHmac('sha1', world.kept('webhookSecret')).update(payload).digest('hex')}`,
    'sha256=',
    '',
    undefined,
  ]
  for (const signature of wrong) assert.equal(statusOf(await post({ body: payload, signature })), 401, String(signature))
})

it('no body is refused', async () => {
  assert.equal(statusOf(await post({ body: '', signature: sign('') })), 400)
})

it('30 MB are refused, even signed', async () => {
  const body = Buffer.alloc(30 * 1024 * 1024, 32)
  assert.ok([413, 'hung up'].includes(statusOf(await post({ body, signature: sign(body) }))))
})

/** Signed by somebody who has the secret, and still nothing that we act on. */
const strange: readonly (readonly [title: string, event: string, body: string])[] = [
  ['an event of another kind', 'gollum', '{"action":"created"}'],
  ['an event that is no word', '__proto__', '{}'],
  ['no JSON', 'push', '{"ref":'],
  ['not UTF-8', 'push', '\xff\xfe'],
  ['JSON that is no object', 'push', '"push"'],
  ['null', 'issue_comment', 'null'],
  ['an object without what a push has', 'push', '{"ref":"refs/heads/main"}'],
  ['JSON ten thousand deep', 'push', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['a ref that looks like an option', 'push', '{"ref":"--upload-pack=touch /tmp/x","before":"1","after":"2"}'],
]
for (const [title, event, body] of strange)
  it(`${title}, rightly signed, is accepted and does nothing`, async () => {
    const guid = randomUUID()
    assert.equal(statusOf(await post({ body, signature: sign(body), event, guid })), 202)
  })

it('after all of that an honest push is served, and nothing failed', async () => {
  const sha = await world.push('main', { '.osmo/hello.yaml': specText({ name: 'hello', script: 'echo on', sections: 'on: push' }) })
  assert.equal((await world.conclusion(sha, 'osmo / hello')).conclusion, 'success')
  assert.deepEqual(
    world.logLines().filter(({ level }) => Number(level) >= 50),
    [],
  )
})

it('a delivery that is redelivered acts once', async () => {
  const sha = await world.push('main', { '.osmo/hello.yaml': specText({ name: 'hello', script: 'echo once', sections: 'on: push' }) })
  await world.conclusion(sha, 'osmo / hello')
  const { id, guid, payload } = await lastPush()
  await world.admin('redeliver', { id })
  assert.equal(statusOf(await post({ body: payload, signature: sign(payload), guid })), 202)
  // The same message under a new name, as after a lost database: run keys make it harmless.
  assert.equal(statusOf(await post({ body: payload, signature: sign(payload) })), 202)
  await until('the copy to be read', async () => (workflowsOf(sha).length >= 2 ? true : undefined))
  await world.admin('idle', {})
  const runs = await world.admin<{ name: string }[]>('checkRuns', { repository, sha })
  assert.deepEqual(
    runs.map(({ name }) => name),
    ['osmo / hello'],
  )
  assert.deepEqual(
    workflowsOf(sha).map(({ opened }) => opened),
    [1, 0],
  )
})

it('a delivery of a repository that is deleted harms nobody', async () => {
  await world.admin('createRepository', { owner: 'acme', name: 'gone' })
  await world.admin('setFaults', { deliveries: [{ kind: 'drop', event: 'push' }] })
  const committed = await world.admin<{ sha: string }>('commitFiles', {
    repository: 'acme/gone',
    branch: 'main',
    author: 'mara',
    message: 'Soon gone',
    files: { '.osmo/hello.yaml': specText({ name: 'gone', script: 'true', sections: 'on: push' }) },
  })
  const { payload } = await lastPush()
  await world.admin('deleteRepository', { repository: 'acme/gone' })
  const guid = randomUUID()
  assert.equal(statusOf(await post({ body: payload, signature: sign(payload), guid })), 202)
  const sha = await world.push('main', { '.osmo/hello.yaml': specText({ name: 'hello', script: 'echo on', sections: 'on: push' }) })
  assert.equal((await world.conclusion(sha, 'osmo / hello')).conclusion, 'success')
  assert.deepEqual(workflowsOf(committed.sha), [])
})
