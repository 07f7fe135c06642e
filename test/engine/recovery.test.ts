import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { ForgeError, type OutboxEffect } from '../../src/engine/ports.ts'
import { aWorld, robot, type World } from '../harness/world.ts'
import { chain, compared, reach, scores } from './specs.ts'

let world: World
afterEach(() => world.end())

const travel = (seconds: number) => world.database.pool.query('update time_travel set ms = ms + $1::bigint', [1000 * seconds])
const stateOf = (sha: string) => world.checks(sha).get('osmo / reach')?.state.status

/** A push whose check GitHub refuses to conclude. */
async function hanging(): Promise<string> {
  world = await aWorld()
  const { forge } = world.github
  const { writeCheck } = forge
  forge.writeCheck = async (check, signal) => {
    if (check.name === 'osmo / reach' && check.state.status === 'completed') throw new ForgeError('403 Resource not accessible', 'give-up')
    return writeCheck(check, signal)
  }
  const sha = await world.push('main', { [reach]: chain() })
  await world.until('the workflow ends', async () => (await world.store.views.list({}, 1))[0]?.finishedAt !== undefined)
  await world.pass(15)
  forge.writeCheck = writeCheck
  assert.notEqual(stateOf(sha), 'completed')
  return sha
}

describe('A check whose end GitHub refused', () => {
  it('is asked for again by the sweep, at most once an hour', async () => {
    const sha = await hanging()
    await travel(180)
    await world.settle()
    assert.equal(stateOf(sha), 'completed')
    await travel(7200)
    assert.equal(await world.store.reports.requeueOverdue(10), 0)
  })

  it('is asked for once an hour only, while GitHub goes on refusing', async () => {
    await hanging()
    await travel(180)
    assert.equal(await world.store.reports.requeueOverdue(10), 1)
    assert.equal(await world.store.reports.requeueOverdue(10), 0)
    await travel(3601)
    assert.equal(await world.store.reports.requeueOverdue(10), 1)
  })

  it('is left as it is after three days', async () => {
    await hanging()
    await travel(4 * 24 * 3600)
    assert.equal(await world.store.reports.requeueOverdue(10), 0)
  })

  it('is written at once when the installation may be written to again', async () => {
    const sha = await hanging()
    await world.store.reports.requeueOfInstallation(robot.installationId + 1)
    await world.settle()
    assert.notEqual(stateOf(sha), 'completed')
    await world.store.reports.requeueOfInstallation(robot.installationId)
    await world.settle()
    assert.equal(stateOf(sha), 'completed')
  })
})

it('checks of a submission that GitHub refused are asked for again', async () => {
  world = await aWorld()
  const { forge } = world.github
  const { writeCheck } = forge
  forge.writeCheck = () => Promise.reject(new ForgeError('403 Resource not accessible', 'give-up'))
  const sha = await world.push('main', { '.osmo/bad.yaml': 'workflow:\n  name: bad\n  tasks: []\n' })
  await world.settle()
  forge.writeCheck = writeCheck
  await travel(180)
  await world.settle()
  assert.equal(world.checks(sha).get('osmo / config')?.state.status, 'completed')
})

it('a report waits out an outage of GitHub of any length', async () => {
  world = await aWorld()
  const { forge } = world.github
  const { writeCheck } = forge
  forge.writeCheck = () => Promise.reject(new ForgeError('503', 'retry'))
  const sha = await world.push('main', { [reach]: chain() })
  for (let tries = 0; tries < 20; tries++) {
    await travel(301)
    await world.settle()
  }
  forge.writeCheck = writeCheck
  await travel(301)
  assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
})

it('a parked delivery is told as an error, once', async () => {
  world = await aWorld()
  await world.database.pool.query(
    "insert into delivery (guid, event, body, state, failures, message) values ('g', 'push', '', 'failed', 8, 'no')",
  )
  await world.settle()
  assert.deepEqual(await world.store.deliveries.takeParked(10), [])
  assert.equal(await world.store.deliveries.parked(), 1)
})

describe('An effect that fails for a day', () => {
  it('and should read benchmark files ends in unmeasured', async () => {
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 50))
    await world.push('main', { [reach]: compared() })
    const { list } = world.machine.objects
    world.machine.objects.list = () => Promise.reject(new Error('the disk is broken'))
    const { sha } = await world.openPullRequest('next', { 'a.txt': '1' })
    await world.until('the files are looked for', () => waits('collect-benchmarks'))
    await age(25)
    const check = await world.check(sha, 'osmo / reach', 600)
    world.machine.objects.list = list
    assert.notEqual(check.conclusion, 'success')
    assert.match(check.summary, /the disk is broken/)
  })

  it('and should find a base arm lets the comparison go on without it', async () => {
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 50))
    await world.push('main', { 'README.md': 'x' })
    world.github.mirror.ancestors = () => Promise.reject(new TypeError('nobody had expected this'))
    const { sha } = await world.openPullRequest('next', { [reach]: compared() })
    await world.until('the base arm is looked for', () => waits('settle-base-inputs'))
    await age(25)
    const check = await world.check(sha, 'osmo / reach', 600)
    assert.notEqual(check.conclusion, 'success')
    assert.match(check.summary, /nobody had expected this/)
  })
})

/** Of what waits in the outbox; no other clock moves. */
const age = (hours: number) =>
  world.database.pool.query('update outbox set created_at = created_at - $1::bigint, due_at = 0', [hours * 3600_000])

async function waits(kind: OutboxEffect['kind'] | string): Promise<boolean> {
  const { rows } = await world.database.pool.query('select 1 from outbox where kind = $1 and failures > 0', [kind])
  return rows.length > 0
}
