import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLanes, laneWidth } from '../../src/engine/lanes.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

describe('A lane', () => {
  it('goes on while one of its effects hangs', async () => {
    const gate = Promise.withResolvers<void>()
    const waiting = Array.from({ length: 3 * laneWidth }, (_, index) => index)
    const done: number[] = []
    const all = Promise.withResolvers<void>()
    const lanes = createLanes(async (_, room) => waiting.splice(0, room).map(perform), silent)
    lanes.kick('reports')
    await all.promise
    assert.equal(done.length, 3 * laneWidth - 1)
    gate.resolve()
    await lanes.settled()

    async function perform(index: number): Promise<void> {
      if (index === 0) return gate.promise
      done.push(index)
      if (done.length === 3 * laneWidth - 1) all.resolve()
    }
  })

  it('takes what a kick tells of while one of its effects hangs', async () => {
    const gate = Promise.withResolvers<void>()
    const second = Promise.withResolvers<void>()
    const waiting = [() => gate.promise]
    const lanes = createLanes(async (_, room) => waiting.splice(0, room).map((act) => act()), silent)
    lanes.kick('reports')
    await new Promise((resolve) => setImmediate(resolve))
    waiting.push(async () => second.resolve())
    lanes.kick('reports')
    await second.promise
    gate.resolve()
    await lanes.settled()
  })

  it('never has more under way than its width', async () => {
    let [active, most, left] = [0, 0, 4 * laneWidth]
    const lanes = createLanes(async (_, room) => Array.from({ length: Math.min(room, left) }, perform), silent)
    lanes.kick('work')
    await lanes.settled()
    assert.deepEqual([left, most], [0, laneWidth])

    async function perform(): Promise<void> {
      left -= 1
      active += 1
      most = Math.max(most, active)
      await new Promise((resolve) => setImmediate(resolve))
      active -= 1
    }
  })

  for (let steps = 0; steps < 12; steps++)
    it(`looks again when the kick comes ${steps} steps after its last look`, async () => {
      let [left, looked] = [0, () => {}]
      const look = new Promise<void>((resolve) => {
        looked = resolve
      })
      const lanes = createLanes(async () => {
        looked()
        return left-- > 0 ? [Promise.resolve()] : []
      }, silent)
      lanes.kick('work')
      await look
      for (let step = 0; step < steps; step++) await undefined
      left = 1
      lanes.kick('work')
      await lanes.settled()
      assert.ok(left < 1)
    })

  it('starts again at the next kick when it could not look', async () => {
    let looks = 0
    const lanes = createLanes(async () => {
      looks += 1
      if (looks === 1) throw new Error('PostgreSQL is away')
      return []
    }, silent)
    lanes.kick('work')
    await lanes.settled()
    lanes.kick('work')
    await lanes.settled()
    assert.equal(looks, 2)
  })
})
