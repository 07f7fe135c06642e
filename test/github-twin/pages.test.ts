import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Stage, startStage } from './harness.ts'

let stage: Stage
let sha: string
let token: string
const pull = '/mona/arm/pull/1'

before(async () => {
  stage = await startStage()
  const { admin } = stage.twin
  for (const login of ['mona', 'stranger']) await admin.createUser({ login })
  await admin.createRepository({ owner: 'mona', name: 'arm' })
  await admin.install({ owner: 'mona' })
  await admin.commitFiles({ repository: 'mona/arm', branch: 'main', author: 'mona', message: 'First', files: { a: 'a\n' } })
  sha = (
    await admin.commitFiles({ repository: 'mona/arm', branch: 'next', from: 'main', author: 'mona', message: 'Next', files: { a: 'b\n' } })
  ).sha
  await admin.createPullRequest({ repository: 'mona/arm', title: 'Next <b>', head: 'next', author: 'mona', body: 'Why.' })
  await admin.setRequiredChecks({ repository: 'mona/arm', branch: 'main', contexts: ['osmo / lint'] })
  token = await stage.installationToken()
})

after(() => stage.close())

beforeEach(() => stage.twin.admin.idle({}))

async function open(path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${stage.twin.url}${path}`, { headers, redirect: 'manual' })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** Sends a form as a page of the twin would, save for what `headers` change. */
function send(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams(form)
  return fetch(`${stage.twin.url}${path}`, { method: 'POST', body, headers: { origin: stage.twin.url, ...headers }, redirect: 'manual' })
}

const run = (input: object) => stage.call('POST', '/repos/mona/arm/check-runs', token, { head_sha: sha, ...input })

test('there is a page for everything that is linked', async () => {
  for (const path of ['/', '/mona/arm', pull, `/mona/arm/commit/${sha}`]) assert.equal((await open(path)).status, 200, path)
  for (const path of ['/mona/none', '/mona/arm/pull/9', '/mona/arm/pull/x', '/mona/arm/commit/nothing'])
    assert.equal((await open(path)).status, 404, path)
})

test('the page escapes titles and shows checks with what they said', async () => {
  await run({ name: 'osmo / train', conclusion: 'failure', output: { title: 'Worse', summary: '| a |\n|---|\n| 1 |' } })
  const { text } = await open(pull)
  assert.ok(text.includes('Next &lt;b&gt;'))
  assert.match(text, /data-check-name="osmo \/ train" data-status="completed" data-conclusion="failure"/)
  assert.match(text, /data-check-name="osmo \/ lint" data-status="expected"/)
  assert.ok(text.includes('<td>1</td>'))
})

test('what changed is told once', async () => {
  const first = await open(`${pull}/live`)
  const { version } = JSON.parse(first.text)
  assert.equal((await open(`${pull}/live?seen=${version}`)).status, 204)
  await run({ name: 'osmo / bench', status: 'in_progress' })
  const second = await open(`${pull}/live?seen=${version}`)
  assert.match(JSON.parse(second.text).parts.checks, /data-check-name="osmo \/ bench" data-status="in_progress"/)
})

test('a comment is posted as the person chosen and reaches the app', async () => {
  const answer = await send(`${pull}/comment`, { person: 'stranger', body: '/osmo status\r\n' })
  assert.equal(answer.status, 303)
  await stage.twin.admin.idle({})
  const hook = stage.receiver.hooks.at(-1)
  assert.deepEqual([hook?.event, hook?.body.sender.login, hook?.body.comment.body], ['issue_comment', 'stranger', '/osmo status\n'])
  assert.match((await open(pull)).text, /<article[^>]*data-author="stranger"/)
})

test('the re-run button is for those who may write', async () => {
  const { body } = await run({
    name: 'osmo / again',
    conclusion: 'failure',
    actions: [{ label: 'More', description: 'More runs', identifier: 'more' }],
  })
  const refused = await send(`/mona/arm/runs/${body.id}/rerun`, { person: 'stranger' }, { accept: 'application/json' })
  assert.equal(refused.status, 403)
  assert.match(await refused.text(), /stranger may not re-run/)
  assert.equal((await send(`/mona/arm/runs/${body.id}/rerun`, { person: 'mona' })).status, 303)
  assert.equal((await send(`/mona/arm/runs/${body.id}/action`, { person: 'mona', identifier: 'more' })).status, 303)
  assert.equal((await send(`/mona/arm/runs/${body.id}/action`, { person: 'mona', identifier: 'gone' })).status, 422)
  await stage.twin.admin.idle({})
  const told = stage.receiver.hooks.slice(-2).map((hook) => [hook.body.action, hook.body.sender.login])
  assert.deepEqual(told, [
    ['rerequested', 'mona'],
    ['requested_action', 'mona'],
  ])
})

describe('a form is refused', () => {
  const good = { person: 'mona', body: 'x' }
  const table: [string, Record<string, string>, Record<string, string>, number][] = [
    ['from a page elsewhere', good, { origin: 'https://evil.example' }, 403],
    ['from a page on another port', good, { origin: 'http://127.0.0.1:1' }, 403],
    ['from a page that hides where it is', good, { origin: 'null' }, 403],
    ['for nobody', { body: 'x' }, {}, 422],
    ['for the app itself', { person: 'osmo-runner[bot]', body: 'x' }, {}, 422],
    ['with nothing in it', { person: 'mona', body: ' ' }, {}, 422],
    ['with too much in it', { person: 'mona', body: 'x'.repeat(65_537) }, {}, 422],
  ]
  for (const [title, form, headers, status] of table) {
    test(title, async () => assert.equal((await send(`${pull}/comment`, form, headers)).status, status))
  }
})

test('a name that merely leads here is refused', async () => {
  const { port } = new URL(stage.twin.url)
  const answer = await new Promise<number>((resolve, reject) => {
    import('node:http').then(({ get }) =>
      get({ host: '127.0.0.1', port, path: pull, headers: { host: `rebound.example:${port}` } }, (response) =>
        resolve(response.resume().statusCode ?? 0),
      ).on('error', reject),
    )
  })
  assert.equal(answer, 403)
})

test('pages load nothing from elsewhere and run only their own script', async () => {
  const policy = (await open(pull)).headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/)
  assert.doesNotMatch(policy, /unsafe|script-src[^;]*\*/)
})

test('with a page token only those who came by the printed address may speak', async () => {
  const pageToken = 'a token for the pages'
  const guarded = await startStage({ pageToken })
  const { admin, url } = guarded.twin
  await admin.createUser({ login: 'mona' })
  await admin.createRepository({ owner: 'mona', name: 'arm' })
  await admin.createRepository({ owner: 'mona', name: 'secret', private: true })
  const say = (cookie: string) =>
    fetch(`${url}/mona/arm/pull/1/comment`, {
      method: 'POST',
      body: new URLSearchParams({ person: 'mona', body: 'x' }),
      headers: { origin: url, cookie },
    })
  assert.equal((await fetch(`${url}/mona/arm`)).status, 200)
  assert.equal((await fetch(`${url}/mona/secret`)).status, 404)
  assert.equal((await say('')).status, 403)
  const entered = await fetch(`${url}/mona/arm?token=${encodeURIComponent(pageToken)}`, { redirect: 'manual' })
  assert.deepEqual([entered.status, entered.headers.get('location')], [303, '/mona/arm'])
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  assert.equal((await fetch(`${url}/mona/secret`, { headers: { cookie } })).status, 200)
  assert.equal((await say(cookie)).status, 404, 'let through to a pull request that is not there')
  await guarded.close()
})
