import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { PodOrder, Sighting } from '../../src/engine/ports.ts'
import { WorkflowId } from '../../src/workflow/names.ts'
import { type Ask, eventually, type LocalWorld } from './local-world.ts'

const never = new AbortController().signal
const once = (text: string, log: string) => log.split(text).length - 1

/** What every `Backend` owes the engine. */
export function describeBackend(name: string, skip: string | false, openWorld: () => Promise<LocalWorld>): void {
  describe(`Backend contract: ${name}`, { skip }, () => {
    let world: LocalWorld
    before(async () => {
      world = await openWorld()
    })
    after(() => world.close())
    const run = (ask: Ask) => world.run(ask)

    it('runs a command, brings its log and says how it ended', async () => {
      const { exit, log, phase } = await run({ shell: 'echo hello; sleep 0.3; echo there >&2' })
      assert.deepEqual(exit, { reason: 'completed', exitCode: 0, message: 'The command ended with exit code 0', outputs: 'none' })
      assert.match(log, /hello\nthere\n/)
      assert.ok((phase.startedAt ?? Number.POSITIVE_INFINITY) <= phase.exitedAt)
    })

    it('keeps the command’s own exit code, and its outputs also when it failed', async () => {
      const { exit, outputs } = await run({ shell: 'echo partial > {{output}}/result.txt; exit 3' })
      assert.deepEqual([exit.reason, exit.exitCode, exit.outputs], ['completed', 3, 'stored'])
      assert.equal(outputs['result.txt'], 'partial\n')
    })

    it('gives a signal the code 128 + n', async () => {
      const { exit } = await run({ shell: 'kill -9 $$' })
      assert.deepEqual([exit.reason, exit.exitCode], ['completed', 137])
    })

    it('hands the outputs of one task to the next, those that the pattern names', async () => {
      const workflow = WorkflowId(randomUUID())
      const train = await run({
        workflow,
        task: 'train',
        shell: 'cd {{output}}; mkdir m; echo weights > m/policy; chmod 755 m/policy; echo log > train.log',
      })
      const next = await run({
        workflow,
        task: 'evaluate',
        inputs: [{ index: 0, task: 'train', regex: 'm/', stored: 'stored' }],
        grant: { inputs: [train.order.reference] },
        shell: 'cd {{input:train}}; ls; cat {{ input:0 }}/m/policy; test -x m/policy && echo executable',
      })
      assert.match(next.log, /\nm\nweights\nexecutable\n/)
      assert.doesNotMatch(next.log, /train\.log/)
    })

    it('fails with 2010 when an input is not there', async () => {
      const { exit } = await run({ inputs: [{ index: 0, task: 'train', regex: undefined, stored: 'stored' }] })
      assert.deepEqual([exit.reason, exit.exitCode], ['download-failed', 2010])
      assert.match(exit.message, /Input 0 of this attempt has no stored outputs/)
    })

    it('gives the command its files, its variables and nothing of ours', async () => {
      const files = [
        {
          path: '/tmp/deep/run.sh',
          head: Buffer.from('echo arm $OSMO_ARM seed $OSMO_SEED out {{output}}; env').toString('base64'),
          base: undefined,
        },
      ]
      process.env.OSMO_STORY_SECRET = 'of-the-service'
      const { order, log } = await run({
        files,
        command: ['bash', '/tmp/deep/run.sh'],
        environment: { WHERE: '{{output}}', GREETING: 'a b' },
      })
      delete process.env.OSMO_STORY_SECRET
      assert.match(log, /arm head seed 7 out \/.*data\/output\n/)
      assert.match(log, /^WHERE=\/.*data\/output$/m)
      assert.match(log, /^GREETING=a b$/m)
      assert.doesNotMatch(log, /of-the-service|token-/)
      assert.ok(!log.includes(order.token))
    })

    it('keeps the token out of everything that the command can read', async () => {
      const order = world.order({
        shell:
          'cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr "\\0" "\\n"; cat ../../../*.json ../../*.json 2>/dev/null; echo searched',
      })
      await world.backend.create(order, never)
      const { log } = await world.finish(order)
      assert.match(log, /searched/)
      assert.ok(!log.includes(order.token))
    })

    it('creates a pod once, however often it is asked', async () => {
      const order = world.order({ shell: 'echo begun; sleep 0.3' })
      const answers = await Promise.all([1, 2, 3].map(() => world.backend.create(order, never)))
      await world.finish(order)
      answers.push(await world.backend.create(order, never))
      assert.deepEqual(new Set(answers.map(({ kind }) => kind)), new Set(['created']))
      assert.equal(once('begun', world.service.log(order)), 1)
    })

    it('is loud about two orders for one pod', async () => {
      const order = world.order({})
      await world.backend.create(order, never)
      await assert.rejects(world.backend.create({ ...order, image: 'other' }, never), /exists with another order/)
      await world.finish(order)
    })

    it('never creates what was deleted before', async () => {
      const order = world.order({})
      await world.backend.delete(order.pod, 1, never)
      assert.deepEqual((await world.backend.create(order, never)).kind, 'refused')
      assert.ok(!(await world.backend.list(never)).some(({ pod }) => pod === order.pod))
    })

    it('cancels with SIGTERM and leaves time to tidy up', async () => {
      const { exit, log } = await cancelled({ shell: "trap 'echo tidied; exit 0' TERM; echo up; while :; do sleep 0.05; done" }, 20)
      assert.equal(exit.reason, 'canceled')
      assert.match(log, /tidied/)
    })

    it('cancels with SIGKILL what does not listen, and stores nothing', async () => {
      const { exit } = await cancelled({ shell: "trap '' TERM; echo up; echo x > {{output}}/x; while :; do sleep 0.05; done" }, 0.2)
      assert.deepEqual([exit.reason, exit.exitCode, exit.outputs], ['canceled', 137, 'none'])
    })

    it('ends what runs too long, and keeps its outputs', async () => {
      const { exit, outputs } = await run({
        shell: 'echo early > {{output}}/x; while :; do sleep 0.05; done',
        deadlines: { startSeconds: 30, execSeconds: 1, perRunSeconds: 1, uploadSeconds: 30, graceSeconds: 1 },
      })
      assert.deepEqual([exit.reason, exit.exitCode, exit.outputs], ['exec-timeout', 143, 'stored'])
      assert.equal(outputs.x, 'early\n')
    })

    it('tells a watcher how far a pod is', async () => {
      const seen: Sighting['phase']['kind'][] = []
      const watching = new AbortController()
      const order = world.order({ shell: 'while :; do sleep 0.05; done' })
      const watched = world.backend.watch(async (sightings) => {
        for (const { pod, phase } of sightings) if (pod === order.pod) seen.push(phase.kind)
      }, watching.signal)
      await world.backend.create(order, never)
      await eventually('the start', async () => seen.includes('running') || undefined)
      await world.backend.delete(order.pod, 0, never)
      await eventually('the exit', async () => (seen.at(-1) === 'exited' ? true : undefined))
      watching.abort()
      await watched
      assert.deepEqual(
        seen.filter((kind) => kind === 'running' || kind === 'exited'),
        ['running', 'exited'],
      )
    })

    it('forgets what is finished, for good', async () => {
      const { order } = await run({ shell: 'echo begun' })
      await world.backend.forget([order.pod], never)
      assert.ok(!(await world.backend.list(never)).some(({ pod }) => pod === order.pod))
      assert.equal((await world.backend.create(order, never)).kind, 'created')
      assert.ok(!(await world.backend.list(never)).some(({ pod }) => pod === order.pod))
    })

    async function cancelled(ask: Ask, graceSeconds: number) {
      const order: PodOrder = world.order(ask)
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      await world.backend.delete(order.pod, graceSeconds, never)
      return world.finish(order)
    }
  })
}
