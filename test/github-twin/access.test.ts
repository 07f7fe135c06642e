import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { git, type Stage, startStage } from './harness.ts'

let stage: Stage
const people: Record<string, string> = {}
let secretSha: string

/** `mona/arm` is public, `mona/secret` and `mona/other` private; the app is installed on the first two. */
before(async () => {
  stage = await startStage()
  const { admin } = stage.twin
  for (const login of ['mona', 'reader', 'writer', 'stranger']) people[login] = `token ${(await admin.createUser({ login })).token}`
  for (const [name, hidden] of [
    ['arm', false],
    ['secret', true],
    ['other', true],
  ] as const) {
    await admin.createRepository({ owner: 'mona', name, private: hidden })
    const files = { 'README.md': `${name}\n` }
    const { sha } = await admin.commitFiles({ repository: `mona/${name}`, branch: 'main', author: 'mona', message: 'First', files })
    if (name === 'secret') secretSha = sha
  }
  await admin.commitFiles({
    repository: 'mona/arm',
    branch: 'next',
    from: 'main',
    author: 'mona',
    message: 'Next',
    files: { 'a.txt': 'a\n' },
  })
  await admin.createPullRequest({ repository: 'mona/arm', title: 'Next', head: 'next', author: 'mona' })
  await admin.grant({ repository: 'mona/secret', login: 'reader', role: 'read' })
  await admin.grant({ repository: 'mona/secret', login: 'writer', role: 'write' })
  await admin.install({ owner: 'mona', repositories: ['mona/arm', 'mona/secret'] })
})

after(() => stage.close())

type Who = 'nobody' | 'reader' | 'writer' | 'stranger' | 'mona' | 'app' | 'installation' | 'contents only'

async function credentialOf(who: Who): Promise<string> {
  if (who === 'nobody') return ''
  if (who === 'app') return stage.jwt()
  if (who === 'installation') return stage.installationToken()
  return who === 'contents only' ? stage.installationToken({ permissions: { contents: 'read' } }) : (people[who] ?? '')
}

describe('who gets what', () => {
  const table: [Who, string, string, object | undefined, number][] = [
    ['nobody', 'GET', '/repos/mona/arm', undefined, 200],
    ['nobody', 'GET', '/repos/mona/arm/commits/main', undefined, 200],
    ['nobody', 'GET', '/repos/mona/arm/commits/main/check-runs', undefined, 200],
    ['nobody', 'GET', '/repos/mona/secret', undefined, 404],
    ['stranger', 'GET', '/repos/mona/secret', undefined, 404],
    ['reader', 'GET', '/repos/mona/secret', undefined, 200],
    ['installation', 'GET', '/repos/mona/secret', undefined, 200],
    ['installation', 'GET', '/repos/mona/other', undefined, 404],
    ['contents only', 'GET', '/repos/mona/secret/commits/main', undefined, 200],
    ['contents only', 'GET', '/repos/mona/secret/commits/main/check-runs', undefined, 403],
    ['contents only', 'POST', '/repos/mona/arm/issues/1/comments', { body: 'hi' }, 403],
    ['contents only', 'POST', '/repos/mona/arm/check-runs', { name: 'a', head_sha: '0'.repeat(40) }, 403],
    ['nobody', 'POST', '/repos/mona/arm/issues/1/comments', { body: 'hi' }, 401],
    ['stranger', 'POST', '/repos/mona/arm/issues/1/comments', { body: 'hi' }, 201],
    ['stranger', 'PATCH', '/repos/mona/arm/pulls/1', { title: 'Mine' }, 404],
    ['mona', 'POST', '/repos/mona/arm/check-runs', { name: 'a', head_sha: '0'.repeat(40) }, 403],
    ['nobody', 'GET', '/repos/mona/arm/collaborators/mona/permission', undefined, 401],
    ['installation', 'GET', '/repos/mona/arm/collaborators/nobody-such/permission', undefined, 404],
    ['nobody', 'GET', '/app', undefined, 401],
    ['installation', 'GET', '/app', undefined, 401],
    ['app', 'GET', '/app', undefined, 200],
    ['mona', 'GET', '/installation/repositories', undefined, 403],
    ['app', 'GET', '/repos/mona/other/installation', undefined, 404],
    ['nobody', 'GET', '/no/such/route', undefined, 404],
  ]
  for (const [who, method, path, body, status] of table) {
    test(`${who}: ${method} ${path} gives ${status}`, async () => {
      assert.equal((await stage.call(method, path, await credentialOf(who), body)).status, status)
    })
  }
})

describe('an app’s JWT is refused when', () => {
  const seconds = () => Math.floor(Date.now() / 1000)
  const table: [string, () => string][] = [
    ['it has expired', () => stage.jwt({ exp: seconds() - 1 })],
    ['it is good for more than ten minutes', () => stage.jwt({ exp: seconds() + 1000 })],
    ['it was issued in the future', () => stage.jwt({ iat: seconds() + 300 })],
    ['another app issued it', () => stage.jwt({ iss: '1' })],
    ['its signature is not the app’s', () => `${stage.jwt().slice(0, -8)}AAAAAAAA`],
    ['it is signed with another algorithm', () => stage.jwt().replace(/ [^.]+/, ` ${Buffer.from('{"alg":"none"}').toString('base64url')}`)],
    ['it is no JSON', () => 'Bearer a.b.c'],
  ]
  for (const [title, make] of table) {
    test(title, async () => assert.equal((await stage.call('GET', '/app', make())).status, 401))
  }
})

test('a bad credential is refused even where none is needed', async () => {
  assert.equal((await stage.call('GET', '/repos/mona/arm', 'token nonsense')).status, 401)
})

test('a token reaches only the repositories it was narrowed to, and no wider permissions can be asked for', async () => {
  const arm = (await stage.call('GET', '/repos/mona/arm')).body.id
  const narrow = await stage.installationToken({ repository_ids: [arm], permissions: { contents: 'read' } })
  assert.equal((await stage.call('GET', '/repos/mona/secret', narrow)).status, 404)
  const [installation] = (await stage.call('GET', '/app/installations', stage.jwt())).body
  const ask = (body: object) => stage.call('POST', `/app/installations/${installation.id}/access_tokens`, stage.jwt(), body)
  assert.equal((await ask({ permissions: { contents: 'write' } })).status, 422)
  assert.equal((await ask({ repositories: ['other'] })).status, 422)
})

test('git asks for a token where GitHub does', async () => {
  const directory = join(stage.directory, 'clones')
  await mkdir(directory)
  const at = (name: string, credential?: string) =>
    `${stage.twin.url.replace('//', credential === undefined ? '//' : `//x-access-token:${credential.slice('token '.length)}@`)}/mona/${name}.git`
  await git(directory, 'clone', '--quiet', at('arm'), 'arm')
  await assert.rejects(git(directory, 'clone', '--quiet', at('secret'), 'none'))
  await git(directory, 'clone', '--quiet', at('secret', await credentialOf('contents only')), 'secret')
  const clone = join(directory, 'secret')
  assert.equal(await git(clone, 'rev-parse', 'HEAD'), secretSha)
  await git(clone, 'commit', '--quiet', '--allow-empty', '-m', 'Mine')
  for (const who of ['contents only', 'reader'] as const) {
    await assert.rejects(git(clone, 'push', '--quiet', at('secret', await credentialOf(who)), 'main'), who)
  }
  await assert.rejects(git(clone, 'push', '--quiet', at('secret', people.writer), 'main:refs/pull/1/head'))
  await git(clone, 'push', '--quiet', at('secret', people.writer), 'main')
  assert.equal((await stage.call('GET', '/repos/mona/secret/commits/main', people.reader)).body.commit.message, 'Mine')
})

test('a suspended installation can do nothing', async () => {
  const token = await stage.installationToken()
  await stage.twin.admin.suspend({ owner: 'mona' })
  assert.equal((await stage.call('GET', '/repos/mona/secret', token)).status, 403)
  await stage.twin.admin.unsuspend({ owner: 'mona' })
  assert.equal((await stage.call('GET', '/repos/mona/secret', token)).status, 200)
})

test('a question that was asked before and has the same answer is free', async () => {
  const token = await stage.installationToken()
  const first = await stage.call('GET', '/repos/mona/secret', token)
  const again = await stage.call('GET', '/repos/mona/secret', token, undefined, { 'if-none-match': first.headers.get('etag') ?? '' })
  assert.deepEqual([again.status, again.body], [304, undefined])
  assert.equal(again.headers.get('x-ratelimit-used'), first.headers.get('x-ratelimit-used'))
})

test('lists come in pages that link to each other', async () => {
  for (let count = 0; count < 5; count++)
    await stage.call('POST', '/repos/mona/arm/issues/1/comments', people.mona, { body: `number ${count}` })
  const seen: string[] = []
  let next: string | undefined = '/repos/mona/arm/issues/1/comments?per_page=2'
  while (next !== undefined) {
    const page = await stage.call('GET', next, people.mona)
    seen.push(...page.body.map((comment: { body: string }) => comment.body))
    next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
  }
  assert.deepEqual(seen.slice(-5), ['number 0', 'number 1', 'number 2', 'number 3', 'number 4'])
})

test('an installation token is good for an hour of the twin’s clock', async () => {
  const token = await stage.installationToken()
  await stage.twin.admin.advanceClock({ milliseconds: 3_599_000 })
  assert.equal((await stage.call('GET', '/repos/mona/secret', token)).status, 200)
  await stage.twin.admin.advanceClock({ milliseconds: 2_000 })
  assert.equal((await stage.call('GET', '/repos/mona/secret', token)).status, 401)
})

test('nothing that was said differs from GitHub’s descriptions', () => {
  assert.deepEqual(stage.description.problems, [])
})
