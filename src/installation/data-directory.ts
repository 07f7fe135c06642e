import { createHash, randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The one directory that everything embedded lives in. While it is open no second service can open it. */
export type DataDirectory = {
  readonly path: string
  /** Values made at the first start and kept since: ports, keys, tokens. */
  keep<T extends string | number>(name: string, make: () => T | Promise<T>): Promise<T>
  /** A short path for a Unix socket of this directory; the kernel allows 107 bytes. */
  socketPath(name: string): string
  close(): Promise<void>
}

/** Another service is using this directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse'
  constructor(path: string) {
    super(`Another osmo-runner is using ${path}. Stop it first, or give this one a directory of its own with --data DIRECTORY`)
  }
}

export const newSecret = () => randomBytes(32).toString('base64url')

/** Creates it if need be, for its owner alone. Throws {@link DirectoryInUse}. */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  // Its own tasks, database and people need to pass through, so it is the parts that are closed.
  mkdirSync(path, { recursive: true, mode: 0o711 })
  const sockets = socketDirectory(path)
  const lock = await takeLock(join(sockets, 'lock.sock'), path)
  const file = join(path, 'kept.json')
  return {
    path,
    keep: (name, make) => keep(file, name, make),
    socketPath: (name) => join(sockets, `${name}.sock`),
    close: () => new Promise((resolve) => lock.close(() => resolve())),
  }
}

/** A socket dies with its process, however that ends, and so does the lock. */
async function takeLock(socket: string, path: string): Promise<Server> {
  for (let tries = 0; tries < 3; tries++) {
    const server = await listen(socket)
    if (server) return server
    if (await isAnswered(socket)) throw new DirectoryInUse(path)
    unlinkSync(socket)
  }
  throw new DirectoryInUse(path)
}

function listen(socket: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
    server.listen(socket, () => resolve(server.unref()))
  })
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}

/** Beside the data where that is short enough, else below the system's directory for temporary files, named after the data. */
function socketDirectory(path: string): string {
  const beside = join(path, 'sockets')
  const short = join(tmpdir(), `osmo-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`)
  const directory = Buffer.byteLength(beside) < 80 ? beside : short
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  expectOurs(directory)
  return directory
}

/** Anybody may make a directory, or a link, of this name in `/tmp` before us, and would then hold the lock and hear the tasks' tokens. */
function expectOurs(directory: string): void {
  const found = lstatSync(directory)
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return
  throw new Error(
    `Expected ${directory} to be a directory of our own that is closed to others (mode 0700), found something else: remove it`,
  )
}

type Kept = Readonly<Record<string, string | number>>

async function keep<T extends string | number>(file: string, name: string, make: () => T | Promise<T>): Promise<T> {
  const known = readKept(file)[name]
  if (known !== undefined) return known as T
  const value = await make()
  const draft = `${file}.new`
  writeFileSync(draft, JSON.stringify({ ...readKept(file), [name]: value }, null, 2), { mode: 0o600 })
  renameSync(draft, file)
  return value
}

const readKept = (file: string): Kept => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : {})
