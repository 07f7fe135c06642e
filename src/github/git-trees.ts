import { z } from 'zod'
import type { RepositoryReference } from '../engine/ports.ts'
import type { GithubClient } from './client.ts'
import { isStatus } from './failures.ts'
import { Sha } from './payloads.ts'

const Entry = z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: Sha, size: z.number().nullish() })
const Tree = z.object({ tree: z.array(Entry), truncated: z.boolean().nullish() })
export type GitEntry = z.output<typeof Entry>
/** GitHub leaves out what is beyond 100 000 entries or 7 MB. */
export type GitTree = { readonly entries: readonly GitEntry[]; readonly extent: 'whole' | 'cut' }
/** Which entries: those of the tree itself, or all below it with their paths from there. */
export type GitDepth = 'itself' | 'below'

/** The tree of a commit or of a directory, by its sha. */
export async function readGitTree(
  client: GithubClient,
  { repository, sha, depth }: { readonly repository: RepositoryReference; readonly sha: string; readonly depth: GitDepth },
  signal: AbortSignal,
): Promise<GitTree> {
  const route = 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}'
  const parameters = { tree_sha: sha, ...(depth === 'below' && { recursive: '1' }) }
  try {
    const { tree, truncated } = await client.read({ repository, route, parameters, schema: Tree, signal })
    return { entries: tree, extent: truncated ? 'cut' : 'whole' }
  } catch (error) {
    // GitHub's words for a repository without a commit.
    if (isStatus(error, [409])) return { entries: [], extent: 'whole' }
    throw error
  }
}
