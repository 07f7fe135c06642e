import type { NewRun, RunChanges } from './check-rules.ts'
import { commitOf } from './git.ts'
import { runHookPayload, suiteHookPayload } from './payloads/check.ts'
import type { CheckRun, CheckSuite, Repository, User } from './state.ts'
import { announce } from './webhooks.ts'
import { botOf, gitDirectory, installationFor, known, now, repositoryOf, type World } from './world.ts'

/** GitHub deletes the oldest when a suite has more runs of one name than this. */
const runsOfOneName = 1_000

/** The app's suite for a commit, made when there is none. GitHub keeps one a commit and app. */
export function suiteFor(
  world: World,
  repository: Repository,
  headSha: string,
  headBranch: string | null,
  before: string | null,
): CheckSuite {
  const found = world.state.suites.find((suite) => suite.repositoryId === repository.id && suite.headSha === headSha)
  if (found !== undefined) return found
  const at = now(world)
  return world.state.suites.put({
    id: world.state.store.nextId(),
    repositoryId: repository.id,
    headSha,
    headBranch,
    before,
    status: 'queued',
    conclusion: null,
    createdAt: at,
    updatedAt: at,
  })
}

/** The suite that GitHub opens by itself for each push to a branch, and the webhook that asks the app to fill it. */
export async function requestSuite(
  world: World,
  repository: Repository,
  sender: User,
  push: { branch: string; before: string; after: string },
): Promise<void> {
  const mayCheck = world.app.permissions.checks === 'write' && installationFor(world, repository) !== undefined
  if (!mayCheck) return
  const known = world.state.suites.find((suite) => suite.repositoryId === repository.id && suite.headSha === push.after)
  if (known !== undefined) return
  const head = await commitOf(gitDirectory(world, repository), push.after)
  world.state.store.transaction(() => {
    const suite = suiteFor(world, repository, push.after, push.branch, push.before)
    announce(world, repository, sender, {
      name: 'check_suite',
      action: 'requested',
      body: { check_suite: suiteHookPayload(world, suite, head) },
    })
  })
}

export async function createRun(world: World, repository: Repository, input: NewRun, headBranch: string | null): Promise<CheckRun> {
  return change(world, repository, input.head_sha, () => {
    const suite = suiteFor(world, repository, input.head_sha, headBranch, null)
    const empty: CheckRun = {
      id: world.state.store.nextId(),
      suiteId: suite.id,
      repositoryId: repository.id,
      headSha: input.head_sha,
      name: input.name,
      externalId: '',
      detailsUrl: null,
      status: 'queued',
      conclusion: null,
      startedAt: now(world),
      completedAt: null,
      output: { title: null, summary: null, text: null },
      annotations: [],
      actions: [],
    }
    const run = world.state.runs.put(changed(world, empty, input))
    forgetOldest(world, suite, run.name)
    return { run, actions: run.status === 'completed' ? ['created', 'completed'] : ['created'] }
  })
}

function forgetOldest(world: World, suite: CheckSuite, name: string): void {
  const same = world.state.runs.filter((run) => run.suiteId === suite.id && run.name === name)
  for (const run of same.slice(0, Math.max(same.length - runsOfOneName, 0))) world.state.runs.delete(run.id)
}

export async function updateRun(world: World, run: CheckRun, input: RunChanges): Promise<CheckRun> {
  return change(world, repositoryOf(world, run.repositoryId), run.headSha, () => {
    const before = known(world.state.runs.get(run.id), `check run ${run.id}`)
    const after = world.state.runs.put(changed(world, before, input))
    return { run: after, actions: before.status !== 'completed' && after.status === 'completed' ? ['completed'] : [] }
  })
}

/** A run with changes applied: a conclusion completes it, another status takes the conclusion away, annotations add up. */
function changed(world: World, run: CheckRun, input: RunChanges): CheckRun {
  const status = input.conclusion !== undefined ? 'completed' : (input.status ?? run.status)
  const completed = status === 'completed'
  return {
    ...run,
    name: input.name ?? run.name,
    externalId: input.external_id ?? run.externalId,
    detailsUrl: input.details_url ?? run.detailsUrl,
    startedAt: input.started_at ?? run.startedAt,
    status,
    conclusion: completed ? (input.conclusion ?? run.conclusion) : null,
    completedAt: completed ? (input.completed_at ?? run.completedAt ?? now(world)) : null,
    output: outputOf(run, input),
    annotations: [...run.annotations, ...(input.output?.annotations ?? [])],
    actions: input.actions ?? run.actions,
  }
}

function outputOf(run: CheckRun, { output }: RunChanges): CheckRun['output'] {
  if (output === undefined) return run.output
  return { title: output.title, summary: output.summary, text: output.text ?? run.output.text }
}

/** Changes a run, then its suite, then says so, all or nothing. The commit is read first because git cannot be part of a transaction. */
async function change(
  world: World,
  repository: Repository,
  sha: string,
  apply: () => { run: CheckRun; actions: readonly string[] },
): Promise<CheckRun> {
  const head = await commitOf(gitDirectory(world, repository), sha)
  return world.state.store.transaction(() => {
    const { run, actions } = apply()
    const before = known(world.state.suites.get(run.suiteId), `check suite ${run.suiteId}`)
    const suite = world.state.suites.put(rolledUp(world, before))
    for (const action of actions) announceRun(world, repository, botOf(world), run, action, {})
    if (before.status !== 'completed' && suite.status === 'completed') {
      const body = { check_suite: suiteHookPayload(world, suite, head) }
      announce(world, repository, botOf(world), { name: 'check_suite', action: 'completed', body })
    }
    return run
  })
}

/** Worst first; the conclusion of a suite is that of its worst run. */
const severity = ['failure', 'timed_out', 'cancelled', 'action_required', 'success', 'neutral', 'skipped']

function rolledUp(world: World, suite: CheckSuite): CheckSuite {
  const newest = new Map(world.state.runs.filter((run) => run.suiteId === suite.id).map((run) => [run.name, run]))
  const runs = [...newest.values()]
  const status = runs.every((run) => run.status === 'completed')
    ? 'completed'
    : runs.every((run) => run.status === 'queued')
      ? 'queued'
      : 'in_progress'
  const worst = severity.find((conclusion) => runs.some((run) => run.conclusion === conclusion)) ?? null
  return { ...suite, status, conclusion: status === 'completed' ? worst : null, updatedAt: now(world) }
}

function announceRun(world: World, repository: Repository, sender: User, run: CheckRun, action: string, more: object): void {
  announce(world, repository, sender, { name: 'check_run', action, body: { check_run: runHookPayload(world, run), ...more } })
}

/** The "Re-run" button: the suite starts anew, the run stays as it is until the app does something. */
export function rerequestRun(world: World, run: CheckRun, sender: User): void {
  world.state.store.transaction(() => {
    resetSuite(world, run.suiteId)
    announceRun(world, repositoryOf(world, run.repositoryId), sender, run, 'rerequested', {})
  })
}

/** The "Re-run all" button. */
export async function rerequestSuite(world: World, suite: CheckSuite, sender: User): Promise<void> {
  const repository = repositoryOf(world, suite.repositoryId)
  const head = await commitOf(gitDirectory(world, repository), suite.headSha)
  world.state.store.transaction(() => {
    const body = { check_suite: suiteHookPayload(world, resetSuite(world, suite.id), head) }
    announce(world, repository, sender, { name: 'check_suite', action: 'rerequested', body })
  })
}

function resetSuite(world: World, id: number): CheckSuite {
  const suite = known(world.state.suites.get(id), `check suite ${id}`)
  return world.state.suites.put({ ...suite, status: 'queued', conclusion: null, updatedAt: now(world) })
}

/** A click on one of the buttons that the app put on a completed run. */
export function requestAction(world: World, run: CheckRun, identifier: string, sender: User): void {
  world.state.store.transaction(() =>
    announceRun(world, repositoryOf(world, run.repositoryId), sender, run, 'requested_action', { requested_action: { identifier } }),
  )
}
