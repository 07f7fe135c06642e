import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { loopbackHosts } from '../backend/local/loopback.ts'
import type { Settings } from '../config.ts'
import { createMemoryBarrier } from '../data/barrier.ts'
import { createDirectoryStore } from '../data/directory-store.ts'
import { createTaskEndpoint } from '../data/task-endpoint.ts'
import { createAttemptDesk } from '../engine/attempt-token.ts'
import { type BurstGauge, createBurstGauge } from '../engine/burst-gauge.ts'
import { latestSuccessful } from '../engine/latest.ts'
import type { AttemptGrant, Backend, ObjectStore, SourceMirror, Waker, WakeupConsumer } from '../engine/ports.ts'
import { createService } from '../engine/service.ts'
import { createGithubClient, type GithubClient } from '../github/client.ts'
import { sweepDeliveries } from '../github/delivery-sweep.ts'
import { createForge } from '../github/forge.ts'
import { createSourceMirror } from '../github/mirror.ts'
import { mirrorAccess } from '../github/mirror-access.ts'
import { createForgeReader } from '../github/reader.ts'
import { translate } from '../github/translate.ts'
import type { PlatformConfig } from '../spec/types.ts'
import { claimOutputs } from '../store/backend-claim.ts'
import { createStore, type Store } from '../store/store.ts'
import { createPages } from '../web/pages.ts'
import { startWebServer } from '../web/server.ts'
import { startBackends } from './backends.ts'
import { createBenchmarkThread } from './benchmark-parser.ts'
import { type DataDirectory, newSecret, openDataDirectory } from './data-directory.ts'
import { type Database, startDatabase, startQueue } from './database.ts'
import { freePort } from './free-port.ts'
import { connectGithub, type Github } from './github.ts'
import { startIntake } from './intake-server.ts'
import { readPlatforms } from './platforms.ts'
import { createParserThread } from './spec-parser.ts'
import { Ended, type Ending, type How, type Running, Stack } from './stack.ts'
import type { TwinProcess } from './twin-process.ts'

/** A whole installation that runs: what people and the demo need to know of it. */
export type Installation = {
  readonly addresses: Addresses
  readonly parts: Parts
  readonly store: Store
  readonly twin: TwinProcess | undefined
  /** `interrupt` (Ctrl-C) ends attempts and every child; `leave` (SIGTERM) leaves attempts and children for the next start to adopt. */
  stop(how: How): Promise<void>
}
export type Addresses = {
  /** Undefined for a worker, which listens for nobody. */
  readonly webhook: string | undefined
  readonly pages: string | undefined
  readonly pagesToken: string | undefined
  readonly github: string
  readonly githubToken: string | undefined
}
/** What each part is, in words, for the block that the start prints. */
export type Parts = {
  readonly database: string
  readonly queue: string
  readonly backends: readonly string[]
  readonly data: string
  readonly github: string
}

/** Two workers would each keep the outputs of their own tasks, and look there for those of the other. */
export class AnotherWorker extends Error {
  override readonly name = 'AnotherWorker'
  constructor(path: string) {
    super(
      `Another worker uses this database. Outputs are kept in a directory (this one's would be ${join(path, 'objects')}), so there can be one worker at a time. Stop the other one first, or give this one a database of its own`,
    )
  }
}

const maxOutputBytes = 20 * 1024 ** 3

/**
 * Starts everything that the settings and the role ask for, in the order of need. When a part fails, what this start began is ended
 * again, children that could outlive it too; those that it adopted are left as they were. When the end comes first it throws {@link Ended}.
 */
export async function startInstallation(settings: Settings, log: Logger, ending: Ending): Promise<Installation> {
  const stack = new Stack(ending)
  try {
    return await start(settings, log, stack)
  } catch (error) {
    await stack.unwind(ending.how ?? 'undo')
    // A part that the same Ctrl-C of a terminal hit fails in ways of its own.
    throw ending.how === undefined ? error : new Ended(ending.how)
  }
}

/** What every role has. */
type Base = {
  readonly settings: Settings
  readonly log: Logger
  readonly stack: Stack
  readonly directory: DataDirectory
  readonly platforms: PlatformConfig
  readonly store: Store
  readonly connection: Database['connection']
  readonly queue: Waker & WakeupConsumer
  readonly github: Github
  readonly ports: { readonly webhook: number; readonly pages: number }
  readonly webhooks: BurstGauge
}

async function start(settings: Settings, log: Logger, stack: Stack): Promise<Installation> {
  const platforms = readPlatforms(settings.platformFile, log)
  if (settings.taskUrl !== undefined)
    log.warn({ taskUrl: settings.taskUrl }, 'TASK_URL is set and nobody uses it: tasks of a local backend reach the service by a socket')
  const directory = await openDataDirectory(settings.dataDirectory)
  stack.push({ stop: () => directory.close() })
  const database = await startDatabase(settings, directory, log, stack)
  const store = createStore(database.pool)
  // Only the owner of a locked data directory may say that whoever held these is dead.
  if (settings.database.kind === 'embedded') await store.outbox.releaseAll()
  const queue = await startQueue(settings, database, log, stack)
  const ports = {
    webhook: settings.port || (await directory.keep('webhookPort', freePort)),
    pages: await directory.keep('pagesPort', freePort),
  }
  const github = await connectGithub(settings, directory, ports.webhook, { log, stack })
  const webhooks = createBurstGauge()
  const base: Base = { settings, log, stack, directory, platforms, store, connection: database.connection, queue, github, ports, webhooks }
  // The worker comes last: a start that fails on an address that is taken has begun no attempt yet.
  const web = settings.role === 'worker' ? { webhook: undefined, pages: undefined, pagesToken: undefined } : await startWeb(base)
  const backends = settings.role === 'web' ? [] : await startWorker(base)
  return {
    addresses: { ...web, github: github.url, githubToken: github.pageToken },
    parts: {
      database: database.words,
      queue: settings.queue.kind === 'redis' ? 'BullMQ on Redis' : 'BullMQ on PostgreSQL',
      backends: backends.map(({ name, description }) => `${name}: ${description}`),
      data: directory.path,
      github: github.twin ? `a stand-in on this machine (${github.twin.origin})` : github.app.apiUrl,
    },
    store,
    twin: github.twin,
    stop: (how) => stack.unwind(how),
  }
}

// ------------------------------------------------------------------------- web

/** Takes webhooks where GitHub reaches them, and shows pages on loopback (docs/decisions/0003-two-listeners.md). */
async function startWeb({
  settings,
  log,
  stack,
  directory,
  store,
  queue,
  github,
  ports,
  connection,
  webhooks,
}: Base): Promise<Pick<Addresses, 'webhook' | 'pages' | 'pagesToken'>> {
  const [current = '', previous] = github.app.webhookSecrets
  const webhook = await startIntake({
    connection,
    secrets: previous === undefined ? [current] : [current, previous],
    host: settings.host,
    port: ports.webhook,
    waker: queue,
    gauge: webhooks,
    log,
  })
  stack.push(webhook)
  // A task on the host's network reaches loopback too, and it is not a person: the address that is printed carries what it lacks.
  const pagesToken = await directory.keep('pagesToken', newSecret)
  const pages = createPages({
    views: store.views,
    logs: store.logs,
    samples: store.samples,
    access: { kind: 'token', token: pagesToken },
    log,
    clock: Date.now,
    forgeUrl: github.url,
  })
  const shown = await serve({ app: pages, listen: { host: '127.0.0.1', port: ports.pages } })
  stack.push(shown)
  return { webhook: `${webhook.address}/api/github/webhooks`, pages: shown.address, pagesToken }
}

// ---------------------------------------------------------------------- worker

/** Works off deliveries, folds workflows, runs their tasks and reports. Returns its backends. */
async function startWorker(base: Base): Promise<readonly Backend[]> {
  const { settings, log, stack, directory, platforms, store, connection, queue, github } = base
  const serverKey = settings.serverKey ?? (await directory.keep('serverKey', newSecret))
  const client = createGithubClient({ ...github.app, webhookSecret: github.app.webhookSecrets[0] ?? '', log })
  const reader = createForgeReader(client)
  const mirror = createSourceMirror({
    directory: await made(join(directory.path, 'mirror')),
    gitUrl: github.url,
    searchPath: settings.searchPath,
    access: mirrorAccess(client, reader),
    log,
  })
  stack.push({ stop: () => mirror.stop() })
  const outputs = await claimOutputs(connection, log)
  if (!outputs) throw new AnotherWorker(directory.path)
  stack.push({ stop: () => outputs.release() })
  const objects = await createDirectoryStore(await made(join(directory.path, 'objects')))
  const socketPath = directory.socketPath('tasks')
  stack.push(await serveTasks({ socketPath, serverKey, store, objects, mirror }))
  const backends = await startBackends(platforms, {
    directory: join(directory.path, 'attempts'),
    socketPath,
    engineEnvironment: settings.engineEnvironment,
    connection,
    log,
    stack,
  })
  const parser = createParserThread()
  stack.push({ stop: () => parser.close() })
  const benchmarks = createBenchmarkThread()
  stack.push({ stop: () => benchmarks.close() })
  const service = createService({
    stores: store,
    queue,
    backends: backends.all,
    holds: (name) => outputs.isHeld() && backends.holds(name),
    forge: createForge(client),
    reader,
    mirror,
    objects,
    webhooks: base.webhooks,
    translate,
    parse: parser.parse,
    parseBenchmark: benchmarks.parse,
    latest: latestSuccessful(store.views, store.samples),
    platforms,
    appId: github.app.appId,
    serverKey,
    hosts: (workflow, members) => loopbackHosts(workflow as Parameters<typeof loopbackHosts>[0], members),
    workflowUrl: workflowUrlOf(base),
    clock: Date.now,
    log,
    sweepSeconds: 1,
  })
  stack.push({ stop: () => service.stop() })
  await service.start()
  stack.push(startDeliverySweep(base, client))
  return [...backends.all.values()]
}

/** Webhooks that came while nobody answered are sent again, also those from before this start. */
function startDeliverySweep({ store: { deliveries }, log }: Base, client: GithubClient): Running {
  const stopping = new AbortController()
  const sweeping = sweepDeliveries({ client, deliveries, log, clock: Date.now }, stopping.signal)
  return {
    stop: async () => {
      stopping.abort()
      await sweeping
    },
  }
}

type TasksOptions = {
  readonly socketPath: string
  readonly serverKey: string
  readonly store: Store
  readonly objects: ObjectStore
  readonly mirror: SourceMirror
}

/** Where running attempts ask for their inputs and leave their outputs; a socket of this machine, each call with the attempt's own token. */
function serveTasks({ socketPath, serverKey, store, objects, mirror }: TasksOptions): Promise<Running> {
  const desk = createAttemptDesk(serverKey, store.attempts)
  const app = createTaskEndpoint({
    desk,
    objects,
    logs: store.logs,
    archive: archiveOf(mirror),
    barrier: createMemoryBarrier(Date.now),
    maxOutputBytes,
  })
  return serve({ app, listen: { socketPath, mode: 0o666 }, requestTimeoutSeconds: 3600 })
}

/** Both arms come from the service's own mirror; a commit that is no part of the repository any more has no tree. */
function archiveOf(mirror: SourceMirror) {
  return async (grant: AttemptGrant, arm: 'base' | 'head', signal: AbortSignal) => {
    const sha = arm === 'head' ? grant.sha : grant.baseSha
    if (grant.checkout === 'none' || sha === '') return undefined
    return mirror.archive(
      { id: grant.repositoryId, installationId: grant.installationId, fullName: grant.repository },
      sha,
      { paths: grant.checkout.paths },
      signal,
    )
  }
}

/** Links that nobody outside could open are left out of checks and comments, unless the reader sits at this machine too. */
function workflowUrlOf({ settings: { publicUrl }, github, ports }: Base) {
  const base = publicUrl ?? (github.twin ? `http://127.0.0.1:${ports.pages}` : undefined)
  return (displayId: string) => (base === undefined ? undefined : `${base}/workflows/${encodeURIComponent(displayId)}`)
}

// ---------------------------------------------------------------------- shared

async function serve(options: Parameters<typeof startWebServer>[0]): Promise<Running & { readonly address: string }> {
  const server = await startWebServer(options)
  return { address: server.address, stop: () => server.close() }
}

/** For the service alone: sources and outputs of private repositories are in there. */
async function made(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  return path
}
