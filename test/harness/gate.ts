import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Holds a task where it is until the test has seen what it came for: however slow the machine, it is neither too early nor too late. */
export type Gate = {
  /** A line of shell for a task of trusted code, which has the host's network: it ends once the gate is open. */
  readonly shell: string
  /** Lets everybody through, also those who come later. */
  open(): void
}

/** Its server keeps no process alive, so nobody has to close it. */
export async function aGate(): Promise<Gate> {
  const { promise: opened, resolve } = Promise.withResolvers<void>()
  const server = createServer((_, response) => void opened.then(() => letThrough(response)))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  server.unref()
  const { port } = server.address() as AddressInfo
  return { shell: `node -e 'fetch(process.argv[1]).then(r=>r.text())' http://127.0.0.1:${port}/`, open: resolve }
}

function letThrough(response: ServerResponse): void {
  response.setHeader('connection', 'close').end('open')
}
