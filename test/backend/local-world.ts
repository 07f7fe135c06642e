import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { pack } from 'tar-stream'
import { createLocalBackend, type LocalBackend } from '../../src/backend/local/local-backend.ts'
import { loopbackHosts } from '../../src/backend/local/loopback.ts'
import { createMemoryBarrier } from '../../src/data/barrier.ts'
import { createDirectoryStore } from '../../src/data/directory-store.ts'
import { createTaskEndpoint } from '../../src/data/task-endpoint.ts'
import type { LocalRuntime } from '../../src/engine/local-attempt.ts'
import type { AttemptGrant, LogChunk, ObjectStore, PodOrder, Sighting } from '../../src/engine/ports.ts'
import { type PodName, podName, WorkflowId } from '../../src/workflow/names.ts'

export type Runtime = LocalRuntime
export type TreeFile = { readonly path: string; readonly text: string } | { readonly path: string; readonly link: string }
export type Ask = Omit<Partial<PodOrder>, 'reference'> & {
  readonly shell?: string
  readonly task?: string
  readonly workflow?: WorkflowId
  readonly grant?: Partial<AttemptGrant>
  readonly trees?: { readonly head?: readonly TreeFile[]; readonly base?: readonly TreeFile[] }
}

export type LocalWorld = Awaited<ReturnType<typeof aLocalWorld>>
const never = new AbortController().signal
export const supervisorPath = new URL('../../src/task/supervisor.ts', import.meta.url).pathname

/** A local backend with the service that its attempts talk to, in a directory of its own. */
export async function aLocalWorld(
  runtime: Runtime,
  options: { readonly toolchains?: Readonly<Record<string, string>>; readonly engineEnvironment?: Readonly<Record<string, string>> } = {},
) {
  const root = mkdtempSync(join(tmpdir(), 'osmo-local-'))
  // Plain processes have users of their own, who must get to their directories.
  chmodSync(root, 0o711)
  const objects = await createDirectoryStore(join(root, 'objects'))
  const service = createService(objects, join(root, 'tasks.sock'))
  await service.start()
  const open = () =>
    createLocalBackend({
      name: 'local',
      directory: join(root, 'attempts'),
      runtime,
      engineEnvironment: options.engineEnvironment ?? {},
      toolchains: options.toolchains ?? {},
      nodePath: process.execPath,
      supervisorPath,
      service: { kind: 'socket', path: service.socketPath },
      capacityCpu: undefined,
      log: () => undefined,
    })
  let backend = await open()

  return {
    root,
    service,
    objects,
    get backend(): LocalBackend {
      return backend
    },
    directoryOf: (pod: PodName) => join(root, 'attempts', pod),
    /** As a new process of the service would: everything is found in the directory. */
    async reopen() {
      backend = await open()
    },
    order: (ask: Ask = {}) => service.order(ask),
    async run(ask: Ask) {
      const order = service.order(ask)
      const created = await backend.create(order, never)
      if (created.kind === 'refused') throw new Error(created.message)
      return this.finish(order)
    },
    async finish(order: PodOrder) {
      const phase = await this.phase(order.pod, ({ kind }) => kind === 'exited' || kind === 'lost')
      if (phase.kind !== 'exited') throw new Error(`Expected ${order.pod} to exit, it is ${phase.kind}`)
      return { order, phase, exit: phase.exit, log: service.log(order), outputs: await outputsOf(objects, order) }
    },
    async phase(pod: PodName, wanted: (phase: Sighting['phase']) => boolean): Promise<Sighting['phase']> {
      return eventually(`the phase of ${pod}`, async () => {
        const phase = (await backend.list(never)).find((sighting) => sighting.pod === pod)?.phase
        return phase && wanted(phase) ? phase : undefined
      })
    },
    async logged(order: PodOrder, text: string) {
      return eventually(`"${text}" in the log`, async () => (service.log(order).includes(text) ? true : undefined))
    },
    async lockOf(pod: PodName): Promise<{ readonly pid: number }> {
      return eventually(
        'the lock',
        async () => JSON.parse(await readFile(join(this.directoryOf(pod), 'lock.json'), 'utf8').catch(() => 'null')) ?? undefined,
      )
    },
    async close() {
      await backend.end('interrupt')
      await service.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** The service's side: which attempts exist, what they logged and stored. */
function createService(objects: ObjectStore, socketPath: string) {
  const grants = new Map<string, { readonly token: string; readonly grant: AttemptGrant }>()
  const trees = new Map<string, NonNullable<Ask['trees']>>()
  const chunks = new Map<string, Map<number, string>>()
  const keyOf = ({ workflow, task, attempt }: PodOrder['reference']) => `${workflow}/${task}/${attempt}`
  let server: Server | undefined
  const app = createTaskEndpoint({
    desk: {
      async authorize(reference, token) {
        const known = grants.get(keyOf(reference))
        return known?.token === token ? known.grant : undefined
      },
    },
    objects,
    logs: {
      async append(reference, appended) {
        const log = chunks.get(keyOf(reference)) ?? new Map<number, string>()
        chunks.set(keyOf(reference), log)
        for (const { sequence, text } of appended) log.set(sequence, text)
      },
      read: async () => [] as readonly LogChunk[],
      tail: async () => '',
    },
    archive: async (grant, arm) => tarOf(trees.get(keyOf(grant.reference))?.[arm] ?? []),
    barrier: createMemoryBarrier(Date.now),
    maxOutputBytes: 64 * 1024 * 1024,
  })

  return {
    socketPath,
    app,
    async start() {
      await rm(socketPath, { force: true })
      server = createAdaptorServer({ fetch: app.fetch }) as Server
      const { promise, resolve } = Promise.withResolvers<void>()
      server.listen(socketPath, resolve)
      await promise
    },
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server?.close(() => resolve())
      server?.closeAllConnections()
      await promise
    },
    log: (order: PodOrder) =>
      [...(chunks.get(keyOf(order.reference)) ?? [])]
        .sort(([a], [b]) => a - b)
        .map(([, text]) => text)
        .join(''),
    sequences: (order: PodOrder) => [...(chunks.get(keyOf(order.reference))?.keys() ?? [])],
    order(ask: Ask): PodOrder {
      const order = anOrder(ask)
      const { reference } = order
      const stored = order.inputs.map(() => undefined)
      const grant = {
        reference,
        repositoryId: 1,
        installationId: 1,
        repository: 'acme/arm',
        origin: order.origin,
        sha: sha('a'),
        baseSha: sha('b'),
        checkout: 'none',
        inputs: stored,
        baseInputs: undefined,
        ...ask.grant,
      } as const
      grants.set(keyOf(reference), { token: order.token, grant })
      trees.set(keyOf(reference), ask.trees ?? {})
      return order
    },
    /** The attempt is over: its token is good for nothing. */
    revoke: (order: PodOrder) => grants.delete(keyOf(order.reference)),
  }
}

const sha = (digit: string) => digit.repeat(40) as AttemptGrant['sha']

function anOrder({ shell, task = 'task', workflow = WorkflowId(randomUUID()), grant: _, trees, ...rest }: Ask): PodOrder {
  return {
    pod: podName(workflow, randomUUID(), 0),
    reference: { workflow, task, attempt: 0 },
    displayId: 'story-1',
    origin: 'trusted',
    tier: 'sim',
    platform: 'simulation',
    image: 'ubuntu:24.04',
    command: ['sh', '-c', shell ?? 'true'],
    environment: {},
    files: [],
    inputs: [],
    checkout: trees === undefined ? 'none' : 'tree',
    runs: { kind: 'once', seed: 7 },
    limits: { cpu: 1, memoryBytes: undefined, processes: 64, outputBytes: 32 * 1024 * 1024 },
    deadlines: { startSeconds: 30, execSeconds: 60, perRunSeconds: 60, uploadSeconds: 30, graceSeconds: 2 },
    group: { name: 'group', members: [task], barrier: true },
    tokens: { workflowId: 'story-1', hosts: loopbackHosts(workflow, rest.group?.members ?? []) },
    token: `token-${randomUUID()}`,
    ...rest,
  }
}

function tarOf(files: readonly TreeFile[]): AsyncIterable<Uint8Array> {
  const tar = pack()
  for (const file of files) {
    if ('link' in file) tar.entry({ name: file.path, type: 'symlink', linkname: file.link })
    else tar.entry({ name: file.path, mode: 0o755 }, file.text)
  }
  tar.finalize()
  return tar as unknown as AsyncIterable<Uint8Array>
}

async function outputsOf(objects: ObjectStore, { reference }: PodOrder): Promise<Readonly<Record<string, string>>> {
  const prefix = `${reference.workflow}/${reference.task}/${reference.attempt}/`
  const found = await objects.list(prefix, 1000)
  const texts = await Promise.all(
    found.map(async ({ key }) => [key.slice(prefix.length), Buffer.from((await objects.read(key, 1e8)) ?? []).toString()] as const),
  )
  return Object.fromEntries(texts)
}

/** Waits for what has no event of its own; fails after half a minute. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    const seen = await look()
    if (seen !== undefined) return seen
    await sleep(25)
  }
  throw new Error(`${what} did not come within 30 s`)
}

export const processesOf = async (marker: string) => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.includes(marker))
}
