import { z } from 'zod'
import { identityUser } from '../auth.ts'
import { read } from '../check-rules.ts'
import { Failure, notFound } from '../failure.ts'
import { history } from '../git.ts'
import { commitPayload, filePayload } from '../payloads/commit.ts'
import { pullPayload, simplePullPayload } from '../payloads/pull-request.ts'
import { editPull, filesBetween, openPull, setState } from '../pulls.ts'
import { created, numberParam, ok, paged, type Reply, type RepositoryCall, repositoryRoute } from '../router.ts'
import type { PullRequest, Repository } from '../state.ts'
import { atLeast, fullName, gitDirectory, headRepositoryOf, known, ownerOf, pullByNumber, roleOf, type World } from '../world.ts'

const readPulls = { permission: 'pull_requests', level: 'read' } as const
const writePulls = { permission: 'pull_requests', level: 'write' } as const
const filesLimit = 3_000
const commitsLimit = 250

export const pullRoutes = [
  repositoryRoute('GET', '/repos/{owner}/{repo}/pulls', readPulls, listPulls),
  repositoryRoute('POST', '/repos/{owner}/{repo}/pulls', writePulls, createPull),
  repositoryRoute('GET', '/repos/{owner}/{repo}/pulls/{pull_number}', readPulls, (call) => ok(pullPayload(call.world, pullIn(call)))),
  repositoryRoute('PATCH', '/repos/{owner}/{repo}/pulls/{pull_number}', writePulls, changePull),
  repositoryRoute('GET', '/repos/{owner}/{repo}/pulls/{pull_number}/files', readPulls, listFiles),
  repositoryRoute('GET', '/repos/{owner}/{repo}/pulls/{pull_number}/commits', readPulls, listCommits),
]

function pullIn(call: RepositoryCall): PullRequest {
  const pull = pullByNumber(call.world, call.repository, numberParam(call, 'pull_number'))
  if (pull === undefined) throw notFound()
  return pull
}

/** Filters by state, head (`owner:branch`) and base; newest first unless told otherwise. */
function listPulls(call: RepositoryCall): Reply {
  const { world, repository, query } = call
  const state = query.get('state') ?? 'open'
  const matching = world.state.pulls
    .filter((pull) => pull.repositoryId === repository.id && (state === 'all' || pull.state === state))
    .filter(
      (pull) =>
        (query.get('base') ?? pull.baseRef) === pull.baseRef && (query.get('head') ?? headLabel(world, pull)) === headLabel(world, pull),
    )
  const sorted = query.get('direction') === 'asc' ? matching : matching.reverse()
  const { items, headers } = paged(call, sorted)
  return ok(
    items.map((pull) => simplePullPayload(world, pull)),
    headers,
  )
}

function headLabel(world: World, pull: PullRequest): string {
  const repository = headRepositoryOf(world, pull)
  return repository === undefined ? pull.headRef : `${ownerOf(world, repository).login}:${pull.headRef}`
}

const NewPull = z.object({
  title: z.string().min(1),
  head: z.string().min(1),
  base: z.string().min(1),
  body: z.string().nullish(),
  draft: z.boolean().optional(),
})

async function createPull({ world, repository, identity, body }: RepositoryCall): Promise<Reply> {
  const wanted = read(NewPull, body)
  const pull = await openPull(world, {
    repository,
    ...headOf(world, repository, wanted.head),
    baseRef: wanted.base,
    title: wanted.title,
    body: wanted.body ?? null,
    author: identityUser(world, identity),
    state: wanted.draft === true ? 'draft' : 'ready',
  })
  return created(pullPayload(world, pull))
}

/** `branch`, or `owner:branch` for a branch of the owner's fork. */
export function headOf(world: World, repository: Repository, head: string): { headRepository: Repository; headRef: string } {
  const colon = head.indexOf(':')
  if (colon === -1) return { headRepository: repository, headRef: head }
  const owner = head.slice(0, colon).toLowerCase()
  const network = world.state.repositories.filter((found) => found.id === repository.id || found.parentId === repository.id)
  const found = network.find((candidate) => ownerOf(world, candidate).login.toLowerCase() === owner)
  if (found === undefined) throw new Failure(422, `expected a fork of ${fullName(world, repository)} owned by ${owner}, found none`)
  return { headRepository: found, headRef: head.slice(colon + 1) }
}

const PullChanges = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
})

/** The author may change what is his; others need to write. */
async function changePull(call: RepositoryCall): Promise<Reply> {
  const { world, identity, repository } = call
  const pull = pullIn(call)
  const changes = read(PullChanges, call.body)
  const person = identity.kind === 'person' ? identity.user : undefined
  if (person !== undefined && person.id !== pull.authorId && !atLeast(roleOf(world, repository, person), 'write')) throw notFound()
  const editor = identityUser(world, identity)
  const { state, ...edit } = changes
  if (Object.keys(edit).length > 0) await editPull(world, pull, editor, edit)
  if (state !== undefined) setState(world, pull, editor, state)
  return ok(pullPayload(world, known(world.state.pulls.get(pull.id), `pull request ${pull.id}`)))
}

async function listFiles(call: RepositoryCall): Promise<Reply> {
  const { world, repository } = call
  const pull = pullIn(call)
  const files = await filesBetween(gitDirectory(world, repository), pull.baseSha, pull.headSha)
  const { items, headers } = paged(call, files.slice(0, filesLimit))
  return ok(
    items.map((file) => filePayload(world, repository, file, pull.headSha)),
    headers,
  )
}

async function listCommits(call: RepositoryCall): Promise<Reply> {
  const { world, repository } = call
  const pull = pullIn(call)
  const commits = await history(gitDirectory(world, repository), pull.headSha, [pull.baseSha], commitsLimit)
  const { items, headers } = paged(call, commits.reverse())
  return ok(
    items.map((commit) => commitPayload(world, repository, commit)),
    headers,
  )
}
