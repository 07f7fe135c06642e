import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createLocalBackend, type LocalBackend } from '../backend/local/local-backend.ts'
import type { PlatformConfig } from '../spec/types.ts'
import type { Stack } from './stack.ts'

export type BackendsOptions = { readonly directory: string; readonly socketPath: string; readonly log: Logger; readonly stack: Stack }

const supervisorPath = join(import.meta.dirname, '..', 'task', 'supervisor.ts')

/** One backend an entry of the configuration. Throws for a kind that this version cannot run. */
export async function startBackends(
  { backends }: PlatformConfig,
  { directory, socketPath, log, stack }: BackendsOptions,
): Promise<ReadonlyMap<string, LocalBackend>> {
  const started = new Map<string, LocalBackend>()
  for (const [name, config] of Object.entries(backends)) {
    if (config.kind !== 'local')
      throw new Error(
        `backends.${name}: expected kind local, got ${config.kind}, which this version cannot run. Remove it, or keep its pools out of \`repositories\``,
      )
    const attempts = join(directory, name)
    await mkdir(attempts, { recursive: true })
    const backend = await createLocalBackend({
      name,
      directory: attempts,
      runtime: config.runtime,
      toolchains: config.toolchains,
      nodePath: process.execPath,
      supervisorPath,
      service: { kind: 'socket', path: socketPath },
      capacityCpu: undefined,
      log: (message) => log.info({ backend: name }, message),
    })
    stack.push({ stop: (how) => backend.end(how) })
    started.set(name, backend)
  }
  return started
}
