import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ForgeError, type RepositoryReference, type SourceMirror } from '../engine/ports.ts'
import { CommitSha } from '../workflow/names.ts'
import { GitError, type GitPlace, git } from './git.ts'
import { archiveTree, checkArchive } from './tree-archive.ts'
import { readFiles } from './tree-files.ts'

export type MirrorOptions = {
  /** Ours alone; a bare repository per repository id is kept in it. */
  readonly directory: string
  /** Where git repositories are, from our settings: `https://github.com`. Plain http only on loopback. */
  readonly gitUrl: string
  /** Its present name, since git follows no redirects with a token in its hands, and a token that can read it. */
  readonly access: (repository: RepositoryReference, signal: AbortSignal) => Promise<MirrorAccess>
  /** `PATH`, where git is found. */
  readonly searchPath: string
  readonly fetchSeconds?: number
  /** Of what one fetch may bring, so that no fork fills the disk; held where `prlimit` is. */
  readonly maxFetchBytes?: number
  readonly maxArchiveBytes?: number
  readonly log: { warn(fields: object, message: string): void }
}

export type MirrorAccess = { readonly fullName: string; readonly token: string }

/**
 * `SourceMirror` with git itself. A commit is fetched when it is first asked for, by its full sha; what was fetched stays.
 * Throws `ForgeError` when the commit cannot be had. Objects are never removed: the directory grows with the repositories' history.
 */
export function createSourceMirror(options: MirrorOptions): SourceMirror & { stop(): Promise<void> } {
  const protocol = protocolOf(options.gitUrl)
  const underWay = new Map<number, Fetching>()
  const stopping = new AbortController()
  return { archive, files, ancestors, isAncestor, stop }

  /** Ends the fetches that are under way; what they brought so far is swept by the next one. */
  async function stop(): Promise<void> {
    stopping.abort(new Error('the service is stopping'))
    await Promise.allSettled([...underWay.values()].map(({ done }) => done))
  }

  async function archive(repository: RepositoryReference, sha: CommitSha, { paths }: Paths, signal: AbortSignal) {
    const place = await withCommit(repository, sha, signal)
    const note = (message: string, path: string) => options.log.warn({ repository: repository.id, sha, path: path.slice(0, 300) }, message)
    const tree = { ...place, sha, paths, maxBytes: options.maxArchiveBytes ?? 2 * 1024 ** 3, note, signal }
    await checkArchive(tree)
    return archiveTree(tree)
  }

  async function files(repository: RepositoryReference, sha: CommitSha, path: string, signal: AbortSignal) {
    return readFiles({ ...(await withCommit(repository, sha, signal)), sha, path, signal })
  }

  async function ancestors(
    repository: RepositoryReference,
    sha: CommitSha,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly CommitSha[]> {
    const place = await withCommit(repository, sha, signal)
    const count = Math.min(Math.max(0, limit), 10_000) + 1
    const output = await git({
      ...place,
      arguments: ['rev-list', '--first-parent', `--max-count=${count}`, '--end-of-options', sha],
      signal,
    })
    return output.toString('ascii').split('\n').filter(Boolean).slice(1).map(CommitSha)
  }

  async function isAncestor(repository: RepositoryReference, ancestor: CommitSha, descendant: CommitSha, signal: AbortSignal) {
    const place = await withCommit(repository, descendant, signal)
    return succeeds({ ...place, arguments: ['merge-base', '--is-ancestor', ancestor, descendant], signal })
  }

  /**
   * The mirror with this commit and all that it needs in it. One fetch at a time per repository; it is nobody's own, so that whoever stops
   * waiting stops nothing, and the next one who asks finds it further on.
   */
  async function withCommit(repository: RepositoryReference, sha: CommitSha, signal: AbortSignal): Promise<GitPlace> {
    const place = placeOf(repository)
    while (!(await holds(place, sha, signal))) {
      const fetching = underWay.get(repository.id) ?? begin(repository, place, sha)
      // A fault of another commit's fetch is not ours.
      await waitFor(fetching.sha === sha ? fetching.done : fetching.done.catch(() => undefined), signal)
    }
    return place
  }

  function begin(repository: RepositoryReference, place: GitPlace, sha: CommitSha): Fetching {
    const done = fetchCommit(repository, place, sha).finally(() => underWay.delete(repository.id))
    // Perhaps nobody waits any more.
    done.catch(() => undefined)
    const fetching = { sha, done }
    underWay.set(repository.id, fetching)
    return fetching
  }

  function placeOf({ id }: RepositoryReference): GitPlace {
    if (!Number.isSafeInteger(id) || id <= 0) throw new RangeError(`Expected a repository id, got ${id}`)
    return { directory: join(options.directory, `${id}.git`), searchPath: options.searchPath }
  }

  async function fetchCommit(repository: RepositoryReference, place: GitPlace, sha: CommitSha): Promise<void> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout((options.fetchSeconds ?? 600) * 1000)])
    await create(place, signal)
    await sweep(place, sha)
    await fetch(place, await options.access(repository, signal), `+${sha}:refs/osmo/${sha}`, signal)
    if (!(await holds(place, sha, signal))) throw new ForgeError(`Expected commit ${sha} after fetching it, but it is not there`, 'give-up')
  }

  async function fetch(place: GitPlace, { fullName, token }: MirrorAccess, refspec: string, signal: AbortSignal): Promise<void> {
    const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules', '--force']
    const settings = { 'http.extraHeader': `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}` }
    const maxFileBytes = options.maxFetchBytes ?? 8 * 1024 ** 3
    const command = ['fetch', ...flags, '--end-of-options', remoteUrl(options.gitUrl, fullName), refspec]
    try {
      await git({ ...place, arguments: command, settings, protocols: protocol, maxFileBytes, signal })
    } catch (error) {
      if (!signal.aborted && (await hasGrownTo(place, maxFileBytes)))
        throw new ForgeError(`The repository is too large: a fetch may bring ${maxFileBytes} bytes`, 'give-up', undefined, error)
      throw fetchFailure(error, signal)
    }
  }
}

type Fetching = { readonly sha: CommitSha; readonly done: Promise<void> }
type Paths = { readonly paths: readonly string[] | undefined }

function remoteUrl(gitUrl: string, fullName: string): string {
  if (!/^[\w.-]+\/(?!\.{1,2}$)[\w.-]+$/.test(fullName))
    throw new ForgeError(`Expected owner/name, got ${JSON.stringify(fullName.slice(0, 100))}`, 'give-up')
  return `${gitUrl.replace(/\/+$/, '')}/${fullName}.git`
}

function protocolOf(gitUrl: string): 'https' | 'http' {
  const { protocol, hostname, username, search } = new URL(gitUrl)
  if (username !== '' || search !== '') throw new SyntaxError('Expected an address for git without a user or a query')
  if (protocol === 'https:') return 'https'
  if (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) return 'http'
  throw new SyntaxError(`Expected an https address for git, since a token is sent there; got ${protocol}//${hostname}`)
}

/** Complete only under its final name, so that a process which dies half-way leaves nothing that looks like a repository. */
async function create(place: GitPlace, signal: AbortSignal): Promise<void> {
  if (await succeeds({ ...place, arguments: ['rev-parse', '--git-dir'], signal })) return
  const unfinished = `${place.directory}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  await git({ ...place, directory: unfinished, arguments: ['init', '--quiet', '--bare', '--template=', '--initial-branch=none'], signal })
  await rm(place.directory, { recursive: true, force: true })
  await rename(unfinished, place.directory)
}

/** What a fetch that was killed left behind; nobody else writes here, and fetches of one repository take turns. */
async function sweep({ directory }: GitPlace, sha: CommitSha): Promise<void> {
  const unfinished = await unfinishedPacks(directory)
  const locks = [`refs/osmo/${sha}.lock`, 'packed-refs.lock', 'shallow.lock'].map((name) => join(directory, name))
  await Promise.all([...unfinished, ...locks].map((path) => rm(path, { force: true })))
}

async function unfinishedPacks(directory: string): Promise<readonly string[]> {
  const packs = join(directory, 'objects', 'pack')
  return (await readdir(packs)).filter((name) => name.startsWith('tmp_')).map((name) => join(packs, name))
}

/** Git does not say that its helper met the limit, but the file that met it is there. */
async function hasGrownTo({ directory }: GitPlace, bytes: number): Promise<boolean> {
  const sizes = await Promise.all((await unfinishedPacks(directory)).map(async (path) => (await stat(path)).size))
  return sizes.some((size) => size >= bytes)
}

/** A ref of ours is written after everything below it has arrived, so it stands for the whole commit. */
const holds = (place: GitPlace, sha: CommitSha, signal: AbortSignal) =>
  succeeds({ ...place, arguments: ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/osmo/${sha}^{commit}`], signal })

async function succeeds(call: Parameters<typeof git>[0]): Promise<boolean> {
  try {
    await git(call)
    return true
  } catch (error) {
    if (error instanceof GitError) return false
    throw error
  }
}

async function waitFor(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** "not our ref" is git's protocol for a sha that the other side does not have; everything else may pass. */
function fetchFailure(error: unknown, signal: AbortSignal): ForgeError {
  if (signal.aborted) return new ForgeError('git fetch did not end in time', 'retry', undefined, error)
  const said = error instanceof Error ? error.message : String(error)
  const isMissing = /not our ref|couldn't find remote ref|unadvertised object/i.test(said)
  return new ForgeError(said, isMissing ? 'give-up' : 'retry', undefined, error)
}
