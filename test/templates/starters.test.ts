import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listTemplates } from '../../src/cli/new.ts'
import type { PlanRow } from '../../src/cli/plan-table.ts'
import { directoryWith, osmo } from '../cli/command.ts'

describe('every starter', () => {
  for (const { name, description } of listTemplates()) {
    it(`${name} is written, valid, planned, and exported`, async (test) => {
      const directory = directoryWith(test, {})
      assert.equal((await osmo(directory, 'new', name)).code, 0)
      const validated = await osmo(directory, 'validate', '--format=json')
      assert.deepEqual(JSON.parse(validated.out), [])
      for (const event of ['push', 'pull_request']) {
        const planned = await osmo(directory, 'plan', '--event', event, '--format=json')
        const rows: readonly PlanRow[] = JSON.parse(planned.out)
        assert.ok(rows.length > 0 && rows.every(({ outcome }) => outcome === 'run' || outcome === 'skip'), planned.out)
        for (const { file } of rows) assert.equal((await osmo(directory, 'export', file)).code, 0)
      }
    })

    it(`${name} says what it is for`, () => assert.match(description, /^[A-Z].{20,}/))
  }
})

it('never writes over a file', async (test) => {
  const directory = directoryWith(test, { '.osmo/hello.yaml': 'mine' })
  const { code, error } = await osmo(directory, 'new')
  assert.equal(code, 1)
  assert.match(error, /\.osmo\/hello\.yaml/)
})

it('suggests a name', async (test) => {
  const { code, error } = await osmo(directoryWith(test, {}), 'new', 'robot-arn')
  assert.equal(code, 2)
  assert.match(error, /Did you mean "robot-arm"\?/)
})

it('lists what there is', async (test) => {
  const { out } = await osmo(directoryWith(test, {}), 'new', '--list')
  assert.match(out, /^hello +The smallest workflow/m)
})
