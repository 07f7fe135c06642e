import { join, relative, resolve, sep } from 'node:path'
import { asksToSkip, type Change } from '../spec/triggers.ts'
import type { Origin } from '../spec/types.ts'
import { UsageError } from './arguments.ts'
import { counted } from './diagnostics.ts'
import { baseCommit, changedSince, git } from './git.ts'
import { rootOf } from './sources.ts'

/** What a command line says of a change; git says the rest. */
export type ChangeOptions = {
  readonly event?: string
  readonly origin?: string
  readonly changed?: readonly string[]
  readonly branch?: string
  readonly tag?: string
  readonly label?: readonly string[]
  readonly draft?: true
}

export type PlannedChange = {
  readonly change: Omit<Change, 'specPath' | 'localpaths'>
  readonly origin: Origin
  /** Whether the message of the commit that would be pushed asks that nothing runs. */
  readonly skipped: 'no' | 'by-commit-message'
}

/** Throws `UsageError`. */
export async function readChange(directory: string, options: ChangeOptions): Promise<PlannedChange> {
  const event = options.event === 'pull_request' ? 'pull_request' : 'push'
  checkOptions(event, options)
  const origin = options.origin === 'approved' || options.origin === 'untrusted' ? options.origin : 'trusted'
  const changedPaths = options.changed?.map((path) => withinRepository(path, directory)) ?? (await changesOf(directory, event))
  const skipped = await skippedByMessage(directory)
  if (options.tag !== undefined) return { change: { event, tag: options.tag, changedPaths }, origin, skipped }
  if (event === 'push')
    return { change: { event, branch: options.branch ?? (await currentBranch(directory)), changedPaths }, origin, skipped }
  const baseBranch = options.branch ?? (await defaultBranch(directory))
  const { label: labels = [], draft = false } = options
  return { change: { event, action: 'opened', baseBranch, labels, draft, changedPaths }, origin, skipped }
}

function checkOptions(event: 'push' | 'pull_request', { tag, branch, draft }: ChangeOptions) {
  if (tag !== undefined && event !== 'push') throw new UsageError('Only a push has a --tag: leave out --event pull_request.')
  if (tag !== undefined && branch !== undefined) throw new UsageError('A push is of a --branch or of a --tag: leave one of them out.')
  if (draft && event !== 'pull_request') throw new UsageError('Only a pull request is a --draft: add --event pull_request.')
}

/** As git names it: from the root, without "." and "..". */
function withinRepository(path: string, directory: string): string {
  const within = relative(directory, resolve(directory, path)).replaceAll(sep, '/')
  if (within !== '' && within !== '..' && !within.startsWith('../')) return within
  throw new UsageError(`Expected a path below ${directory} for --changed, but it is ${JSON.stringify(path)}.`)
}

export function isInGit(directory: string): boolean {
  return rootOf(join(directory, '.osmo', 'config.yaml'))?.kind === 'git'
}

/** Without a commit to compare with, every path counts as changed, as at a branch's first push. */
async function changesOf(directory: string, event: 'push' | 'pull_request'): Promise<readonly string[] | 'unknown'> {
  const base = isInGit(directory) ? await baseCommit(directory, event) : undefined
  return base === undefined ? 'unknown' : ((await changedSince(directory, base)) ?? 'unknown')
}

/** What is not committed yet will have another message. */
async function skippedByMessage(directory: string): Promise<PlannedChange['skipped']> {
  if (!isInGit(directory) || (await git(directory, 'status', '--porcelain', '--untracked-files=no')) !== '') return 'no'
  return asksToSkip((await git(directory, 'log', '-1', '--format=%B')) ?? '') ? 'by-commit-message' : 'no'
}

async function currentBranch(directory: string): Promise<string> {
  return (await git(directory, 'symbolic-ref', '--short', 'HEAD')) || 'main'
}

async function defaultBranch(directory: string): Promise<string> {
  return (await git(directory, 'symbolic-ref', '--short', 'refs/remotes/origin/HEAD'))?.replace(/^origin\//, '') || 'main'
}

export function headline({ change, origin }: PlannedChange): string {
  const { event, tag, branch, baseBranch, draft, changedPaths } = change
  const pushed = tag === undefined ? `A push to ${branch}` : `A push of the tag ${tag}`
  const where = event === 'push' ? pushed : `A ${draft ? 'draft ' : ''}pull request into ${baseBranch}`
  const count = changedPaths === 'unknown' ? 'every path counts as changed' : counted(changedPaths.length, 'changed file')
  return `${where}, ${origin} code, ${count || 'no changed files'}:`
}
