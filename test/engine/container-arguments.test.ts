import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ContainerPlan, createArguments } from '../../src/engine/container-arguments.ts'

const plan: ContainerPlan = {
  name: 'osmo-a-b-0',
  label: 'osmo-runner.directory=/data',
  image: 'sha256:abc',
  command: ['sh', '-c', 'echo $HOME'],
  user: '200001:200001',
  network: 'none',
  mounts: [
    { source: '/data/a/work/osmo', target: '/osmo', access: 'read-write' },
    { source: '/opt/a,b "c"', target: '/osmo/tools', access: 'read-only' },
  ],
  workingDirectory: '/osmo/repository',
  memoryBytes: 1024,
  cpu: 1.5,
  processes: 64,
  sharedMemoryBytes: 512,
  resourceLimits: { nproc: 64, core: 0 },
  environmentArguments: ['--env-file', '/proc/self/fd/3'],
}
const all = ['memory', 'pids', 'cpu'] as const
const line = (changes: Partial<ContainerPlan> = {}, held: readonly ('memory' | 'pids' | 'cpu')[] = all) =>
  ` ${createArguments({ ...plan, ...changes }, held).join(' ')} `

describe('arguments of a container', () => {
  const always = [
    'create --name osmo-a-b-0 --label osmo-runner.directory=/data --pull never --init',
    '--log-driver none',
    '--user 200001:200001 --cap-drop ALL --security-opt no-new-privileges',
    '--network none',
    '--memory 1024b --memory-swap 1024b',
    '--cpus 1.5',
    '--pids-limit 64',
    '--shm-size 512b',
    '--ulimit nproc=64:64 --ulimit core=0:0',
    '--mount type=bind,source=/data/a/work/osmo,target=/osmo ',
    '--mount type=bind,"source=/opt/a,b ""c""",target=/osmo/tools,readonly ',
    '--workdir /osmo/repository',
    '--env-file /proc/self/fd/3',
    '--entrypoint  -- sha256:abc sh -c echo $HOME ',
  ]
  for (const part of always) {
    it(part, () => {
      assert.ok(line().includes(` ${part}`), line())
    })
  }

  it('asks only for limits that the engine can hold', () => {
    assert.doesNotMatch(line({}, []), /--memory|--cpus|--pids-limit/)
  })

  it('leaves what is not limited, and the image’s own directory, alone', () => {
    assert.doesNotMatch(line({ memoryBytes: undefined, cpu: undefined, workingDirectory: undefined }), /--memory|--cpus|--workdir/)
  })

  it('gives no device, no privilege and no namespace of the machine but the network of trusted code', () => {
    assert.doesNotMatch(line({ network: 'host' }).replace('--network host', ''), /host|--privileged|--device|--cap-add|--pid |--ipc /)
  })
})
