import type { Commit } from '../git.ts'
import type { Annotation, CheckRun, CheckSuite, Repository } from '../state.ts'
import { known, repositoryOf, type World } from '../world.ts'
import { appPayload } from './app.ts'
import { simpleCommitPayload } from './commit.ts'
import { minimalPullPayload } from './pull-request.ts'
import { minimalRepository } from './repository.ts'
import { nodeId, repositoryPage, repositoryUrl } from './urls.ts'

/** A check run as the API shows it. */
export function runPayload(world: World, run: CheckRun) {
  return { ...runFields(world, run), check_suite: { id: run.suiteId } }
}

/** A check run as webhooks carry it, with the suite written out. */
export function runHookPayload(world: World, run: CheckRun) {
  const suite = suiteOf(world, run)
  const fields = runFields(world, run)
  return { ...fields, details_url: fields.details_url ?? fields.html_url, check_suite: suiteFields(world, suite) }
}

function runFields(world: World, run: CheckRun) {
  const repository = repositoryOf(world, run.repositoryId)
  const url = repositoryUrl(world, repository, `/check-runs/${run.id}`)
  return {
    id: run.id,
    node_id: nodeId('CheckRun', run.id),
    name: run.name,
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: repositoryPage(world, repository, `/runs/${run.id}`),
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: { ...run.output, annotations_count: run.annotations.length, annotations_url: `${url}/annotations` },
    app: appPayload(world),
    pull_requests: pullsOf(world, suiteOf(world, run)),
  }
}

function suiteOf(world: World, run: CheckRun): CheckSuite {
  return known(world.state.suites.get(run.suiteId), `check suite ${run.suiteId}`)
}

/** Pull requests of the suite's own branch. GitHub does not look into forks, so theirs are never named. */
function pullsOf(world: World, suite: CheckSuite) {
  if (suite.headBranch === null) return []
  return world.state.pulls
    .filter((pull) => pull.headRepositoryId === suite.repositoryId && pull.headRef === suite.headBranch && pull.headSha === suite.headSha)
    .filter((pull) => pull.state === 'open')
    .map((pull) => minimalPullPayload(world, pull))
}

function suiteFields(world: World, suite: CheckSuite) {
  const repository = repositoryOf(world, suite.repositoryId)
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: suite.status,
    conclusion: suite.conclusion,
    url: repositoryUrl(world, repository, `/check-suites/${suite.id}`),
    before: suite.before,
    after: suite.headSha,
    pull_requests: pullsOf(world, suite),
    app: appPayload(world),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
  }
}

/** A check suite, as the API shows it and (without the repository) as webhooks carry it. */
export function suitePayload(world: World, suite: CheckSuite, head: Commit) {
  return { ...suiteHookPayload(world, suite, head), repository: minimalRepository(world, repositoryOf(world, suite.repositoryId)) }
}

export function suiteHookPayload(world: World, suite: CheckSuite, head: Commit) {
  return {
    ...suiteFields(world, suite),
    rerequestable: true,
    runs_rerequestable: true,
    latest_check_runs_count: latestRuns(world, suite).length,
    check_runs_url: `${repositoryUrl(world, repositoryOf(world, suite.repositoryId))}/check-suites/${suite.id}/check-runs`,
    head_commit: simpleCommitPayload(head),
  }
}

/** The newest run of each name, in order of creation. */
export function latestRuns(world: World, suite: CheckSuite): CheckRun[] {
  const newest = new Map(world.state.runs.filter((run) => run.suiteId === suite.id).map((run) => [run.name, run]))
  return [...newest.values()].sort((a, b) => a.id - b.id)
}

export function annotationPayload(world: World, repository: Repository, run: CheckRun, annotation: Annotation) {
  const path = annotation.path.split('/').map(encodeURIComponent).join('/')
  return { ...annotation, blob_href: repositoryPage(world, repository, `/blob/${run.headSha}/${path}`) }
}
