import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inferDirection, inferUnit } from '../../../src/benchmark/formats/direction.ts'

/** name, unit as the format gives it, inferred direction, inferred unit. */
const table = [
  ['latency_ms', '', 'lower', 'ms'],
  ['latency.p99', '', 'lower', ''],
  ['planTime', '', 'lower', ''],
  ['items_per_second', '', 'higher', '/s'],
  ['fps', '', 'higher', 'fps'],
  ['nav/success_rate', '', 'higher', ''],
  ['error_rate', '', 'lower', ''],
  ['collisions', '', 'lower', ''],
  ['peak', 'MB', 'lower', ''],
  ['speed', 'fps', 'higher', ''],
  ['gpu_mem_gb', '', 'lower', 'GB'],
  ['n_episodes', '', 'none', ''],
  ['seed', '', 'none', ''],
  ['errors_per_second', '', 'unknown', '/s'],
  ['time_to_success', '', 'unknown', ''],
  ['BM_Time/contacts', '', 'unknown', ''],
  ['grip', '', 'unknown', ''],
  ['rate', '', 'unknown', ''],
] as const

describe('which way is better', () => {
  for (const [name, unit, direction, ownUnit] of table)
    it(`${name}${unit && ` in ${unit}`}: ${direction}${ownUnit && `, ${ownUnit}`}`, () => {
      assert.deepEqual([inferDirection(name, unit || inferUnit(name)), inferUnit(name)], [direction, ownUnit])
    })
})
