import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { aWorld, type World } from '../harness/world.ts'
import { chain, reach, spec, task } from './specs.ts'

let world: World
afterEach(() => world.end())

const onBench = `on: {pull_request: {}}
workflow:
  name: reach
  resources: {default: {platform: bench, cpu: 1}}
  tasks:
${task('train')}`

describe('A pull request that is closed', () => {
  it('frees the bench of a run of an older head, which went on when the head moved', async () => {
    world = await aWorld()
    world.machine.behaviours.set('train', () => 'hang')
    await world.push('main', { 'README.md': 'x' })
    const { number } = await world.openPullRequest('next', { [reach]: onBench })
    await world.until('it runs', () => world.machine.running().includes('train'))
    await world.pushToPullRequest(number, { 'a.txt': '2' })
    await world.pass(3)
    assert.deepEqual(world.machine.running(), ['train'])
    await world.close(number)
    await world.until('nothing runs', () => world.machine.running().length === 0)
    assert.deepEqual(
      (await world.store.views.list({}, 10)).map(({ status }) => status),
      ['FAILED_CANCELED', 'FAILED_CANCELED'],
    )
  })
})

describe('"Re-run" on the check of a required spec that did not run', () => {
  const files = { [reach]: chain('on: {pull_request: {}}\n') }

  /** The file of the required spec has errors at the head commit. */
  async function notRun() {
    world = await aWorld()
    await world.push('main', { ...files, '.osmo/config.yaml': 'required: [reach]\n' })
    const { sha, number } = await world.openPullRequest('next', { 'a.txt': '1', [reach]: spec([task('train')], 'on: [') })
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'action_required')
    return { sha, number, check }
  }

  it('plans the commit again: what can run now, runs', async () => {
    const { sha, check } = await notRun()
    const { specFiles } = world.github.reader
    world.github.reader.specFiles = async (...given) =>
      (await specFiles(...given)).map((file) => (file.path === reach ? { ...file, text: files[reach] } : file))
    await world.rerequest(check.id, 'sam')
    await world.pass(3)
    assert.deepEqual(world.machine.started, [])
    await world.rerequest(check.id)
    await world.until('it is green', async () => (await world.check(sha, 'osmo / reach')).conclusion === 'success')
  })

  it('of another app, or with an id that names no such spec, does nothing', async () => {
    const { check } = await notRun()
    for (const claim of [{ externalId: 'not-run/other' }, { appId: 999 }, { externalId: '' }])
      await world.deliver({
        kind: 'check-rerequested',
        repository: { id: 7, installationId: 70, fullName: 'acme/robot' },
        checkRunId: check.id,
        externalId: check.externalId,
        appId: 1,
        headSha: check.sha,
        sender: { id: 4, login: 'mara', type: 'User' },
        ...claim,
      })
    await world.pass(3)
    assert.equal((await world.database.pool.query('select from submission')).rows.length, 2)
  })
})

it('The sweep forgets deliveries that were acted on a month ago', async () => {
  world = await aWorld()
  await world.push('main', { 'README.md': 'x' })
  const count = async () => (await world.database.pool.query('select from delivery')).rows.length
  await world.service.sweepNow('store-only')
  assert.equal(await count(), 1)
  await world.database.pool.query('update delivery set received_at = received_at - 31 * 86400000::bigint')
  await world.service.sweepNow('store-only')
  assert.equal(await count(), 0)
})
