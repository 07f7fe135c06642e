import { z } from 'zod'
import { identityUser } from '../auth.ts'
import { read, readNewRun, readRunChanges } from '../check-rules.ts'
import { createRun, rerequestRun, rerequestSuite, suiteFor, updateRun } from '../checks.ts'
import { Failure, notFound } from '../failure.ts'
import { branchesWithHead, commitOf, kindOf, resolveCommit } from '../git.ts'
import { annotationPayload, latestRuns, runPayload, suitePayload } from '../payloads/check.ts'
import { type Call, created, numberParam, ok, paged, type Reply, type RepositoryCall, repositoryRoute } from '../router.ts'
import type { CheckRun, CheckSuite, Repository } from '../state.ts'
import { gitDirectory, type World } from '../world.ts'

const readChecks = { permission: 'checks', level: 'read' } as const
const writeChecks = { permission: 'checks', level: 'write' } as const
/** A listing for a commit looks at this many suites, newest first. */
const suitesLimit = 1_000

export const checkRoutes = [
  repositoryRoute('POST', '/repos/{owner}/{repo}/check-runs', writeChecks, postRun),
  repositoryRoute('GET', '/repos/{owner}/{repo}/check-runs/{check_run_id}', readChecks, (call) => ok(runPayload(call.world, runIn(call)))),
  repositoryRoute('PATCH', '/repos/{owner}/{repo}/check-runs/{check_run_id}', writeChecks, patchRun),
  repositoryRoute('GET', '/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', readChecks, listAnnotations),
  repositoryRoute('POST', '/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest', writeChecks, (call) => {
    rerequestRun(call.world, runIn(call), identityUser(call.world, call.identity))
    return created({})
  }),
  repositoryRoute('POST', '/repos/{owner}/{repo}/check-suites', writeChecks, postSuite),
  repositoryRoute('GET', '/repos/{owner}/{repo}/check-suites/{check_suite_id}', readChecks, async (call) =>
    ok(await shownSuite(call, suiteIn(call))),
  ),
  repositoryRoute('GET', '/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs', readChecks, (call) =>
    listRuns(call, [suiteIn(call)]),
  ),
  repositoryRoute('POST', '/repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest', writeChecks, async (call) => {
    await rerequestSuite(call.world, suiteIn(call), identityUser(call.world, call.identity))
    return created({})
  }),
  repositoryRoute('GET', '/repos/{owner}/{repo}/commits/{ref}/check-runs', readChecks, async (call) =>
    listRuns(call, await suitesOf(call)),
  ),
  repositoryRoute('GET', '/repos/{owner}/{repo}/commits/{ref}/check-suites', readChecks, listSuites),
]

async function postRun(call: RepositoryCall): Promise<Reply> {
  const input = readNewRun(call.body)
  await requireCommit(call, input.head_sha)
  const [branch] = await branchesWithHead(gitDirectory(call.world, call.repository), input.head_sha)
  return created(runPayload(call.world, await createRun(call.world, onlyApp(call), input, branch ?? null)))
}

/** Permission let through only installations of the one app there is; people were refused before. */
function onlyApp(call: RepositoryCall): Repository {
  if (call.identity.kind !== 'installation') throw new Failure(403, 'You must authenticate via a GitHub App.')
  return call.repository
}

async function requireCommit({ world, repository }: RepositoryCall, sha: string): Promise<void> {
  const good = /^[0-9a-f]{40}$/.test(sha) && (await kindOf(gitDirectory(world, repository), sha)) === 'commit'
  if (!good) throw new Failure(422, `No commit found for SHA: ${sha}`)
}

function runIn(call: RepositoryCall): CheckRun {
  const run = call.world.state.runs.get(numberParam(call, 'check_run_id'))
  if (run === undefined || run.repositoryId !== call.repository.id) throw notFound()
  return run
}

async function patchRun(call: RepositoryCall): Promise<Reply> {
  onlyApp(call)
  return ok(runPayload(call.world, await updateRun(call.world, runIn(call), readRunChanges(call.body))))
}

function listAnnotations(call: RepositoryCall): Reply {
  const run = runIn(call)
  const { items, headers } = paged(call, run.annotations)
  return ok(
    items.map((annotation) => annotationPayload(call.world, call.repository, run, annotation)),
    headers,
  )
}

function suiteIn(call: RepositoryCall): CheckSuite {
  const suite = call.world.state.suites.get(numberParam(call, 'check_suite_id'))
  if (suite === undefined || suite.repositoryId !== call.repository.id) throw notFound()
  return suite
}

async function shownSuite({ world, repository }: RepositoryCall, suite: CheckSuite) {
  return suitePayload(world, suite, await commitOf(gitDirectory(world, repository), suite.headSha))
}

/** Answers 200 with the suite that is there, 201 with a new one. */
async function postSuite(call: RepositoryCall): Promise<Reply> {
  const { head_sha } = read(z.object({ head_sha: z.string() }), call.body)
  await requireCommit(call, head_sha)
  const before = call.world.state.suites.find((suite) => suite.repositoryId === call.repository.id && suite.headSha === head_sha)
  const [branch] = await branchesWithHead(gitDirectory(call.world, call.repository), head_sha)
  const suite = suiteFor(call.world, onlyApp(call), head_sha, branch ?? null, null)
  return { status: before === undefined ? 201 : 200, body: await shownSuite(call, suite) }
}

async function suitesOf(call: RepositoryCall): Promise<CheckSuite[]> {
  const { world, repository, params } = call
  const sha = await resolveCommit(gitDirectory(world, repository), params.ref ?? '')
  if (sha === null) throw new Failure(422, `No commit found for SHA: ${params.ref}`)
  return suitesAt(world, repository, sha)
}

export function suitesAt(world: World, repository: Repository, sha: string): CheckSuite[] {
  return world.state.suites.filter((suite) => suite.repositoryId === repository.id && suite.headSha === sha).slice(-suitesLimit)
}

/** Runs of some suites: the newest of each name, or all; filtered by name, status and app. */
function listRuns(call: RepositoryCall, suites: readonly CheckSuite[]): Reply {
  const runs = suites.flatMap((suite) => runsIn(call, suite)).filter((run) => wanted(call, run))
  const { items, headers } = paged(
    call,
    runs.sort((a, b) => b.id - a.id),
  )
  return ok({ total_count: runs.length, check_runs: items.map((run) => runPayload(call.world, run)) }, headers)
}

function runsIn({ world, query }: Call, suite: CheckSuite): CheckRun[] {
  return query.get('filter') === 'all' ? world.state.runs.filter((run) => run.suiteId === suite.id) : latestRuns(world, suite)
}

function wanted({ world, query }: Call, run: CheckRun): boolean {
  const app = query.get('app_id')
  return (
    (query.get('check_name') ?? run.name) === run.name &&
    (query.get('status') ?? run.status) === run.status &&
    (app === null || Number(app) === world.app.id)
  )
}

async function listSuites(call: RepositoryCall): Promise<Reply> {
  const all = await suitesOf(call)
  const { items, headers } = paged(call, all)
  return ok({ total_count: all.length, check_suites: await Promise.all(items.map((suite) => shownSuite(call, suite))) }, headers)
}
