import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const timeoutMs = 10_000
const maximumBytes = 16 * 1024 * 1024

/** What git prints, without blanks at the end; undefined when it fails or is not there. */
export async function git(directory: string, ...parameters: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', ['--no-optional-locks', '-c', 'core.fsmonitor=false', '-C', directory, ...parameters], {
      timeout: timeoutMs,
      maxBuffer: maximumBytes,
    })
    return stdout.trimEnd()
  } catch {
    // A directory without git, a repository without a commit, a branch without an upstream: each has its own default.
    return undefined
  }
}

/** Paths that git lists, one a NUL. */
export async function gitPaths(directory: string, ...parameters: readonly string[]): Promise<readonly string[] | undefined> {
  const text = await git(directory, ...parameters)
  return text?.split('\0').filter((path) => path !== '')
}

/** `owner/name` of the remote `origin`. */
export async function repositoryName(directory: string): Promise<string | undefined> {
  const url = await git(directory, 'remote', 'get-url', 'origin')
  return url === undefined ? undefined : /([^/:]+\/[^/:]+?)(?:\.git)?\/?$/.exec(url)?.[1]
}

/** What a push or a pull request would be compared with: the branch's upstream, else where it left the default branch. */
export async function baseCommit(directory: string, event: 'push' | 'pull_request'): Promise<string | undefined> {
  const upstream = event === 'push' ? await git(directory, 'rev-parse', '--verify', '--quiet', '@{upstream}') : undefined
  if (upstream !== undefined) return upstream
  for (const branch of ['origin/HEAD', 'origin/main', 'origin/master']) {
    const base = await git(directory, 'merge-base', 'HEAD', branch)
    if (base !== undefined) return base
  }
  return undefined
}

/** Files below the directory that differ from a commit, committed or not, relative to it; both names of a rename. */
export async function changedSince(directory: string, commit: string): Promise<readonly string[] | undefined> {
  const changed = await gitPaths(directory, 'diff', '--name-only', '--relative', '--no-renames', '-z', commit)
  const added = await gitPaths(directory, 'ls-files', '--others', '--exclude-standard', '-z')
  return changed === undefined || added === undefined ? undefined : [...new Set([...changed, ...added])].sort()
}

const listings = { tracked: ['--cached'], addable: ['--others', '--exclude-standard'] }

/** Files at or below these paths: those that git tracks, or those that it neither tracks nor ignores. Undefined when git cannot say. */
export function listed(directory: string, paths: readonly string[], kind: keyof typeof listings): Promise<readonly string[] | undefined> {
  return gitPaths(directory, 'ls-files', '-z', ...listings[kind], '--', ...paths.map((path) => `:(literal)${path}`))
}
