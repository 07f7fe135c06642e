import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Hears from outside what tasks run, whatever the service believes: tasks of trusted code have the host's network, so each of them says
 * at its start who it is.
 */
export type Witness = {
  /** A line of shell for a task: says its workflow, task, attempt, arm and seed. */
  readonly shell: string
  /** One line for each start, in the order in which they were heard. */
  readonly heard: readonly string[]
  close(): void
}

export async function aWitness(): Promise<Witness> {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(decodeURIComponent(request.url ?? '').slice(1))
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const words = '$OSMO_WORKFLOW_ID/$OSMO_TASK#$OSMO_ATTEMPT,$OSMO_ARM,$OSMO_SEED'
  return {
    shell: `node -e 'fetch(process.argv[1]+encodeURIComponent(process.argv[2])).then(r=>r.text())' http://127.0.0.1:${port}/ "${words}"`,
    heard,
    close: () => server.close().closeAllConnections(),
  }
}
