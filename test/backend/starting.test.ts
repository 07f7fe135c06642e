import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLocalBackend } from '../../src/backend/local/local-backend.ts'
import { createStarting, type NextStep } from '../../src/backend/local/starting.ts'
import type { PodOrder } from '../../src/engine/ports.ts'
import type { PodName } from '../../src/workflow/names.ts'

const pod = '0123456789abcdef-0123456789abcdef-0' as PodName
const never = new AbortController().signal

describe('A supervisor that does not begin', () => {
  it('is started again after 5, 10, 20, 40 and 60 seconds, then given up', () => {
    const starting = createStarting(5000)
    const steps: (readonly [second: number, step: NextStep])[] = []
    for (let second = 0; second <= 300; second++) {
      const step = starting.next(pod, 0, 1000 * second)
      if (step !== 'wait') steps.push([second, step])
      if (step === 'give-up') break
    }
    assert.deepEqual(steps, [
      [5, 'start'],
      [15, 'start'],
      [35, 'start'],
      [75, 'start'],
      [135, 'start'],
      [195, 'give-up'],
    ])
  })

  it('ends its attempt as a fault of the machine, with its last words', async (test) => {
    const directory = mkdtempSync(join(tmpdir(), 'osmo-starting-'))
    test.after(() => rm(directory, { recursive: true, force: true }))
    const supervisorPath = join(directory, 'supervisor.mjs')
    await writeFile(supervisorPath, "console.error('the order has no runs'); process.exit(1)\n")
    const backend = await createLocalBackend({
      name: 'local',
      directory: join(directory, 'attempts'),
      runtime: 'process',
      engineEnvironment: {},
      toolchains: {},
      nodePath: process.execPath,
      supervisorPath,
      service: { kind: 'socket', path: join(directory, 'sock') },
      capacityCpu: undefined,
      log: () => undefined,
      startAgainMs: 50,
    })
    const reference = { workflow: '00000000-0000-4000-8000-000000000000', task: 't', attempt: 0 }
    const order = { pod, reference, origin: 'trusted', command: ['true'], environment: {} } as unknown as PodOrder
    assert.deepEqual(await backend.create(order, never), { kind: 'created' })
    const phase = async () => (await backend.list(never))[0]?.phase
    const deadline = Date.now() + 60_000
    while ((await phase())?.kind === 'created' && Date.now() < deadline) await sleep(20)
    const ended = await phase()
    assert.ok(ended?.kind === 'exited')
    assert.deepEqual([ended.exit.reason, ended.exit.exitCode], ['backend-error', 3001])
    assert.match(ended.exit.message, /did not begin, 6 times in a row: the order has no runs/)
    // The last one may still be on its way to its own end.
    const starts = async () => (await readFile(join(directory, 'attempts', pod, 'supervisor.log'), 'utf8')).trim().split('\n').length
    while ((await starts()) < 6 && Date.now() < deadline) await sleep(20)
    await phase()
    assert.equal(await starts(), 6)
  })
})
