import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFolds } from '../../src/engine/folds.ts'
import type { WorkflowId } from '../../src/workflow/names.ts'

const id = 'w' as WorkflowId
const silent = { debug() {}, info() {}, warn() {}, error() {} }

describe('Folding what was woken', () => {
  for (let steps = 0; steps < 12; steps++)
    it(`folds again when the wake-up comes ${steps} steps after a fold has ended`, async () => {
      let posted = 0
      let folded = 0
      let ended = () => {}
      const end = new Promise<void>((resolve) => {
        ended = resolve
      })
      const folds = createFolds(async () => {
        folded = posted
        ended()
      }, silent)
      folds.soon(id)
      await end
      for (let step = 0; step < steps; step++) await undefined
      posted = 1
      folds.soon(id)
      await folds.settled()
      assert.equal(folded, 1)
    })

  it('folds one workflow once at a time, and once more for any number of wake-ups', async () => {
    let active = 0
    let count = 0
    const gate = Promise.withResolvers<void>()
    const folds = createFolds(async () => {
      active += 1
      count += 1
      assert.equal(active, 1)
      await gate.promise
      active -= 1
    }, silent)
    folds.soon(id)
    await new Promise((resolve) => setImmediate(resolve))
    for (let wakeup = 0; wakeup < 5; wakeup++) folds.soon(id)
    gate.resolve()
    await folds.settled()
    assert.equal(count, 2)
  })

  it('logs a fold that fails, and folds at the next wake-up', async () => {
    const said: object[] = []
    let count = 0
    const folds = createFolds(
      async () => {
        count += 1
        if (count === 1) throw new Error('PostgreSQL is away')
      },
      { ...silent, error: (fields) => void said.push(fields) },
    )
    folds.soon(id)
    await folds.settled()
    folds.soon(id)
    await folds.settled()
    assert.deepEqual([count, said.length], [2, 1])
  })
})
