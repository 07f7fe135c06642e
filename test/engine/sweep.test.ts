import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Backend, Sighting } from '../../src/engine/ports.ts'
import { createSweep, type SweepDeps } from '../../src/engine/sweep.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const reference = { workflow: 'w', task: 't', attempt: 0 }

it('a backend that is not ours is not swept: what another process started is not lost', async () => {
  const world = aWorld(() => false)
  await world.sweep()
  assert.deepEqual([world.listed(), world.recorded], [0, []])
})

it('one that is lost while it is listed is left alone', async () => {
  const world = aWorld((listed) => listed === 0)
  await world.sweep()
  assert.deepEqual([world.listed(), world.recorded], [1, []])
})

it('one that is ours is: what it does not know any more is lost', async () => {
  const world = aWorld(() => true)
  await world.sweep()
  assert.deepEqual(
    world.recorded.map(({ phase }) => phase.kind),
    ['lost'],
  )
})

/** One pod runs as far as the store knows; the backend lists none. */
function aWorld(isHeld: (listed: number) => boolean) {
  let listed = 0
  const recorded: Sighting[] = []
  const backend = {
    name: 'lab',
    list: async () => {
      listed += 1
      return []
    },
  } as unknown as Backend
  const workflows = {
    expectedPods: async () => [{ pod: 'p', reference, status: 'RUNNING', since: 0, standing: 'wanted' }],
    recordSightings: async (sightings: readonly Sighting[]) => {
      recorded.push(...sightings)
      return []
    },
  } as unknown as SweepDeps['workflows']
  const sweep = createSweep({
    workflows,
    backends: new Map([['lab', backend]]),
    holds: () => isHeld(listed),
    clock: Date.now,
    log: silent,
    wakeWorkflow: () => undefined,
  } as unknown as SweepDeps)
  return { sweep: () => sweep.sweepBackends(AbortSignal.timeout(10_000)), listed: () => listed, recorded }
}
