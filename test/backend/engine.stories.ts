import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { EngineName } from '../../src/engine/container-engine.ts'
import { findEngine, orderedImage, type TestEngine } from '../harness/engines.ts'
import { describeBackend } from './backend.contract.ts'
import { describeLocalStories } from './local.stories.ts'
import { aLocalWorld, eventually, type LocalWorld } from './local-world.ts'

const never = new AbortController().signal

/** `contract`: what every backend owes, and what only containers can show. `stories`: what every local backend owes. */
export async function describeEngine(name: EngineName, part: 'contract' | 'stories'): Promise<void> {
  const search = await findEngine(name)
  if (search.kind === 'missing') {
    if (name === 'podman' && process.env.CI === 'true') throw new Error(search.reason)
    describe(`${name}: ${part}`, { skip: search.reason }, () => it('runs', () => undefined))
    return
  }
  const { engine } = search
  after(() => engine.close())
  if (part === 'stories') return describeLocalStories(name, false, engine.environment)
  describeBackend(name, false, () => aLocalWorld(name, { engineEnvironment: engine.environment }))
  describeContainers(name, engine)
}

function describeContainers(name: EngineName, engine: TestEngine): void {
  describe(`Containers: ${name}`, () => {
    let world: LocalWorld
    before(async () => {
      world = await aLocalWorld(name, { engineEnvironment: engine.environment })
      await engine.importImage('docker.io/acme/arm:1', { 'etc/version': 'arm one\n' })
    })
    after(() => world.close())

    it('says that images are honoured, and honours them', async () => {
      assert.match(world.backend.description, new RegExp(`in ${name} containers; .image. is honoured`))
      const { log } = await world.run({ image: 'acme/arm:1', shell: 'cat /etc/version' })
      assert.match(log, /of the image acme\/arm:1/)
      assert.match(log, /\narm one\n/)
    })

    it('fails with 302 and the words of the engine when an image cannot be had', async () => {
      const { exit } = await world.run({ image: '127.0.0.1:1/acme/none:1', deadlines: { ...deadlines, startSeconds: 60 } })
      assert.deepEqual([exit.reason, exit.exitCode], ['image-pull', 302])
      assert.match(exit.message, new RegExp(`^${name} could not pull the image 127.0.0.1:1/acme/none:1: .*127.0.0.1:1`))
    })

    const codes = [
      ['exit 125', 125],
      ['exit 126', 126],
      ['exit 127', 127],
      ['exit 255', 255],
    ] as const
    for (const [shell, code] of codes) {
      it(`takes ${code} of a command for the command’s own`, async () => {
        const { exit } = await world.run({ shell })
        assert.deepEqual([exit.reason, exit.exitCode], ['completed', code])
      })
    }

    it('names the image when the command is not in it', async () => {
      const { exit } = await world.run({ command: ['no-such-program'] })
      assert.deepEqual([exit.reason, exit.exitCode], ['completed', 127])
      assert.match(exit.message, /could not be found or run in the image ubuntu:24.04/)
    })

    it('says what the engine said when it cannot make the container', async () => {
      const file = { path: '/proc/1/nothing', head: '', base: undefined }
      const { exit } = await world.run({ files: [file] })
      assert.deepEqual([exit.reason, exit.exitCode], ['backend-error', 3001])
      assert.match(exit.message, new RegExp(`^${name} could not start a container of the image ubuntu:24.04: .*`))
    })

    it('runs as the attempt’s user without any rights', async () => {
      const { log } = await world.run({
        shell: 'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs):" /proc/self/status; touch /tmp/mine && echo temporary',
      })
      assert.match(log, process.getuid?.() === 0 ? /^[2-5]\d{5}$/m : /^\d+$/m)
      assert.match(log, /CapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\n/)
      assert.match(log, /^temporary$/m)
    })

    it('puts the files of the spec beside those of the image', async () => {
      const text = (contents: string) => Buffer.from(contents).toString('base64')
      const { log } = await world.run({
        image: 'acme/arm:1',
        files: [
          { path: '/etc/spec', head: text('in {{output}}\n'), base: undefined },
          { path: '/workspace/deep/run.sh', head: text('echo ran'), base: undefined },
        ],
        shell: 'cat /etc/version /etc/spec; sh /workspace/deep/run.sh',
      })
      assert.match(log, /arm one\nin \/osmo\/data\/output\nran\n/)
    })

    it('ends a task that writes more than it may into its own layer of the image', async () => {
      const { exit } = await world.run({
        shell: 'for i in $(seq 90); do head -c 1000000 /dev/zero > /var/tmp/$i; done; sleep 50',
        limits: { cpu: 1, memoryBytes: undefined, processes: 64, outputBytes: 1_000_000 },
      })
      assert.deepEqual([exit.reason, exit.exitCode], ['out-of-memory', 3004])
      assert.match(exit.message, /wrote \d+ bytes to the disk; an attempt may write/)
    })

    it('leaves no container behind, whoever is killed', async () => {
      await world.run({ shell: 'exit 3' })
      assert.deepEqual(await engine.containers(), [])
      const order = world.order({ shell: 'echo up; sleep 60' })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      process.kill((await world.lockOf(order.pod)).pid, 'SIGKILL')
      await world.phase(order.pod, ({ kind }) => kind === 'lost')
      await eventually('the removal', async () => ((await engine.containers()).length === 0 ? true : undefined))
    })

    it('removes at its start the containers that nobody watches, and only its own', async () => {
      const create = async (container: string, directory: string) =>
        engine.call(
          'create',
          '--name',
          container,
          '--label',
          `osmo-runner.directory=${directory}`,
          '--ulimit',
          'nofile=64:64',
          orderedImage,
          'true',
        )
      await create('osmo-0123456789abcdef-0123456789abcdef-0', `${world.root}/attempts`)
      await create('somebody-elses', '/another/backend')
      const order = world.order({ shell: 'echo up; sleep 60' })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      await world.reopen()
      assert.deepEqual((await engine.containers()).toSorted(), [`osmo-${order.pod}`, 'somebody-elses'].toSorted())
      await engine.call('rm', 'somebody-elses')
      await world.backend.delete(order.pod, 0, never)
      await world.finish(order)
    })
  })
}

const deadlines = { startSeconds: 30, execSeconds: 60, perRunSeconds: 60, uploadSeconds: 30, graceSeconds: 2 }
