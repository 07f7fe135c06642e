import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { actor, appId, aWorld, robot, type World } from '../harness/world.ts'
import { chain, reach, spec, task } from './specs.ts'

let world: World
afterEach(() => world.end())

/** A pull request whose run has ended; `fail` says which tasks fail the first time. */
async function ended(fail: readonly string[] = [], text = chain('on: {pull_request: {}}\n')) {
  world = await aWorld()
  const failing = new Set(fail)
  for (const name of ['train', 'evaluate', 'bench'])
    world.machine.behaviours.set(name, ({ order }) => (failing.has(name) && order.displayId.endsWith('-1') ? { exitCode: 1 } : {}))
  await world.push('main', { 'README.md': 'x' })
  const { sha, number } = await world.openPullRequest('next', { [reach]: text })
  await world.check(sha, 'osmo / reach')
  return { sha, number }
}

async function answerTo(number: number, body: string, as?: string) {
  const before = world.github.answers.length
  await world.comment(number, body, as)
  await world.until('the answer', () => world.github.answers.length > before)
  return world.github.answers.at(-1)
}
const startedBy = (displayId: string) =>
  world.machine.started.filter((one) => one.startsWith(`${displayId}/`)).map((one) => one.split(/[/#]/)[1])
const runEnds = (displayId: string) =>
  world.until(`${displayId} ends`, async () => {
    const id = await world.store.views.byDisplayId(displayId)
    return id !== undefined && (await world.store.views.workflow(id))?.workflow.finishedAt !== undefined
  })

const fork = spec([task('train'), task('evaluate', ['train']), task('bench', ['train'])], 'on: {pull_request: {}}\n')

describe('A rerun', () => {
  const table: readonly (readonly [command: string, failed: readonly string[], runs: readonly string[]])[] = [
    ['/osmo rerun failed', ['evaluate'], ['evaluate']],
    ['/osmo rerun', ['evaluate'], ['evaluate']],
    ['/osmo rerun failed', ['train'], ['train', 'evaluate', 'bench']],
    ['/osmo rerun all', ['evaluate'], ['train', 'evaluate', 'bench']],
    ['/osmo rerun', [], ['train', 'evaluate', 'bench']],
    ['/osmo rerun reach', [], ['train', 'evaluate', 'bench']],
    ['/osmo rerun reach/bench', [], ['bench']],
    ['/osmo rerun reach/bench', ['evaluate'], ['evaluate', 'bench']],
    ['/osmo rerun reach/train', [], ['train', 'evaluate', 'bench']],
  ]
  for (const [command, failed, runs] of table)
    it(`${command} after ${failed.join() || 'nothing'} failed runs ${runs.join(', ')}`, async () => {
      const { number, sha } = await ended(failed, fork)
      const answer = await answerTo(number, command)
      assert.deepEqual([answer?.reaction, answer?.reply], ['+1', undefined])
      await runEnds('reach-2')
      assert.deepEqual(startedBy('reach-2').toSorted(), runs.toSorted())
      assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    })

  it('takes what an earlier rerun had taken from where it really is', async () => {
    const { number } = await ended(['evaluate'], fork)
    await answerTo(number, '/osmo rerun failed')
    await runEnds('reach-2')
    await answerTo(number, '/osmo rerun reach/bench')
    await runEnds('reach-3')
    assert.deepEqual(startedBy('reach-3'), ['bench'])
    const grantId = await world.store.views.byDisplayId('reach-3')
    const train = (await world.store.views.workflow(grantId!))?.tasks.find(({ name }) => name === 'train')
    assert.equal(train?.outputs.workflow, await world.store.views.byDisplayId('reach-1'))
  })

  it('of a dispatch keeps its values', async () => {
    const text = `on: {pull_request: {}, workflow_dispatch: {inputs: {seed: {type: number, default: 1}}}}\n\nworkflow:\n  name: reach\n  tasks:\n    - {name: train, image: i, command: [x, "{{ seed }}"]}\n\ndefault-values:\n  seed: 0\n`
    const { number } = await ended([], text)
    await answerTo(number, '/osmo run reach seed=7')
    await runEnds('reach-2')
    await answerTo(number, '/osmo rerun')
    await runEnds('reach-3')
    const commands = [...world.machine.pods.values()].map(({ order }) => [order.displayId, order.command[1]])
    assert.deepEqual(commands.toSorted(), [
      ['reach-1', '1'],
      ['reach-2', '7'],
      ['reach-3', '7'],
    ])
  })

  it('of a dispatch may give what the file itself has no value for', async () => {
    world = await aWorld()
    const text = spec(
      ['    - {name: train, image: i, command: ["{{ seed }}"]}\n'],
      'on: {workflow_dispatch: {inputs: {seed: {type: number}}}}',
    )
    await world.push('main', { 'README.md': 'x' })
    const { number } = await world.openPullRequest('next', { [reach]: text })
    await answerTo(number, '/osmo run reach seed=7')
    await runEnds('reach-1')
    assert.deepEqual(
      [...world.machine.pods.values()].map(({ order }) => order.command),
      [['7']],
    )
  })

  it('by the button of a check runs it all again', async () => {
    const { sha } = await ended([], fork)
    await world.rerequest(world.checks(sha).get('osmo / reach')!.id)
    await runEnds('reach-2')
    assert.equal(startedBy('reach-2').length, 3)
  })

  it('by a stranger on that button does nothing', async () => {
    const { sha } = await ended([], fork)
    await world.rerequest(world.checks(sha).get('osmo / reach')!.id, 'sam')
    await world.pass(3)
    assert.equal(await world.store.views.byDisplayId('reach-2'), undefined)
  })
})

describe('A comment', () => {
  it('with two commands gets one reaction and one reply', async () => {
    const { number } = await ended()
    const answer = await answerTo(number, '/osmo status\n/osmo help')
    await world.pass(3)
    assert.equal(world.github.answers.length, 1)
    assert.match(answer?.reply ?? '', /\*\*reach\*\* \(`reach-1`\): success[\s\S]*What I understand/)
  })

  const denied = ['/osmo rerun', '/osmo cancel', '/osmo run reach']
  for (const command of denied)
    it(`${command} of a stranger is refused with the reason`, async () => {
      const { number } = await ended()
      const answer = await answerTo(number, command, 'sam')
      assert.equal(answer?.reaction, '-1')
      assert.match(answer?.reply ?? '', /needs write permission on this repository; sam has read/)
      assert.equal(await world.store.views.byDisplayId('reach-2'), undefined)
    })

  it('of a stranger may ask for help', async () => {
    const { number } = await ended()
    assert.equal((await answerTo(number, '/osmo help', 'sam'))?.reaction, '+1')
  })

  it('about the status is told what the check says, and not only that the tasks completed', async () => {
    const gate =
      'benchmarks:\n  - {task: evaluate, path: e.json, metrics: {score: {gate: true, min: 1, direction: higher, required: true}}}\n'
    const { number, sha } = await ended([], chain(`on: {pull_request: {}}\n${gate}`))
    const { conclusion, title } = await world.check(sha, 'osmo / reach')
    assert.notEqual(conclusion, 'success')
    const said = (await answerTo(number, '/osmo status'))?.reply ?? ''
    assert.ok(said.includes(`(\`reach-1\`): ${conclusion.replaceAll('_', ' ')}, ${title}`), said)
  })

  it('on a closed pull request starts nothing, and is told why', async () => {
    const { number } = await ended(['evaluate'])
    await world.close(number)
    for (const command of ['/osmo rerun', '/osmo rerun failed', '/osmo rerun reach/train', '/osmo run reach'])
      assert.deepEqual([command, (await answerTo(number, command))?.reply?.trim()], [command, 'The pull request is closed.'])
    await world.pass(3)
    assert.equal(await world.store.views.byDisplayId('reach-2'), undefined)
  })

  it('with nonsense gets a helpful reply', async () => {
    const { number } = await ended()
    const answer = await answerTo(number, '/osmo retset')
    assert.equal(answer?.reaction, 'confused')
    assert.match(answer?.reply ?? '', /retset/)
  })

  it('that this app wrote itself is never obeyed; one by way of another app is', async () => {
    const { number } = await ended()
    const mara = actor('mara')
    const by = (viaAppId: number) =>
      world.deliver({
        kind: 'comment-written',
        repository: robot,
        action: 'created',
        number,
        on: 'pull-request',
        commentId: world.github.nextId(),
        body: '/osmo rerun all',
        previousBody: '',
        author: mara,
        viaAppId,
        sender: mara,
      })
    await by(appId)
    await world.settle()
    assert.deepEqual([world.github.answers, await world.store.views.byDisplayId('reach-2')], [[], undefined])
    await by(appId + 1)
    await world.until('the answer', () => world.github.answers.length === 1)
    await runEnds('reach-2')
  })

  it('without a command gets nothing', async () => {
    const { number } = await ended()
    await world.comment(number, 'Looks good. `/osmo cancel` is how one stops it.')
    await world.pass(3)
    assert.equal(world.github.answers.length, 0)
  })

  it('whose processing failed acts when it is delivered again, once', async () => {
    const { number } = await ended([], fork)
    world.github.fail(new Error('GitHub is away'))
    await world.comment(number, '/osmo rerun')
    assert.equal(await world.store.views.byDisplayId('reach-2'), undefined)
    world.github.fail(undefined)
    await world.until('the rerun', async () => (await world.store.views.byDisplayId('reach-2')) !== undefined)
    await runEnds('reach-2')
    assert.equal(await world.store.views.byDisplayId('reach-3'), undefined)
    assert.equal(world.github.answers.length, 1)
  })

  it('/osmo cancel ends what runs', async () => {
    world = await aWorld()
    world.machine.behaviours.set('train', () => 'hang')
    await world.push('main', { 'README.md': 'x' })
    const { number, sha } = await world.openPullRequest('next', { [reach]: fork })
    await world.until('it runs', () => world.machine.running().includes('train'))
    assert.equal((await answerTo(number, '/osmo cancel'))?.reaction, '+1')
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'cancelled')
    assert.match(check.title, /^Cancelled by mara: \/osmo cancel/)
    assert.equal((await answerTo(number, '/osmo cancel'))?.reply, 'Nothing is running here that could be cancelled.')
  })
})
