import type { DomainEvent } from '../../../src/engine/domain-event.ts'
import { latestSuccessful } from '../../../src/engine/latest.ts'
import type { Backend, Forge, QueueName, Sighting, Waker, WakeupConsumer } from '../../../src/engine/ports.ts'
import { createService } from '../../../src/engine/service.ts'
import { locateSpec } from '../../../src/spec/parse-spec.ts'
import { parsePlatformConfig } from '../../../src/spec/platform-config.ts'
import { createStore } from '../../../src/store/store.ts'
import { silentLog } from '../postgres.ts'
import type { Machine } from './machine.ts'
import type { Sessions } from './sessions.ts'
import type { Github } from './stories.ts'
import type { Life } from './turns.ts'

export type Surroundings = {
  readonly sessions: Sessions
  readonly machine: Machine
  readonly github: Github
  readonly now: () => number
  readonly violation: (what: string) => void
  readonly failed: (error: unknown) => void
}
export type Replica = ReturnType<typeof aReplica>

const platforms = parsePlatformConfig(
  `
backends: {local: {kind: local}}
pools: {machine: {backend: local, default_platform: simulation, platforms: {simulation: {tier: sim}}}}
repositories: [{match: ['acme/*'], pools: {machine: [trusted]}}]
`,
  'platforms.yaml',
)

/** One process of the real engine over the real store; whatever leaves it is a call of its life. */
export function aReplica(life: Life, around: Surroundings) {
  const { sessions, machine, github, now } = around
  if (platforms.kind === 'invalid') throw new Error(JSON.stringify(platforms.diagnostics))
  const store = createStore(sessions.poolOf(life))
  const ears: { onSightings?: (sightings: readonly Sighting[]) => Promise<void>; onDelivery?: (id: string) => Promise<void> } = {}
  const service = createService({
    stores: store,
    queue: queueOf(ears),
    backends: new Map([['local', backendOf(life, machine, ears)]]),
    forge: forgeOf(life, around),
    reader: everyCall(life, 'reader', github.reader, 'read'),
    mirror: everyCall(life, 'mirror', github.mirror, 'read'),
    objects: { ...everyCall(life, 'objects', machine.objects, 'read'), put: nobody, deletePrefix: nobody },
    translate: (_, body) => body as DomainEvent,
    parse: async (text, options) => locateSpec(text, options),
    latest: latestSuccessful(store.views, store.samples),
    platforms: platforms.config,
    appId: 1,
    serverKey: 'k'.repeat(32),
    hosts: () => ({}),
    workflowUrl: () => undefined,
    clock: now,
    log: silentLog,
    sweepSeconds: 3600,
  })
  void service.start().catch((error: unknown) => life.isOver() || around.failed(error))
  return {
    life,
    sweep: () => void service.sweepNow('with-backends'),
    /** Each may be missed: nobody listens yet, or nobody listens any more. */
    sight: (sightings: readonly Sighting[]) => void ears.onSightings?.(sightings).catch(missed),
    wake: (guid: string) => void ears.onDelivery?.(guid).catch(missed),
    /** Ends its clocks. Of a life that is over nothing else is left. */
    drop: () => void service.stop(),
  }

  /** As a watch that breaks off: the next listing tells the same. */
  function missed(): void {}
}

const nobody = () => Promise.reject(new Error('Nobody stores anything here'))

function queueOf(ears: { onDelivery?: (id: string) => Promise<void> }): Waker & WakeupConsumer {
  return {
    wake: async () => undefined,
    wakeMany: async () => undefined,
    consume: async (_: QueueName, __, handle) => {
      ears.onDelivery = handle
      return { close: async () => undefined }
    },
    probe: async () => undefined,
    close: async () => undefined,
  }
}

function backendOf(life: Life, machine: Machine, ears: { onSightings?: (sightings: readonly Sighting[]) => Promise<void> }): Backend {
  const { create, delete: remove, forget } = everyCall(life, 'backend', machine, 'change')
  const { list } = everyCall(life, 'backend', machine, 'read')
  return {
    name: 'local',
    capacity: { cpu: 8 },
    description: 'a machine in memory',
    create,
    delete: remove,
    forget,
    list,
    watch: async (onSightings, signal) => {
      ears.onSightings = onSightings
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    },
  }
}

/** GitHub shows what was written last, so no two may write one check, or one comment, at the same time. */
function forgeOf(life: Life, { github, machine, violation }: Surroundings): Forge {
  const forge = everyCall(life, 'forge', github.forge, 'change')
  return {
    ...forge,
    writeCheck: (check, signal) =>
      alone(`check ${check.externalId}`, async () => {
        const written = await forge.writeCheck(check, signal)
        if (check.state.status === 'completed' && check.state.conclusion === 'cancelled') machine.acknowledgeCancel(check.externalId)
        return written
      }),
    writeComment: (comment, signal) => alone(`comment of #${comment.pullRequest}`, () => forge.writeComment(comment, signal)),
  }

  async function alone<T>(what: string, write: () => Promise<T>): Promise<T> {
    const writers = writing.get(github) ?? new Map<string, Life>()
    writing.set(github, writers)
    const other = writers.get(what)
    if (other && !other.isOver()) violation(`two write ${what} at once`)
    writers.set(what, life)
    try {
      return await write()
    } finally {
      writers.delete(what)
    }
  }
}

const writing = new WeakMap<Github, Map<string, Life>>()

type Methods = Readonly<Record<string, unknown>>

/** The same port, each call of which waits for its turn. */
function everyCall<P extends object>(life: Life, name: string, port: P, kind: 'read' | 'change'): P {
  return new Proxy(port, {
    get: (_, key) => {
      const method = (port as Methods)[String(key)]
      if (typeof method !== 'function') return method
      return (...parameters: readonly unknown[]) =>
        life.call({
          label: `${name}.${String(key)}`,
          act: async () => ({ value: await method.apply(port, parameters), changed: kind === 'change' }),
        })
    },
    ownKeys: () => Reflect.ownKeys(port),
  })
}
