import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { git, type Hook, type Stage, startStage } from './harness.ts'

let stage: Stage
let clone: string

before(async () => {
  stage = await startStage()
  const { admin, url } = stage.twin
  const { token } = await admin.createUser({ login: 'mona', email: 'mona@example.com' })
  await admin.createRepository({ owner: 'mona', name: 'arm' })
  await admin.install({ owner: 'mona' })
  await admin.commitFiles({ repository: 'mona/arm', branch: 'main', author: 'mona', message: 'First', files: { a: 'one\n' } })
  clone = join(stage.directory, 'clone')
  await mkdir(clone)
  await git(clone, 'clone', '--quiet', url.replace('//', `//mona:${token}@`).concat('/mona/arm.git'), '.')
})

after(() => stage.close())

beforeEach(async () => {
  await stage.twin.admin.idle({})
  stage.receiver.hooks.length = 0
})

const commit = (branch: string, files: Record<string, string | null>, from = 'main') =>
  stage.twin.admin.commitFiles({ repository: 'mona/arm', branch, from, author: 'mona', message: `On ${branch}`, files })

const propose = (head: string) => stage.twin.admin.createPullRequest({ repository: 'mona/arm', title: head, head, author: 'mona' })

async function heard(event: string): Promise<Hook[]> {
  await stage.twin.admin.idle({})
  return stage.receiver.hooks.filter((hook) => hook.event === event)
}

const shown = async (number: number) => (await stage.call('GET', `/repos/mona/arm/pulls/${number}`)).body

test('a push says which commits and files came, and whether history was rewritten', async () => {
  await git(clone, 'switch', '--quiet', '-c', 'forced')
  for (const message of ['one', 'two', 'three']) await git(clone, 'commit', '--quiet', '--allow-empty', '-m', message)
  await git(clone, 'push', '--quiet', 'origin', 'forced')
  await git(clone, 'reset', '--quiet', '--hard', 'HEAD~1')
  await git(clone, 'push', '--quiet', '--force', 'origin', 'forced')
  const [first, second] = (await heard('push')).map((hook) => hook.body)
  assert.deepEqual(
    first.commits.map((commit: { message: string }) => commit.message),
    ['one', 'two', 'three'],
  )
  assert.deepEqual([first.created, first.forced, second.created, second.forced, second.commits], [true, false, false, true, []])
  assert.equal(first.pusher.name, 'mona')
})

test('three tags are announced, a push of four is not', async () => {
  const push = (...tags: string[]) => git(clone, 'push', '--quiet', 'origin', ...tags)
  for (const tag of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'b4']) await git(clone, 'tag', tag)
  await push('a1', 'a2', 'a3')
  assert.deepEqual(
    (await heard('push')).map((hook) => hook.body.ref),
    ['refs/tags/a1', 'refs/tags/a2', 'refs/tags/a3'],
  )
  await push('b1', 'b2', 'b3', 'b4')
  assert.equal((await heard('push')).length, 3)
})

test('deleting the head branch closes the pull request, and says the branch is gone', async () => {
  await commit('short', { a: 'two\n' })
  const { number } = await propose('short')
  await git(clone, 'push', '--quiet', 'origin', '--delete', 'short')
  assert.equal((await heard('push')).at(-1)?.body.deleted, true)
  assert.equal((await shown(number)).state, 'closed')
})

test('a head that became part of its base is merged', async () => {
  await commit('good', { b: 'b\n' })
  const { number } = await propose('good')
  await stage.twin.admin.merge({ repository: 'mona/arm', number, as: 'mona' })
  const closed = (await heard('pull_request')).at(-1)?.body
  assert.deepEqual([closed.action, closed.pull_request.merged, (await shown(number)).merged], ['closed', true, true])
})

test('branches that conflict have no merge commit until they agree again', async () => {
  const start = (await commit('mine', { a: 'mine\n' })).sha
  const { number } = await propose('mine')
  assert.equal((await shown(number)).mergeable, true)
  await stage.twin.admin.commitFiles({
    repository: 'mona/arm',
    branch: 'main',
    author: 'mona',
    message: 'Theirs',
    files: { a: 'theirs\n' },
  })
  const conflicting = await shown(number)
  assert.deepEqual([conflicting.mergeable, conflicting.mergeable_state, conflicting.head.sha], [false, 'dirty', start])
  assert.equal(await git(clone, 'ls-remote', 'origin', `refs/pull/${number}/merge`), '')
  await commit('mine', { a: 'theirs\n', c: 'c\n' }, 'mine')
  assert.equal((await shown(number)).mergeable, true)
})

test('a comparison stops at 300 files, a pull request’s files go on in pages', async () => {
  const files = Object.fromEntries(Array.from({ length: 301 }, (_, index) => [`many/${index}`, `${index}\n`]))
  await commit('many', files)
  const { number } = await propose('many')
  assert.equal((await stage.call('GET', '/repos/mona/arm/compare/main...many')).body.files.length, 300)
  const last = await stage.call('GET', `/repos/mona/arm/pulls/${number}/files?per_page=100&page=4`)
  assert.equal(last.body.length, 1)
  assert.match(last.headers.get('link') ?? '', /page=3>; rel="prev"/)
})

test('names that git would read as more than a name are not found', async () => {
  for (const ref of ['main..many', 'main@{1}', '--all', 'HEAD~1', ':/First', 'main^{tree}', '../../etc', 'refs/../config']) {
    const { status } = await stage.call('GET', `/repos/mona/arm/commits/${encodeURIComponent(ref)}`)
    assert.ok(status === 404 || status === 422, `${ref}: ${status}`)
  }
  for (const path of ['../config', 'a/../a', '.git/config', 'a/']) {
    const { status } = await stage.call('GET', `/repos/mona/arm/contents/${encodeURIComponent(path)}`)
    assert.equal(status, path === 'a/' ? 200 : 404, path)
  }
})

test('a pull request from a fork follows the fork’s branch', async () => {
  const { admin, url } = stage.twin
  const { token } = await admin.createUser({ login: 'stranger' })
  await admin.fork({ repository: 'mona/arm', owner: 'stranger' })
  const fork = join(stage.directory, 'fork')
  await mkdir(fork)
  await git(fork, 'clone', '--quiet', url.replace('//', `//stranger:${token}@`).concat('/stranger/arm.git'), '.')
  await git(fork, 'switch', '--quiet', '-c', 'odd')
  await git(fork, 'commit', '--quiet', '--allow-empty', '-m', 'Odd')
  await git(fork, 'push', '--quiet', 'origin', 'odd')
  const { number } = await admin.createPullRequest({ repository: 'mona/arm', title: 'Odd', head: 'stranger:odd', author: 'stranger' })
  await git(fork, 'commit', '--quiet', '--allow-empty', '-m', 'Odder')
  await git(fork, 'push', '--quiet', 'origin', 'odd')
  const head = await git(fork, 'rev-parse', 'HEAD')
  const said = await heard('pull_request')
  assert.deepEqual(
    said.map((hook) => [hook.body.action, hook.body.pull_request.head.repo.full_name, hook.body.repository.full_name]),
    [
      ['opened', 'stranger/arm', 'mona/arm'],
      ['synchronize', 'stranger/arm', 'mona/arm'],
    ],
  )
  assert.equal((await heard('push')).length, 0, 'the app is not installed on the fork')
  assert.equal((await git(clone, 'ls-remote', 'origin', `refs/pull/${number}/head`)).split('\t')[0], head)
})

test('an old name leads to the new one, by id', async () => {
  const { admin } = stage.twin
  const { id } = await admin.createRepository({ owner: 'mona', name: 'old' })
  await admin.renameRepository({ repository: 'mona/old', name: 'new' })
  const answer = await fetch(`${stage.twin.url}/api/v3/repos/mona/old/branches`, { redirect: 'manual' })
  assert.deepEqual([answer.status, answer.headers.get('location')], [301, `${stage.twin.url}/api/v3/repositories/${id}/branches`])
  assert.equal((await stage.call('GET', `/repositories/${id}`)).body.full_name, 'mona/new')
  assert.equal((await stage.call('GET', '/repos/mona/old')).body.full_name, 'mona/new')
})

test('what hangs on a deleted repository is gone, and a pull request from a deleted fork says so', async () => {
  const { admin } = stage.twin
  await admin.createUser({ login: 'leaver' })
  await admin.fork({ repository: 'mona/arm', owner: 'leaver' })
  await admin.commitFiles({
    repository: 'leaver/arm',
    branch: 'gone',
    from: 'main',
    author: 'leaver',
    message: 'Gone',
    files: { z: 'z\n' },
  })
  const { number } = await admin.createPullRequest({ repository: 'mona/arm', title: 'Gone', head: 'leaver:gone', author: 'leaver' })
  await admin.deleteRepository({ repository: 'leaver/arm' })
  assert.equal((await stage.call('GET', '/repos/leaver/arm')).status, 404)
  await admin.comment({ repository: 'mona/arm', number, as: 'mona', body: 'still here' })
  assert.equal((await heard('issue_comment')).length, 1)
  assert.match(await (await fetch(`${stage.twin.url}/mona/arm/pull/${number}`)).text(), /a deleted repository/)
  await admin.close({ repository: 'mona/arm', number, as: 'mona' })
  assert.equal((await heard('pull_request')).at(-1)?.body.pull_request.head.repo, null)
})

test('too many calls in an hour are refused, and the next hour is new', async () => {
  const strict = await startStage({ rateLimit: { anonymous: 2 } })
  const statuses = []
  for (let count = 0; count < 3; count++) statuses.push((await strict.call('GET', '/meta')).status)
  assert.deepEqual(statuses, [200, 200, 403])
  await strict.twin.admin.advanceClock({ milliseconds: 3_601_000 })
  assert.equal((await strict.call('GET', '/meta')).status, 200)
  await strict.close()
})

test('nothing that was said differs from GitHub’s descriptions, save that these forget deleted forks', () => {
  assert.deepEqual(stage.description.problems, ['webhook pull-request-closed: /pull_request/head/repo must be object {"type":"object"}'])
})
