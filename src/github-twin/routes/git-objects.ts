import { Failure, notFound } from '../failure.ts'
import {
  blobOf,
  commitOf,
  distance,
  emptyTree,
  history,
  kindOf,
  mergeBase,
  resolveCommit,
  resolveTree,
  type TreeEntry,
  treeEntries,
} from '../git.ts'
import { changedFiles, type FileChange } from '../git-diff.ts'
import { commitPayload, filePayload, gitCommitPayload } from '../payloads/commit.ts'
import { simplePullPayload } from '../payloads/pull-request.ts'
import { nodeId, repositoryPage, repositoryUrl } from '../payloads/urls.ts'
import { ok, paged, pageOf, type Reply, type RepositoryCall, repositoryRoute } from '../router.ts'
import type { Repository } from '../state.ts'
import { gitDirectory, type World } from '../world.ts'

/** GitHub's limits: entries of a recursive tree, files of a comparison, commits of one, bytes of a blob, files of one commit. */
const treeEntriesLimit = 100_000
const comparedFilesLimit = 300
const comparedCommitsLimit = 250
const blobLimitBytes = 100 * 1024 * 1024
const commitFilesLimit = 3_000
const contentsLimitBytes = 1024 * 1024
const historyLimit = 10_000

const contents = { permission: 'contents', level: 'read' } as const

/** What git holds: trees, blobs, commits, refs, files and comparisons. */
export const gitRoutes = [
  repositoryRoute('GET', '/repos/{owner}/{repo}/git/trees/{tree_sha}', contents, showTree),
  repositoryRoute('GET', '/repos/{owner}/{repo}/git/blobs/{file_sha}', contents, showBlob),
  repositoryRoute('GET', '/repos/{owner}/{repo}/git/commits/{commit_sha}', contents, showGitCommit),
  repositoryRoute('GET', '/repos/{owner}/{repo}/git/ref/{ref}', contents, showRef),
  repositoryRoute('GET', '/repos/{owner}/{repo}/git/matching-refs/{ref}', contents, listMatchingRefs),
  repositoryRoute('GET', '/repos/{owner}/{repo}/commits', contents, listCommits),
  repositoryRoute(
    'GET',
    '/repos/{owner}/{repo}/commits/{commit_sha}/pulls',
    { permission: 'pull_requests', level: 'read' },
    listPullsOfCommit,
  ),
  repositoryRoute('GET', '/repos/{owner}/{repo}/commits/{ref}', contents, showCommit),
  repositoryRoute('GET', '/repos/{owner}/{repo}/compare/{basehead}', contents, compare),
  repositoryRoute('GET', '/repos/{owner}/{repo}/contents/{path}', contents, showContents),
]

async function showTree({ world, repository, params, query }: RepositoryCall): Promise<Reply> {
  const directory = gitDirectory(world, repository)
  const sha = await resolveTree(directory, params.tree_sha ?? '')
  if (sha === null) throw notFound()
  const entries = await treeEntries(directory, sha, query.has('recursive') ? 'everything' : 'one')
  const tree = entries.slice(0, treeEntriesLimit).map((entry) => entryPayload(world, repository, entry))
  return ok({ sha, url: repositoryUrl(world, repository, `/git/trees/${sha}`), tree, truncated: entries.length > treeEntriesLimit })
}

function entryPayload(world: World, repository: Repository, { path, mode, type, sha, size }: TreeEntry) {
  const kind = type === 'tree' ? 'trees' : 'blobs'
  const url = type === 'commit' ? {} : { url: repositoryUrl(world, repository, `/git/${kind}/${sha}`) }
  return { path, mode, type, sha, ...(size === undefined ? {} : { size }), ...url }
}

const fullSha = /^[0-9a-f]{40}$/

async function showBlob({ world, repository, params }: RepositoryCall): Promise<Reply> {
  const directory = gitDirectory(world, repository)
  const sha = params.file_sha ?? ''
  if (!fullSha.test(sha) || (await kindOf(directory, sha)) !== 'blob') throw notFound()
  const content = await blobOf(directory, sha)
  if (content.length > blobLimitBytes) throw new Failure(403, 'This API returns blobs up to 100 MB in size.')
  return ok({
    sha,
    node_id: nodeId('Blob', sha),
    size: content.length,
    url: repositoryUrl(world, repository, `/git/blobs/${sha}`),
    content: inLines(content),
    encoding: 'base64',
  })
}

/** GitHub breaks base64 after 60 characters. */
function inLines(content: Buffer): string {
  return content.toString('base64').replace(/.{1,60}/g, '$&\n')
}

async function showGitCommit({ world, repository, params }: RepositoryCall): Promise<Reply> {
  const directory = gitDirectory(world, repository)
  const sha = params.commit_sha ?? ''
  if (!fullSha.test(sha) || (await kindOf(directory, sha)) !== 'commit') throw notFound()
  return ok(gitCommitPayload(world, repository, await commitOf(directory, sha)))
}

async function showRef({ world, repository, params }: RepositoryCall): Promise<Reply> {
  const ref = `refs/${params.ref}`
  const sha = repository.refs[ref]
  if (sha === undefined) throw notFound()
  return ok(await refPayload(world, repository, ref, sha))
}

async function listMatchingRefs(call: RepositoryCall): Promise<Reply> {
  const { world, repository, params } = call
  const matching = Object.entries(repository.refs).filter(([ref]) => ref.startsWith(`refs/${params.ref}`))
  const { items, headers } = paged(call, matching)
  return ok(await Promise.all(items.map(([ref, sha]) => refPayload(world, repository, ref, sha))), headers)
}

async function refPayload(world: World, repository: Repository, ref: string, sha: string) {
  const type = (await kindOf(gitDirectory(world, repository), sha)) ?? 'commit'
  return {
    ref,
    node_id: nodeId('Ref', `${repository.id}:${ref}`),
    url: repositoryUrl(world, repository, `/git/${ref}`),
    object: { sha, type, url: repositoryUrl(world, repository, `/git/${type}s/${sha}`) },
  }
}

async function listCommits(call: RepositoryCall): Promise<Reply> {
  const { world, repository, query } = call
  const directory = gitDirectory(world, repository)
  const start = await resolveCommit(directory, query.get('sha') ?? repository.defaultBranch)
  if (start === null) throw Object.keys(repository.refs).length === 0 ? new Failure(409, 'Git Repository is empty.') : notFound()
  const { items, headers } = paged(call, await history(directory, start, [], historyLimit))
  return ok(
    items.map((commit) => commitPayload(world, repository, commit)),
    headers,
  )
}

async function commitIn(world: World, repository: Repository, name: string): Promise<string> {
  const sha = await resolveCommit(gitDirectory(world, repository), name)
  if (sha !== null) return sha
  throw fullSha.test(name) || !name.includes('/') ? new Failure(422, `No commit found for SHA: ${name}`) : notFound()
}

async function showCommit(call: RepositoryCall): Promise<Reply> {
  const { world, repository, params } = call
  const directory = gitDirectory(world, repository)
  const commit = await commitOf(directory, await commitIn(world, repository, params.ref ?? ''))
  const files = (await changedFiles(directory, commit.parents[0] ?? emptyTree, commit.sha)).slice(0, commitFilesLimit)
  const { items, headers } = paged(withDefaultSize(call, 300), files)
  return ok(
    {
      ...commitPayload(world, repository, commit),
      stats: totals(files),
      files: items.map((file) => filePayload(world, repository, file, commit.sha)),
    },
    headers,
  )
}

/** Files of a commit come 300 a page; `paged` caps at 100, as every other list does. */
function withDefaultSize(call: RepositoryCall, size: number): RepositoryCall {
  const query = new URLSearchParams(call.query)
  if (!query.has('per_page')) query.set('per_page', String(size))
  return { ...call, query }
}

function totals(files: readonly FileChange[]) {
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return { total: additions + deletions, additions, deletions }
}

async function listPullsOfCommit(call: RepositoryCall): Promise<Reply> {
  const { world, repository, params } = call
  const sha = await commitIn(world, repository, params.commit_sha ?? '')
  const pulls = world.state.pulls.filter((pull) => pull.repositoryId === repository.id && pull.headSha === sha)
  const { items, headers } = paged(call, pulls)
  return ok(
    items.map((pull) => simplePullPayload(world, pull)),
    headers,
  )
}

/** Three dots: what the head has since it left the base. Files come with the first page only, 300 at most. */
async function compare(call: RepositoryCall): Promise<Reply> {
  const { world, repository, params } = call
  const directory = gitDirectory(world, repository)
  const [baseName = '', headName = ''] = (params.basehead ?? '').split('...')
  const base = await commitOrNotFound(directory, baseName)
  const head = await commitOrNotFound(directory, headName)
  const common = await mergeBase(directory, base, head)
  if (common === null) throw new Failure(404, `No common ancestor between ${baseName} and ${headName}.`)
  const { ahead, behind } = await distance(directory, base, head)
  const commits = (await history(directory, head, [base], historyLimit)).reverse()
  const first = pageOf(call.query).number === 1
  const files = first ? (await changedFiles(directory, common, head)).slice(0, comparedFilesLimit) : []
  const shown =
    call.query.has('page') || call.query.has('per_page')
      ? paged(call, commits)
      : { items: commits.slice(0, comparedCommitsLimit), headers: {} }
  return ok(
    {
      ...compareAddresses(world, repository, `${baseName}...${headName}`),
      base_commit: commitPayload(world, repository, await commitOf(directory, base)),
      merge_base_commit: commitPayload(world, repository, await commitOf(directory, common)),
      status: ahead > 0 && behind > 0 ? 'diverged' : ahead > 0 ? 'ahead' : behind > 0 ? 'behind' : 'identical',
      ahead_by: ahead,
      behind_by: behind,
      total_commits: ahead,
      commits: shown.items.map((commit) => commitPayload(world, repository, commit)),
      files: files.map((file) => filePayload(world, repository, file, head)),
    },
    shown.headers,
  )
}

/** `owner:branch` names a branch of the network; its commits are here once a pull request brought them. */
async function commitOrNotFound(directory: string, name: string): Promise<string> {
  const sha = await resolveCommit(directory, name.includes(':') ? name.slice(name.indexOf(':') + 1) : name)
  if (sha === null) throw notFound()
  return sha
}

function compareAddresses(world: World, repository: Repository, range: string) {
  const page = repositoryPage(world, repository, `/compare/${range}`)
  return {
    url: repositoryUrl(world, repository, `/compare/${range}`),
    html_url: page,
    permalink_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
  }
}

async function showContents({ world, repository, params, query }: RepositoryCall): Promise<Reply> {
  const directory = gitDirectory(world, repository)
  const ref = query.get('ref') ?? repository.defaultBranch
  const tree = await resolveTree(directory, ref)
  const path = (params.path ?? '').replace(/^\/+|\/+$/g, '')
  const entry = tree === null ? undefined : await entryAt(directory, tree, path)
  if (entry === undefined) throw notFound()
  if (entry.type !== 'tree') return ok(await fileContent(world, repository, { ...entry, path }, ref))
  const entries = await treeEntries(directory, entry.sha, 'one')
  return ok(
    entries.map((child) => contentFields(world, repository, { ...child, path: path === '' ? child.path : `${path}/${child.path}` }, ref)),
  )
}

/** Walks down one directory at a time, so that no path is ever given to git. */
async function entryAt(directory: string, tree: string, path: string): Promise<TreeEntry | undefined> {
  let entry: TreeEntry | undefined = { path: '', mode: '040000', type: 'tree', sha: tree, size: undefined }
  for (const part of path === '' ? [] : path.split('/')) {
    if (entry?.type !== 'tree') return undefined
    entry = (await treeEntries(directory, entry.sha, 'one')).find((child) => child.path === part)
  }
  return entry
}

async function fileContent(world: World, repository: Repository, entry: TreeEntry, ref: string) {
  const content = await blobOf(gitDirectory(world, repository), entry.sha)
  const small = content.length <= contentsLimitBytes
  const fields = contentFields(world, repository, entry, ref)
  if (fields.type === 'symlink') return { ...fields, target: content.toString('utf8') }
  return { ...fields, content: small ? inLines(content) : '', encoding: small ? 'base64' : 'none' }
}

function contentFields(world: World, repository: Repository, entry: TreeEntry, ref: string) {
  const path = entry.path.split('/').map(encodeURIComponent).join('/')
  const types: Readonly<Record<string, string>> = { tree: 'dir', commit: 'submodule' }
  const type = entry.mode === '120000' ? 'symlink' : (types[entry.type] ?? 'file')
  const url = repositoryUrl(world, repository, `/contents/${path}?ref=${encodeURIComponent(ref)}`)
  const html = repositoryPage(world, repository, `/blob/${ref}/${path}`)
  const gitUrl = repositoryUrl(world, repository, `/git/${entry.type === 'tree' ? 'trees' : 'blobs'}/${entry.sha}`)
  return {
    name: entry.path.split('/').at(-1) ?? '',
    path: entry.path,
    sha: entry.sha,
    size: entry.size ?? 0,
    url,
    html_url: html,
    git_url: gitUrl,
    download_url: type === 'file' ? repositoryPage(world, repository, `/raw/${ref}/${path}`) : null,
    type,
    _links: { self: url, git: gitUrl, html },
  }
}
