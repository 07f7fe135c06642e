import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Account, chooseAccount } from './account.ts'
import { type Binaries, prepareBinaries } from './binaries.ts'
import { ensureCluster } from './cluster.ts'
import { answers, type Connection } from './connection.ts'
import { isRunning, readPid, removeStalePidFile } from './postmaster.ts'
import { prepareSocketDirectory, socketPort } from './socket-directory.ts'

export type EmbeddedLog = { info(details: object, message: string): void; warn(details: object, message: string): void }
export type EmbeddedOptions = {
  /** Everything lies in it; only one service at a time may use it, which is the caller's to see to. */
  readonly directory: string
  readonly log: EmbeddedLog
  /** Over our own, such as `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>
}
export type EmbeddedPostgres = {
  /** For `createPool`: a Unix socket in a directory of mode 0700; nothing listens on TCP. */
  readonly connection: Connection
  /** `adopted`: it had outlived an earlier service. */
  readonly origin: 'started' | 'adopted'
  /** Starts it again if it is gone. Called by itself every second; here for a caller who cannot wait. */
  ensureRunning(): Promise<void>
  /** Fast shutdown: transactions under way are rolled back. Returns once it is gone. */
  stop(): Promise<void>
}

const startSeconds = 60
const watchMilliseconds = 1000

/** Starts, or adopts, PostgreSQL from npm. It runs in a session of its own and outlives a service that crashes. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const server = await prepare(options)
  const origin = await firstBringUp(server)
  let bringingUp: Promise<unknown> | undefined
  const ensureRunning = async () => {
    bringingUp ??= restart(server).finally(() => {
      bringingUp = undefined
    })
    await bringingUp
  }
  const watch = setInterval(() => void ensureRunning().catch((error) => warn(server, error)), watchMilliseconds).unref()
  const stop = async () => {
    clearInterval(watch)
    await bringingUp?.catch((error) => warn(server, error))
    await shutDown(server)
  }
  return { connection: server.connection, origin, ensureRunning, stop }
}

type Server = {
  readonly data: string
  readonly logFile: string
  readonly socketDirectory: string
  readonly account: Account | undefined
  readonly binaries: Binaries
  readonly connection: Connection
  readonly settings: Readonly<Record<string, string>>
  readonly log: EmbeddedLog
}

async function prepare({ directory, log, settings = {} }: EmbeddedOptions): Promise<Server> {
  const root = path.resolve(directory)
  await mkdir(root, { recursive: true, mode: 0o711 })
  const data = path.join(root, 'data')
  const account = await chooseAccount(root, data)
  const binaries = await prepareBinaries(root, account)
  await ensureCluster({ data, account, binaries })
  const socketDirectory = await prepareSocketDirectory(root, account)
  const connection = { host: socketDirectory, port: socketPort, user: 'osmo', database: 'postgres' }
  return { data, logFile: path.join(root, 'postgres.log'), socketDirectory, account, binaries, connection, settings, log }
}

/** A server that this start launched and that never answered would be nobody's. */
async function firstBringUp(server: Server): Promise<'started' | 'adopted'> {
  const wasRunning = await isRunning(server.data)
  try {
    return await bringUp(server)
  } catch (error) {
    if (!wasRunning) await shutDown(server)
    throw error
  }
}

async function restart(server: Server): Promise<void> {
  if (await isRunning(server.data)) return
  server.log.warn({ data: server.data }, 'PostgreSQL is gone; starting it again')
  await bringUp(server)
}

/** Whoever answers on the socket for this data directory is the server, whoever started it. */
async function bringUp(server: Server): Promise<'started' | 'adopted'> {
  const deadline = Date.now() + startSeconds * 1000
  let origin: 'started' | 'adopted' = 'adopted'
  let child: Child | undefined
  while (Date.now() < deadline) {
    if ((await answers(server.connection, server.data)) === 'yes') return origin
    if (child?.failure) await canBeTriedAgain(server, child.failure)
    if ((!child || child.failure) && !(await isRunning(server.data))) {
      await removeStalePidFile(server.data, server.socketDirectory)
      child = await launch(server)
      origin = 'started'
    }
    await sleep(20)
  }
  throw new Error(`PostgreSQL did not answer within ${startSeconds} s. Its log (${server.logFile}) ends with:\n${await logTail(server)}`)
}

type Child = { failure: string | undefined }

async function launch(server: Server): Promise<Child> {
  const log = await open(server.logFile, 'w')
  try {
    const { account, binaries, data } = server
    const child = spawn(binaries.postgres, ['-D', data, ...settingArguments(server)], {
      cwd: data,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: binaries.environment,
      ...(account && { uid: account.uid, gid: account.gid }),
    })
    return observed(child)
  } finally {
    await log.close()
  }
}

function observed(child: ChildProcess): Child {
  const state: Child = { failure: undefined }
  child.once('error', (error) => {
    state.failure = error.message
  })
  child.once('exit', (code, signal) => {
    state.failure = `it ended with ${signal ?? `code ${code}`}`
  })
  child.unref()
  return state
}

/** After a `kill -9` its last children hold the shared memory for a moment; any other failure would only repeat. */
async function canBeTriedAgain(server: Server, failure: string): Promise<void> {
  const log = await logTail(server)
  if (/shared memory block .*(in use)|lock file .* already exists/s.test(log)) return void (await sleep(200))
  throw new Error(`PostgreSQL did not start: ${failure}. Its log (${server.logFile}) ends with:\n${log}`)
}

function settingArguments({ socketDirectory, settings }: Server): readonly string[] {
  const all: Record<string, string> = {
    listen_addresses: '',
    port: String(socketPort),
    unix_socket_directories: socketDirectory,
    unix_socket_permissions: '0700',
    max_connections: '100',
    max_wal_size: '256MB',
    jit: 'off',
    log_checkpoints: 'off',
    // A statement's parameters may be what somebody keeps secret.
    log_min_error_statement: 'panic',
    log_parameter_max_length_on_error: '0',
    ...settings,
  }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function logTail({ logFile }: Server): Promise<string> {
  const file = await open(logFile, 'r')
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(4096), position: Math.max(0, size - 4096) })
    return buffer.subarray(0, bytesRead).toString()
  } finally {
    await file.close()
  }
}

async function shutDown(server: Server): Promise<void> {
  for (const [signal, seconds] of [
    ['SIGINT', 30],
    ['SIGQUIT', 10],
  ] as const) {
    const pid = await readPid(server.data)
    if (pid === undefined || !(await isRunning(server.data))) return
    process.kill(pid, signal)
    if (await isGoneWithin(server, seconds)) return
    server.log.warn({ pid, signal }, `PostgreSQL did not stop within ${seconds} s`)
  }
}

async function isGoneWithin(server: Server, seconds: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000
  while (await isRunning(server.data)) {
    if (Date.now() > deadline) return false
    await sleep(20)
  }
  return true
}

const warn = ({ log }: Server, error: unknown) =>
  log.warn({ error: error instanceof Error ? error.message : String(error) }, 'PostgreSQL could not be started again')
