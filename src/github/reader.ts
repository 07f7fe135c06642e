import { z } from 'zod'
import type { ForgeReader, PullRequestSnapshot, RepositoryReference } from '../engine/ports.ts'
import type { Permission } from '../spec/types.ts'
import { CommitSha } from '../workflow/names.ts'
import type { GithubClient } from './client.ts'
import { isStatus, notFound } from './failures.ts'
import { createPathReader } from './path-reader.ts'
import { Sha } from './payloads.ts'
import { createSpecReader } from './spec-reader.ts'

/** What GitHub tells at most: 300 files of a comparison, 3 000 of a pull request. */
const maxCompareFiles = 300
const maxPullRequestFiles = 3000
const pageSize = 100

const Repository = z.object({ id: z.number(), full_name: z.string(), default_branch: z.string(), private: z.boolean() })
const User = z.object({ login: z.string() }).nullish()
const PullRequest = z.object({
  number: z.number(),
  state: z.enum(['open', 'closed']),
  draft: z.boolean().nullish(),
  user: User,
  labels: z.array(z.object({ name: z.string() })),
  head: z.object({ sha: Sha, ref: z.string(), repo: z.object({ id: z.number() }).nullish() }),
  base: z.object({ sha: Sha, ref: z.string() }),
})
const PullRequests = z.array(z.object({ number: z.number(), head: PullRequest.shape.head }))
const Branch = z.object({
  commit: z.object({ sha: Sha }),
  protection: z.object({ required_status_checks: z.object({ contexts: z.array(z.string()) }).nullish() }).nullish(),
})
const Commit = z.object({ message: z.string() })
const Files = z.array(z.object({ filename: z.string(), previous_filename: z.string().nullish() }))
const Comparison = z.object({ merge_base_commit: z.object({ sha: Sha }), files: Files.nullish() })
const Collaborator = z.object({ permission: z.string(), role_name: z.string().nullish() })
const Rules = z.array(
  z.object({
    type: z.string(),
    parameters: z.object({ required_status_checks: z.array(z.object({ context: z.string() })).nullish() }).nullish(),
  }),
)

/** `ForgeReader` on GitHub's REST API, conditional and cached. Throws `ForgeError`; what is not there is undefined, as the port says. */
export function createForgeReader(client: GithubClient, options: { readonly maxCacheBytes?: number } = {}): ForgeReader {
  const maxCacheBytes = options.maxCacheBytes ?? 64 * 1024 * 1024
  return {
    repository,
    pullRequest,
    openPullRequestsOf,
    branchHead,
    commitMessage,
    permission,
    requiredChecks,
    changedPaths,
    specFiles: createSpecReader(client, maxCacheBytes),
    entriesAt: createPathReader(client, maxCacheBytes / 4),
  }

  /** By name, which an id confirms; by id when the name is another's by now. */
  async function repository(reference: RepositoryReference, signal: AbortSignal) {
    const named = await client.readIfFound({
      repository: reference,
      route: 'GET /repos/{owner}/{repo}',
      parameters: {},
      schema: Repository,
      signal,
    })
    const found = named?.id === reference.id ? named : await byId(reference, signal)
    if (found === undefined) return undefined
    return {
      fullName: found.full_name,
      defaultBranch: found.default_branch,
      private: found.private ? ('private' as const) : ('public' as const),
    }
  }

  function byId(reference: RepositoryReference, signal: AbortSignal) {
    return client.readIfFound({
      repository: reference,
      route: 'GET /repositories/{id}',
      parameters: { id: reference.id },
      schema: Repository,
      signal,
    })
  }

  async function pullRequest(
    repository: RepositoryReference,
    number: number,
    signal: AbortSignal,
  ): Promise<PullRequestSnapshot | undefined> {
    const found = await client.readIfFound({
      repository,
      route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}',
      parameters: { pull_number: number },
      schema: PullRequest,
      signal,
    })
    if (found === undefined) return undefined
    return {
      number,
      state: found.state,
      draft: found.draft ?? false,
      headSha: CommitSha(found.head.sha),
      headRef: found.head.ref,
      headRepositoryId: found.head.repo?.id,
      baseRef: found.base.ref,
      author: found.user?.login ?? '',
      labels: found.labels.map(({ name }) => name),
      mergeBaseSha: await mergeBase(repository, found, signal),
    }
  }

  /** Against the branch's tip; against the sha that GitHub remembers once the branch is gone. */
  async function mergeBase(
    repository: RepositoryReference,
    { base, head }: z.output<typeof PullRequest>,
    signal: AbortSignal,
  ): Promise<CommitSha> {
    const atTip = await compare(repository, `${base.ref}...${head.sha}`, signal).catch(undefinedIfNotFound)
    const comparison = atTip ?? (await compare(repository, `${base.sha}...${head.sha}`, signal))
    return CommitSha(comparison.merge_base_commit.sha)
  }

  function compare(repository: RepositoryReference, basehead: string, signal: AbortSignal) {
    return client.read({
      repository,
      route: 'GET /repos/{owner}/{repo}/compare/{basehead}',
      parameters: { basehead, per_page: 1 },
      schema: Comparison,
      signal,
    })
  }

  /** A fork's branch of the same name is not this branch. */
  async function openPullRequestsOf(repository: RepositoryReference, branch: string, signal: AbortSignal): Promise<readonly number[]> {
    const pulls = await client.read({
      repository,
      route: 'GET /repos/{owner}/{repo}/pulls',
      parameters: { state: 'open', head: `${repository.fullName.split('/')[0]}:${branch}`, per_page: pageSize },
      schema: PullRequests,
      signal,
    })
    return pulls.filter(({ head }) => head.repo?.id === repository.id && head.ref === branch).map(({ number }) => number)
  }

  async function branchHead(repository: RepositoryReference, branch: string, signal: AbortSignal): Promise<CommitSha | undefined> {
    const found = await readBranch(repository, branch, signal)
    return found && CommitSha(found.commit.sha)
  }

  function readBranch(repository: RepositoryReference, branch: string, signal: AbortSignal) {
    return client.readIfFound({
      repository,
      route: 'GET /repos/{owner}/{repo}/branches/{branch}',
      parameters: { branch },
      schema: Branch,
      signal,
    })
  }

  async function commitMessage(repository: RepositoryReference, sha: CommitSha, signal: AbortSignal): Promise<string> {
    const route = 'GET /repos/{owner}/{repo}/git/commits/{commit_sha}'
    return (await client.read({ repository, route, parameters: { commit_sha: sha }, schema: Commit, signal })).message
  }

  /** Custom roles are named by whoever made them, so only GitHub's own names count; else the older word for what the role may do. */
  async function permission(repository: RepositoryReference, login: string, signal: AbortSignal): Promise<Permission | 'none'> {
    const route = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission'
    const found = await client.readIfFound({ repository, route, parameters: { username: login }, schema: Collaborator, signal })
    return permissions.find((name) => name === found?.role_name) ?? permissions.find((name) => name === found?.permission) ?? 'none'
  }

  async function requiredChecks(repository: RepositoryReference, branch: string, signal: AbortSignal): Promise<readonly string[]> {
    const found = await readBranch(repository, branch, signal)
    const rules = await readRules(repository, branch, signal)
    const ruled = rules
      .filter(({ type }) => type === 'required_status_checks')
      .flatMap(({ parameters }) => parameters?.required_status_checks?.map(({ context }) => context) ?? [])
    return [...new Set([...(found?.protection?.required_status_checks?.contexts ?? []), ...ruled])].slice(0, 1000)
  }

  async function readRules(repository: RepositoryReference, branch: string, signal: AbortSignal) {
    const route = 'GET /repos/{owner}/{repo}/rules/branches/{branch}'
    return (await client.readIfFound({ repository, route, parameters: { branch, per_page: pageSize }, schema: Rules, signal })) ?? []
  }

  /** A comparison is git's with three dots: what head brought since it left base. */
  async function changedPaths(repository: RepositoryReference, range: Range, signal: AbortSignal): Promise<readonly string[] | 'unknown'> {
    if (range.kind === 'pull-request') return await pullRequestPaths(repository, range.number, signal)
    const comparison = await compare(repository, `${range.base}...${range.head}`, signal).catch(undefinedIfNotFound)
    const files = comparison?.files
    return !files || files.length >= maxCompareFiles ? 'unknown' : pathsOf(files)
  }

  async function pullRequestPaths(repository: RepositoryReference, number: number, signal: AbortSignal) {
    const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}/files'
    const files: z.output<typeof Files> = []
    for (let page = 1; files.length < maxPullRequestFiles; page++) {
      const parameters = { pull_number: number, per_page: pageSize, page }
      const found = await client.read({ repository, route, parameters, schema: Files, signal })
      files.push(...found)
      if (found.length < pageSize) return pathsOf(files)
    }
    return 'unknown'
  }
}

type Range = Parameters<ForgeReader['changedPaths']>[1]

const permissions: readonly (Permission | 'none')[] = ['admin', 'maintain', 'write', 'triage', 'read', 'none']

/** A rename changes both paths. */
function pathsOf(files: z.output<typeof Files>): readonly string[] {
  return [...new Set(files.flatMap(({ filename, previous_filename: before }) => (before ? [filename, before] : [filename])))]
}

function undefinedIfNotFound(error: unknown): undefined {
  if (!isStatus(error, notFound)) throw error
}
