import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryBarrier } from '../../src/data/barrier.ts'
import type { AttemptGrant } from '../../src/engine/ports.ts'
import { WorkflowId } from '../../src/workflow/names.ts'

describe('barrier', () => {
  const members = ['a', 'b', 'c']
  const grant = { reference: { workflow: WorkflowId('00000000-0000-0000-0000-000000000001'), task: 'a', attempt: 0 } } as AttemptGrant
  const aBarrier = () => {
    let now = 0
    const barrier = createMemoryBarrier(() => now)
    return {
      say: (member: string, state: 'waiting' | 'passed', group = 'g') => barrier(grant, { group, member, members, state }),
      pass: (seconds: number) => {
        now += seconds * 1000
      },
    }
  }

  it('opens when everybody is there, and not before', () => {
    const { say } = aBarrier()
    assert.deepEqual([say('a', 'waiting'), say('b', 'waiting'), say('a', 'waiting')], ['waiting', 'waiting', 'waiting'])
    assert.deepEqual([say('c', 'waiting'), say('a', 'waiting'), say('b', 'waiting')], ['open', 'open', 'open'])
  })

  it('counts nobody who fell silent', () => {
    const { say, pass } = aBarrier()
    say('a', 'waiting')
    say('b', 'waiting')
    pass(16)
    assert.equal(say('c', 'waiting'), 'waiting')
  })

  it('lets a late member through after a restart, once it hears of one that has passed', () => {
    const { say } = aBarrier()
    assert.equal(say('c', 'waiting'), 'waiting')
    say('a', 'passed')
    assert.equal(say('c', 'waiting'), 'open')
  })

  it('keeps groups apart', () => {
    const { say } = aBarrier()
    for (const member of members) say(member, 'waiting', 'other')
    assert.equal(say('a', 'waiting'), 'waiting')
  })
})
