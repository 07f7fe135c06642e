import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { LocalSettings } from '../engine/local-attempt.ts'
import type { PodOrder } from '../engine/ports.ts'
import { type Removal, removeTree } from '../engine/remove-tree.ts'
import { mountedPlaces, type Places } from './tokens.ts'
import { give, type Owner } from './unpack.ts'

export type Arm = 'base' | 'head'
export type RunFile = { readonly path: string; readonly contents: Buffer }

/** The directories of one attempt on this machine. `work` is made anew for every run; `pristine` is out of every command's reach. */
export type Workspace = {
  readonly owner: Owner
  readonly places: Places
  readonly home: string
  readonly temporary: string
  /** The working directory of the command, as it sees it. */
  readonly start: string
  /** On this machine. */
  readonly repository: string | undefined
  readonly inputs: readonly { readonly index: number; readonly directory: string }[]
  readonly output: string
  /** `/osmo` of a plain process and of a container. */
  readonly osmo: string
  /** `/osmo` as the command sees it. */
  readonly seen: string
  /** What a container has of `work`, read-write. */
  readonly mounted: readonly { readonly source: string; readonly target: string }[]
  pristine(arm: Arm): { readonly repository: string; input(index: number): string }
  /** Makes the directories that only we may enter. */
  open(): Promise<void>
  /** Makes `work` for a run of this arm. `last`: nobody needs the pristine files any more, so they are moved instead of copied. */
  stage(arm: Arm, which: 'last' | 'more-follow'): Promise<void>
  /** Puts files where the command expects them; returns those that only a sandbox can put in place. */
  writeFiles(files: readonly RunFile[]): Promise<readonly RunFile[]>
  /** Makes a file of ours the task's. */
  giveFile(path: string): Promise<void>
  /** Moves the output of the run that has ended to `results/<name>` and returns where it is. */
  keepOutput(name: string): Promise<string>
  /** Everything that the attempt used. Never throws; gives a reason for each part that is left. */
  remove(): Promise<readonly string[]>
}

const osmoRoot = '/osmo'

export function createWorkspace(directory: string, order: PodOrder, settings: LocalSettings): Workspace {
  const work = join(directory, 'work')
  const osmo = join(work, 'osmo')
  const owner: Owner = settings.user
  const hasTree = order.checkout === 'tree'
  const repository = hasTree ? join(osmo, 'repository') : undefined
  const output = join(osmo, 'data/output')
  const inputs = order.inputs.map(({ index }) => ({ index, directory: join(osmo, 'data/input', String(index)) }))
  const { kind } = settings.runtime
  const isMounted = kind !== 'process'
  const seen = isMounted ? osmoRoot : osmo
  const home = isMounted ? '/home/osmo' : join(work, 'home')
  const mounted = [
    { source: osmo, target: osmoRoot },
    { source: join(work, 'home'), target: '/home/osmo' },
    { source: join(work, 'tmp'), target: '/tmp' },
  ]
  // On the disk, where they are watched, and not in the engine's storage.
  const isOnDisk = kind !== 'bubblewrap'
  /** Below which of them a file is written; the sandbox puts the others in place. */
  const roots = {
    bubblewrap: [
      ...(repository === undefined ? [] : [{ source: repository, target: mountedPlaces.repository }]),
      ...inputs.map((input) => ({ source: input.directory, target: mountedPlaces.input(input.index) })),
      { source: output, target: mountedPlaces.output },
    ],
    process: [
      { source: osmo, target: osmoRoot },
      { source: join(work, 'files'), target: '/' },
    ],
    container: mounted,
  }[kind]
  const pristine = (arm: Arm) => {
    const root = join(directory, 'pristine', arm)
    return { repository: join(root, 'repository'), input: (index: number) => join(root, 'input', String(index)) }
  }

  return {
    owner,
    places: isMounted ? mountedPlaces : plainPlaces(order, settings, work, osmo),
    home,
    temporary: isMounted ? '/tmp' : join(work, 'tmp'),
    start: hasTree ? `${seen}/repository` : home,
    repository,
    inputs,
    output,
    osmo,
    seen,
    mounted,
    pristine,
    async open() {
      // Closed, because what is in them belongs to the task's user, who could otherwise edit the other arm's tree.
      for (const name of ['pristine', 'results']) await mkdir(join(directory, name), { recursive: true, mode: 0o700 })
    },
    async stage(arm, which) {
      await expectRemoved(removeTree(work))
      await makeDirectories(osmo, [join(osmo, 'data/input')])
      const place = which === 'last' ? rename : copyTree
      if (repository !== undefined) await place(pristine(arm).repository, repository)
      for (const input of inputs) await place(pristine(arm).input(input.index), input.directory)
      await makeOwned(owner, isOnDisk ? [output, join(work, 'home'), join(work, 'tmp')] : [output])
      if (kind === 'container') await openDirectories(osmo, join(work, 'tmp'))
      if (isMounted) return
      await linkTools(osmo, settings)
      // Nothing but their modes keeps other tasks of this machine out.
      for (const path of [repository ?? [], inputs.map((input) => input.directory)].flat()) await chmod(path, 0o700)
    },
    async writeFiles(files) {
      const elsewhere: RunFile[] = []
      for (const file of files) {
        const root = roots.find(({ target }) => file.path.startsWith(target === '/' ? '/' : `${target}/`))
        if (root === undefined) elsewhere.push(file)
        else await writeBeneath(root.source, relative(root.target, file.path), file.contents, owner)
      }
      return elsewhere
    },
    giveFile: (path) => give(path, owner),
    async keepOutput(name) {
      const kept = join(directory, 'results', name)
      await mkdir(dirname(kept), { recursive: true })
      await rename(output, kept)
      return kept
    },
    async remove() {
      const removals = await Promise.all(['work', 'pristine', 'results'].map((name) => removeTree(join(directory, name))))
      return removals.flatMap((removal) => (removal.kind === 'left' ? [removal.reason] : []))
    },
  }
}

/** The next arm must not find what the last one left. */
async function expectRemoved(removing: Promise<Removal>): Promise<void> {
  const removal = await removing
  if (removal.kind === 'left') throw new Error(`The files of the last run could not be removed: ${removal.reason}`)
}

function plainPlaces(order: PodOrder, settings: LocalSettings, work: string, osmo: string): Places {
  return {
    repository: join(osmo, 'repository'),
    output: join(osmo, 'data/output'),
    input: (index) => join(osmo, 'data/input', String(index)),
    replaced: replacedPaths(order, settings, work, osmo),
  }
}

/** Where nothing can be mounted, OSMO's paths in commands, environment and files become real directories. */
function replacedPaths(order: PodOrder, { toolchains }: LocalSettings, work: string, osmo: string): Places['replaced'] {
  const below = ['repository', 'data', 'bin', ...toolchains.map(({ path }) => path)]
  const files = order.runs.kind === 'arms' ? [...order.files, ...(order.runs.baseFallback?.files ?? [])] : order.files
  const pairs = [
    ...below.map((name) => [`${osmoRoot}/${name}`, join(osmo, name)] as const),
    ...files.map(
      ({ path }) => [path, path.startsWith(`${osmoRoot}/`) ? join(osmo, relative(osmoRoot, path)) : join(work, 'files', path)] as const,
    ),
  ]
  return pairs.sort(([a], [b]) => b.length - a.length)
}

/** The task's user must not be able to exchange these; others pass through to what is theirs and see nothing. */
async function makeDirectories(...groups: readonly (string | readonly string[])[]): Promise<void> {
  for (const path of groups.flat()) await mkdir(path, { recursive: true, mode: 0o711 })
}

/** With the modes of an ordinary machine; the attempt's own directory keeps everybody else out. */
async function openDirectories(osmo: string, temporary: string): Promise<void> {
  for (const path of [osmo, join(osmo, 'data'), join(osmo, 'data/input')]) await chmod(path, 0o755)
  await chmod(temporary, 0o1777)
}

async function makeOwned(owner: Owner, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(path, { mode: 0o700 })
    await give(path, owner)
  }
}

/** With modes, owners, times and links as they are, sharing blocks where the file system can. */
async function copyTree(from: string, to: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const copying = spawn('/bin/cp', ['-a', '--reflink=auto', '--', from, to], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  copying.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-1000)
  })
  copying.once('error', reject)
  copying.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`cp of ${from} ended with ${code}: ${said}`))))
  return promise
}

async function linkTools(osmo: string, { nodePath, toolchains }: LocalSettings): Promise<void> {
  await mkdir(join(osmo, 'bin'))
  await symlink(nodePath, join(osmo, 'bin/node'))
  for (const { path, source } of toolchains) {
    await mkdir(dirname(join(osmo, path)), { recursive: true })
    await symlink(source, join(osmo, path))
  }
}

/** The tree may hold links that lead anywhere, so no step on the way may be one. */
async function writeBeneath(root: string, path: string, contents: Buffer, owner: Owner): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o711 })
  const parts = path.split('/')
  let directory = root
  for (const part of parts.slice(0, -1)) {
    directory = join(directory, part)
    await makeRealDirectory(directory, owner)
  }
  const target = join(directory, parts.at(-1) ?? '')
  await rm(target, { force: true })
  const file = await open(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o700)
  try {
    await file.writeFile(contents)
  } finally {
    await file.close()
  }
  await give(target, owner)
}

async function makeRealDirectory(path: string, owner: Owner): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
    await give(path, owner)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (!(await lstat(path)).isDirectory())
      throw new Error(`A file of the spec lies below ${path}, which is not a directory in the repository`)
  }
}
