import { chmod, lstat, unlink } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'

export type WebServerOptions = {
  readonly app: { fetch(request: Request, env: object): Response | Promise<Response> }
  readonly listen: ListenAddress
  /** From the first byte of a request to the last of its body; uploads need longer. Default 60. */
  readonly requestTimeoutSeconds?: number
  /** What is under way gets this long to end when the server closes. Default 5. */
  readonly closeGraceSeconds?: number
}
/** Port 0 takes a free one. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string; readonly mode?: number }

export type WebServer = {
  /** `http://127.0.0.1:8080` without a slash at the end, or the socket's path. */
  readonly address: string
  /** 0 for a socket. */
  readonly port: number
  /** Takes no new request, waits for those under way, then cuts them off. */
  close(): Promise<void>
}

const maxConnections = 2_000
const maxHeaderBytes = 16 * 1024

/**
 * Serves a Hono app on a TCP port or a Unix socket. Bodies are bounded by the routes that read them; here, headers and time are.
 * @throws when the address is taken, with the address in the message
 */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const server = createBoundedServer(
    getRequestListener(options.app.fetch, { overrideGlobalObjects: false }),
    options.requestTimeoutSeconds ?? 60,
  )
  const { listen } = options
  if ('socketPath' in listen) await listenOnSocket(server, listen.socketPath, listen.mode ?? 0o600)
  else await listenOnPort(server, listen.host, listen.port)
  return { ...addressOf(server), close: () => close(server, options.closeGraceSeconds ?? 5) }
}

function createBoundedServer(listener: ReturnType<typeof getRequestListener>, requestTimeoutSeconds: number): Server {
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: 10_000,
    requestTimeout: requestTimeoutSeconds * 1000,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
  }
  const server = createServer(limits, listener as unknown as RequestListener)
  server.maxConnections = maxConnections
  server.maxHeadersCount = 100
  return server
}

async function listenOnPort(server: Server, host: string, port: number): Promise<void> {
  await listening(server, `${host}:${port}`, () => server.listen({ host, port, backlog: 1024 }))
}

/** A socket file that nobody answers was left behind by a process that was killed. */
async function listenOnSocket(server: Server, path: string, mode: number): Promise<void> {
  if ((await isSocket(path)) && (await probe(path)) === 'deserted') await unlink(path)
  await listening(server, path, () => server.listen({ path, backlog: 1024 }))
  await chmod(path, mode)
}

function listening(server: Server, where: string, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`Cannot listen on ${where}: ${error.message}`, { cause: error })))
    server.once('listening', () => {
      server.removeAllListeners('error')
      resolve()
    })
    start()
  })
}

async function isSocket(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found?.isSocket() ?? false
}

function probe(path: string): Promise<'deserted' | 'in-use'> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve('in-use')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? 'deserted' : 'in-use'))
  })
}

function addressOf(server: Server): Pick<WebServer, 'address' | 'port'> {
  const address = server.address()
  if (address === null) throw new Error('Expected a listening server, got one that has closed')
  if (typeof address === 'string') return { address, port: 0 }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { address: `http://${host}:${address.port}`, port: address.port }
}

async function close(server: Server, graceSeconds: number): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // A connection that was busy when `close` was called is kept alive afterwards, so idle ones are ended until none is left.
  const ender = setInterval(() => server.closeIdleConnections(), 50)
  const deadline = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000)
  await closed
  clearInterval(ender)
  clearTimeout(deadline)
}
