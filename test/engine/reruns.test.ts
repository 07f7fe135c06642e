import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { CommitSha } from '../../src/workflow/names.ts'
import { aWorld, type World } from '../harness/world.ts'
import { chain, spec, task } from './specs.ts'

let world: World
afterEach(() => world.end())

const names = ['a', 'b', 'c'] as const

/** A pull request with a spec of each name, all ended; those of `failing` fail each time. */
async function ended(failing: readonly string[]) {
  world = await aWorld()
  world.machine.behaviours.set('train', ({ order }) => (failing.includes(order.displayId.split('-')[0] ?? '') ? { exitCode: 1 } : {}))
  await world.push('main', { 'README.md': 'x' })
  const files = Object.fromEntries(names.map((name) => [`.osmo/${name}.yaml`, spec([task('train')], 'on: {pull_request: {}}\n', name)]))
  const { sha, number } = await world.openPullRequest('next', files)
  for (const name of names) await world.check(sha, `osmo / ${name}`)
  return { sha, number }
}

async function runs(): Promise<readonly string[]> {
  return (await world.store.views.list({}, 50)).map(({ displayId }) => displayId).toSorted()
}
const first = ['a-1', 'b-1', 'c-1']

describe('A rerun that GitHub breaks off between two specs', () => {
  const table: readonly (readonly [command: string, failing: readonly string[], opens: readonly string[]])[] = [
    ['/osmo rerun failed', ['a', 'b'], ['a-2', 'b-2']],
    ['/osmo rerun', ['a', 'b'], ['a-2', 'b-2']],
    ['/osmo rerun', [], ['a-2', 'b-2', 'c-2']],
    ['/osmo rerun all', ['a'], ['a-2', 'b-2', 'c-2']],
  ]
  for (const [command, failing, opens] of table)
    it(`opens the rest when it is heard again: ${command} after ${failing.join(' and ') || 'nothing'} failed`, async () => {
      const { number } = await ended(failing)
      world.github.failHead(2)
      await world.comment(number, command)
      await world.pass(30)
      assert.deepEqual(await runs(), [...first, ...opens].toSorted())
      assert.deepEqual(
        world.github.answers.map(({ reaction, reply }) => [reaction, reply]),
        [['+1', undefined]],
      )
    })

  it('opens each once when all checks are asked for, though they fail again at once', async () => {
    const { sha } = await ended([...names])
    for (const nth of [2, 3]) {
      world.github.failHead(nth)
      await world.rerequestAll(sha as CommitSha)
      await world.pass(30)
    }
    assert.deepEqual(await runs(), [...first, 'a-2', 'a-3', 'b-2', 'b-3', 'c-2', 'c-3'].toSorted())
  })
})

describe('"Re-run all checks" of a commit that two pull requests share', () => {
  const ran = async () =>
    (await world.store.views.list({}, 20))
      .map(({ displayId, provenance: { pullRequest, baseRef } }) => `${displayId} of #${pullRequest} against ${baseRef}`)
      .toSorted()

  it('runs the newest run of each again, whose base branch is its own, once however often it is heard', async () => {
    world = await aWorld()
    const everyPullRequest = { '.osmo/reach.yaml': chain('on: {pull_request: {}}\n') }
    await world.push('main', everyPullRequest)
    await world.push('release', everyPullRequest)
    const { sha } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.openFor('next', { base: 'release' })
    const { number: closed } = await world.openFor('next', { base: 'release' })
    await world.until('all end', async () => (await world.store.views.list({}, 9)).every(({ finishedAt }) => finishedAt !== undefined))
    await world.close(closed)
    const before = await ran()
    world.github.failHead(2)
    await world.rerequestAll(sha)
    await world.pass(30)
    const after = await ran()
    assert.deepEqual(
      after.filter((one) => !before.includes(one)),
      ['reach-4 of #2 against release', 'reach-5 of #1 against main'],
    )
  })
})
