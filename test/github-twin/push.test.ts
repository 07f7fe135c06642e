import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { git, isSigned, type Stage, startStage } from './harness.ts'

let stage: Stage
let token: string
let clone: string

before(async () => {
  stage = await startStage()
  token = (await stage.twin.admin.createUser({ login: 'mona', email: 'mona@example.com' })).token
  await stage.twin.admin.createRepository({ owner: 'mona', name: 'arm' })
  await stage.twin.admin.install({ owner: 'mona' })
  clone = join(stage.directory, 'clone')
  await mkdir(clone)
  await git(clone, 'init', '--quiet')
  await git(clone, 'remote', 'add', 'origin', stage.twin.url.replace('//', `//x-access-token:${token}@`).concat('/mona/arm.git'))
})

after(() => stage.close())

async function commit(path: string, text: string, message: string): Promise<string> {
  await writeFile(join(clone, path), text)
  await git(clone, 'add', '.')
  await git(clone, 'commit', '--quiet', '-m', message)
  return git(clone, 'rev-parse', 'HEAD')
}

async function hooksAfter(action: () => Promise<unknown>): Promise<Stage['receiver']['hooks']> {
  const known = stage.receiver.hooks.length
  await action()
  await stage.twin.admin.idle({})
  return stage.receiver.hooks.slice(known)
}

test('a push over git makes a signed push webhook and opens a check suite', async () => {
  const sha = await commit('README.md', 'hello\n', 'First')
  const hooks = await hooksAfter(() => git(clone, 'push', '--quiet', 'origin', 'main'))
  assert.deepEqual(
    hooks.map((hook) => `${hook.event} ${hook.body.action ?? ''}`.trim()),
    ['push', 'check_suite requested'],
  )
  assert.ok(hooks.every(isSigned))
  const [push, suite] = hooks.map((hook) => hook.body)
  assert.equal(push.after, sha)
  assert.equal(push.created, true)
  assert.deepEqual(push.head_commit.added, ['README.md'])
  assert.equal(push.sender.login, 'mona')
  assert.equal(suite.check_suite.head_branch, 'main')
})

test('a pull request follows its branch, and its refs can be fetched', async () => {
  await git(clone, 'switch', '--quiet', '-c', 'faster')
  const first = await commit('policy.txt', 'a\n', 'Faster')
  await git(clone, 'push', '--quiet', 'origin', 'faster')
  const opened = await hooksAfter(() =>
    stage.twin.admin.createPullRequest({ repository: 'mona/arm', title: 'Faster', head: 'faster', author: 'mona' }),
  )
  assert.deepEqual(
    opened.map((hook) => `${hook.event} ${hook.body.action}`),
    ['pull_request opened'],
  )
  const second = await commit('policy.txt', 'b\n', 'Faster still')
  const pushed = await hooksAfter(() => git(clone, 'push', '--quiet', 'origin', 'faster'))
  assert.deepEqual(
    pushed.map((hook) => `${hook.event} ${hook.body.action ?? ''}`.trim()),
    ['push', 'check_suite requested', 'pull_request synchronize'],
  )
  assert.deepEqual([pushed[2]?.body.before, pushed[2]?.body.after], [first, second])
  assert.equal((await git(clone, 'ls-remote', 'origin', 'refs/pull/1/head')).split('\t')[0], second)
  await git(clone, 'fetch', '--quiet', 'origin', 'refs/pull/1/merge')
  assert.equal(await git(clone, 'rev-parse', 'FETCH_HEAD^2'), second)
})

test('a push larger than git sends in one piece arrives whole', async () => {
  const sha = await commit('weights.bin', randomBytes(3_000_000).toString('base64'), 'Weights')
  await hooksAfter(() => git(clone, 'push', '--quiet', 'origin', 'faster'))
  const copy = join(stage.directory, 'copy')
  await git(stage.directory, 'clone', '--quiet', '--branch', 'faster', stage.twin.url.concat('/mona/arm.git'), copy)
  assert.equal(await git(copy, 'rev-parse', 'HEAD'), sha)
})

test('nothing that was said differs from GitHub’s descriptions', () => {
  assert.deepEqual(stage.description.problems, [])
})
