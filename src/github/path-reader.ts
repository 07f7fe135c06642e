import type { ForgeReader, RepositoryReference } from '../engine/ports.ts'
import { linkMode, localpathLimits, type PathEntries, submoduleMode } from '../spec/localpaths.ts'
import type { TreeEntry } from '../spec/names.ts'
import type { GithubClient } from './client.ts'
import { createLru } from './conditional-cache.ts'
import { type GitDepth, type GitEntry, type GitTree, readGitTree } from './git-trees.ts'

/** Of one call: specs are a stranger's text, and GitHub counts what we ask. */
const maxRequests = 100

/** Looks at paths of a commit, tree by tree from its root. A tree is kept by its sha, which can never mean something else. */
export function createPathReader(client: GithubClient, maxCacheBytes: number): ForgeReader['entriesAt'] {
  const kept = createLru<GitTree>(maxCacheBytes)
  return entriesAt

  async function entriesAt(repository: RepositoryReference, sha: string, paths: readonly string[], signal: AbortSignal) {
    const trees = treesOf(repository, signal)
    const found = new Map<string, PathEntries>()
    for (const path of new Set(paths)) {
      const entries = await entriesOf(trees, sha, path)
      if (entries !== undefined) found.set(path, entries)
    }
    return found
  }

  /** Undefined beyond the bound. */
  function treesOf(repository: RepositoryReference, signal: AbortSignal): Trees {
    let requests = 0
    return async (sha, depth) => {
      const key = `${repository.id} ${sha} ${depth}`
      const before = kept.get(key)
      if (before !== undefined || ++requests > maxRequests) return before
      const tree = await readGitTree(client, { repository, sha, depth }, signal)
      const usable = depth === 'itself' ? tree : { ...tree, entries: tree.entries.filter(isFile).slice(0, localpathLimits.taskFiles + 1) }
      kept.set(key, usable, JSON.stringify(usable).length)
      return usable
    }
  }
}

type Trees = (sha: string, depth: GitDepth) => Promise<GitTree | undefined>

const isFile = ({ type }: GitEntry) => type !== 'tree'

/** Undefined where GitHub does not tell all of it. */
async function entriesOf(trees: Trees, commit: string, path: string): Promise<PathEntries | undefined> {
  let [folder, sha] = ['', commit]
  const parts = path.split('/').filter((part) => part !== '')
  for (const [index, part] of parts.entries()) {
    const tree = await trees(sha, 'itself')
    const entry = tree?.entries.find((one) => one.path === part)
    if (entry === undefined) return tree?.extent === 'whole' ? [] : undefined
    const isLast = index === parts.length - 1
    if (entry.type !== 'tree') return isLast || [linkMode, submoduleMode].includes(entry.mode) ? [treeEntry(folder, entry)] : []
    folder += `${part}/`
    sha = entry.sha
  }
  const below = await trees(sha, 'below')
  const isKnown = below?.extent === 'whole' || (below?.entries.length ?? 0) > localpathLimits.taskFiles
  return isKnown ? below?.entries.map((entry) => treeEntry(folder, entry)) : undefined
}

const treeEntry = (folder: string, { path, mode, size }: GitEntry): TreeEntry => ({ path: `${folder}${path}`, mode, sizeBytes: size ?? 0 })
