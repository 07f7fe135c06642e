import { Failure, notFound } from '../failure.ts'
import { commitOf } from '../git.ts'
import { commitPayload } from '../payloads/commit.ts'
import { fullRepositoryPayload, rights } from '../payloads/repository.ts'
import { repositoryPage, repositoryUrl } from '../payloads/urls.ts'
import { publicUserPayload, userPayload } from '../payloads/user.ts'
import { type Call, ok, paged, type Reply, type RepositoryCall, repositoryRoute, route } from '../router.ts'
import type { Repository, Role } from '../state.ts'
import { gitDirectory, roleOf, userByLogin, type World } from '../world.ts'

const metadata = { permission: 'metadata', level: 'read' } as const
const contents = { permission: 'contents', level: 'read' } as const

/** Repositories, their branches and rules, and who may do what. */
export const repositoryRoutes = [
  repositoryRoute('GET', '/repos/{owner}/{repo}', metadata, showRepository),
  repositoryRoute('GET', '/repos/{owner}/{repo}/branches', contents, listBranches),
  repositoryRoute('GET', '/repos/{owner}/{repo}/branches/{branch}', contents, showBranch),
  repositoryRoute('GET', '/repos/{owner}/{repo}/rules/branches/{branch}', metadata, listRules),
  repositoryRoute(
    'GET',
    '/repos/{owner}/{repo}/collaborators/{username}/permission',
    { permission: 'collaborators', level: 'read' },
    showPermission,
  ),
  route('GET', '/user', (call) => {
    if (call.identity.kind === 'person') return ok(publicUserPayload(call.world, call.identity.user))
    throw call.identity.kind === 'anonymous'
      ? new Failure(401, 'Requires authentication')
      : new Failure(403, 'Resource not accessible by integration')
  }),
  route('GET', '/users/{username}', (call) => {
    const user = userByLogin(call.world, call.params.username ?? '')
    if (user === undefined) throw notFound()
    return ok(publicUserPayload(call.world, user))
  }),
]

function showRepository({ world, identity, repository }: RepositoryCall): Reply {
  return ok(fullRepositoryPayload(world, repository, identity.kind === 'person' ? identity.user : undefined))
}

function listBranches(call: RepositoryCall): Reply {
  const { world, repository } = call
  const { items, headers } = paged(call, branchesOf(repository))
  const branches = items.map(([name, sha]) => ({
    name,
    commit: { sha, url: repositoryUrl(world, repository, `/commits/${sha}`) },
    ...protection(world, repository, name),
  }))
  return ok(branches, headers)
}

export function branchesOf(repository: Repository): [string, string][] {
  return Object.entries(repository.refs)
    .filter(([ref]) => ref.startsWith('refs/heads/'))
    .map(([ref, sha]): [string, string] => [ref.slice('refs/heads/'.length), sha])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

async function showBranch({ world, repository, params }: RepositoryCall): Promise<Reply> {
  const name = params.branch ?? ''
  const sha = repository.refs[`refs/heads/${name}`]
  if (sha === undefined) throw new Failure(404, 'Branch not found')
  const commit = await commitOf(gitDirectory(world, repository), sha)
  const self = repositoryUrl(world, repository, `/branches/${encodeURIComponent(name)}`)
  return ok({
    name,
    commit: commitPayload(world, repository, commit),
    _links: { self, html: repositoryPage(world, repository, `/tree/${name}`) },
    ...protection(world, repository, name),
  })
}

/** Rulesets show in `protected` and in the rules of a branch; the contexts are repeated here as classic protection would show them. */
function protection(world: World, repository: Repository, branch: string) {
  const contexts = requiredContexts(repository, branch)
  const enabled = contexts.length > 0
  const url = repositoryUrl(world, repository, `/branches/${encodeURIComponent(branch)}/protection`)
  return {
    protected: enabled,
    protection: {
      enabled,
      required_status_checks: {
        enforcement_level: enabled ? 'non_admins' : 'off',
        contexts,
        checks: contexts.map((context) => ({ context, app_id: null })),
      },
    },
    protection_url: url,
  }
}

export function requiredContexts(repository: Repository, branch: string): string[] {
  return repository.requiredChecks.filter((rule) => rule.branch === branch).flatMap((rule) => [...rule.contexts])
}

function listRules(call: RepositoryCall): Reply {
  const { world, repository, params } = call
  const rules = repository.requiredChecks
    .filter((rule) => rule.branch === params.branch)
    .map((rule) => ({
      type: 'required_status_checks',
      parameters: { required_status_checks: rule.contexts.map((context) => ({ context })), strict_required_status_checks_policy: false },
      ruleset_source_type: 'Repository',
      ruleset_source: repositoryUrl(world, repository).split('/').slice(-2).join('/'),
      ruleset_id: rule.id,
    }))
  const { items, headers } = paged(call, rules)
  return ok(items, headers)
}

/** The older word for a role, in which maintaining is writing and triaging is reading. */
const olderWord: Readonly<Record<Role, string>> = {
  admin: 'admin',
  maintain: 'write',
  write: 'write',
  triage: 'read',
  read: 'read',
  none: 'none',
}

function showPermission({ world, repository, params }: RepositoryCall & Call): Reply {
  const user = userByLogin(world, params.username ?? '')
  if (user === undefined) throw notFound()
  const role = roleOf(world, repository, user)
  return ok({
    permission: olderWord[role],
    role_name: role,
    user: { ...userPayload(world, user), permissions: rights(world, repository, user), role_name: role },
  })
}
