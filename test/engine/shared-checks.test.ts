import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { CommitSha } from '../../src/workflow/names.ts'
import { aWorld, type World } from '../harness/world.ts'
import { chain, reach, spec, task } from './specs.ts'

let world: World
afterEach(() => world.end())

const required = { '.osmo/config.yaml': 'required: [reach]\n' }
const newest = (sha: string, name: string) => {
  const check = world.checks(sha).get(name)
  return { title: check?.title ?? '', summary: check?.summary ?? '', conclusion: conclusionOf(check?.state) }
}
const conclusionOf = (state: { readonly status: string; readonly conclusion?: string } | undefined) => state?.conclusion ?? state?.status

/** Its score must be at least this. */
const limited = (least: number, on = 'on: [push, pull_request]\n') =>
  spec(
    [task('train')],
    `${on}benchmarks:\n  - {task: train, path: e.json, metrics: {score: {gate: true, min: ${least}, direction: higher}}}\n`,
  )
const scoring = (score: number) => () => ({ files: { 'e.json': JSON.stringify({ score }) } })

describe('Pull requests of one head commit share its checks, which show the worst', () => {
  const onlyMain = { ...required, [reach]: chain('on: {pull_request: {branches: [main]}}\n') }

  it('a second one, to a base that does not select the spec, lets nothing pass that the first one must not', async () => {
    world = await aWorld()
    await world.push('main', onlyMain)
    await world.push('release', onlyMain)
    const { sha, number } = await world.openPullRequest('evil', { 'a.txt': '1' }, { as: 'sam', from: 'fork' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'action_required')
    await world.openFor('evil', { as: 'sam', from: 'fork', base: 'release' })
    await world.pass(3)
    assert.equal(newest(sha, 'osmo / reach').conclusion, 'action_required')
    assert.match(newest(sha, 'osmo / config').summary, /1 against main/)
    assert.equal(newest(sha, 'osmo / config').conclusion, 'action_required')
    await world.close(number)
    await world.pass(3)
    assert.equal(newest(sha, 'osmo / reach').conclusion, 'skipped', 'a closed one has no say')
    assert.equal(newest(sha, 'osmo / config').conclusion, 'success')
  })

  it('a run that went well shows that another one misses its required run, until that goes elsewhere', async () => {
    world = await aWorld()
    await world.push('main', { ...required, [reach]: chain('on: {pull_request: {}}\n') })
    await world.push('broken', { '.osmo/config.yaml': 'requird: [reach]\n', [reach]: chain('on: {pull_request: {}}\n') })
    world.github.required.push('osmo / reach')
    const { sha } = await world.openPullRequest('next', { 'a.txt': '1' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    const { number } = await world.openFor('next', { base: 'broken' })
    await world.until('it is seen', () => newest(sha, 'osmo / reach').conclusion === 'action_required')
    assert.match(newest(sha, 'osmo / reach').title, /#2 against broken, which shares this commit and did not run it/)
    await world.retarget(number, 'main')
    await world.until('it is green again', () => newest(sha, 'osmo / reach').conclusion === 'success')
  })
})

describe('A pull request that may not run', () => {
  for (const [what, settings] of [
    ['required', required],
    ['optional', {}],
  ] as const)
    it(`does not keep the green ${what} check of a push that judged itself by softer rules`, async () => {
      world = await aWorld()
      world.machine.behaviours.set('train', scoring(11))
      await world.push('main', { ...settings, [reach]: limited(50) })
      const sha = await world.push('softer', { [reach]: limited(1) })
      assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
      const { number } = await world.openFor('softer', { as: 'sam' })
      await world.until('it is not green', () => newest(sha, 'osmo / reach').conclusion === 'action_required')
      assert.match(newest(sha, 'osmo / reach').title, /#1 against main, which shares this commit and did not run it/)
      assert.equal(newest(sha, 'osmo / config').conclusion, 'action_required')
      await world.close(number)
      await world.until('a closed one has no say', () => newest(sha, 'osmo / reach').conclusion === 'success')
    })

  it('nor that of a push that ends after it was opened', async () => {
    world = await aWorld()
    let held = true
    world.machine.behaviours.set('train', ({ order }) => (held && order.displayId === 'reach-2' ? 'hang' : scoring(11)()))
    await world.push('main', { [reach]: limited(50) })
    const sha = await world.push('softer', { [reach]: limited(1) })
    await world.until('it runs', () => world.machine.running().includes('train'))
    await world.openFor('softer', { as: 'sam' })
    held = false
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'action_required')
  })
})

describe('A push of the head of a pull request to another branch', () => {
  it('does not turn its red check green', async () => {
    world = await aWorld()
    world.machine.behaviours.set('train', scoring(10))
    await world.push('main', { ...required, [reach]: limited(50) })
    const { sha } = await world.openPullRequest('worse', { [reach]: limited(1) })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'failure')
    await world.pushCommit('other', sha)
    await world.until('the push ran', async () => (await world.store.views.list({ sha }, 9)).every(({ status }) => status === 'COMPLETED'))
    await world.pass(3)
    assert.equal((await world.store.views.list({ sha }, 9)).length, 2)
    assert.equal(newest(sha, 'osmo / reach').conclusion, 'failure')
    assert.match(newest(sha, 'osmo / reach').title, /Shown is reach-2 of #1 against main/)
  })

  it('nor before the pull request has ended', async () => {
    world = await aWorld()
    const open = new Set(['reach-1', 'reach-3'])
    world.machine.behaviours.set('train', ({ order }) => (open.has(order.displayId) ? scoring(10)() : 'hang'))
    await world.push('main', { ...required, [reach]: limited(50) })
    const { sha } = await world.openPullRequest('worse', { [reach]: limited(1) })
    await world.until('it runs', () => world.machine.running().includes('train'))
    await world.pushCommit('other', sha)
    await world.until('the push ran', async () => (await world.store.views.list({ sha }, 1))[0]?.status === 'COMPLETED')
    await world.pass(3)
    assert.equal(newest(sha, 'osmo / reach').conclusion, 'in_progress')
    open.add('reach-2')
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'failure')
  })
})

describe('A run with values that a person chose', () => {
  const scened = limited(
    50,
    'on:\n  pull_request: {}\n  workflow_dispatch:\n    inputs: {scene: {type: choice, default: hard, options: [hard, easy]}}\n',
  ).replace('command: [x]', "command: ['{{ scene }}']")
  const text = `${scened}default-values:\n  scene: hard\n`
  const scoresBy = (hard: number, easy: number) =>
    world.machine.behaviours.set('train', ({ order }) => scoring(order.command[0] === 'easy' ? easy : hard)())
  const runEasy = async (number: number, sha: CommitSha) => {
    await world.comment(number, '/osmo run reach scene=easy')
    await world.until(
      'it ran',
      async () => (await world.store.views.list({ sha }, 9)).filter((row) => row.status === 'COMPLETED').length === 2,
    )
    await world.pass(3)
  }

  it('leaves a red check red, and says its values first', async () => {
    world = await aWorld()
    scoresBy(10, 99)
    await world.push('main', { ...required, [reach]: text })
    const { sha, number } = await world.openPullRequest('worse', { 'a.txt': '1' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'failure')
    await runEasy(number, sha)
    const { conclusion, title, summary } = newest(sha, 'osmo / reach')
    assert.equal(conclusion, 'failure')
    assert.match(title, /It went well with `scene`; shown is reach-1/)
    assert.match(summary, /Run by hand with `scene` = `easy`/)
  })

  it('leaves a green check green, and shows its own failure', async () => {
    world = await aWorld()
    scoresBy(99, 99)
    await world.push('main', { ...required, [reach]: text })
    const { sha, number } = await world.openPullRequest('good', { 'a.txt': '1' })
    await world.check(sha, 'osmo / reach')
    await runEasy(number, sha)
    assert.equal(newest(sha, 'osmo / reach').conclusion, 'success')
    scoresBy(99, 1)
    const other = await world.openPullRequest('hmm', { 'b.txt': '1' })
    await world.check(other.sha, 'osmo / reach')
    await runEasy(other.number, other.sha)
    assert.equal(newest(other.sha, 'osmo / reach').conclusion, 'failure')
  })

  for (const [what, settings, conclusion] of [
    ['required', required, 'action_required'],
    ['gated', {}, 'neutral'],
  ] as const)
    it(`is never a success of a ${what} check by itself`, async () => {
      world = await aWorld()
      scoresBy(99, 99)
      await world.push('main', { ...settings, [reach]: text.replace('pull_request: {}', 'pull_request: {paths: [nothing/**]}') })
      const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
      await world.comment(number, '/osmo run reach scene=easy')
      await world.until('it ran', async () => (await world.store.views.list({ sha }, 9))[0]?.status === 'COMPLETED')
      await world.pass(3)
      assert.equal(newest(sha, 'osmo / reach').conclusion, conclusion)
    })

  it('is judged by base as a change is, whatever the values say', async () => {
    world = await aWorld()
    scoresBy(99, 10)
    await world.push('main', { ...required, [reach]: text })
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.check(sha, 'osmo / reach')
    await runEasy(number, sha)
    assert.match(newest(sha, 'osmo / reach').summary, /Task `train` differs from the base branch in `command`/)
  })

  it('that are the usual ones is a run like any other', async () => {
    world = await aWorld()
    scoresBy(99, 1)
    await world.push('main', { ...required, [reach]: text })
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.check(sha, 'osmo / reach')
    await world.comment(number, '/osmo run reach scene=hard')
    await world.until(
      'it ran',
      async () => (await world.store.views.list({ sha }, 9)).filter((row) => row.status === 'COMPLETED').length === 2,
    )
    await world.pass(3)
    assert.deepEqual([newest(sha, 'osmo / reach').conclusion, /by hand/.test(newest(sha, 'osmo / reach').summary)], ['success', false])
  })
})
