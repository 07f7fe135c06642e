import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { OrderedRuns } from '../../src/engine/ports.ts'
import type { RunsIndex } from '../../src/engine/task-protocol.ts'
import { WorkflowId } from '../../src/workflow/names.ts'
import { aGate } from '../harness/gate.ts'
import { describeBackend } from './backend.contract.ts'
import { aLocalWorld, eventually, type LocalWorld, processesOf, type Runtime } from './local-world.ts'

const never = new AbortController().signal

/** The contract, and what only this machine can show; `skip` says what is missing. */
export function describeLocalBackend(runtime: Runtime, skip: string | false): void {
  describeBackend(runtime, skip, () => aLocalWorld(runtime))
  describeLocalStories(runtime, skip, {})
}

export function describeLocalStories(runtime: Runtime, skip: string | false, engineEnvironment: Readonly<Record<string, string>>): void {
  describe(`Local backend: ${runtime}`, { skip }, () => {
    let world: LocalWorld
    before(async () => {
      world = await aLocalWorld(runtime, { toolchains: { '/osmo/node_modules': import.meta.dirname }, engineEnvironment })
    })
    after(() => world.close())

    it('puts the tree, the runner’s node and the toolchains where the command finds them', async () => {
      const { log } = await world.run({
        trees: {
          head: [
            { path: 'sim/arm.mjs', text: 'console.log("simulated by", process.version)' },
            { path: 'link.mjs', link: 'sim/arm.mjs' },
          ],
        },
        shell: 'pwd; node link.mjs; ls /osmo/node_modules; echo changed > sim/arm.mjs && echo writable',
      })
      assert.match(log, /osmo\/repository\n/)
      assert.ok(log.includes(`simulated by ${process.version}`))
      assert.match(log, /local\.stories\.ts/)
      assert.match(log, /writable/)
    })

    it('puts the files of the spec where it says, in the tree and beside it', async () => {
      const file = (path: string, contents: string) => ({ path, head: Buffer.from(contents).toString('base64'), base: undefined })
      const { log } = await world.run({
        trees: { head: [{ path: 'sim/old', text: 'tree' }] },
        files: [
          file('/osmo/repository/sim/new', 'in the tree'),
          file('/osmo/scripts/run.sh', 'echo scripted'),
          file('/osmo/data/output/first', 'an output'),
          file('/workspace/deep/config', 'configured'),
        ],
        shell: 'cat sim/old sim/new; sh /osmo/scripts/run.sh; cat {{output}}/first /workspace/deep/config',
      })
      assert.match(log, /treein the treescripted\nan outputconfigured/)
    })

    const isOneStream = runtime === 'bubblewrap' || runtime === 'process'
    it('keeps the order of both streams', { skip: isOneStream ? false : 'an engine hands them over apart' }, async () => {
      const { log } = await world.run({ shell: 'for i in 1 2 3; do echo out $i; echo error $i >&2; done' })
      assert.match(log, /out 1\nerror 1\nout 2\nerror 2\nout 3\nerror 3\n/)
    })

    it('keeps the beginning and the end of what prints too much, and says what is missing', async () => {
      const { order, log, exit } = await world.run({ shell: 'echo first; yes "0123456789abcdef" | head -c 80000000; echo; echo last' })
      assert.equal(exit.exitCode, 0)
      // Not `match`: its message would be the log.
      for (const part of [/first\n0123/, /\d+ bytes of output are not kept/, /\nlast\n/]) assert.ok(part.test(log), String(part))
      assert.ok(spooledBytes(world.directoryOf(order.pod)) <= 16.1 * 1024 * 1024)
      const sequences = world.service.sequences(order)
      assert.deepEqual(
        [...sequences].sort((a, b) => a - b),
        Array.from(sequences.keys()),
      )
    })

    it('holds a task that forks without end, and ends all of it', async () => {
      const marker = `bomb-${randomUUID()}`
      const { exit } = await world.run({
        command: ['bash', '-c', 'bomb() { bomb | bomb & }; bomb; sleep 1; exit 5', marker],
        limits: { cpu: 1, memoryBytes: undefined, processes: 40, outputBytes: 1000 },
      })
      assert.ok(exit.exitCode !== 0)
      assert.deepEqual(await processesOf(marker), [])
    })

    it('ends what a command leaves behind, and does not wait for its output', async () => {
      const marker = `left-${randomUUID()}`
      const { exit, log } = await world.run({
        command: ['bash', '-c', `setsid bash -c 'sleep 60; sleep 60' ${marker} & sleep 0.2; echo done`],
      })
      assert.equal(exit.exitCode, 0)
      assert.match(log, /done/)
      assert.deepEqual(await processesOf(marker), [])
    })

    it('loses an attempt whose supervisor was killed, and its command with it', async () => {
      const marker = `orphan-${randomUUID()}`
      const order = world.order({ command: ['bash', '-c', 'echo up; sleep 60; echo', marker] })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      process.kill((await world.lockOf(order.pod)).pid, 'SIGKILL')
      await world.phase(order.pod, ({ kind }) => kind === 'lost')
      await eventually('the end of the command', async () => ((await processesOf(marker)).length === 0 ? true : undefined))
      assert.equal((await world.backend.create(order, never)).kind, 'created')
      assert.equal((await world.phase(order.pod, () => true)).kind, 'lost')
    })

    it('says that the machine was restarted under an attempt', async () => {
      const { order } = await world.run({})
      const directory = world.directoryOf(order.pod)
      const lock = JSON.parse(await readFile(join(directory, 'lock.json'), 'utf8'))
      await writeFile(join(directory, 'lock.json'), JSON.stringify({ ...lock, pid: process.pid, bootId: 'an earlier one' }))
      await rm(join(directory, 'exit.json'))
      const phase = await world.phase(order.pod, () => true)
      assert.deepEqual([phase.kind, phase.kind === 'lost' && phase.message], ['lost', 'The machine was restarted while the attempt ran'])
    })

    it('goes on when the session or the service of the machine stops', async () => {
      const gate = await aGate()
      const order = world.order({ shell: `echo up; ${gate.shell}; echo end` })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      for (const signal of ['SIGTERM', 'SIGHUP']) process.kill((await world.lockOf(order.pod)).pid, signal)
      gate.open()
      assert.match((await world.finish(order)).log, /up\nend\n/)
    })

    it('can be cancelled while the service is away', async () => {
      const order = world.order({ shell: 'echo up; sleep 60' })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      await world.service.stop()
      await world.backend.delete(order.pod, 1, never)
      const phase = await world.phase(order.pod, ({ kind }) => kind === 'exited')
      await world.service.start()
      assert.equal(phase.kind === 'exited' && phase.exit.reason, 'canceled')
    })

    it('brings logs and outputs of a run during which the service was away', async () => {
      const gate = await aGate()
      const order = world.order({
        shell: `echo before; ${gate.shell}; while [ ! -e /proc/$PPID/nothing ] && [ $((i=i+1)) -le 20 ]; do echo tick $i; sleep 0.05; done; echo x > {{output}}/x`,
      })
      await world.backend.create(order, never)
      await world.logged(order, 'before')
      await world.service.stop()
      await world.phase(order.pod, ({ kind }) => kind === 'running')
      gate.open()
      await eventually('the end of the command', async () =>
        (await readFile(join(world.directoryOf(order.pod), 'log.0'), 'utf8')).includes('tick 20') ? true : undefined,
      )
      await world.service.start()
      const { log, outputs } = await world.finish(order)
      assert.deepEqual(
        log.match(/tick \d+/g),
        Array.from({ length: 20 }, (_, index) => `tick ${index + 1}`),
      )
      assert.equal(outputs.x, 'x\n')
    })

    it('is adopted by the next service', async () => {
      const gate = await aGate()
      const order = world.order({ shell: `echo up; ${gate.shell}; echo end` })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      await world.backend.end('leave')
      await world.reopen()
      assert.equal((await world.phase(order.pod, () => true)).kind, 'running')
      gate.open()
      assert.match((await world.finish(order)).log, /up\nend\n/)
    })

    it('starts again, once, what was killed before its supervisor had the lock', async () => {
      const { order } = await world.run({ shell: 'echo begun' })
      const directory = world.directoryOf(order.pod)
      // As the directory was before its supervisor began, with the token that only the order has.
      for (const name of ['lock.json', 'exit.json', 'phase.json']) await rm(join(directory, name))
      const stored = JSON.parse(await readFile(join(directory, 'order.json'), 'utf8'))
      await writeFile(join(directory, 'order.json'), JSON.stringify({ ...stored, order: { ...stored.order, token: order.token } }))
      await Promise.all([world.backend.create(order, never), world.backend.create(order, never), world.backend.create(order, never)])
      const { exit } = await world.finish(order)
      assert.equal(exit.exitCode, 0)
      // Both attempts number their chunks from 0, so the second replaced the first.
      assert.equal(world.service.log(order).split('begun').length - 1, 1)
    })

    it('treats code that is not trusted as such', async () => {
      const order = world.order({ origin: 'untrusted', shell: 'ls /sys/class/net 2>/dev/null; cat /proc/net/dev | grep -c :' })
      const created = await world.backend.create(order, never)
      if (runtime === 'process') {
        assert.equal(created.kind, 'refused')
        return
      }
      assert.match((await world.finish(order)).log, /^1$/m)
    })

    it('follows no link in outputs and stores no special file', async () => {
      const { outputs, log } = await world.run({
        shell: 'cd {{output}}; ln -s /etc/passwd stolen; ln -s / all; mkfifo pipe; echo ok > kept',
      })
      assert.deepEqual(Object.keys(outputs), ['.osmo-manifest.json', 'kept'])
      assert.match(log, /"stolen" is a symbolic link/)
      assert.match(log, /"pipe" is a special file/)
    })

    it('refuses more output than an attempt may store', async () => {
      const { exit } = await world.run({
        shell: 'head -c 2000 /dev/zero > {{output}}/big',
        limits: { cpu: 1, memoryBytes: undefined, processes: 64, outputBytes: 1000 },
      })
      assert.deepEqual([exit.reason, exit.exitCode, exit.outputs], ['completed', 2012, 'none'])
      assert.match(exit.message, /2000 bytes; an attempt may store 1000/)
    })

    const nest = 'name=$(printf %0200d 0); for i in $(seq 40); do mkdir $name && cd $name || exit 9; done'
    it('ends as the command ended, whatever it made of its directories, and leaves nothing', async () => {
      const { order, exit } = await world.run({
        shell: `cd {{output}}; mkdir closed; touch closed/file; chmod 0 closed; bash -c '${nest}'; exit 3`,
      })
      assert.deepEqual([exit.reason, exit.exitCode], ['completed', 3])
      const directory = world.directoryOf(order.pod)
      await eventually('a clean directory', async () => (readdirSync(directory).includes('work') ? undefined : true))
      await world.backend.forget([order.pod], never)
    })

    const hasUsers = runtime === 'process' && process.getuid?.() === 0
    it('keeps other users out of its files', { skip: hasUsers ? false : 'only plain processes of a root service need it' }, async () => {
      const order = world.order({ trees: { head: [{ path: 'secret', text: 'x' }] }, shell: 'echo up; sleep 20' })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      const osmo = join(world.directoryOf(order.pod), 'work/osmo')
      const modes = ['..', '.', 'data', 'data/input', 'data/output', 'repository'].map((name) => statSync(join(osmo, name)).mode & 0o777)
      assert.deepEqual(modes, [0o711, 0o711, 0o711, 0o711, 0o700, 0o700])
      await world.backend.delete(order.pod, 0, never)
      await world.finish(order)
    })

    it('is red at once, and says why, for outputs that nobody could store', async () => {
      const { exit } = await world.run({ shell: `cd {{output}}; bash -c '${nest}'` })
      assert.deepEqual([exit.reason, exit.exitCode, exit.outputs], ['completed', 2012, 'none'])
      assert.match(exit.message, /longer than 1024 bytes/)
    })

    it('starts and forgets although what an attempt left is in its way', async () => {
      const drafts = join(world.root, 'attempts/.drafts')
      await mkdir(join(drafts, 'half'), { recursive: true })
      execFileSync('/bin/bash', ['-c', nest], { cwd: join(drafts, 'half') })
      await world.reopen()
      assert.deepEqual(existsSync(drafts), false)
    })

    it('ends a task that writes more than it may, before the disk is full', async () => {
      const { exit } = await world.run({
        shell: 'cd {{output}}; for i in $(seq 90); do head -c 1000000 /dev/zero > $i; done; sleep 50',
        limits: { cpu: 1, memoryBytes: undefined, processes: 64, outputBytes: 1_000_000 },
      })
      assert.deepEqual([exit.reason, exit.exitCode, exit.outputs], ['out-of-memory', 3004, 'none'])
      assert.match(exit.message, /wrote \d+ bytes to the disk; an attempt may write/)
    })

    it('ends what writes one file without end', async () => {
      const { exit } = await world.run({
        shell: 'exec dd if=/dev/zero of={{output}}/endless bs=1M',
        limits: { cpu: 1, memoryBytes: undefined, processes: 64, outputBytes: 1_000_000 },
      })
      assert.deepEqual([exit.reason, exit.exitCode], ['completed', 153])
      assert.match(exit.message, /a file larger than 1000000 bytes/)
    })

    it('hands variables over whole, and out of the list of processes', async () => {
      const secret = `it's "$HOME" \\ \n${randomUUID()}`
      const order = world.order({
        environment: { SECRET: secret, 'odd.name': 'odd', EMPTY: '', OPTIND: 'x' },
        command: [
          'node',
          '-e',
          'console.log(JSON.stringify([process.env.SECRET, process.env["odd.name"], process.env.EMPTY, process.env.OPTIND])); setTimeout(() => {}, 1500)',
        ],
      })
      await world.backend.create(order, never)
      await world.logged(order, '"odd"')
      assert.deepEqual(await processesOf(secret.slice(-36)), [])
      const { log } = await world.finish(order)
      assert.ok(log.includes(JSON.stringify([secret, 'odd', '', 'x'])), log)
    })

    it('says which CPUs and limits hold', async () => {
      const { log } = await world.run({ limits: { cpu: 512, memoryBytes: undefined, processes: 64, outputBytes: 1000 } })
      assert.match(log, /which is all this machine has \(512 were asked for\)/)
    })

    it('tells a task that needs more memory than it has from one that fails', async () => {
      const { exit, log } = await world.run({
        command: ['node', '-e', 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 24, 1))'],
        limits: { cpu: 1, memoryBytes: 200 * 1024 * 1024, processes: 64, outputBytes: 1000 },
      })
      // With the first version of cgroups podman does not say why the kernel ended a process.
      const isTold = log.includes('bytes (cgroup)') && (runtime !== 'podman' || existsSync('/sys/fs/cgroup/cgroup.controllers'))
      const expected = isTold ? ['out-of-memory', 3004] : ['completed', exit.exitCode]
      assert.deepEqual([exit.reason, exit.exitCode], expected)
      assert.notEqual(exit.exitCode, 0)
    })

    it('lets the members of a group wait for each other and find each other', async () => {
      const workflow = WorkflowId(randomUUID())
      const group = { name: 'pair', members: ['server', 'client'], barrier: true }
      const server = world.order({
        workflow,
        task: 'server',
        group,
        command: [
          'node',
          '-e',
          'require("http").createServer((q, r) => r.end("pong")).listen(8124, "{{host:server}}"); setTimeout(() => process.exit(), 8000)',
        ],
      })
      await world.backend.create(server, never)
      await world.logged(server, 'Waiting for the other members')
      assert.equal((await world.phase(server.pod, () => true)).kind, 'initializing')
      const script =
        'const ask = () => fetch("http://{{host:server}}:8124").then(r => r.text()).then(console.log, () => setTimeout(ask, 50)); ask()'
      const client = await world.run({ workflow, task: 'client', group, command: ['node', '-e', script] })
      assert.match(client.log, /pong/)
      await world.backend.delete(server.pod, 0, never)
      await world.finish(server)
    })

    it('says 3003 for what cannot start', async () => {
      const { exit } = await world.run({ files: [{ path: '/tmp/../etc/x', head: '', base: undefined }] })
      assert.deepEqual([exit.reason, exit.exitCode], ['start-error', 3003])
    })

    it('ends everything when the service is told to stop', async () => {
      const order = world.order({ shell: 'echo up; sleep 60' })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      await world.backend.end('interrupt')
      const { exit } = await world.finish(order)
      assert.deepEqual([exit.reason, exit.outputs], ['interrupted', 'none'])
      await world.reopen()
    })

    it('ends those too that have not begun when the service is told to stop, and takes no more', async () => {
      const orders = [1, 2, 3].map(() => world.order({ shell: 'sleep 60' }))
      await Promise.all(orders.map((order) => world.backend.create(order, never)))
      await world.backend.end('interrupt')
      const running = await Promise.all(orders.map(({ pod }) => processesOf(world.directoryOf(pod))))
      assert.deepEqual(running.flat(), [])
      for (const order of orders) {
        const { exit } = await world.finish(order)
        assert.deepEqual([exit.reason, exit.outputs], ['interrupted', 'none'])
      }
      await assert.rejects(world.backend.create(world.order(), never), /is ending/)
      await world.reopen()
    })

    it('ends a command and its supervisor when their directory is gone', async () => {
      const marker = `vanished-${randomUUID()}`
      const order = world.order({ command: ['bash', '-c', 'echo up; sleep 60; echo', marker] })
      await world.backend.create(order, never)
      await world.logged(order, 'up\n')
      await rm(world.directoryOf(order.pod), { recursive: true, force: true })
      await eventually('the end of both', async () => {
        const left = await Promise.all([marker, world.directoryOf(order.pod)].map(processesOf))
        return left.flat().length === 0 ? true : undefined
      })
    })

    describe('compare', () => {
      const order = ['base', 'head', 'head', 'base', 'base', 'head'].map((arm, index) => ({
        arm: arm as 'base' | 'head',
        pair: Math.max(0, Math.floor(index / 2) - 1),
        purpose: index < 2 ? ('warmup' as const) : ('measure' as const),
        seed: 7 + Math.max(0, Math.floor(index / 2) - 1),
      }))
      const arms = (baseFallback?: Extract<OrderedRuns, { kind: 'arms' }>['baseFallback']): OrderedRuns => ({
        kind: 'arms',
        order,
        baseFallback,
      })
      const trees = { head: [{ path: 'code', text: 'head code' }], base: [{ path: 'code', text: 'base code' }] }

      it('runs base and head in turn, each on its own pristine tree at the same path', async () => {
        const { exit, outputs, log } = await world.run({
          runs: arms(),
          trees,
          files: [
            { path: '/tmp/local.txt', head: Buffer.from('of head').toString('base64'), base: Buffer.from('of base').toString('base64') },
          ],
          shell:
            'pwd; cat code; echo "$OSMO_ARM $OSMO_SEED $(cat code) $(cat /tmp/local.txt)" > {{output}}/result; echo spoiled > code; test ! -e $HOME/mark; ls $TMPDIR/mark 2>/dev/null && exit 9; touch $HOME/mark $TMPDIR/mark',
        })
        assert.equal(exit.exitCode, 0, log)
        assert.deepEqual(Object.keys(outputs), [
          '.osmo-manifest.json',
          'result',
          'runs/0-base/result',
          'runs/0-head/result',
          'runs/1-base/result',
          'runs/1-head/result',
          'runs/index.json',
        ])
        assert.equal(outputs['runs/0-base/result'], 'base 7 base code of base\n')
        assert.equal(outputs['runs/1-head/result'], 'head 8 head code of head\n')
        assert.equal(outputs.result, outputs['runs/1-head/result'])
        assert.equal(new Set(log.match(/^\/.*\/repository$/gm)).size, 1)
        const index = JSON.parse(outputs['runs/index.json'] ?? '') as RunsIndex
        assert.deepEqual(
          index.runs.map(({ arm, pair, purpose, outcome }) => [arm, pair, purpose, outcome]),
          order.map(({ arm, pair, purpose }) => [arm, pair, purpose, 'completed']),
        )
        assert.deepEqual(index.base, { kind: 'measured' })
        assert.equal(index.fileSystem, runtime === 'process' ? 'shared' : 'own')
      })

      it('lets nothing that an arm leaves behind touch the other one', async () => {
        const marker = `meddler-${randomUUID()}`
        // A plain process of our own user could do anything that we can.
        const isConfined = runtime !== 'process' || process.getuid?.() === 0
        const pristine = isConfined ? '$(dirname /osmo/repository)/../../pristine/{base,head}/repository/code' : ''
        const meddle = `setsid bash -c 'while :; do for f in /osmo/repository/code ${pristine}; do echo meddled > $f; done; sleep 0.01; done' ${marker} >/dev/null 2>&1 & sleep 0.1`
        const { outputs } = await world.run({ runs: arms(), trees, shell: `cat code > {{output}}/seen; ${meddle}` })
        for (const { arm, pair, purpose } of order) {
          if (purpose === 'measure') assert.equal(outputs[`runs/${pair}-${arm}/seen`], `${arm} code`)
        }
        assert.deepEqual(await processesOf(marker), [])
      })

      it('runs base once more with its own task when it fails under head’s', async () => {
        const command = ['sh', '-c', 'test $OSMO_ARM = head && echo new > {{output}}/by']
        const own = { command: ['sh', '-c', 'echo old > {{output}}/by'], environment: {}, files: [] }
        const { exit, outputs } = await world.run({ runs: arms(own), trees, command })
        assert.equal(exit.exitCode, 0)
        assert.deepEqual([outputs['runs/0-base/by'], outputs['runs/1-base/by'], outputs['runs/0-head/by']], ['old\n', 'old\n', 'new\n'])
        const index = JSON.parse(outputs['runs/index.json'] ?? '') as RunsIndex
        assert.equal(index.base?.kind, 'fallback')
      })

      it('goes on with head alone when base cannot be measured', async () => {
        const { exit, outputs } = await world.run({ runs: arms(), trees, shell: 'test $OSMO_ARM = head && echo ok > {{output}}/by' })
        assert.equal(exit.exitCode, 0)
        const index = JSON.parse(outputs['runs/index.json'] ?? '') as RunsIndex
        assert.equal(index.base?.kind, 'unmeasured')
        assert.deepEqual(
          index.runs.map(({ arm }) => arm),
          ['base', 'head', 'head', 'head'],
        )
        assert.ok(!Object.keys(outputs).some((path) => path.includes('-base/')))
      })

      it('fails with head’s code when head fails', async () => {
        const { exit, outputs } = await world.run({
          runs: arms(),
          trees,
          shell: 'echo tried > {{output}}/x; test $OSMO_ARM$OSMO_SEED != head8 || exit 4',
        })
        assert.deepEqual([exit.reason, exit.exitCode, exit.outputs], ['completed', 4, 'stored'])
        assert.equal(outputs['runs/0-head/x'], 'tried\n')
      })

      it('swaps inputs that differ between the arms', async () => {
        const workflow = WorkflowId(randomUUID())
        const old = await world.run({ workflow, task: 'train', shell: 'echo old policy > {{output}}/policy' })
        const fresh = await world.run({ workflow: WorkflowId(randomUUID()), task: 'train', shell: 'echo new policy > {{output}}/policy' })
        const { outputs } = await world.run({
          runs: arms(),
          trees,
          inputs: [{ index: 0, task: 'train', regex: undefined, stored: 'stored' }],
          grant: { inputs: [fresh.order.reference], baseInputs: [old.order.reference] },
          shell: 'cp {{input:0}}/policy {{output}}/used; echo spoiled > {{input:0}}/policy',
        })
        assert.deepEqual([outputs['runs/1-base/used'], outputs['runs/1-head/used']], ['old policy\n', 'new policy\n'])
      })
    })
  })
}

const spooledBytes = (directory: string) =>
  readdirSync(directory)
    .filter((name) => name.startsWith('log.'))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
