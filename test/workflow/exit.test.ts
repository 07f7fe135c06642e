import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { backoffSeconds, decide } from '../../src/workflow/exit.ts'
import type { Exit, Retries, TaskPolicy } from '../../src/workflow/state.ts'
import { anExit, aPolicy, noActions, only } from './builders.ts'

type Line = readonly [title: string, exit: Exit, policy: Partial<TaskPolicy>, retries: Partial<Retries>, expected: string]
const reschedule = { exitActions: { ...noActions, reschedule: only(75) }, maxRetries: 1 }

const table: readonly Line[] = [
  ['0 completes', anExit(0), {}, {}, 'COMPLETED'],
  ['1 fails', anExit(1), {}, {}, 'FAILED'],
  ['a code declared COMPLETE completes', anExit(3), { exitActions: { ...noActions, complete: only(3) } }, {}, 'COMPLETED'],
  ['0 declared FAIL fails', anExit(0), { exitActions: { ...noActions, fail: only(0) } }, {}, 'FAILED'],
  ['a code declared RESCHEDULE retries', anExit(75), reschedule, {}, 'retry user'],
  ['without retries left it fails', anExit(75), reschedule, { user: 1 }, 'FAILED'],
  ['infrastructure retries do not count as its own', anExit(75), reschedule, { infrastructure: 3 }, 'retry user'],
  [
    'the task has its say before the pool',
    anExit(75),
    { ...reschedule, poolExitActions: { ...noActions, fail: only(75) } },
    {},
    'retry user',
  ],
  [
    'the pool decides where the task does not',
    anExit(9),
    { ...reschedule, poolExitActions: { ...noActions, complete: only(9) } },
    {},
    'COMPLETED',
  ],
  [
    'COMPLETE wins over RESCHEDULE of one code',
    anExit(75),
    { exitActions: { complete: only(75), fail: [], reschedule: only(75) }, maxRetries: 1 },
    {},
    'COMPLETED',
  ],
  ['a range holds both of its ends', anExit(20), { exitActions: { ...noActions, complete: [{ from: 10, to: 20 }] } }, {}, 'COMPLETED'],
  ['and nothing beyond', anExit(21), { exitActions: { ...noActions, complete: [{ from: 10, to: 20 }] } }, {}, 'FAILED'],
  ['a lost pod retries', anExit(3001, { reason: 'backend-error' }), {}, {}, 'retry infrastructure'],
  ['three times by default', anExit(3001, { reason: 'backend-error' }), {}, { infrastructure: 3 }, 'FAILED_BACKEND_ERROR'],
  ['a preempted one retries', anExit(3001, { reason: 'preempted' }), {}, {}, 'retry infrastructure'],
  ['a download that failed retries', anExit(2010, { reason: 'download-failed' }), {}, {}, 'retry infrastructure'],
  ['an input that nobody has does not retry', anExit(2010, { reason: 'input-missing' }), {}, {}, 'FAILED'],
  ['an upload that failed retries', anExit(2011, { reason: 'upload-failed' }), {}, {}, 'retry infrastructure'],
  ['an interrupted service retries', anExit(130, { reason: 'interrupted' }), {}, {}, 'retry infrastructure'],
  ['a deletion that nobody here asked for retries', anExit(143, { reason: 'canceled' }), {}, {}, 'retry infrastructure'],
  ['a time limit does not retry', anExit(3001, { reason: 'exec-timeout' }), {}, {}, 'FAILED_EXEC_TIMEOUT'],
  ['memory that ran out does not retry', anExit(137, { reason: 'out-of-memory' }), {}, {}, 'FAILED_EVICTED'],
  ['an order that was wrong does not retry', anExit(3003, { reason: 'start-error' }), {}, {}, 'FAILED_START_ERROR'],
  ['an image that cannot be pulled does not retry', anExit(3004, { reason: 'image-pull' }), {}, {}, 'FAILED_IMAGE_PULL'],
  [
    'a time limit declared RESCHEDULE retries',
    anExit(3001, { reason: 'exec-timeout' }),
    { exitActions: { ...noActions, reschedule: only(3001) }, maxRetries: 1 },
    {},
    'retry user',
  ],
]

describe('The end of an attempt', () => {
  for (const [title, exit, policy, retries, expected] of table)
    it(`${title}: ${expected}`, () => {
      const decision = decide(exit, { retries: { user: 0, infrastructure: 0, ...retries } }, aPolicy(policy))
      assert.equal(decision.kind === 'retry' ? `retry ${decision.blame}` : decision.status, expected)
    })

  it('names the limit that kept it from another try', () => {
    const decision = decide(anExit(75, { message: 'flaky' }), { retries: { user: 1, infrastructure: 0 } }, aPolicy(reschedule))
    assert.equal(decision.message, 'No exit action applied due to retry limit 1. flaky')
  })

  it('is followed by longer and longer pauses, a minute at most', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 9].map((failures) => backoffSeconds({ reason: 'preempted' }, failures)),
      [5, 10, 20, 40, 60, 60],
    )
    assert.equal(backoffSeconds({ reason: 'interrupted' }, 9), 0)
  })
})
