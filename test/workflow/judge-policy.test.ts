import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Benchmark, MetricPolicy } from '../../src/spec/types.ts'
import { strictest } from '../../src/workflow/judge-policy.ts'
import { specOf } from './specs.ts'

/** What a pull request writes in `metrics` of `reach`, and what then applies; base's is the first column. */
const table: readonly (readonly [
  title: string,
  base: string,
  head: string,
  applies: { readonly [Key in keyof MetricPolicy]?: MetricPolicy[Key] | undefined },
])[] = [
  [
    'drops a gate',
    '{gate: true, max-regression: 3%}',
    '{direction: higher}',
    { gate: true, maxRegression: { kind: 'relative', fraction: 0.03 } },
  ],
  [
    'raises a budget',
    '{gate: true, max-regression: 3%}',
    '{gate: true, max-regression: 30%}',
    { maxRegression: { kind: 'relative', fraction: 0.03 } },
  ],
  [
    'tightens a budget',
    '{gate: true, max-regression: 3%}',
    '{gate: true, max-regression: 1%}',
    { maxRegression: { kind: 'relative', fraction: 0.01 } },
  ],
  [
    'raises a budget in points',
    '{gate: true, max-regression: 2pt}',
    '{gate: true, max-regression: 9pt}',
    { maxRegression: { kind: 'points', points: 0.02 } },
  ],
  [
    'writes a budget of another kind',
    '{gate: true, max-regression: 2pt}',
    '{gate: true, max-regression: 1%}',
    { maxRegression: { kind: 'points', points: 0.02 } },
  ],
  [
    'raises an absolute budget',
    '{gate: true, max-regression: 2 ms}',
    '{gate: true, max-regression: 9 ms}',
    { maxRegression: { kind: 'absolute', amount: 2, unit: 'ms' } },
  ],
  ['lowers a minimum', '{gate: true, min: 0.8}', '{gate: true, min: 0.2}', { min: 0.8 }],
  ['raises a minimum', '{gate: true, min: 0.8}', '{gate: true, min: 0.9}', { min: 0.9 }],
  ['raises a maximum', '{gate: true, max: 50}', '{gate: true, max: 500}', { max: 50 }],
  ['adds a limit', '{gate: true, max: 50}', '{gate: true, min: 1, max: 50}', { min: 1, max: 50 }],
  [
    'turns a direction round',
    '{gate: true, max-regression: 3%, direction: lower}',
    '{gate: true, max-regression: 3%, direction: higher}',
    { direction: 'lower' },
  ],
  [
    'gives a gate the direction that its format had given',
    '{gate: true, max-regression: 3%}',
    '{gate: true, max-regression: 3%, direction: higher}',
    { direction: undefined },
  ],
  ['makes a metric no longer required', '{gate: true, max: 50, required: true}', '{gate: true, max: 50}', { required: true }],
  ['makes a gate of what informed', '{direction: lower}', '{gate: true, max: 50, direction: lower}', { gate: true, max: 50 }],
  ['says nothing of it', '{gate: true, max: 50}', '', { gate: true, max: 50 }],
]

describe('A pull request cannot soften its own judge', () => {
  for (const [title, base, head, applies] of table)
    it(`when it ${title}`, () => {
      const [entry] = strictest(benchmarks(base), benchmarks(head))
      const policy = entry?.metrics.success
      for (const [key, value] of Object.entries(applies)) assert.deepEqual(policy?.[key as keyof MetricPolicy], value, key)
    })

  it('when it drops the whole entry', () => {
    assert.deepEqual(
      strictest(benchmarks('{gate: true, max: 1}'), []).map(({ name }) => name),
      ['reach'],
    )
  })

  it('when it looks for the numbers elsewhere', () => {
    const [base] = benchmarks('{gate: true, max: 1}')
    const [entry] = strictest([base!], [{ ...base!, path: 'other.json', format: 'csv' }])
    assert.deepEqual([entry?.path, entry?.format], [base!.path, base!.format])
  })

  it('when it calls the entry something else: both apply', () => {
    const [base] = benchmarks('{gate: true, max: 1}')
    assert.deepEqual(
      strictest([base!], [{ ...base!, name: 'easy' }]).map(({ name }) => name),
      ['reach', 'easy'],
    )
  })

  it('when it adds a pattern beside a name, both are kept', () => {
    const [base] = benchmarks('{gate: true, max: 1}')
    const [entry] = strictest([base!], [{ ...base!, metrics: { 'succ*': { gate: false, required: false } } }])
    assert.deepEqual(Object.keys(entry?.metrics ?? {}), ['success', 'succ*'])
    assert.equal(entry?.metrics.success?.gate, true)
  })

  it('when it compares less', () => {
    const compare = { pairs: 10, warmup: 1, seed: 7, base: 'stored' } as const
    const [base] = benchmarks('{gate: true, max: 1}')
    const [fewer] = strictest([{ ...base!, compare }], [{ ...base!, compare: { ...compare, pairs: 1, warmup: 0, seed: 3 } }])
    assert.deepEqual(fewer?.compare, compare)
    const [more] = strictest([{ ...base!, compare }], [{ ...base!, compare: { ...compare, pairs: 20 } }])
    assert.equal(more?.compare?.pairs, 20)
    const [none] = strictest([{ ...base!, compare }], [base!])
    assert.deepEqual(none?.compare, compare)
  })
})

function benchmarks(policy: string): readonly Benchmark[] {
  const metrics = policy === '' ? '' : `    metrics: {success: ${policy}}\n`
  return specOf(
    `benchmarks:\n  - name: reach\n    task: evaluate\n    path: eval.json\n${metrics}\nworkflow:\n  name: reach\n  tasks: [{name: evaluate, image: i, command: [x]}]\n`,
  ).benchmarks
}
