import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDispatcher, type DispatcherDeps } from '../../src/engine/dispatcher.ts'
import { type DispatchOrder, ForgeError, type OutboxRow, type PendingPod, type SourceMirror } from '../../src/engine/ports.ts'
import { type CommitSha, type PodName, WorkflowId } from '../../src/workflow/names.ts'

const workflow = WorkflowId('00000000-0000-0000-0000-00000000000a')
const never = new AbortController().signal

describe('The dispatcher', () => {
  it('deletes while what it creates waits for its repository', async () => {
    const world = aDispatcher({ files: untilAborted })
    world.pending.push(aPending('1'))
    world.deletions.push(aDeletion('2'))
    const under = await world.dispatcher.take('local', 16, never)
    await under[0]
    assert.deepEqual(world.said, ['deleted pod-2', 'done 2'])
    await Promise.all(under)
  })

  it('puts back a pod whose repository is not there yet, which is no failure', async () => {
    const world = aDispatcher({ files: untilAborted })
    world.pending.push({ ...aPending('1'), failures: 8 })
    await Promise.all(await world.dispatcher.take('local', 16, never))
    assert.deepEqual(world.said, ['postponed 1: The repository is still being fetched'])
  })

  it('gives a repository up that does not come for half an hour', async () => {
    const world = aDispatcher({
      files: async () => {
        throw new ForgeError('GitHub is away', 'retry')
      },
    })
    for (const minutes of [0, 29, 31]) {
      world.now = minutes * 60_000
      world.pending.push(aPending('1'))
      await Promise.all(await world.dispatcher.take('local', 16, never))
    }
    assert.deepEqual(world.said, ['postponed 1: GitHub is away', 'postponed 1: GitHub is away', 'exited backend-error', 'done 1'])
  })

  const lasting = [new ForgeError('the commit is gone', 'give-up'), new RangeError('Expected a file, but it is a symbolic link')]
  for (const fault of lasting) {
    it(`does not try again: ${fault.message}`, async () => {
      const world = aDispatcher({
        files: async () => {
          throw fault
        },
      })
      world.pending.push(aPending('1'))
      await Promise.all(await world.dispatcher.take('local', 16, never))
      assert.deepEqual(world.said, ['exited start-error', 'done 1'])
    })
  }

  it('gives an exclusive pod its place only when its repository is here, and lets others pass until then', async () => {
    const contents = Buffer.from('#!/bin/sh')
    let arrives = untilAborted
    const world = aDispatcher({ files: (...given) => arrives(...given) })
    const at = { reference: { workflow, task: 'bench', attempt: 0 }, exclusive: true }
    world.pending.push({ ...aPending('bench'), ...at })
    await Promise.all(await world.dispatcher.take('local', 16, never))
    assert.deepEqual(world.said, ['postponed bench: The repository is still being fetched'])
    assert.deepEqual(
      world.pending.map(({ outboxId }) => outboxId),
      ['bench'],
      'it was not given its place',
    )
    arrives = async () => [{ path: '.osmo/run.sh', contents, mode: 0o755 }]
    world.pending.push(aPending('next'))
    await Promise.all(await world.dispatcher.take('local', 16, never))
    assert.deepEqual(world.said.slice(1), ['pod-created undefined', 'done next'])
    await Promise.all(await world.dispatcher.take('local', 16, never))
    assert.deepEqual(world.said.slice(3), ['pod-created undefined', 'done bench'])
    assert.deepEqual(world.pending, [])
  })

  it('looks for what an exclusive pod checks out before it gives it its place', async () => {
    const looked: string[] = []
    const world = aDispatcher({
      files: async (_repository, _sha, path) => {
        looked.push(path)
        return undefined
      },
      template: { files: [], checkout: { paths: undefined, history: 0, submodules: false, lfs: false } },
    })
    world.pending.push({ ...aPending('1'), exclusive: true })
    await Promise.all(await world.dispatcher.take('local', 16, never))
    assert.deepEqual([looked, world.said], [['.osmo/reach.yaml'], []])
    await Promise.all(await world.dispatcher.take('local', 16, never))
    assert.deepEqual(world.said, ['pod-created undefined', 'done 1'])
  })

  it('refuses an exclusive pod whose files are not in the commit without ever giving it a place', async () => {
    const world = aDispatcher({ files: async () => undefined })
    world.pending.push({ ...aPending('1'), exclusive: true })
    await Promise.all(await world.dispatcher.take('local', 16, never))
    assert.deepEqual(world.said, ['exited start-error', 'done 1'])
    assert.equal(world.pending.length, 1)
  })

  it('creates a dozen at once, so that places are left for deletions', async () => {
    const world = aDispatcher({ files: untilAborted })
    world.pending.push(...Array.from({ length: 20 }, (_, index) => aPending(String(index))))
    const first = await world.dispatcher.take('local', 16, never)
    assert.equal(first.length, 12)
    assert.deepEqual(await world.dispatcher.take('local', 16, never), [])
    await Promise.all(first)
    assert.equal((await world.dispatcher.take('local', 16, never)).length, 8)
  })
})

/** A repository that does not come while anybody waits. */
const untilAborted: SourceMirror['files'] = async (_repository, _sha, _path, signal) => {
  await sleep(60_000, undefined, { signal })
  return undefined
}

/** A dispatcher over one backend and the rows that a test puts in; `said` is what it did, in order. */
function aDispatcher({ files, template = {} }: Pick<SourceMirror, 'files'> & { readonly template?: Partial<DispatchOrder['template']> }) {
  const world = {
    said: [] as string[],
    pending: [] as PendingPod[],
    deletions: [] as OutboxRow[],
    now: 0,
  }
  const deps = {
    backends: new Map([
      [
        'local',
        {
          name: 'local',
          capacity: { cpu: 100 },
          create: async () => ({ kind: 'created' }),
          delete: async (pod: PodName) => void world.said.push(`deleted ${pod}`),
        },
      ],
    ]),
    dispatch: {
      claim: async (_backend: string, _limit: number, _lease: number, choose: (live: [], pending: PendingPod[]) => PendingPod[]) => {
        const chosen = choose([], world.pending)
        world.pending = world.pending.filter((row) => !chosen.includes(row))
        return chosen
      },
      order: async () => ({ ...anOrder, template: { ...anOrder.template, ...template } }),
    },
    outbox: {
      claim: async () => world.deletions.splice(0),
      done: async (ids: readonly string[]) => void world.said.push(`done ${ids}`),
      retry: async (id: string, _seconds: number, message: string) => void world.said.push(`failed ${id}: ${message}`),
      postpone: async (id: string, _seconds: number, message: string) => void world.said.push(`postponed ${id}: ${message}`),
    },
    workflows: {
      post: async (_id: WorkflowId, event: { kind: string; exit?: { reason: string } }) =>
        void world.said.push(`${event.kind.replace('task-', '')} ${event.exit?.reason}`),
    },
    mirror: { files },
    serverKey: 'key',
    hosts: () => ({}),
    wakeWorkflow: () => undefined,
    clock: () => world.now,
    log: { info() {}, warn() {}, error() {} },
    filesSeconds: 0.05,
  }
  return Object.assign(world, { dispatcher: createDispatcher(deps as unknown as DispatcherDeps) })
}

const aPending = (outboxId: string): PendingPod => ({
  outboxId,
  reference: { workflow, task: 'train', attempt: 0 },
  repositoryId: 1,
  group: 'train',
  exclusive: false,
  cpu: 1,
  queuedAt: 0,
  failures: 0,
})

const aDeletion = (id: string): OutboxRow => ({
  id,
  effect: {
    kind: 'workflow',
    workflow,
    effect: { kind: 'delete-pod', pod: `pod-${id}` as PodName, graceSeconds: 1 } as Extract<
      OutboxRow['effect'],
      { kind: 'workflow' }
    >['effect'],
  },
  failures: 0,
  dueAt: 0,
  ageSeconds: 0,
  installationId: undefined,
})

/** Of a task with one file from the repository; the rest is never looked at. */
const anOrder = {
  workflow: {
    id: workflow,
    displayId: 'reach-1',
    spec: 'reach',
    provenance: { repositoryId: 1, installationId: 1, repository: 'ada/robot', sha: 'a'.repeat(40) as CommitSha, ref: 'refs/heads/main' },
  },
  taskId: '00000000-0000-0000-0000-00000000000b',
  taskName: 'train',
  group: { name: 'train', members: ['train'], barrier: false },
  policy: {},
  template: {
    command: ['true'],
    environment: {},
    files: [{ kind: 'local', path: '/osmo/run.sh', localpath: 'run.sh' }],
    inputs: [],
    checkout: 'none',
  },
  inputs: [],
  baseInputs: undefined,
} as unknown as DispatchOrder
