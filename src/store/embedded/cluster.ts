import { execFile } from 'node:child_process'
import { chown, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'

const run = promisify(execFile)

type Cluster = { readonly data: string; readonly account: Account | undefined; readonly binaries: Binaries }

/** Makes the database cluster at the first start: UTF-8, and the C locale, which no update of the machine's libraries can reorder. */
export async function ensureCluster({ data, account, binaries }: Cluster): Promise<void> {
  if (await exists(path.join(data, 'PG_VERSION'))) return
  const fresh = `${data}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  if (account) await chown(fresh, account.named.uid, account.named.gid)
  await initialize(fresh, account, binaries)
  if (account) await giveTo(fresh, account)
  await rename(fresh, data)
}

/** Whoever reaches the socket is trusted: its directory lets only us in. */
async function initialize(directory: string, account: Account | undefined, { initdb, environment }: Binaries): Promise<void> {
  const options = ['--username=osmo', '--encoding=UTF8', '--locale=C', '--auth=trust', '--no-instructions']
  try {
    await run(initdb, [`--pgdata=${directory}`, ...options], {
      cwd: directory,
      env: environment,
      timeout: 120_000,
      maxBuffer: 1 << 20,
      ...(account && { uid: account.named.uid, gid: account.named.gid }),
    })
  } catch (cause) {
    const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause)
    throw new Error(`PostgreSQL's data directory ${directory} could not be made: ${stderr.slice(-2000)}`, { cause })
  }
}

async function giveTo(file: string, account: Account): Promise<void> {
  await chown(file, account.uid, account.gid)
  if (!(await lstat(file)).isDirectory()) return
  for (const name of await readdir(file)) await giveTo(path.join(file, name), account)
}

const exists = (file: string) =>
  lstat(file).then(
    () => true,
    () => false,
  )
