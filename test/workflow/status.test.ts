import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FinishedStatus, TaskState } from '../../src/workflow/state.ts'
import { groupCondition, groupOutcome, isWorkflowFinished, workflowStatus } from '../../src/workflow/status.ts'
import { verdict } from '../../src/workflow/verdict.ts'
import { aGroup, aTask, waiting } from './builders.ts'

type Words = TaskState['status']
const ended = (status: FinishedStatus): TaskState => ({
  status,
  attempt: 0,
  retries: { user: 0, infrastructure: 0 },
  exitCode: status === 'COMPLETED' ? 0 : 1,
  message: '',
  startedAt: 1,
  finishedAt: 2,
  outputs: 'none',
  pod: 'exited',
})
const live = { attempt: 0, retries: { user: 0, infrastructure: 0 }, queuedAt: 1 }
const state = (status: Words): TaskState => {
  if (status === 'WAITING') return waiting
  if (status === 'PROCESSING') return { ...live, status, notBefore: 1 }
  if (status === 'SCHEDULING' || status === 'INITIALIZING') return { ...live, status, createdAt: 1 }
  if (status === 'RUNNING') return { ...live, status, createdAt: 1, startedAt: 1 }
  return ended(status)
}
const group = (ignoreNonleadStatus: boolean, [lead, ...others]: readonly Words[]) =>
  aGroup(
    [
      aTask('lead', { state: state(lead ?? 'WAITING') }),
      ...others.map((status, index) => aTask(`t${index}`, { lead: false, state: state(status) })),
    ],
    [],
    {
      ignoreNonleadStatus,
    },
  )

describe('A group', () => {
  const conditions: readonly (readonly [readonly Words[], string])[] = [
    [['WAITING'], 'pending'],
    [['PROCESSING', 'PROCESSING'], 'pending'],
    [['INITIALIZING', 'SCHEDULING'], 'pending'],
    [['RUNNING', 'SCHEDULING'], 'running'],
    [['INITIALIZING', 'COMPLETED'], 'running'],
    [['COMPLETED', 'RUNNING'], 'running'],
    [['COMPLETED', 'COMPLETED'], 'COMPLETED'],
  ]
  for (const [states, expected] of conditions)
    it(`of ${states.join(' and ')} is ${expected}`, () => assert.equal(groupCondition(group(true, states)), expected))

  const outcomes: readonly (readonly [readonly FinishedStatus[], string, string])[] = [
    [['COMPLETED', 'FAILED'], 'COMPLETED', 'FAILED'],
    [['FAILED', 'COMPLETED'], 'FAILED', 'FAILED'],
    [['COMPLETED', 'FAILED', 'FAILED_EXEC_TIMEOUT'], 'COMPLETED', 'FAILED_EXEC_TIMEOUT'],
    [['COMPLETED', 'FAILED_CANCELED', 'FAILED_EXEC_TIMEOUT'], 'COMPLETED', 'FAILED_CANCELED'],
    [['FAILED_UPSTREAM', 'FAILED_UPSTREAM'], 'FAILED_UPSTREAM', 'FAILED_UPSTREAM'],
  ]
  for (const [states, leadOnly, all] of outcomes)
    it(`of ${states.join(', ')} ends ${leadOnly} by its lead, ${all} when all count`, () => {
      assert.equal(groupOutcome(group(true, states)), leadOnly)
      assert.equal(groupOutcome(group(false, states)), all)
    })
})

describe('A workflow', () => {
  const table: readonly (readonly [string, number, number, Partial<Record<FinishedStatus, number>>, string])[] = [
    ['of which nothing has begun', 2, 0, {}, 'PENDING'],
    ['of which one group runs', 2, 1, {}, 'RUNNING'],
    ['between two groups', 2, 0, { COMPLETED: 1 }, 'RUNNING'],
    ['of completed groups', 2, 0, { COMPLETED: 2 }, 'COMPLETED'],
    ['with one failure', 2, 0, { COMPLETED: 1, FAILED: 1 }, 'FAILED'],
    ['whose failures share a reason', 3, 0, { COMPLETED: 1, FAILED_EVICTED: 2 }, 'FAILED_EVICTED'],
    ['whose failures have several', 2, 0, { FAILED_EVICTED: 1, FAILED_IMAGE_PULL: 1 }, 'FAILED'],
    ['that failed and took others down', 3, 0, { FAILED_IMAGE_PULL: 1, FAILED_UPSTREAM: 2 }, 'FAILED_IMAGE_PULL'],
    ['that was cancelled after a failure', 2, 0, { FAILED: 1, FAILED_CANCELED: 1 }, 'FAILED_CANCELED'],
    ['with a time-out and a failure', 2, 0, { FAILED: 1, FAILED_EXEC_TIMEOUT: 1 }, 'FAILED_EXEC_TIMEOUT'],
    ['with an error of the server and a time-out', 2, 0, { FAILED_SERVER_ERROR: 1, FAILED_EXEC_TIMEOUT: 1 }, 'FAILED_SERVER_ERROR'],
    ['whose counts went back to zero', 2, 0, { COMPLETED: 2, FAILED: 0 }, 'COMPLETED'],
  ]
  for (const [title, groups, running, finished, expected] of table)
    it(`${title} is ${expected}`, () => {
      assert.equal(workflowStatus({ groups, running, finished }), expected)
      assert.equal(isWorkflowFinished({ groups, running, finished }), !['PENDING', 'RUNNING'].includes(expected))
    })
})

describe('The verdict', () => {
  const table: readonly (readonly [Parameters<typeof verdict>[0], Parameters<typeof verdict>[1], string])[] = [
    ['PENDING', 'none', 'queued'],
    ['RUNNING', 'success', 'running'],
    ['COMPLETED', 'none', 'success'],
    ['COMPLETED', 'awaited', 'running'],
    ['COMPLETED', 'success', 'success'],
    ['COMPLETED', 'failure', 'failure'],
    ['COMPLETED', 'neutral', 'neutral'],
    ['COMPLETED', 'action_required', 'action_required'],
    ['FAILED', 'success', 'failure'],
    ['FAILED_CANCELED', 'success', 'cancelled'],
    ['FAILED_EXEC_TIMEOUT', 'awaited', 'timed_out'],
    ['FAILED_QUEUE_TIMEOUT', 'none', 'timed_out'],
    ['FAILED_START_TIMEOUT', 'none', 'timed_out'],
    ['FAILED_EVICTED', 'success', 'failure'],
    ['FAILED_UPSTREAM', 'success', 'failure'],
  ]
  for (const [status, benchmarks, expected] of table)
    it(`of ${status} with benchmarks ${benchmarks} is ${expected}`, () => {
      const found = verdict(status, benchmarks)
      assert.equal(found.kind === 'concluded' ? found.conclusion : found.kind, expected)
    })
})
