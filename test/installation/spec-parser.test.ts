import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createParserThread } from '../../src/installation/spec-parser.ts'

const hello = 'workflow:\n  name: hello\n  tasks:\n    - name: greet\n      image: busybox:1\n      command: [echo]\n'

it('gives what the parser gives', async (test) => {
  const thread = createParserThread()
  test.after(() => thread.close())
  const result = await thread.parse(hello, { file: '.osmo/hello.yaml' })
  assert.equal(result.kind === 'valid' && result.spec.groups[0]?.tasks[0]?.name, 'greet')
})

it('answers each of many asked at once', async (test) => {
  const thread = createParserThread()
  test.after(() => thread.close())
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => thread.parse(hello.replace('greet', `greet${index}`), { file: 'hello.yaml' })),
  )
  assert.deepEqual(
    results.map((result) => result.kind === 'valid' && result.spec.groups[0]?.tasks[0]?.name),
    Array.from({ length: 20 }, (_, index) => `greet${index}`),
  )
})

it('gives up on a spec that takes too long, and reads the next one', async (test) => {
  const thread = createParserThread({ deadlineMs: 1, memoryMebibytes: 256 })
  test.after(() => thread.close())
  const slow = `default-values:\n  n: 90000\n\n${hello.replace('[echo]', '[echo, "{% for i in range(n) %}{{ i }}{% endfor %}"]')}`
  const result = await thread.parse(slow, { file: 'slow.yaml' })
  assert.equal(result.kind === 'invalid' && result.diagnostics[0]?.code, 'limit/reading')
})
