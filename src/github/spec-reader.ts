import { z } from 'zod'
import type { ForgeReader, RepositoryReference, SpecFile } from '../engine/ports.ts'
import type { CommitSha } from '../workflow/names.ts'
import type { GithubClient } from './client.ts'
import { createLru } from './conditional-cache.ts'
import { type GitEntry as Entry, type GitDepth, readGitTree } from './git-trees.ts'

/** Limits of extensions.md §6; the settings file counts beside the 256 specs. */
const maxFiles = 257
const maxFileBytes = 1024 * 1024
const maxTotalBytes = 4 * 1024 * 1024
/** Entries that are listed at all, so that a tree of a hundred thousand links costs nobody anything. */
const maxEntries = 2000
const concurrency = 4

const Blob = z.object({ content: z.string(), encoding: z.string() })
type Text = { readonly text: string | undefined }

/**
 * Reads `.osmo/` at a commit: root tree, its `.osmo` entry, that tree with all below it, then blobs.
 * Everything is kept by its sha, which can never mean something else, so an unchanged tree costs one conditional request.
 * Files that are no YAML are left out; links and submodules are listed, for whoever has to refuse them.
 */
export function createSpecReader(client: GithubClient, maxCacheBytes: number): ForgeReader['specFiles'] {
  const trees = createLru<readonly Entry[]>(maxCacheBytes / 4)
  const texts = createLru<Text>(maxCacheBytes)
  return specFiles

  async function specFiles(repository: RepositoryReference, sha: CommitSha, signal: AbortSignal): Promise<readonly SpecFile[]> {
    const folder = await findFolder(repository, sha, signal)
    if (folder === undefined) return []
    if (folder.type !== 'tree') return [specFile(folder, undefined)]
    const entries = await readFolder(repository, folder.sha, signal)
    const wanted = readable(entries)
    return await mapInOrder(entries, async (entry) =>
      specFile(entry, wanted.has(entry) ? await readText(repository, entry.sha, signal) : undefined),
    )
  }

  async function findFolder(repository: RepositoryReference, sha: CommitSha, signal: AbortSignal): Promise<Entry | undefined> {
    const key = `${repository.id} ${sha}`
    const kept = trees.get(key)
    if (kept) return kept[0]
    const root = await readTree(repository, sha, 'itself', signal)
    const folder = root.filter(({ path }) => path === '.osmo')
    trees.set(key, folder, 200)
    return folder[0]
  }

  async function readFolder(repository: RepositoryReference, sha: string, signal: AbortSignal): Promise<readonly Entry[]> {
    const key = `${repository.id} ${sha}`
    const kept = trees.get(key)
    if (kept) return kept
    const tree = await readTree(repository, sha, 'below', signal)
    const entries = tree
      .filter(isListed)
      .map((entry) => ({ ...entry, path: `.osmo/${entry.path}` }))
      .toSorted((one, other) => (one.path < other.path ? -1 : 1))
      .slice(0, maxEntries)
    trees.set(key, entries, JSON.stringify(entries).length)
    return entries
  }

  async function readTree(repository: RepositoryReference, sha: string, depth: GitDepth, signal: AbortSignal): Promise<readonly Entry[]> {
    return (await readGitTree(client, { repository, sha, depth }, signal)).entries
  }

  async function readText(repository: RepositoryReference, sha: string, signal: AbortSignal): Promise<string | undefined> {
    const key = `${repository.id} ${sha}`
    const kept = texts.get(key)
    if (kept) return kept.text
    const text = await downloadText(repository, sha, signal)
    texts.set(key, { text }, 2 * (text?.length ?? 0) + 100)
    return text
  }

  async function downloadText(repository: RepositoryReference, sha: string, signal: AbortSignal): Promise<string | undefined> {
    const route = 'GET /repos/{owner}/{repo}/git/blobs/{file_sha}'
    const blob = await client.read({ repository, route, parameters: { file_sha: sha }, schema: Blob, signal })
    return blob.encoding === 'base64' ? decode(Buffer.from(blob.content, 'base64')) : undefined
  }
}

function isListed({ path, mode, type }: Entry): boolean {
  return type !== 'tree' && (/\.ya?ml$/.test(path) || mode === '120000' || mode === '160000')
}

/** Which of them to read: regular files within the limits, the settings file before all others. */
function readable(entries: readonly Entry[]): ReadonlySet<Entry> {
  const isSettings = ({ path }: Entry) => /^\.osmo\/config\.ya?ml$/.test(path)
  const regular = entries.filter(({ mode, size }) => (mode === '100644' || mode === '100755') && (size ?? 0) <= maxFileBytes)
  const inOrder = [...regular.filter(isSettings), ...regular.filter((entry) => !isSettings(entry))]
  return new Set(withinTotal(inOrder.slice(0, maxFiles)))
}

function withinTotal(entries: readonly Entry[]): readonly Entry[] {
  let total = 0
  return entries.filter(({ size }) => {
    total += size ?? 0
    return total <= maxTotalBytes
  })
}

function specFile({ path, mode, size }: Entry, text: string | undefined): SpecFile {
  return { path, mode, bytes: size ?? 0, text }
}

/** Undefined for bytes that are not UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

async function mapInOrder<From, To>(items: readonly From[], map: (item: From) => Promise<To>): Promise<readonly To[]> {
  const results: To[] = []
  for (let start = 0; start < items.length; start += concurrency) {
    results.push(...(await Promise.all(items.slice(start, start + concurrency).map(map))))
  }
  return results
}
