import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveTaskTokens, resolveTokens, tokensIn } from '../../src/spec/tokens.ts'
import { diagnose, oneTask, read } from './marked.ts'

const values = {
  output: '/osmo/data/output',
  'input:0': '/osmo/data/input/0',
  'input:train': '/osmo/data/input/0',
  'host:master': '127.0.0.2',
  workflow_id: 'nav-3',
}

const examples: readonly (readonly [string, string])[] = [
  ['{{output}}/a', '/osmo/data/output/a'],
  ['{{ output }}', '/osmo/data/output'],
  ['{{  input:0 }}:{{input:train}}', '/osmo/data/input/0:/osmo/data/input/0'],
  ['http://{{host:master}}:80/{{workflow_id}}', 'http://127.0.0.2:80/nav-3'],
  ['{{host:other}} {{input:1}} {{uuid}}', '{{host:other}} {{input:1}} {{uuid}}'],
  ['{{{output}}}', '{/osmo/data/output}'],
  ['#{{output}} {output} {{ out put }}', '#/osmo/data/output {output} {{ out put }}'],
  ['{{toString}}{{constructor}}', '{{toString}}{{constructor}}'],
]

describe('tokens', () => {
  for (const [text, expected] of examples) it(`${text} becomes ${expected}`, () => assert.equal(resolveTokens(text, values), expected))

  it('a value is no pattern for the replacement', () => assert.equal(resolveTokens('{{output}}', { output: '$& $1' }), '$& $1'))

  it('are found with their keys', () => assert.deepEqual(tokensIn('{{output}} {{ host:a }}'), ['output', 'host:a']))

  it('are replaced in every string of a task except its name', () => {
    const entries =
      'args: ["{{output}}"], environment: {A: "{{workflow_id}}"}, files: [{path: "{{output}}/k", contents: "{{input:0}}"}], inputs: [{url: "s3://b/{{workflow_id}}"}], outputs: [{url: "s3://b/{{workflow_id}}/"}]'
    const task = resolveTaskTokens(read(oneTask(entries)).groups[0]?.tasks[0] ?? assert.fail(), values)
    assert.deepEqual(
      [task.args, task.environment, task.files, task.inputs, task.outputs],
      [
        ['/osmo/data/output'],
        { A: 'nav-3' },
        [{ kind: 'inline', path: '/osmo/data/output/k', contents: '/osmo/data/input/0', encoding: 'text' }],
        [{ kind: 'url', url: 's3://b/nav-3' }],
        [{ url: 's3://b/nav-3/' }],
      ],
    )
  })
})

describe('tokens that will stay', () => {
  const group = (args: string) =>
    `workflow:\n  name: nav\n  groups:\n  - name: g\n    tasks:\n    - {name: a, lead: true, image: i, command: [c], args: ["${args}"]}\n    - {name: b, image: i, command: [c]}\n`
  const staying: readonly (readonly [string, number])[] = [
    [group('{{host:b}} {{output}} {{workflow_id}}'), 0],
    [group('{{host:c}}'), 1],
    [group('{{uuid}}'), 1],
    [oneTask('args: ["{{host:eval}}"]'), 1],
    [oneTask('inputs: [{url: s3://b}], args: ["{{input:0}} {{input:1}} {{input:01}}"]'), 2],
    [oneTask('inputs: [{task: "w-1:train"}], args: ["{{input:train}} {{input:trian}}"]'), 1],
  ]
  for (const [text, count] of staying) {
    it(`${count} in ${text.slice(18)}`, () => {
      const found = diagnose(text)
      assert.deepEqual(
        found.map(({ code, severity }) => `${severity} ${code}`),
        Array(count).fill('warning semantic/unresolved-token'),
      )
    })
  }
})
