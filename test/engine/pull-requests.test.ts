import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { aWorld, type World } from '../harness/world.ts'
import { chain, reach } from './specs.ts'

let world: World
afterEach(() => world.end())

const required = { '.osmo/config.yaml': 'required: [reach]\n' }
const everyPullRequest = chain('on: {pull_request: {}}\n')
const conclusionOf = (sha: string, name: string) => {
  const state = world.checks(sha).get(name)?.state
  return state?.status === 'completed' ? state.conclusion : state?.status
}
const runs = async (pullRequest: number) =>
  (await world.store.views.list({ pullRequest }, 10)).map(({ displayId, status, provenance }) => [displayId, status, provenance.sha])

/** While a delivery is held up the world cannot come to rest, so nothing but this waits. */
async function meanwhile(holds: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(20_000)
  while (!(await holds())) await sleep(20, undefined, { signal })
}

describe('A pull request with another base branch', () => {
  it('is planned anew: what the new base requires runs', async () => {
    world = await aWorld()
    await world.push('lax', { 'README.md': 'x' })
    await world.push('main', { ...required, [reach]: everyPullRequest })
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain('on: {push: {branches: [main]}}\n') }, { base: 'lax' })
    await world.pass(3)
    assert.equal(world.checks(sha).has('osmo / reach'), false)
    await world.retarget(number, 'main')
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    await world.announce(number, 'edited')
    await world.pass(3)
    assert.equal((await runs(number)).length, 1, 'a changed title plans nothing')
  })
})

describe('What a spec does not wait for leaves its check as it is', () => {
  const acts: readonly (readonly [title: string, act: (number: number) => Promise<void>])[] = [
    ['a draft', (number) => world.setDraft(number, 'draft', 'sam')],
    ['a label', (number) => world.label(number, 'gpu', 'sam')],
    ['a title', (number) => world.announce(number, 'edited', 'sam')],
  ]
  for (const [title, act] of acts)
    it(`${title}: a refusal stays a refusal`, async () => {
      world = await aWorld()
      await world.push('main', { ...required, [reach]: everyPullRequest })
      const { sha, number } = await world.openPullRequest('evil', { 'a.txt': '1' }, { as: 'sam', from: 'fork' })
      assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'action_required')
      const config = conclusionOf(sha, 'osmo / config')
      assert.equal(config, 'action_required')
      await act(number)
      await world.pass(3)
      assert.deepEqual([conclusionOf(sha, 'osmo / reach'), conclusionOf(sha, 'osmo / config')], ['action_required', config])
    })

  it('while one that waits for the label runs', async () => {
    world = await aWorld()
    const labelled = chain('on: {pull_request: {labels: [gpu]}}\n').replace('name: reach', 'name: bench')
    await world.push('main', { ...required, [reach]: everyPullRequest, '.osmo/bench.yaml': labelled })
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.check(sha, 'osmo / reach')
    await world.label(number, 'gpu')
    assert.equal((await world.check(sha, 'osmo / bench')).conclusion, 'success')
    assert.equal((await runs(number)).length, 2)
  })

  it('unless nobody has planned its head yet: then it counts as opened', async () => {
    world = await aWorld()
    await world.push('main', { ...required, [reach]: everyPullRequest })
    const sha = world.github.commit('next', { 'a.txt': '1' }, { from: 'main' })
    const number = world.github.open('next', 'mara')
    await world.announce(number, 'labeled')
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
  })
})

describe("A reader's label", () => {
  it('does not change whose code a later command runs', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain() })
    await world.check(sha, 'osmo / reach')
    await world.label(number, 'gpu', 'sam')
    await world.comment(number, '/osmo run reach')
    await world.until('the answer', () => world.github.answers.length === 1)
    assert.deepEqual([world.github.answers[0]?.reaction, (await runs(number)).length], ['+1', 2])
  })
})

describe('"Re-run" on osmo / config after a label', () => {
  it('plans the commit as whose code it was when it was pushed', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain(), '.osmo/bad.yaml': 'workflow: [' })
    await world.check(sha, 'osmo / reach')
    const { id } = await world.check(sha, 'osmo / config')
    await world.label(number, 'gpu', 'sam')
    await world.rerequest(id, 'mara')
    await world.pass(3)
    const newest = await world.store.submissions.newestOf(7, number)
    assert.deepEqual([newest?.moves, newest?.provenance.origin, newest?.plans.map((plan) => plan.spec)], ['nothing', 'trusted', ['reach']])
  })
})

describe('Settings of the base branch that break', () => {
  it('refuse a rerun too: nobody can say whether its check is required', async () => {
    world = await aWorld()
    await world.push('main', { ...required, [reach]: everyPullRequest })
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.check(sha, 'osmo / reach')
    await world.push('main', { '.osmo/config.yaml': 'requird: [reach]\n' })
    await world.comment(number, '/osmo rerun all')
    await world.comment(number, '/osmo run reach')
    await world.until('the answers', () => world.github.answers.length === 2)
    assert.deepEqual(
      world.github.answers.map(({ reaction }) => reaction),
      ['confused', 'confused'],
    )
    assert.equal((await runs(number)).length, 1)
  })
})

describe('Deliveries of one pull request that overtake each other', () => {
  it('an older head that was slow to read does not end the run of the newer one', async () => {
    world = await aWorld()
    await world.push('main', { [reach]: everyPullRequest })
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.check(sha, 'osmo / reach')
    const slow = world.github.commit('next', { 'a.txt': '2' })
    const { reached, release } = world.github.hold(slow)
    const first = world.announce(number, 'synchronize')
    await reached
    const head = world.github.commit('next', { 'a.txt': '3' })
    const second = world.announce(number, 'synchronize')
    await meanwhile(async () => (await runs(number)).some(([, , of]) => of === head))
    release()
    await Promise.all([first, second])
    assert.equal((await world.check(head, 'osmo / reach')).conclusion, 'success')
    assert.deepEqual(
      (await runs(number)).map(([, status, of]) => [status, of]),
      [
        ['COMPLETED', head],
        ['COMPLETED', sha],
      ],
    )
  })

  it('one that was slow to read opens nothing once the pull request is closed', async () => {
    world = await aWorld()
    world.machine.behaviours.set('train', () => 'hang')
    await world.push('main', { [reach]: everyPullRequest })
    const sha = world.github.commit('next', { 'a.txt': '1' }, { from: 'main' })
    const { reached, release } = world.github.hold(sha)
    const number = world.github.open('next', 'mara')
    const opened = world.announce(number, 'opened')
    await reached
    const closed = world.close(number)
    await meanwhile(async () => (await world.store.deliveries.waiting(9)).length <= 1)
    release()
    await Promise.all([opened, closed])
    await world.pass(3)
    assert.deepEqual(await runs(number), [])
  })

  it('what is said of a closed pull request late ends nothing after it is open again', async () => {
    world = await aWorld()
    await world.push('main', { [reach]: everyPullRequest })
    world.machine.behaviours.set('train', () => 'hang')
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.until('it runs', () => world.machine.running().includes('train'))
    await world.announce(number, 'closed')
    await world.pass(3)
    assert.equal(conclusionOf(sha, 'osmo / reach'), 'in_progress')
  })
})

describe('A pull request that deletes a spec', () => {
  const gated = chain(
    'on: [push, pull_request]\nbenchmarks:\n  - {task: evaluate, path: e.json, metrics: {score: {gate: true, min: 1, direction: higher}}}\n',
  )
  const bench = chain().replace('name: reach', 'name: bench')

  it('with a gate that nobody requires says so in osmo / config, which is not green, and in its comment', async () => {
    world = await aWorld()
    await world.push('main', { [reach]: gated, '.osmo/bench.yaml': bench })
    const { sha } = await world.openPullRequest('gone', { [reach]: '' })
    const config = await world.check(sha, 'osmo / config')
    assert.equal(config.conclusion, 'neutral')
    assert.match(config.summary, /\| reach \| This pull request deletes it, and its gates on the base branch with it \(`score`\)/)
    await world.check(sha, 'osmo / bench')
    await world.until('its comment', () => /reach.*deletes it/.test([...world.github.comments.values()][0]?.body ?? ''))
  })

  it('without a gate lists it and stays green; a spec that base has got since is not missed', async () => {
    world = await aWorld()
    await world.push('main', { [reach]: chain(), '.osmo/bench.yaml': bench })
    world.github.commit('next', { '.osmo/bench.yaml': '' })
    await world.push('main', { '.osmo/later.yaml': gated.replace('name: reach', 'name: later') })
    const { sha } = await world.openFor('next')
    const config = await world.check(sha, 'osmo / config')
    assert.equal(config.conclusion, 'success')
    assert.match(config.summary, /\| bench \| This pull request deletes it \|/)
    assert.doesNotMatch(config.summary, /later/)
  })
})
