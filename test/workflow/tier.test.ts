import assert from 'node:assert/strict'
import { it } from 'node:test'
import { place } from '../../src/spec/pool/placement.ts'
import { tierIsAtMost, tierOf } from '../../src/workflow/tier.ts'
import { platforms, specOf } from './specs.ts'

it('a workflow has the highest tier of what its tasks use', () => {
  const both = specOf(
    'workflow:\n  name: r\n  resources:\n    default: {platform: sim}\n    bench: {platform: bench}\n  tasks:\n    - {name: a, image: i, command: [x]}\n    - {name: b, image: i, command: [x], resource: bench}\n',
  )
  const result = place(both, 'acme/arm', 'trusted', [], platforms)
  assert.equal(result.kind === 'placed' && tierOf(result.placement), 'hardware')
})

it('a tier includes those below it', () => {
  assert.deepEqual([tierIsAtMost('none', 'sim'), tierIsAtMost('sim', 'sim'), tierIsAtMost('gpu', 'sim')], [true, true, false])
})
