import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createBenchmarkThread } from '../../src/installation/benchmark-parser.ts'

const options = { path: 'e.csv', format: 'csv' }
/** Eight megabytes of numbers, a million rows. */
const large = `latency_ms\n${'1.25\n'.repeat(1_600_000)}`

it('gives what the parser gives', async (test) => {
  const thread = createBenchmarkThread()
  test.after(() => thread.close())
  const parsed = await thread.parse('latency_ms\n1\n2\n', options)
  assert.equal(parsed.kind === 'measured' && parsed.measurements[0]?.metric, 'latency_ms')
})

it('leaves the event loop free while it reads', async (test) => {
  const thread = createBenchmarkThread({ deadlineMs: 60_000, memoryMebibytes: 1024 })
  test.after(() => thread.close())
  let turns = 0
  const ticking = setInterval(() => {
    turns += 1
  }, 1)
  await thread.parse(large, options)
  clearInterval(ticking)
  assert.ok(turns > 5, `${turns} turns`)
})

it('a file that takes too long is unmeasured', async (test) => {
  const thread = createBenchmarkThread({ deadlineMs: 100, memoryMebibytes: 1024 })
  test.after(() => thread.close())
  const parsed = await thread.parse(large, options)
  assert.match(parsed.kind === 'unmeasured' ? parsed.reason : '', /took longer than/)
})

it('a file that takes too much memory is unmeasured, and the next one is read', async (test) => {
  const thread = createBenchmarkThread({ deadlineMs: 60_000, memoryMebibytes: 64 })
  test.after(() => thread.close())
  const parsed = await thread.parse(large, options)
  assert.match(parsed.kind === 'unmeasured' ? parsed.reason : '', /could not be read/)
  assert.equal((await thread.parse('latency_ms\n1\n', options)).kind, 'measured')
})
