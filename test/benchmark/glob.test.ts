import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matchesGlob } from '../../src/benchmark/glob.ts'

const table = [
  ['fps/*', 'fps/a', true],
  ['fps/*', 'fps/a/b', false],
  ['fps/**', 'fps/a/b', true],
  ['**', 'anything/at/all', true],
  ['*', 'a/b', false],
  ['p?9', 'p99', true],
  ['p?9', 'p/9', false],
  ['BM_*/8/*_time', 'BM_Solve/8/real_time', true],
  ['a.b', 'axb', false],
  ['(a+)+$', '(a+)+$', true],
  ['*a*a*a*b', `${'a'.repeat(150)}`, false],
  ['', '', true],
  ['x', '', false],
] as const

describe('patterns over metric names', () => {
  for (const [pattern, name, expected] of table)
    it(`${pattern} ${expected ? 'matches' : 'does not match'} ${name.slice(0, 30)}`, () =>
      assert.equal(matchesGlob(pattern, name), expected))
})
