import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { CommitSha } from '../../src/workflow/names.ts'
import { aWorld, robot } from '../harness/world.ts'
import { chain, reach, spec } from './specs.ts'

let world: Awaited<ReturnType<typeof aWorld>>
afterEach(() => world.end())

const impatient = { [reach]: chain('on: push\nconcurrency: {group: robot, cancel-in-progress: true}\n') }
const nowhere = CommitSha('0'.repeat(40))

it('A push renders the defaults of a dispatch, over the values of the repository', async () => {
  world = await aWorld()
  const text = spec(
    ['    - {name: train, image: i, command: ["{{ n }}"]}\n'],
    'on: {push: {}, workflow_dispatch: {inputs: {n: {type: number, default: 200}}}}',
  )
  const sha = await world.push('main', { [reach]: text, '.osmo/config.yaml': 'values: {n: 1}\n' })
  assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
  assert.deepEqual(
    [...world.machine.pods.values()].map(({ order }) => order.command),
    [['200']],
  )
})

/** Tells of a push that was made, whenever it was. */
const tell = (before: CommitSha, after: CommitSha) =>
  world.deliver({
    kind: 'pushed',
    repository: robot,
    ref: 'refs/heads/main',
    before,
    after,
    change: before === nowhere ? 'created' : 'updated',
    defaultBranch: 'main',
    headCommitMessage: '',
    sender: { id: 1, login: 'mara', type: 'User' },
  })

describe('Pushes to one branch with cancel-in-progress', () => {
  it('the older one, told of last, is cancelled and says which run took over; the newer one runs on', async () => {
    world = await aWorld()
    const first = world.github.commit('main', impatient)
    const older = world.github.commit('main', { 'a.txt': '1' })
    const newer = world.github.commit('main', { 'a.txt': '2' })
    await tell(nowhere, first)
    await tell(older, newer)
    await tell(first, older)
    const cancelled = await world.check(older, 'osmo / reach')
    assert.deepEqual([cancelled.conclusion, /superseded by reach-2, which was pushed later/.test(cancelled.title)], ['cancelled', true])
    assert.equal((await world.check(newer, 'osmo / reach')).conclusion, 'success')
    assert.equal((await world.check(first, 'osmo / reach')).conclusion, 'cancelled')
  })

  it('a branch that is set back to the older commit runs it after all', async () => {
    world = await aWorld()
    const older = world.github.commit('main', impatient)
    const newer = world.github.commit('main', { 'a.txt': '2' })
    await tell(older, newer)
    await tell(nowhere, older)
    assert.equal((await world.check(older, 'osmo / reach')).conclusion, 'cancelled')
    await world.pushCommit('main', older)
    await world.until('it runs again', () => world.checks(older).get('osmo / reach')?.title === '2 tasks completed')
  })
})
