import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Account } from './account.ts'

/** Only part of the socket's name, `.s.PGSQL.<port>`. */
export const socketPort = 5432

/** `sockaddr_un.sun_path` without its final NUL: 107 bytes on Linux, 103 on macOS. */
const maxSocketPathBytes = process.platform === 'darwin' ? 103 : 107

/** A directory that lets only PostgreSQL and us in, below `directory` where the path is short enough, else in the temporary one. */
export async function prepareSocketDirectory(directory: string, account: Account | undefined): Promise<string> {
  const chosen = candidates(directory).find(isShortEnough)
  if (chosen === undefined) throw new Error(`Expected room for a socket's path below ${os.tmpdir()} or /tmp, found none`)
  await mkdir(chosen, { mode: 0o700 }).catch(expectExisting)
  await expectOurs(chosen, account)
  if (account) await chown(chosen, account.uid, account.gid)
  await chmod(chosen, 0o700)
  return chosen
}

function candidates(directory: string): readonly string[] {
  const name = `osmo-runner-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`
  return [path.join(directory, 'run'), path.join(os.tmpdir(), name), path.join('/tmp', name)]
}

const isShortEnough = (directory: string) => Buffer.byteLength(path.join(directory, `.s.PGSQL.${socketPort}`)) <= maxSocketPathBytes

function expectExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

/** Anybody may make a directory, or a link, of this name in `/tmp` before us. */
async function expectOurs(directory: string, account: Account | undefined): Promise<void> {
  const found = await lstat(directory)
  const owners = [process.getuid?.(), account?.uid]
  if (found.isDirectory() && owners.includes(found.uid)) return
  throw new Error(`Expected ${directory} to be a directory of our own, found something else: remove it`)
}
