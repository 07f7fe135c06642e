import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { createDeadline } from '../../src/task/deadline.ts'

describe('deadline', () => {
  it('ends its signal with the reason it was given', (context) => {
    const clock = aClock(context)
    const { signal } = createDeadline(10, () => new Error('late'))
    clock.pass(9.9)
    assert.equal(signal.aborted, false)
    clock.pass(0.2)
    assert.equal((signal.reason as Error).message, 'late')
  })

  it('stands still while paused, however often that is said', (context) => {
    const clock = aClock(context)
    const deadline = createDeadline(10, () => new Error('late'))
    clock.pass(4)
    deadline.pause()
    deadline.pause()
    clock.pass(1000)
    deadline.resume()
    deadline.resume()
    clock.pass(5.9)
    assert.equal(deadline.signal.aborted, false)
    clock.pass(0.2)
    assert.equal(deadline.signal.aborted, true)
  })

  it('waits longer than a timer can', (context) => {
    const clock = aClock(context)
    const { signal } = createDeadline(60 * 86_400, () => new Error('late'))
    for (let day = 0; day < 59; day++) clock.pass(86_400)
    assert.equal(signal.aborted, false)
    for (let day = 0; day < 2; day++) clock.pass(86_400)
    assert.equal(signal.aborted, true)
  })

  it('never comes once it is cleared', (context) => {
    const clock = aClock(context)
    const deadline = createDeadline(1, () => new Error('late'))
    deadline.clear()
    clock.pass(10)
    assert.equal(deadline.signal.aborted, false)
  })
})

/** `performance.now` is no part of node's mocked timers. */
function aClock(context: { after(fn: () => void): void }) {
  let now = 0
  const perf = mock.method(performance, 'now', () => now)
  mock.timers.enable({ apis: ['setTimeout'] })
  context.after(() => {
    perf.mock.restore()
    mock.timers.reset()
  })
  return {
    pass(seconds: number) {
      now += seconds * 1000
      mock.timers.tick(seconds * 1000)
    },
  }
}
