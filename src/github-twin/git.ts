import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'

export const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
export const zeroSha = '0'.repeat(40)

const outputLimitBytes = 128 * 1024 * 1024
const timeoutMilliseconds = 60_000

export type GitResult = { readonly code: number; readonly stdout: Buffer; readonly stderr: string }

/** Settings of the machine or of its user must not change what a hosted repository does. */
export const gitEnvironment: NodeJS.ProcessEnv = {
  // A process of its own, which imports nothing of ours: where git is found is all that it takes from its surroundings.
  PATH: process.env.PATH,
  LC_ALL: 'C',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
}

/** Runs git on a bare repository and gives whatever came out. Throws only when git could not run or ran too long. */
export function tryGit(
  directory: string,
  args: readonly string[],
  input: string | Buffer = '',
  extra: NodeJS.ProcessEnv = {},
): Promise<GitResult> {
  const options = {
    encoding: 'buffer' as const,
    maxBuffer: outputLimitBytes,
    timeout: timeoutMilliseconds,
    env: { ...gitEnvironment, ...extra },
  }
  return new Promise((resolve, reject) => {
    const child = execFile('git', ['--git-dir', directory, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr: stderr.toString('utf8') })
      else reject(new Error(`git ${args[0]} did not finish: ${error?.message}`))
    })
    child.stdin?.on('error', () => {}) // git may end without reading; its exit code says why
    child.stdin?.end(input)
  })
}

/** Runs git and gives its output. Throws with git's own words when it fails. */
export async function git(
  directory: string,
  args: readonly string[],
  input: string | Buffer = '',
  extra: NodeJS.ProcessEnv = {},
): Promise<Buffer> {
  const result = await tryGit(directory, args, input, extra)
  if (result.code !== 0) throw new Error(`git ${args.join(' ')} in ${directory} ended with ${result.code}: ${result.stderr.trim()}`)
  return result.stdout
}

async function line(directory: string, args: readonly string[], input: string | Buffer = ''): Promise<string> {
  return (await git(directory, args, input)).toString('utf8').trim()
}

export async function initialise(directory: string, branch: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await git(directory, ['init', '--quiet', '--bare', `--initial-branch=${branch}`, directory])
  await configure(directory)
}

/** Copies branches and tags, with history, into a new bare repository. */
export async function copy(from: string, to: string, branch: string): Promise<void> {
  await initialise(to, branch)
  await git(to, ['fetch', '--quiet', from, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'])
}

/** As GitHub: any commit may be fetched by its sha, nobody pushes to refs/pull. */
async function configure(directory: string): Promise<void> {
  for (const [key, value] of [
    ['http.receivepack', 'true'],
    ['uploadpack.allowAnySHA1InWant', 'true'],
    ['uploadpack.allowFilter', 'true'],
    ['receive.hideRefs', 'refs/pull'],
    ['core.logAllRefUpdates', 'false'],
    ['gc.auto', '0'],
  ] as const) {
    await git(directory, ['config', key, value])
  }
}

/** Branches and tags by full name. An annotated tag is given by the tag object's sha. */
export async function refs(directory: string): Promise<Record<string, string>> {
  const out = await line(directory, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags'])
  return Object.fromEntries(
    out
      .split('\n')
      .filter((entry) => entry !== '')
      .map((entry) => [entry.slice(41), entry.slice(0, 40)]),
  )
}

export async function updateRef(directory: string, ref: string, sha: string): Promise<void> {
  await git(directory, ['update-ref', ref, sha])
}

export async function deleteRef(directory: string, ref: string): Promise<void> {
  await git(directory, ['update-ref', '-d', ref])
}

/** Brings one commit of another repository here under a ref. */
export async function fetchRef(directory: string, from: string, source: string, target: string): Promise<void> {
  await git(directory, ['fetch', '--quiet', '--no-tags', from, `+${source}:${target}`])
}

export type ObjectKind = 'commit' | 'tree' | 'blob' | 'tag'

export async function kindOf(directory: string, sha: string): Promise<ObjectKind | null> {
  const result = await tryGit(directory, ['cat-file', '-t', sha])
  return result.code === 0 ? (result.stdout.toString('utf8').trim() as ObjectKind) : null
}

const hex = /^[0-9a-f]{7,40}$/

/**
 * The commit that a branch, tag, full ref or sha names; null when there is none.
 * Names are looked up in the list of refs and never given to git's revision parser, which would take `a..b`, `@{u}` or `-x`.
 */
export async function resolveCommit(directory: string, name: string): Promise<string | null> {
  const all = await refs(directory)
  const named = all[`refs/heads/${name}`] ?? all[`refs/tags/${name}`] ?? all[name] ?? all[`refs/${name}`]
  const head = name === 'HEAD' ? 'HEAD' : null
  const candidate =
    (hex.test(name) && name.length === 40 ? name : undefined) ?? named ?? head ?? (hex.test(name) ? name : undefined) ?? pullRef(name)
  if (candidate === undefined) return null
  const result = await tryGit(directory, ['rev-parse', '--verify', '--quiet', `${candidate}^{commit}`])
  return result.code === 0 ? result.stdout.toString('utf8').trim() : null
}

function pullRef(name: string): string | undefined {
  const found = /^(?:refs\/)?pull\/(\d+)\/(head|merge)$/.exec(name)
  return found === null ? undefined : `refs/pull/${found[1]}/${found[2]}`
}

export async function resolveTree(directory: string, name: string): Promise<string | null> {
  const start = hex.test(name) ? name : await resolveCommit(directory, name)
  if (start === null) return null
  const result = await tryGit(directory, ['rev-parse', '--verify', '--quiet', `${start}^{tree}`])
  return result.code === 0 ? result.stdout.toString('utf8').trim() : null
}

export type TreeEntry = {
  readonly path: string
  readonly mode: string
  readonly type: string
  readonly sha: string
  readonly size: number | undefined
}

/** Entries of a tree; with `everything` also what lies below, each directory before its contents. */
export async function treeEntries(directory: string, tree: string, depth: 'one' | 'everything'): Promise<TreeEntry[]> {
  const out = await git(directory, ['ls-tree', '-z', '-l', ...(depth === 'everything' ? ['-r', '-t'] : []), tree])
  return out
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry !== '')
    .map(treeEntry)
}

function treeEntry(text: string): TreeEntry {
  const tab = text.indexOf('\t')
  const [mode = '', type = '', sha = '', size = ''] = text.slice(0, tab).split(/ +/)
  return { path: text.slice(tab + 1), mode, type, sha, size: size === '-' ? undefined : Number(size) }
}

export async function blobOf(directory: string, sha: string): Promise<Buffer> {
  return git(directory, ['cat-file', 'blob', sha])
}

export type Person = { readonly name: string; readonly email: string; readonly date: string }

export type Commit = {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Person
  readonly committer: Person
  readonly message: string
}

const fields = ['%H', '%T', '%P', '%an', '%ae', '%at', '%cn', '%ce', '%ct', '%B'].join('%x1f')

/** Commits reached from `include` and not from `exclude`, newest first. */
export async function history(directory: string, include: string, exclude: readonly string[], limit: number): Promise<Commit[]> {
  const range = [include, ...exclude.map((sha) => `^${sha}`)]
  const out = await git(directory, ['log', '-z', `--format=${fields}`, `--max-count=${limit}`, '--topo-order', ...range, '--'])
  return out
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry !== '')
    .map(commitFrom)
}

export async function commitOf(directory: string, sha: string): Promise<Commit> {
  const [found] = await history(directory, sha, [], 1)
  if (found === undefined) throw new Error(`expected commit ${sha} in ${directory}, found none`)
  return found
}

function commitFrom(text: string): Commit {
  const [sha = '', tree = '', parents = '', an = '', ae = '', at = '', cn = '', ce = '', ct = '', ...rest] = text.split('\x1f')
  return {
    sha,
    tree,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author: { name: an, email: ae, date: timeOfSeconds(at) },
    committer: { name: cn, email: ce, date: timeOfSeconds(ct) },
    message: rest.join('\x1f').replace(/\n+$/, ''),
  }
}

function timeOfSeconds(seconds: string): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

export async function mergeBase(directory: string, one: string, other: string): Promise<string | null> {
  const result = await tryGit(directory, ['merge-base', one, other])
  return result.code === 0 ? result.stdout.toString('utf8').trim() : null
}

/** How many commits `head` has that `base` lacks, and the other way round. */
export async function distance(directory: string, base: string, head: string): Promise<{ ahead: number; behind: number }> {
  const out = await line(directory, ['rev-list', '--left-right', '--count', `${base}...${head}`])
  const [behind = 0, ahead = 0] = out.split(/\s+/).map(Number)
  return { ahead, behind }
}

/** The tree of merging two commits; null when they conflict or when this git is too old to tell. */
async function mergedTree(directory: string, base: string, head: string): Promise<string | null> {
  const common = await mergeBase(directory, base, head)
  if (common === base) return resolveTree(directory, head)
  const result = await tryGit(directory, ['merge-tree', '--write-tree', base, head])
  return result.code === 0 ? (result.stdout.toString('utf8').split('\n')[0] ?? null) : null
}

/** Makes the commit that refs/pull/N/merge shows, dated by the head so that equal inputs give an equal commit. */
export async function mergeCommit(directory: string, base: string, head: string): Promise<string | null> {
  const tree = await mergedTree(directory, base, head)
  if (tree === null) return null
  const { committer } = await commitOf(directory, head)
  const who = {
    GIT_AUTHOR_NAME: 'GitHub',
    GIT_AUTHOR_EMAIL: 'noreply@github.com',
    GIT_COMMITTER_NAME: 'GitHub',
    GIT_COMMITTER_EMAIL: 'noreply@github.com',
  }
  const dates = { GIT_AUTHOR_DATE: committer.date, GIT_COMMITTER_DATE: committer.date }
  const args = ['commit-tree', tree, '-p', base, '-p', head, '-m', `Merge ${head} into ${base}`]
  return (await git(directory, args, '', { ...who, ...dates })).toString('utf8').trim()
}

export async function branchesWithHead(directory: string, sha: string): Promise<string[]> {
  return Object.entries(await refs(directory))
    .filter(([ref, tip]) => tip === sha && ref.startsWith('refs/heads/'))
    .map(([ref]) => ref.slice('refs/heads/'.length))
}
