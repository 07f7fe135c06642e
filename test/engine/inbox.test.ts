import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBurstGauge } from '../../src/engine/burst-gauge.ts'
import { createInbox } from '../../src/engine/inbox.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const calm = { isHigh: () => false }

describe('The inbox', () => {
  it('takes all that waits after one kick, several at once, and then stops', async () => {
    const world = aWorld(20)
    world.inbox.kick()
    await world.inbox.settled()
    assert.deepEqual([world.left(), world.atOnce()], [0, 4])
  })

  it('takes one at a time while many webhooks come in', async () => {
    const world = aWorld(3, { isHigh: () => true })
    world.inbox.kick()
    world.inbox.kick()
    await world.inbox.settled()
    assert.deepEqual([world.left(), world.atOnce()], [0, 1])
  })

  it('goes on with one when a burst begins while four work', async () => {
    let isHigh = false
    const world = aWorld(9, { isHigh: () => isHigh })
    world.inbox.kick()
    while (world.atOnce() < 4) await new Promise(setImmediate)
    isHigh = true
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    world.forgetAtOnce()
    await world.inbox.settled()
    assert.deepEqual([world.left(), world.atOnce()], [0, 1])
  })

  it('looks again when a kick comes during its last look', async () => {
    const world = aWorld(0)
    world.inbox.kick()
    world.add(1)
    world.inbox.kick()
    await world.inbox.settled()
    assert.equal(world.left(), 0)
  })

  for (let steps = 0; steps < 12; steps++)
    it(`looks again, in a burst too, when a kick comes ${steps} steps after its last look`, async () => {
      const world = aWorld(0, { isHigh: () => true })
      world.inbox.kick()
      for (let step = 0; step < steps; step++) await undefined
      world.add(1)
      world.inbox.kick()
      await world.inbox.settled()
      assert.equal(world.left(), 0)
    })

  it('goes on at the next kick after PostgreSQL failed', async () => {
    const world = aWorld(2)
    world.failOnce()
    world.inbox.kick()
    await world.inbox.settled()
    assert.equal(world.left(), 2)
    world.inbox.kick()
    await world.inbox.settled()
    assert.equal(world.left(), 0)
  })

  it('takes nothing once it is closed', async () => {
    const world = aWorld(2)
    await world.inbox.close()
    world.inbox.kick()
    await world.inbox.settled()
    assert.equal(world.left(), 2)
  })
})

const gauge: readonly (readonly [title: string, notedAt: readonly number[], askedAt: number, expected: boolean])[] = [
  ['nothing came', [], 0, false],
  ['nine came at once', Array(9).fill(0), 1, false],
  ['ten came within 200 ms', Array.from({ length: 10 }, (_, index) => 20 * index), 200, true],
  ['ten came within two seconds', Array.from({ length: 10 }, (_, index) => 200 * index), 2000, false],
  ['ten came 390 ms ago', Array(10).fill(0), 390, true],
  ['ten came 400 ms ago', Array(10).fill(0), 400, false],
]
describe('A burst of webhooks', () => {
  for (const [title, notedAt, askedAt, expected] of gauge)
    it(`is ${expected ? 'seen' : 'not seen'} when ${title}`, () => {
      let now = 0
      const tested = createBurstGauge(() => now)
      for (const at of notedAt) {
        now = at
        tested.note()
      }
      now = askedAt
      assert.equal(tested.isHigh(), expected)
    })
})

function aWorld(count: number, webhooks: { isHigh(): boolean } = calm) {
  let [left, active, most, fails] = [count, 0, 0, false]
  const inbox = createInbox({ processNext, webhooks, log: silent })
  return { inbox, left: () => left, atOnce: () => most, forgetAtOnce, add, failOnce }

  function add(more: number): void {
    left += more
  }

  function forgetAtOnce(): void {
    most = 0
  }

  function failOnce(): void {
    fails = true
  }

  async function processNext() {
    if (fails) {
      fails = false
      throw new Error('PostgreSQL is away')
    }
    if (left === 0) return 'none' as const
    left -= 1
    active += 1
    most = Math.max(most, active)
    await new Promise((resolve) => setImmediate(resolve))
    active -= 1
    return 'processed' as const
  }
}
