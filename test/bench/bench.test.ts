import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { quantile } from './figures.ts'

const run = promisify(execFile)

it('every benchmark prints its figures beside their floors, and nothing is lost', async () => {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'run.ts'), '--smoke'], { timeout: 240_000 })
  const rows = stdout.split('\n').filter((line) => line.startsWith('| ') && /\d×/.test(line))
  // Specs are compared with Python where there is one.
  const names = rows.map((row) => row.split('|')[1]?.trim()).filter((name) => !name?.startsWith('specs'))
  assert.deepEqual(names, [
    'push to first task started, p50',
    'push to first task started, p99',
    'one hop of a chain of 2 tasks',
    'workflow state changes',
    'delivery accepted at 50/s, p50',
    'delivery accepted at 50/s, p99',
  ])
  for (const row of rows) {
    const [ours, raw] = row.split('|').slice(2, 4).map(Number.parseFloat)
    assert.ok((ours ?? 0) > 0 && (raw ?? 0) > 0, row)
  }
  assert.match(stdout, /deliveries: 50 sent in 1 s, 50 answered 202, 50 rows, 50 processed/)
  assert.match(stdout, /^lost: 0$/m)
})

it('a wrong name is refused with the names there are', async () => {
  await assert.rejects(
    run(process.execPath, [join(import.meta.dirname, 'run.ts'), 'speed']),
    /push, hop, changes, deliveries, specs; got speed/,
  )
})

const quantiles: readonly (readonly [title: string, values: readonly number[], share: number, expected: number])[] = [
  ['of one value is that value', [7], 0.99, 7],
  ['50 % of an even number of values is the lower middle', [4, 1, 3, 2], 0.5, 2],
  ['99 % of a hundred values is the second largest', Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
  ['99 % of few values is the largest', [3, 1, 2], 0.99, 3],
]
for (const [title, values, share, expected] of quantiles) it(`a quantile ${title}`, () => assert.equal(quantile(values, share), expected))
