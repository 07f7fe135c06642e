import { defaultPullRequestTypes } from './git/triggers-shape.ts'
import { compileGlobs, matchesGlobs } from './glob.ts'
import { joinPath } from './paths.ts'
import type { Globs, PullRequestTrigger, PushTrigger, Triggers } from './types.ts'

/** What happened in the repository, as far as `on` asks. */
export type Change = {
  readonly event: 'push' | 'pull_request'
  /** Of a push: one of the two. */
  readonly branch?: string
  readonly tag?: string
  /** Of a pull request. */
  readonly baseBranch?: string
  readonly action?: string
  readonly labels?: readonly string[]
  readonly draft?: boolean
  /** Both names of a rename; `unknown` when GitHub does not tell them all, and then every path filter matches. */
  readonly changedPaths: readonly string[] | 'unknown'
  readonly specPath: string
  /** `localpath` of the spec's files, relative to the spec. */
  readonly localpaths: readonly string[]
}

export type Selection = { readonly kind: 'run' } | { readonly kind: 'skip'; readonly reason: string }

/**
 * Whether a spec runs for a change. `triggers` are the spec's own, else the repository's; with neither it runs when the
 * spec, or a file that it names with `localpath`, changed (extensions.md §1).
 */
export function selects(triggers: Triggers | undefined, change: Change): Selection {
  const reason = triggers === undefined ? whyNotByDefault(change) : whyNotSelected(triggers, change)
  return reason === undefined ? { kind: 'run' } : { kind: 'skip', reason }
}

/** Whether this action of a pull request is one that a spec with these triggers waits for at all. */
export function listensTo(triggers: Triggers | undefined, action: string): boolean {
  if (triggers === undefined) return isOneOf(action, defaultPullRequestTypes)
  return triggers.pullRequest !== undefined && isOneOf(action, triggers.pullRequest.types)
}

/** With these a commit message asks that pushes and pull requests run nothing: GitHub's own spellings; case matters not, place neither. */
const skipWords = ['[skip ci]', '[ci skip]', '[no ci]', '[skip actions]', '[actions skip]']

export function asksToSkip(commitMessage: string): boolean {
  const message = commitMessage.toLowerCase()
  return skipWords.some((word) => message.includes(word))
}

function whyNotByDefault(change: Change): string | undefined {
  if (change.event === 'pull_request' && !isOneOf(change.action, defaultPullRequestTypes))
    return `A pull request that was ${change.action} runs nothing by default`
  if (change.changedPaths === 'unknown') return undefined
  const own = [change.specPath, ...change.localpaths.flatMap((path) => joinPath(change.specPath, path) ?? [])]
  // A localpath may be a directory.
  const touched = change.changedPaths.some((path) => own.some((mine) => path === mine || path.startsWith(`${mine}/`)))
  return touched ? undefined : `It has no \`on\`, and neither ${change.specPath} nor a file that it names changed`
}

function whyNotSelected(triggers: Triggers, change: Change): string | undefined {
  const trigger = change.event === 'push' ? triggers.push : triggers.pullRequest
  if (trigger === undefined) return `Its \`on\` does not have ${change.event}`
  return change.event === 'push' ? whyNotPush(trigger as PushTrigger, change) : whyNotPullRequest(trigger as PullRequestTrigger, change)
}

function whyNotPush({ branches, tags, paths }: PushTrigger, change: Change): string | undefined {
  if (change.tag !== undefined) {
    // In Actions a filter for branches alone means that tags do not run. Paths are not asked for tags.
    if (tags === undefined)
      return branches === undefined ? undefined : `on.push has branches and no tags, and this is the tag ${change.tag}`
    return matchesGlobs(tags, [change.tag]) ? undefined : `on.push.tags does not select ${change.tag}`
  }
  const branch = change.branch ?? ''
  if (branches === undefined && tags !== undefined) return `on.push has tags and no branches, and this is the branch ${branch}`
  if (branches !== undefined && !matchesGlobs(branches, [branch])) return `on.push.branches does not select ${branch}`
  return whyNotPaths(paths, change, 'on.push.paths')
}

function whyNotPullRequest(trigger: PullRequestTrigger, change: Change): string | undefined {
  const { types, branches, paths, labels, draft } = trigger
  if (!isOneOf(change.action, types)) return `on.pull_request.types does not have ${change.action}`
  if (change.draft === true && !draft) return 'The pull request is a draft, and on.pull_request.draft is false'
  if (labels !== undefined && !labels.some((label) => change.labels?.includes(label)))
    return `The pull request carries none of the labels ${labels.join(', ')}`
  if (branches !== undefined && !matchesGlobs(branches, [change.baseBranch ?? '']))
    return `on.pull_request.branches does not select the base ${change.baseBranch}`
  return whyNotPaths(paths, change, 'on.pull_request.paths')
}

function whyNotPaths(paths: Globs | undefined, change: Change, filter: string): string | undefined {
  if (paths === undefined || change.changedPaths === 'unknown') return undefined
  if (matchesGlobs(paths, change.changedPaths)) return undefined
  const count = change.changedPaths.length
  return count === 1 ? `${filter} does not select the changed file` : `${filter} selects none of the ${count} changed files`
}

/** Whether `workflow_run` follows a spec of this name on this branch. */
export function follows(triggers: Triggers | undefined, finished: { readonly spec: string; readonly branch: string }): boolean {
  const trigger = triggers?.workflowRun
  if (trigger === undefined || !compileGlobs(trigger.specs)(finished.spec)) return false
  return trigger.branches === undefined || matchesGlobs(trigger.branches, [finished.branch])
}

function isOneOf(action: string | undefined, types: readonly string[]): boolean {
  return action === undefined || types.includes(action)
}
