import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { upstreamOnly } from '../../src/workflow/upstream.ts'
import { specOf } from './specs.ts'

const task = (name: string, inputs: readonly string[] = []) =>
  `{name: ${name}, lead: true, image: i, command: [x], inputs: [${inputs.map((input) => `{task: ${input}}`).join(', ')}]}`
const spec = specOf(`benchmarks:
  - {name: b, task: train, path: b.json, metrics: {score: {direction: higher}}}

workflow:
  name: nav
  groups:
    - {name: record-all, tasks: [${task('record')}]}
    - {name: label-all, tasks: [${task('label', ['record'])}]}
    - {name: train-all, tasks: [${task('train', ['label'])}, {name: watch, image: i, command: [x]}]}
    - {name: other-all, tasks: [${task('other', ['record'])}]}
    - {name: evaluate-all, tasks: [${task('evaluate', ['train', 'other'])}]}
`)

describe('the upstream of some tasks', () => {
  const table: readonly (readonly [tasks: readonly string[], groups: readonly string[]])[] = [
    [['record'], ['record']],
    [['train'], ['record', 'label', 'train']],
    [['watch'], ['record', 'label', 'train']],
    [
      ['other', 'label'],
      ['record', 'label', 'other'],
    ],
    [[], []],
  ]
  for (const [tasks, groups] of table)
    it(`of ${tasks.join(', ') || 'none'} is ${groups.join(', ') || 'nothing'}, and nothing of it is measured`, () => {
      const upstream = upstreamOnly(spec, tasks)
      assert.ok(upstream.kind === 'limited')
      assert.deepEqual(
        upstream.spec.groups.map(({ name }) => name),
        groups.map((name) => `${name}-all`),
      )
      assert.deepEqual(upstream.spec.benchmarks, [])
    })

  it('names a task that the spec does not have', () => {
    assert.deepEqual(upstreamOnly(spec, ['train', 'gone']), { kind: 'unknown-task', task: 'gone' })
  })
})
