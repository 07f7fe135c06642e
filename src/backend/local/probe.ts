import { execFile } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

export type RuntimeProbe = { readonly kind: 'works' } | { readonly kind: 'missing'; readonly reason: string }

/** Tries what a sandbox needs: namespaces, a proc of its own, sized temporary file systems. */
export async function probeBubblewrap(): Promise<RuntimeProbe> {
  try {
    await access('/usr/bin/bwrap', constants.X_OK)
  } catch {
    return { kind: 'missing', reason: 'bubblewrap is not installed (Debian and Ubuntu: apt install bubblewrap)' }
  }
  try {
    await promisify(execFile)('/usr/bin/bwrap', probeArguments, { env: {}, timeout: 10_000 })
    return { kind: 'works' }
  } catch (error) {
    return { kind: 'missing', reason: `bubblewrap cannot make a sandbox here: ${(error as Error).message.trim().slice(-300)}` }
  }
}

const probeArguments = [
  ...['/usr', '/bin', '/lib', '/lib64'].flatMap((path) => ['--ro-bind-try', path, path]),
  ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--proc', '/proc', '--dev', '/dev'],
  ...[
    '--perms',
    '1777',
    '--size',
    '65536',
    '--tmpfs',
    '/tmp',
    '--remount-ro',
    '/',
    '--new-session',
    '--die-with-parent',
    '--',
    '/usr/bin/true',
  ],
]

/** Paths that another user could not get to, because a directory on the way is closed. */
export async function closedToOthers(paths: readonly string[]): Promise<readonly string[]> {
  const results = await Promise.all(paths.map(async (path) => ((await isOpenToOthers(path)) ? [] : [path])))
  return results.flat()
}

async function isOpenToOthers(path: string): Promise<boolean> {
  const isSearchable = ((await stat(path)).mode & 0o001) !== 0
  return isSearchable && (path === '/' || isOpenToOthers(dirname(path)))
}
