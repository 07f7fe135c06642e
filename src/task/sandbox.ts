import type { LocalSettings } from '../engine/local-attempt.ts'
import { AttemptEnded, exitCodes } from './exits.ts'

/** All that decides what a task sees. Sources are paths of this machine, targets paths inside. */
export type SandboxPlan = Pick<LocalSettings, 'nodePath' | 'toolchains'> & {
  readonly network: 'host' | 'none'
  /** `drop`: we are root and the command becomes another user inside. `map`: bubblewrap makes a user namespace. */
  readonly privileges: 'drop' | 'map'
  /** Read-write: repository, inputs, output. */
  readonly writable: readonly { readonly source: string; readonly target: string }[]
  /** Read-only, such as `/etc/passwd`. */
  readonly readOnly: readonly { readonly source: string; readonly target: string }[]
  /** Copied in from open descriptors. */
  readonly files: readonly { readonly descriptor: number; readonly target: string }[]
  readonly statusDescriptor: number
  readonly home: string
  readonly workingDirectory: string
  /**
   * Of `/tmp`, `/home`, …, which are memory. `each`: something counts the memory of all of them together. `shared`: nothing does, so they
   * have parts of it.
   */
  readonly temporary: { readonly kind: 'each' | 'shared'; readonly bytes: number }
}

const empty = ['/home', '/root', '/var', '/run', '/tmp']
const ownDirectories = ['/etc', '/etc/pki', '/etc/pki/tls', '/etc/ssl', '/osmo', '/osmo/bin', '/osmo/data', '/osmo/data/input']
const systemDirectories = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
/** What programs need to find libraries, names, certificates and the time zone; nothing that is secret. */
const etcFiles = [
  'alternatives',
  'ca-certificates',
  'hosts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'nsswitch.conf',
  'os-release',
  'pki/tls/certs',
  'protocols',
  'resolv.conf',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
]

/** Arguments of `bwrap` up to and with `--` (architecture.md §7). Applied in order, so directories come before what lies in them. */
export function bubblewrapArguments(plan: SandboxPlan): readonly string[] {
  return [
    ...isolation(plan),
    // Made by name, because those that bubblewrap makes on the way are closed to the task's user.
    ...ownDirectories.flatMap((path) => ['--perms', '0755', '--dir', path]),
    ...systemDirectories.flatMap((path) => ['--ro-bind-try', path, path]),
    ...etcFiles.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...emptyDirectories(plan),
    ...['--ro-bind', plan.nodePath, '/osmo/bin/node'],
    ...plan.toolchains.flatMap(({ path, source }) => [...parents(`/osmo/${path}`), '--ro-bind', source, `/osmo/${path}`]),
    ...plan.readOnly.flatMap(({ source, target }) => ['--ro-bind', source, target]),
    ...plan.writable.flatMap(({ source, target }) => ['--bind', source, target]),
    ...plan.files.flatMap(({ descriptor, target }) => [...parents(target), '--perms', '0777', '--file', String(descriptor), target]),
    ...['--remount-ro', '/', '--chdir', plan.workingDirectory, '--'],
  ]
}

function isolation({ network, privileges, statusDescriptor }: SandboxPlan): readonly string[] {
  return [
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(network === 'none' ? ['--unshare-net'] : []),
    ...(privileges === 'map'
      ? ['--unshare-user', '--cap-drop', 'ALL']
      : ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID']),
    ...['--new-session', '--die-with-parent', '--json-status-fd', String(statusDescriptor)],
  ]
}

function emptyDirectories(plan: SandboxPlan): readonly string[] {
  const large = ['/tmp', '/dev/shm', plan.home, ...ownRoots(plan)]
  const small = empty.filter((path) => !large.includes(path))
  const { kind, bytes } = plan.temporary
  return [...small, ...large].flatMap((path) => {
    const share = kind === 'each' ? 1 : small.includes(path) ? smallShare : (1 - smallShare * small.length) / large.length
    return ['--perms', '1777', '--size', String(Math.floor(bytes * share)), '--tmpfs', path]
  })
}

/** Of `/var` and others, where programs leave a few small files. */
const smallShare = 1 / 64
const maxOwnRoots = 16

/** A file at `/workspace/train.py` gets a `/workspace` that the task can write to, as in a container. */
function ownRoots({ files }: SandboxPlan): readonly string[] {
  const taken = new Set([...empty, ...systemDirectories, '/etc', '/dev', '/proc', '/osmo'])
  const roots = files.filter(({ target }) => target.indexOf('/', 1) > 0).map(({ target }) => target.slice(0, target.indexOf('/', 1)))
  const own = [...new Set(roots)].filter((path) => !taken.has(path))
  if (own.length <= maxOwnRoots) return own
  throw new AttemptEnded(
    'start-error',
    exitCodes.startError,
    `The files of the spec lie in ${own.length} directories of the root; ${maxOwnRoots} may be used`,
  )
}

function parents(target: string): readonly string[] {
  const parts = target.split('/').slice(1, -1)
  // The first part is there already: a mount, or on the root that only bubblewrap writes to.
  return parts.slice(1).flatMap((_, index) => ['--perms', '0777', '--dir', `/${parts.slice(0, index + 2).join('/')}`])
}
