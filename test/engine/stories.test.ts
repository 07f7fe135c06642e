import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { actor, aWorld, robot, type World } from '../harness/world.ts'
import { chain, compared, reach, scores } from './specs.ts'

let world: World
afterEach(() => world.end())

describe('A push', () => {
  it('runs its tasks one after the other and ends in a green check with a row each', async () => {
    world = await aWorld()
    const sha = await world.push('main', { [reach]: chain() })
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'success')
    assert.match(check.summary, /\| train \| completed/)
    assert.deepEqual(world.machine.started, ['reach-1/train#0', 'reach-1/evaluate#0'])
  })

  it('delivered twice acts once', async () => {
    world = await aWorld()
    const sha = await world.push('main', { [reach]: chain() })
    const event = {
      kind: 'pushed',
      repository: robot,
      ref: 'refs/heads/main',
      before: sha,
      after: sha,
      change: 'updated',
      defaultBranch: 'main',
      headCommitMessage: '',
      sender: actor('mara'),
    } as const
    const guid = await world.deliver(event)
    await world.deliver(event, guid)
    await world.deliver(event)
    await world.check(sha, 'osmo / reach')
    assert.deepEqual(world.machine.started, ['reach-1/train#0', 'reach-1/evaluate#0'])
  })

  it('shows what failed, and not what could not run, as failed', async () => {
    world = await aWorld()
    world.machine.behaviours.set('train', () => ({ exitCode: 3 }))
    const sha = await world.push('main', { [reach]: chain() })
    const check = await world.check(sha, 'osmo / reach')
    assert.deepEqual([check.conclusion, check.title], ['failure', 'Task train failed with exit code 3'])
    assert.match(check.summary, /\| evaluate \| did not run/)
  })

  it('of a bad file beside a good one runs the good one and marks the lines of the other', async () => {
    world = await aWorld()
    const sha = await world.push('main', { [reach]: chain(), '.osmo/bad.yaml': 'workflow:\n  name: bad\n  tasks: []\n' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    const config = await world.check(sha, 'osmo / config')
    assert.equal(config.conclusion, 'failure')
    assert.deepEqual([...new Set(config.annotations.map(({ file }) => file))], ['.osmo/bad.yaml'])
  })

  it('to a branch with a pull request is left to that', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    const { sha } = await world.openPullRequest('next', { [reach]: chain() })
    await world.push('next', { [reach]: `${chain()}\n` })
    await world.check(sha, 'osmo / reach')
    assert.equal(world.checks(world.github.head('next')).size, 0)
  })

  it('loses its pod and runs it again, after a pause, without using up an attempt', async () => {
    world = await aWorld()
    world.machine.behaviours.set('train', ({ attempt }) => (attempt === 0 ? 'hang' : {}))
    const sha = await world.push('main', { [reach]: chain() })
    await world.until('train runs', () => world.machine.running().includes('train'))
    world.machine.lose('train')
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    assert.deepEqual(world.machine.started, ['reach-1/train#0', 'reach-1/train#1', 'reach-1/evaluate#0'])
  })

  it('rewrites nothing on GitHub once nothing changes', async () => {
    world = await aWorld()
    const sha = await world.push('main', { [reach]: chain() })
    await world.check(sha, 'osmo / reach')
    await world.pass(15)
    const before = world.github.writes()
    const [row] = await world.store.views.list({}, 1)
    await world.store.outbox.add(
      { kind: 'workflow', workflow: row!.id, effect: { kind: 'report', urgency: 'now' } },
      { key: 'again', lane: 'reports', delaySeconds: 0 },
    )
    await world.pass(15)
    assert.equal(world.github.writes(), before)
  })
})

describe('A pull request that compares', () => {
  it("waits for main's train, and takes its outputs as soon as they are there", async () => {
    world = await aWorld()
    let trained = false
    world.machine.behaviours.set('train', ({ order }) => (trained || order.displayId !== 'reach-1' ? {} : 'hang'))
    world.machine.behaviours.set('evaluate', scores(50, 20))
    const main = await world.push('main', { [reach]: compared() })
    const { sha, number } = await world.openPullRequest('worse', { 'a.txt': '1' })
    await world.until('it says that it waits', () => /waits for the base arm/.test(world.checks(sha).get('osmo / reach')?.summary ?? ''))
    assert.ok(!world.machine.started.some((one) => one.startsWith('reach-2/evaluate')))
    trained = true
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'failure')
    assert.match(check.title, /score/)
    assert.equal((await world.check(main, 'osmo / reach')).conclusion, 'success')
    assert.deepEqual(world.machine.arms('reach-2', 'evaluate'), { base: 8, head: 8 })
    await world.until('its report', () => /score/.test([...world.github.comments.values()][0]?.body ?? ''))
    assert.deepEqual(
      [...world.github.comments.values()].map(({ pullRequest }) => pullRequest),
      [number],
    )
  })

  it('without a base arm measures head alone, is never green, and says what would fill the gap', async () => {
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 80))
    await world.push('main', { 'README.md': 'x' })
    const { sha } = await world.openPullRequest('new', { [reach]: compared() })
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'neutral')
    assert.match(check.summary, /No trusted workflow of `reach`/)
    assert.match(check.summary, /\/osmo rerun reach/)
  })

  it("goes on with an ancestor once main's own run has failed", async () => {
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 80))
    world.machine.behaviours.set('train', ({ order }) => (order.displayId === 'reach-2' ? { exitCode: 1 } : {}))
    const first = await world.push('main', { [reach]: compared() })
    await world.check(first, 'osmo / reach')
    const mergeBase = await world.push('main', { 'b.txt': '1' })
    const { sha, number } = await world.openPullRequest('better', { 'a.txt': '1' })
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'success')
    const [older, base] = [first, mergeBase].map((one) => one.slice(0, 7))
    assert.match(check.summary, new RegExp(`the base arm reads outputs of \`reach-1\` at ${older}, which is older than the merge base`))
    const said = `vs merge base \`${base}\` with outputs of \`${older}\`, which is older`
    const report = () => [...world.github.comments.values()].find(({ pullRequest }) => pullRequest === number)?.body ?? ''
    await world.until('the report says so', () => report().includes(said))
    assert.ok(check.summary.includes(said))
  })

  it('cannot drop its gate', async () => {
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 20))
    await world.check(await world.push('main', { [reach]: compared() }), 'osmo / reach')
    const { sha } = await world.openPullRequest('cheat', { [reach]: chain('on: [push, pull_request]\ncheckout: true\n') })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'failure')
  })

  it('is not green when it writes no numbers', async () => {
    world = await aWorld()
    const silent = new Set(['reach-2'])
    world.machine.behaviours.set('evaluate', ({ order }) => (silent.has(order.displayId) ? {} : { files: { 'e.json': '{"score": 50}' } }))
    await world.check(await world.push('main', { [reach]: compared() }), 'osmo / reach')
    const { sha } = await world.openPullRequest('silent', { 'a.txt': '1' })
    const check = await world.check(sha, 'osmo / reach')
    assert.notEqual(check.conclusion, 'success')
    assert.match(check.summary, /no file e\.json/)
  })
})

describe('A required spec', () => {
  const required = { '.osmo/config.yaml': 'required: [reach]\n' }
  const everyPullRequest = chain('on: {pull_request: {}}\n')
  const table: readonly (readonly [title: string, base: string, head: Record<string, string>, conclusion: string])[] = [
    ['that its own `on` does not select is skipped', chain('on: {pull_request: {paths: [policy/**]}}\n'), { 'README.md': 'x' }, 'skipped'],
    [
      'that head deselects runs all the same',
      everyPullRequest,
      { [reach]: chain('on: {pull_request: {paths: [nothing/**]}}\n') },
      'success',
    ],
    ['that head deletes asks for a person', everyPullRequest, { [reach]: '' }, 'action_required'],
    ['that cannot be read any more asks for a person', everyPullRequest, { [reach]: 'workflow: [' }, 'action_required'],
    ['whose requirement head takes back stays required', everyPullRequest, { [reach]: '', '.osmo/config.yaml': '' }, 'action_required'],
  ]
  for (const [title, base, head, conclusion] of table)
    it(title, async () => {
      world = await aWorld()
      await world.push('main', { ...required, [reach]: base })
      const { sha } = await world.openPullRequest('next', head)
      assert.equal((await world.check(sha, 'osmo / reach')).conclusion, conclusion)
    })

  it("that the branch's rules name counts the same", async () => {
    world = await aWorld()
    world.github.required.push('osmo / reach')
    await world.push('main', { [reach]: everyPullRequest })
    const { sha } = await world.openPullRequest('gone', { [reach]: '' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'action_required')
  })

  it('is not let off by [skip ci]', async () => {
    world = await aWorld()
    await world.push('main', { ...required, [reach]: everyPullRequest })
    const { sha } = await world.openPullRequest('skip', { 'a.txt': '1' }, { message: 'wip [skip ci]' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'action_required')
    assert.deepEqual(world.machine.started, [])
  })
})

describe('Several runs', () => {
  it('a forced push ends the run of the commit that is no longer the head', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    world.machine.behaviours.set('train', ({ order }) => (order.displayId === 'reach-1' ? 'hang' : {}))
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain() })
    await world.until('it runs', () => world.machine.running().includes('train'))
    const newer = await world.pushToPullRequest(number, { [reach]: `${chain()}\n` }, { from: 'main' })
    const old = await world.check(sha, 'osmo / reach')
    assert.deepEqual([old.conclusion, old.title], ['cancelled', 'Cancelled by osmo-runner: superseded by reach-2'])
    assert.equal((await world.check(newer, 'osmo / reach')).conclusion, 'success')
  })

  it('of a named group run one after the other, in order', async () => {
    world = await aWorld()
    const open = new Set<string>()
    world.machine.behaviours.set('train', ({ order }) => (open.has(order.displayId) ? {} : 'hang'))
    const shas = [await world.push('main', { [reach]: chain('on: push\nconcurrency: {group: robot}\n') })]
    for (const path of ['a.txt', 'b.txt']) shas.push(await world.push('main', { [path]: '1' }))
    await world.until('the last says why it waits', () =>
      /Waits for its turn in concurrency group robot/.test(world.checks(shas[2]!).get('osmo / reach')?.title ?? ''),
    )
    assert.deepEqual(world.machine.started, ['reach-1/train#0'])
    for (const [index, sha] of shas.entries()) {
      open.add(`reach-${index + 1}`)
      assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    }
    assert.deepEqual(
      world.machine.started.map((one) => one.split('/')[0]),
      ['reach-1', 'reach-1', 'reach-2', 'reach-2', 'reach-3', 'reach-3'],
    )
  })

  it("of a group without a ref: a pull request waits for main's run, and ends only its own", async () => {
    world = await aWorld()
    let held = true
    world.machine.behaviours.set('train', () => (held ? 'hang' : {}))
    const main = await world.push('main', { [reach]: chain('on: [push, pull_request]\nconcurrency: {group: robot}\n') })
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
    const newer = await world.pushToPullRequest(number, { 'b.txt': '1' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'cancelled')
    held = false
    for (const each of [main, newer]) assert.equal((await world.check(each, 'osmo / reach')).conclusion, 'success')
  })

  it('of one place: who waits for a base arm gives it to whom he waits for, and takes it back', async () => {
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 80))
    let held = true
    world.machine.behaviours.set('train', ({ order }) => (held && order.displayId === 'reach-1' ? 'hang' : {}))
    const main = await world.push('main', { [reach]: `concurrency: {group: robot, cancel-in-progress: false}\n${compared()}` })
    const { sha } = await world.openPullRequest('better', { 'a.txt': '1' })
    await world.pass(3)
    held = false
    assert.equal((await world.check(main, 'osmo / reach')).conclusion, 'success')
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
  })

  it('of a head that was pushed away and comes back: it runs anew, once however often it is heard of', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    let held = true
    world.machine.behaviours.set('train', () => (held ? 'hang' : {}))
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain() })
    await world.until('it runs', () => world.machine.running().includes('train'))
    const other = await world.pushToPullRequest(number, { 'a.txt': '1' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'cancelled')
    await world.forcePush(number, sha)
    assert.deepEqual((await world.check(other, 'osmo / reach')).title, 'Cancelled by osmo-runner: superseded by reach-3')
    await world.announce(number, 'synchronize')
    await world.announce(number, 'edited')
    held = false
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    await world.announce(number, 'synchronize')
    await world.settle()
    const rows = await world.store.views.list({ pullRequest: number }, 10)
    assert.deepEqual(
      rows.map(({ displayId, status }) => [displayId, status]),
      [
        ['reach-3', 'COMPLETED'],
        ['reach-2', 'FAILED_CANCELED'],
        ['reach-1', 'FAILED_CANCELED'],
      ],
    )
    assert.equal((await world.store.views.workflow(rows[0]!.id))?.plan.runAttempt, 2)
  })

  it('stay cancelled when a person cancelled them', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    world.machine.behaviours.set('train', () => 'hang')
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain() })
    await world.until('it runs', () => world.machine.running().includes('train'))
    await world.comment(number, '/osmo cancel')
    await world.check(sha, 'osmo / reach')
    await world.pushToPullRequest(number, { [reach]: '', 'a.txt': '1' })
    await world.forcePush(number, sha)
    await world.settle()
    assert.equal((await world.store.views.list({ pullRequest: number }, 10)).length, 1)
  })

  it('begin again when their pull request is opened again', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    let held = true
    world.machine.behaviours.set('train', () => (held ? 'hang' : {}))
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain() })
    await world.until('it runs', () => world.machine.running().includes('train'))
    await world.close(number)
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'cancelled')
    held = false
    await world.reopen(number)
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
  })

  it('end when their pull request is closed', async () => {
    world = await aWorld()
    await world.push('main', { 'README.md': 'x' })
    world.machine.behaviours.set('train', () => 'hang')
    const { sha, number } = await world.openPullRequest('next', { [reach]: chain() })
    await world.until('it runs', () => world.machine.running().includes('train'))
    await world.close(number)
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'cancelled')
  })
})

describe('With every wake-up lost', () => {
  it('a push and a comparison end as they would have', async () => {
    world = await aWorld('lost')
    world.machine.behaviours.set('evaluate', scores(50, 20))
    const main = await world.push('main', { [reach]: compared() })
    const { sha, number } = await world.openPullRequest('worse', { 'a.txt': '1' })
    assert.equal((await world.check(main, 'osmo / reach')).conclusion, 'success')
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'failure')
    await world.comment(number, '/osmo rerun')
    await world.until('the answer', () => world.github.answers.length === 1)
    assert.deepEqual(world.machine.arms('reach-2', 'evaluate'), { base: 8, head: 8 })
  })
})
