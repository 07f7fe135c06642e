import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createLocalBackend, type LocalBackend } from '../backend/local/local-backend.ts'
import { loopbackHosts } from '../backend/local/loopback.ts'
import type { GithubApp, Settings } from '../config.ts'
import { createMemoryBarrier } from '../data/barrier.ts'
import { createDirectoryStore } from '../data/directory-store.ts'
import { createTaskEndpoint } from '../data/task-endpoint.ts'
import { createAttemptDesk } from '../engine/attempt-token.ts'
import { latestSuccessful } from '../engine/latest.ts'
import type { AttemptGrant, SourceMirror, Waker, WakeupConsumer } from '../engine/ports.ts'
import { createService } from '../engine/service.ts'
import { createGithubClient } from '../github/client.ts'
import { createForge } from '../github/forge.ts'
import { createIntake } from '../github/intake.ts'
import { createSourceMirror } from '../github/mirror.ts'
import { gitUrlOf, mirrorAccess } from '../github/mirror-access.ts'
import { createForgeReader } from '../github/reader.ts'
import { translate } from '../github/translate.ts'
import { createPostgresQueue } from '../queue/postgres.ts'
import { createRedisQueue } from '../queue/redis.ts'
import { parsePlatformConfig } from '../spec/platform-config.ts'
import type { PlatformConfig } from '../spec/types.ts'
import { startEmbeddedPostgres } from '../store/embedded/embedded.ts'
import { migrate } from '../store/migrate.ts'
import { createPool } from '../store/pool.ts'
import { createStore, type Store } from '../store/store.ts'
import { createPages } from '../web/pages.ts'
import { startWebServer } from '../web/server.ts'
import { type DataDirectory, newSecret, openDataDirectory } from './data-directory.ts'
import { embeddedPlatforms } from './embedded-platforms.ts'
import { freePort } from './free-port.ts'
import { createParserThread } from './spec-parser.ts'
import { type Running, Stack } from './stack.ts'
import { startTwinProcess, type TwinProcess } from './twin-process.ts'

/** A whole installation that runs: what people and the demo need to know of it. */
export type Installation = {
  readonly addresses: Addresses
  readonly parts: Parts
  readonly store: Store
  readonly twin: TwinProcess | undefined
  readonly directory: DataDirectory
  /** `interrupt` (Ctrl-C) ends attempts and every child; `leave` (SIGTERM) leaves attempts and children for the next start to adopt. */
  stop(how: 'interrupt' | 'leave'): Promise<void>
}
export type Addresses = {
  readonly webhook: string
  readonly pages: string
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

const root = join(import.meta.dirname, '..', '..')
const maxOutputBytes = 20 * 1024 ** 3

/** Starts everything that the settings ask for, in the order of need. What was started is stopped again when a later part fails. */
export async function startInstallation(settings: Settings, log: Logger): Promise<Installation> {
  const stack = new Stack()
  try {
    return await start(settings, log, stack)
  } catch (error) {
    await stack.unwind('leave')
    throw error
  }
}

async function start(settings: Settings, log: Logger, stack: Stack): Promise<Installation> {
  const directory = await openDataDirectory(settings.dataDirectory)
  stack.push({ stop: () => directory.close() })
  const serverKey = settings.serverKey ?? (await directory.keep('serverKey', newSecret))
  const platforms = readPlatforms(settings)
  const database = await startDatabase(settings, directory, log, stack)
  const store = createStore(database.pool)
  if (settings.database.kind === 'embedded') await store.outbox.releaseAll()
  const queue = await startQueue(settings, database, log, stack)
  const ports = {
    webhook: settings.port || (await directory.keep('webhookPort', freePort)),
    pages: await directory.keep('pagesPort', freePort),
  }
  const github = await connectGithub(settings, directory, ports.webhook, log, stack)
  const objects = await createDirectoryStore(join(directory.path, 'objects'))
  const client = createGithubClient({ ...github.app, webhookSecret: github.app.webhookSecrets[0] ?? '', log })
  const reader = createForgeReader(client)
  const mirror = createSourceMirror({
    directory: await made(join(directory.path, 'mirror')),
    gitUrl: github.gitUrl,
    searchPath: settings.searchPath,
    access: mirrorAccess(client, reader),
    log,
  })

  const tasks = createTaskEndpoint({
    desk: createAttemptDesk(serverKey, store.attempts),
    objects,
    logs: store.logs,
    archive: archiveOf(mirror),
    barrier: createMemoryBarrier(Date.now),
    maxOutputBytes,
  })
  const socketPath = directory.socketPath('tasks')
  stack.push(await serve({ app: tasks, listen: { socketPath, mode: 0o666 }, requestTimeoutSeconds: 3600 }))
  const backends = await startBackends(platforms, directory, socketPath, log, stack)

  const pagesToken = github.twin ? await directory.keep('pagesToken', newSecret) : undefined
  const pagesUrl = `http://127.0.0.1:${ports.pages}`
  const parser = createParserThread()
  stack.push({ stop: () => parser.close() })
  const service = createService({
    stores: store,
    queue,
    backends,
    forge: createForge(client),
    reader,
    mirror,
    objects,
    translate,
    parse: parser.parse,
    latest: latestSuccessful(store.views),
    platforms,
    appId: github.app.appId,
    serverKey,
    hosts: (workflow, members) => loopbackHosts(workflow as Parameters<typeof loopbackHosts>[0], members),
    workflowUrl: workflowUrlOf(settings, pagesUrl, github.twin),
    clock: Date.now,
    log,
    sweepSeconds: 1,
  })
  const [current = '', previous] = github.app.webhookSecrets
  const intake = createIntake({
    secrets: previous === undefined ? [current] : [current, previous],
    deliveries: store.deliveries,
    waker: queue,
    log,
  })
  const webhook = await serve({ app: intake, listen: { host: settings.host, port: ports.webhook } })
  stack.push(webhook)
  const pages = createPages({
    views: store.views,
    logs: store.logs,
    samples: store.samples,
    access: pagesToken === undefined ? { kind: 'loopback-only' } : { kind: 'token', token: pagesToken },
    log,
    clock: Date.now,
    forgeUrl: github.webUrl,
  })
  stack.push(await serve({ app: pages, listen: { host: '127.0.0.1', port: ports.pages } }))
  if (settings.role !== 'web') {
    await service.start()
    stack.push({ stop: () => service.stop() })
  }
  return {
    addresses: {
      webhook: `${webhook.address}/api/github/webhooks`,
      pages: pagesUrl,
      pagesToken,
      github: github.webUrl,
      githubToken: github.pageToken,
    },
    parts: {
      database: database.words,
      queue: settings.queue.kind === 'redis' ? 'BullMQ on Redis' : 'BullMQ on PostgreSQL',
      backends: [...backends.values()].map(({ name, description }) => `${name}: ${description}`),
      data: directory.path,
      github: github.twin ? `a stand-in on this machine (${github.twin.origin})` : github.app.apiUrl,
    },
    store,
    twin: github.twin,
    directory,
    stop: (how) => stack.unwind(how),
  }
}

async function serve(options: Parameters<typeof startWebServer>[0]): Promise<Running & { readonly address: string }> {
  const server = await startWebServer(options)
  return { address: server.address, stop: () => server.close() }
}

// ------------------------------------------------------------------- platforms

function readPlatforms({ platformFile }: Settings): PlatformConfig {
  const text = platformFile === undefined ? embeddedPlatforms(join(root, 'node_modules')) : readFileSync(platformFile, 'utf8')
  const parsed = parsePlatformConfig(text, platformFile ?? 'the embedded configuration')
  if (parsed.kind === 'valid') return parsed.config
  throw new Error(
    `The platform configuration has errors:\n${parsed.diagnostics.map(({ file, line, column, message }) => `  ${file}:${line}:${column}: ${message}`).join('\n')}`,
  )
}

// -------------------------------------------------------------------- database

type Database = {
  readonly pool: ReturnType<typeof createPool>
  readonly connection: Parameters<typeof createPool>[0]
  readonly words: string
}

async function startDatabase(settings: Settings, directory: DataDirectory, log: Logger, stack: Stack): Promise<Database> {
  const { connection, words } = await connectionOf(settings, directory, log, stack)
  const pool = createPool(connection, log)
  stack.push({ stop: () => pool.end() })
  await migrate(pool)
  return { pool, connection, words }
}

async function connectionOf({ database }: Settings, directory: DataDirectory, log: Logger, stack: Stack): Promise<Omit<Database, 'pool'>> {
  if (database.kind === 'server')
    return { connection: { connectionString: database.url }, words: `PostgreSQL at ${new URL(database.url).host}` }
  const embedded = await startEmbeddedPostgres({ directory: join(directory.path, 'postgres'), log })
  // Left for adoption at SIGTERM as well as after a crash: the attempts that go on want it back soon.
  stack.push({ stop: (how) => (how === 'interrupt' ? embedded.stop() : Promise.resolve()) })
  return { connection: embedded.connection, words: `embedded PostgreSQL (${embedded.origin})` }
}

// ----------------------------------------------------------------------- queue

async function startQueue({ queue }: Settings, database: Database, log: Logger, stack: Stack): Promise<Waker & WakeupConsumer> {
  const opened =
    queue.kind === 'redis'
      ? await createRedisQueue({ url: queue.url, prefix: 'osmo', log })
      : await createPostgresQueue({ connection: database.connection, log })
  stack.push({ stop: () => opened.close() })
  return opened
}

// ---------------------------------------------------------------------- GitHub

type Github = {
  readonly app: Omit<GithubApp, 'kind'>
  readonly gitUrl: string
  readonly webUrl: string
  readonly twin: TwinProcess | undefined
  readonly pageToken: string | undefined
}

async function connectGithub(
  { github }: Settings,
  directory: DataDirectory,
  webhookPort: number,
  log: Logger,
  stack: Stack,
): Promise<Github> {
  if (github.kind === 'app') {
    const webUrl = gitUrlOf(github.apiUrl)
    return { app: github, gitUrl: webUrl, webUrl, twin: undefined, pageToken: undefined }
  }
  const webhookSecret = await directory.keep('webhookSecret', newSecret)
  const pageToken = await directory.keep('githubPageToken', newSecret)
  const twin = await startTwinProcess({
    directory: join(directory.path, 'github'),
    port: await directory.keep('githubPort', freePort),
    adminToken: await directory.keep('githubAdminToken', newSecret),
    pageToken,
    app: {
      id: demoAppId,
      slug: 'osmo-runner',
      name: 'osmo-runner',
      webhookSecret,
      webhookUrl: `http://127.0.0.1:${webhookPort}/api/github/webhooks`,
    },
  })
  stack.push({ stop: (how) => (how === 'interrupt' ? twin.stop() : Promise.resolve()) })
  log.debug({ url: twin.url, origin: twin.origin }, 'The GitHub stand-in answers')
  return {
    app: { appId: demoAppId, privateKey: twin.privateKey, webhookSecrets: [webhookSecret], apiUrl: `${twin.url}/api/v3` },
    gitUrl: twin.url,
    webUrl: twin.url,
    twin,
    pageToken,
  }
}

const demoAppId = 1

/** Links that nobody outside could open are left out of checks and comments, unless the reader sits at this machine too. */
function workflowUrlOf({ publicUrl }: Settings, pagesUrl: string, twin: TwinProcess | undefined) {
  const base = publicUrl ?? (twin ? pagesUrl : undefined)
  return (displayId: string) => (base === undefined ? undefined : `${base}/workflows/${encodeURIComponent(displayId)}`)
}

// -------------------------------------------------------------------- backends

async function startBackends(
  platforms: PlatformConfig,
  directory: DataDirectory,
  socketPath: string,
  log: Logger,
  stack: Stack,
): Promise<ReadonlyMap<string, LocalBackend>> {
  const backends = new Map<string, LocalBackend>()
  for (const [name, config] of Object.entries(platforms.backends)) {
    if (config.kind !== 'local') throw new Error(`backends.${name}: expected kind local, got ${config.kind}, which this version cannot run`)
    const backend = await createLocalBackend({
      name,
      directory: await made(join(directory.path, 'attempts', name)),
      runtime: config.runtime,
      toolchains: config.toolchains,
      nodePath: process.execPath,
      supervisorPath: join(root, 'src', 'task', 'supervisor.ts'),
      service: { kind: 'socket', path: socketPath },
      capacityCpu: undefined,
      log: (message) => log.info({ backend: name }, message),
    })
    stack.push({ stop: (how) => backend.end(how) })
    backends.set(name, backend)
  }
  return backends
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

async function made(path: string): Promise<string> {
  await mkdir(path, { recursive: true })
  return path
}
