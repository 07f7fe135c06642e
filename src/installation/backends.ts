import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createLocalBackend, type LocalBackend } from '../backend/local/local-backend.ts'
import type { PlatformConfig } from '../spec/types.ts'
import { type BackendClaim, claimBackend } from '../store/backend-claim.ts'
import type { Stack } from './stack.ts'

export type BackendsOptions = {
  readonly directory: string
  readonly socketPath: string
  readonly engineEnvironment: Readonly<Record<string, string>>
  readonly connection: Parameters<typeof claimBackend>[0]
  readonly log: Logger
  readonly stack: Stack
}

const supervisorPath = join(import.meta.dirname, '..', 'task', 'supervisor.ts')

export type Backends = {
  readonly all: ReadonlyMap<string, LocalBackend>
  /** No other process can have it at this moment. */
  readonly holds: (name: string) => boolean
}

/** One backend an entry of the configuration. Throws for a kind that this version cannot run. */
export async function startBackends(
  { backends }: PlatformConfig,
  { directory, socketPath, engineEnvironment, connection, log, stack }: BackendsOptions,
): Promise<Backends> {
  const claims = new Map<string, BackendClaim>()
  const started = new Map<string, LocalBackend>()
  for (const [name, config] of Object.entries(backends)) {
    if (config.kind !== 'local')
      throw new Error(
        `backends.${name}: expected kind local, got ${config.kind}, which this version cannot run. Remove it, or keep its pools out of \`repositories\``,
      )
    const claim = await claimBackend(connection, name, log)
    if (!claim)
      throw new Error(
        `backends.${name}: another worker runs it. A local backend is the machine of one worker; stop that one first, or give this one a configuration of its own`,
      )
    stack.push({ stop: () => claim.release() })
    claims.set(name, claim)
    const attempts = join(directory, name)
    await mkdir(attempts, { recursive: true })
    const backend = await createLocalBackend({
      name,
      directory: attempts,
      runtime: config.runtime,
      engineEnvironment,
      toolchains: config.toolchains,
      nodePath: process.execPath,
      supervisorPath,
      service: { kind: 'socket', path: socketPath },
      capacityCpu: undefined,
      log: (message) => log.info({ backend: name }, message),
    })
    // Attempts belong to their workflows and not to this start, so a failed one leaves them to the next.
    stack.push({ stop: (how) => backend.end(how === 'interrupt' ? 'interrupt' : 'leave') })
    started.set(name, backend)
  }
  return { all: started, holds: (name) => claims.get(name)?.isHeld() ?? false }
}
