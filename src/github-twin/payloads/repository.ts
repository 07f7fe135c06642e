import type { Repository, User } from '../state.ts'
import { atLeast, ownerOf, repositoryOf, roleOf, type World } from '../world.ts'
import { nodeId, pageUrl, repositoryPage, repositoryUrl } from './urls.ts'
import { userPayload } from './user.ts'

/** A repository as GitHub embeds it in answers and webhooks (`repository`). */
export function repositoryPayload(world: World, repository: Repository) {
  return {
    ...minimalRepository(world, repository),
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    archived: false,
    disabled: false,
    visibility: repository.visibility,
    topics: [],
    homepage: null,
    language: null,
    mirror_url: null,
    size: 0,
    default_branch: repository.defaultBranch,
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    created_at: repository.createdAt,
    updated_at: repository.pushedAt,
    pushed_at: repository.pushedAt,
    ...counts(world, repository),
  }
}

function counts(world: World, repository: Repository) {
  const forks = world.state.repositories.filter((other) => other.parentId === repository.id).length
  const open = world.state.pulls.filter((pull) => pull.repositoryId === repository.id && pull.state === 'open').length
  return {
    stargazers_count: 0,
    watchers_count: 0,
    forks_count: forks,
    open_issues_count: open,
    forks,
    open_issues: open,
    watchers: 0,
  }
}

/** As `GET /repos/{owner}/{repo}` shows it (`full-repository`), with the rights of a person where one asks. */
export function fullRepositoryPayload(world: World, repository: Repository, reader: User | undefined) {
  const parent = repository.parentId === null ? undefined : repositoryPayload(world, repositoryOf(world, repository.parentId))
  return {
    ...repositoryPayload(world, repository),
    subscribers_count: 0,
    network_count: 0,
    temp_clone_token: null,
    ...(reader === undefined ? {} : { permissions: rights(world, repository, reader) }),
    ...(parent === undefined ? {} : { parent, source: parent }),
  }
}

export function rights(world: World, repository: Repository, reader: User) {
  const role = roleOf(world, repository, reader)
  return {
    admin: atLeast(role, 'admin'),
    maintain: atLeast(role, 'maintain'),
    push: atLeast(role, 'write'),
    triage: atLeast(role, 'triage'),
    pull: atLeast(role, 'read'),
  }
}

/** The part of a repository that check suites embed (`minimal-repository`). */
export function minimalRepository(world: World, repository: Repository) {
  const owner = ownerOf(world, repository)
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: `${owner.login}/${repository.name}`,
    private: repository.visibility === 'private',
    owner: userPayload(world, owner),
    html_url: repositoryPage(world, repository),
    description: repository.description,
    fork: repository.parentId !== null,
    ...addresses(repositoryUrl(world, repository)),
    ...cloneAddresses(world, repository),
  }
}

function addresses(url: string) {
  return {
    url,
    forks_url: `${url}/forks`,
    keys_url: `${url}/keys{/key_id}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    teams_url: `${url}/teams`,
    hooks_url: `${url}/hooks`,
    issue_events_url: `${url}/issues/events{/number}`,
    events_url: `${url}/events`,
    assignees_url: `${url}/assignees{/user}`,
    branches_url: `${url}/branches{/branch}`,
    tags_url: `${url}/tags`,
    blobs_url: `${url}/git/blobs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    trees_url: `${url}/git/trees{/sha}`,
    statuses_url: `${url}/statuses/{sha}`,
    languages_url: `${url}/languages`,
    stargazers_url: `${url}/stargazers`,
    contributors_url: `${url}/contributors`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    commits_url: `${url}/commits{/sha}`,
    git_commits_url: `${url}/git/commits{/sha}`,
    comments_url: `${url}/comments{/number}`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    contents_url: `${url}/contents/{+path}`,
    compare_url: `${url}/compare/{base}...{head}`,
    merges_url: `${url}/merges`,
    archive_url: `${url}/{archive_format}{/ref}`,
    downloads_url: `${url}/downloads`,
    issues_url: `${url}/issues{/number}`,
    pulls_url: `${url}/pulls{/number}`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    labels_url: `${url}/labels{/name}`,
    releases_url: `${url}/releases{/id}`,
    deployments_url: `${url}/deployments`,
  }
}

function cloneAddresses(world: World, repository: Repository) {
  const page = repositoryPage(world, repository)
  const host = new URL(pageUrl(world, '')).hostname
  const path = page.slice(world.url.length + 1)
  return {
    git_url: page.replace(/^https?:/, 'git:').concat('.git'),
    ssh_url: `git@${host}:${path}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
  }
}
