import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runOrder } from '../../src/benchmark/compare.ts'

describe('the order of runs', () => {
  it('has warm-ups first, then every pair once per arm', () => {
    const order = runOrder(10, 2, 7)
    assert.deepEqual(
      order.map(({ phase }) => phase),
      [...Array(4).fill('warmup'), ...Array(20).fill('measured')],
    )
    const measured = order.filter(({ phase }) => phase === 'measured')
    for (let pair = 0; pair < 10; pair++)
      assert.deepEqual(
        measured
          .slice(2 * pair, 2 * pair + 2)
          .map((run) => `${run.pair} ${run.arm}`)
          .sort(),
        [`${pair} base`, `${pair} head`],
      )
  })
  it('is the same for the same seed, for ever', () => {
    assert.equal(
      runOrder(12, 0, 7)
        .filter((_, index) => index % 2 === 0)
        .map(({ arm }) => arm[0])
        .join(''),
      'bbhhhbbbhhbb',
    )
  })
  it('differs between seeds, also above 32 bits', () => {
    const orders = new Set([0, 1, 2, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER].map((seed) => JSON.stringify(runOrder(40, 0, seed))))
    assert.equal(orders.size, 6)
  })
  it('lets each arm go first about as often', () => {
    const firsts = runOrder(2000, 0, 1).filter(({ arm }, index) => index % 2 === 0 && arm === 'base').length
    assert.ok(Math.abs(firsts - 1000) < 100, `${firsts} of 2000`)
  })
})
