import type { Commit } from '../git.ts'
import type { FileChange } from '../git-diff.ts'
import type { Repository } from '../state.ts'
import type { World } from '../world.ts'
import { nodeId, repositoryPage, repositoryUrl } from './urls.ts'
import { userPayload } from './user.ts'

/** A commit as the repository's list of commits shows it. Authors are matched to users by e-mail. */
export function commitPayload(world: World, repository: Repository, commit: Commit) {
  const url = repositoryUrl(world, repository, `/commits/${commit.sha}`)
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url,
    html_url: repositoryPage(world, repository, `/commit/${commit.sha}`),
    comments_url: `${url}/comments`,
    commit: {
      url: repositoryUrl(world, repository, `/git/commits/${commit.sha}`),
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: repositoryUrl(world, repository, `/git/trees/${commit.tree}`) },
      verification: unsigned,
    },
    author: userByEmail(world, commit.author.email),
    committer: userByEmail(world, commit.committer.email),
    parents: parents(world, repository, commit),
  }
}

const unsigned = { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }

function userByEmail(world: World, email: string) {
  const user = world.state.users.find((found) => found.email.toLowerCase() === email.toLowerCase())
  return user === undefined ? null : userPayload(world, user)
}

function parents(world: World, repository: Repository, commit: Commit) {
  return commit.parents.map((sha) => ({
    sha,
    url: repositoryUrl(world, repository, `/commits/${sha}`),
    html_url: repositoryPage(world, repository, `/commit/${sha}`),
  }))
}

/** A commit as the git database shows it (`git-commit`). */
export function gitCommitPayload(world: World, repository: Repository, commit: Commit) {
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: repositoryUrl(world, repository, `/git/commits/${commit.sha}`),
    html_url: repositoryPage(world, repository, `/commit/${commit.sha}`),
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: repositoryUrl(world, repository, `/git/trees/${commit.tree}`) },
    parents: parents(world, repository, commit),
    verification: unsigned,
  }
}

/** A commit as check suites embed it (`simple-commit`). */
export function simpleCommitPayload(commit: Commit) {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  }
}

/** One changed file (`diff-entry`), with addresses at the commit that shows its last content. */
export function filePayload(world: World, repository: Repository, file: FileChange, sha: string) {
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: repositoryPage(world, repository, `/blob/${sha}/${path}`),
    raw_url: repositoryPage(world, repository, `/raw/${sha}/${path}`),
    contents_url: repositoryUrl(world, repository, `/contents/${path}?ref=${sha}`),
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  }
}
