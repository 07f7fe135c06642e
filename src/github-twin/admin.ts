import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { requestAction, rerequestRun, rerequestSuite } from './checks.ts'
import { createComment, deleteComment, editComment } from './comments.ts'
import { Failure } from './failure.ts'
import { FaultScript, type Faults } from './faults.ts'
import { git, initialise } from './git.ts'
import type { Lock } from './lock.ts'
import { installationPayload, installedRepositories } from './payloads/app.ts'
import { labelPayload } from './payloads/pull-request.ts'
import { repositoryPage } from './payloads/urls.ts'
import { announcePull, editPull, forkRepository, openPull, setDraft, setState } from './pulls.ts'
import { settle } from './pushes.ts'
import { headOf } from './routes/pulls.ts'
import type { CheckRun, CheckSuite, Comment, Installation, PullRequest, Repository, User } from './state.ts'
import { announceInstallation, ping, redeliver } from './webhooks.ts'
import { fullName, gitDirectory, known, now, pullByNumber, repositoryByName, repositoryOf, self, userByLogin, type World } from './world.ts'

export type AdminDependencies = {
  readonly world: World
  readonly pushes: Lock
  readonly faults: Faults
  readonly idle: () => Promise<void>
}

const Login = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/)
const RepositoryName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/)
const FullName = z.string().regex(/^[^/]+\/[^/]+$/)
const RoleName = z.enum(['admin', 'maintain', 'write', 'triage', 'read', 'none'])
const pullKey = { repository: FullName, number: z.number().int().positive() }

const inputs = {
  createUser: z.strictObject({ login: Login, name: z.string().optional(), email: z.email().optional() }),
  createRepository: z.strictObject({
    owner: Login,
    name: RepositoryName,
    private: z.boolean().default(false),
    defaultBranch: z.string().default('main'),
    description: z.string().nullable().default(null),
  }),
  deleteRepository: z.strictObject({ repository: FullName }),
  renameRepository: z.strictObject({ repository: FullName, name: RepositoryName }),
  grant: z.strictObject({ repository: FullName, login: Login, role: RoleName }),
  install: z.strictObject({ owner: Login, repositories: z.union([z.literal('all'), z.array(FullName)]).default('all') }),
  suspend: z.strictObject({ owner: Login }),
  unsuspend: z.strictObject({ owner: Login }),
  uninstall: z.strictObject({ owner: Login }),
  setWebhookUrl: z.strictObject({ url: z.url() }),
  ping: z.strictObject({}),
  commitFiles: z.strictObject({
    repository: FullName,
    branch: z.string().min(1),
    author: Login,
    message: z.string().min(1),
    /** Text by path; null removes. */
    files: z.record(z.string(), z.string().nullable()),
    /** A branch or sha to start from; the branch itself, or an empty tree, when absent. */
    from: z.string().optional(),
  }),
  fork: z.strictObject({ repository: FullName, owner: Login }),
  createPullRequest: z.strictObject({
    repository: FullName,
    title: z.string().min(1),
    body: z.string().nullable().default(null),
    /** `branch`, or `owner:branch` of a fork. */
    head: z.string().min(1),
    base: z.string().optional(),
    author: Login,
    draft: z.boolean().default(false),
  }),
  close: z.strictObject({ ...pullKey, as: Login }),
  reopen: z.strictObject({ ...pullKey, as: Login }),
  merge: z.strictObject({ ...pullKey, as: Login }),
  edit: z.strictObject({ ...pullKey, as: Login, title: z.string().optional(), body: z.string().optional(), base: z.string().optional() }),
  setDraft: z.strictObject({ ...pullKey, as: Login, draft: z.boolean() }),
  label: z.strictObject({ ...pullKey, as: Login, label: z.string().min(1) }),
  unlabel: z.strictObject({ ...pullKey, as: Login, label: z.string().min(1) }),
  comment: z.strictObject({ ...pullKey, as: Login, body: z.string() }),
  editComment: z.strictObject({ id: z.number().int(), as: Login, body: z.string() }),
  deleteComment: z.strictObject({ id: z.number().int(), as: Login }),
  comments: z.strictObject(pullKey),
  checkRuns: z.strictObject({ repository: FullName, sha: z.string().optional() }),
  rerequest: z.strictObject({ checkRunId: z.number().int(), as: Login }),
  rerequestSuite: z.strictObject({ checkSuiteId: z.number().int(), as: Login }),
  requestAction: z.strictObject({ checkRunId: z.number().int(), identifier: z.string(), as: Login }),
  setRequiredChecks: z.strictObject({ repository: FullName, branch: z.string(), contexts: z.array(z.string()) }),
  deliveries: z.strictObject({ event: z.string().optional() }),
  redeliver: z.strictObject({ id: z.number().int() }),
  setFaults: FaultScript,
  advanceClock: z.strictObject({ milliseconds: z.number().int() }),
  idle: z.strictObject({}),
} as const

type Inputs = { [Verb in keyof typeof inputs]: z.input<(typeof inputs)[Verb]> }
type Parsed = { [Verb in keyof typeof inputs]: z.output<(typeof inputs)[Verb]> }

export type CreatedUser = { readonly login: string; readonly id: number; readonly token: string; readonly email: string }
export type CreatedRepository = { readonly id: number; readonly fullName: string; readonly cloneUrl: string; readonly htmlUrl: string }

/** What a person, an owner or fate does on GitHub. Inputs are checked; wrong ones throw a message that says what was expected. */
export type Admin = { [Verb in keyof Inputs]: (input: Inputs[Verb]) => Promise<Awaited<ReturnType<Implementations[Verb]>>> }

type Implementations = ReturnType<typeof implementations>

export function createAdmin(dependencies: AdminDependencies): Admin {
  const verbs = implementations(dependencies)
  const entries = Object.entries(inputs).map(([verb, schema]) => {
    const run = verbs[verb as keyof Admin] as (input: unknown) => unknown
    return [verb, async (input: unknown) => run(parsed(verb, schema, input))]
  })
  return Object.fromEntries(entries)
}

function parsed(verb: string, schema: z.ZodType, input: unknown): unknown {
  const result = schema.safeParse(input ?? {})
  if (result.success) return result.data
  throw new Failure(422, `${verb}: ${z.prettifyError(result.error)}`)
}

function implementations({ world, pushes, faults, idle }: AdminDependencies) {
  const { state } = world
  return {
    createUser: (input) => createUser(world, input),
    createRepository: (input) => createRepository(world, input),
    deleteRepository: ({ repository }) => state.repositories.delete(found(world, repository).id),
    renameRepository: ({ repository, name }) => created(world, state.repositories.put({ ...found(world, repository), name })),
    grant: (input) => grant(world, input),
    install: (input) => install(world, input),
    suspend: ({ owner }) => suspend(world, owner, now(world)),
    unsuspend: ({ owner }) => suspend(world, owner, null),
    uninstall: ({ owner }) => uninstall(world, owner),
    setWebhookUrl: ({ url }) => void state.self.put({ ...self(world), webhookUrl: url }),
    ping: () => ping(world),
    commitFiles: (input) => pushes(() => commitFiles(world, input)),
    fork: async ({ repository, owner }) => created(world, await forkRepository(world, found(world, repository), person(world, owner))),
    createPullRequest: (input) => pushes(() => createPull(world, input)),
    close: (input) => setState(world, pull(world, input), person(world, input.as), 'closed'),
    reopen: (input) => setState(world, pull(world, input), person(world, input.as), 'open'),
    merge: (input) => pushes(() => merge(world, input)),
    edit: async (input) => void (await editPull(world, pull(world, input), person(world, input.as), input)),
    setDraft: (input) => setDraft(world, pull(world, input), person(world, input.as), input.draft ? 'draft' : 'ready'),
    label: (input) => label(world, input),
    unlabel: (input) => unlabel(world, input),
    comment: (input) => createComment(world, pull(world, input), person(world, input.as), input.body),
    editComment: ({ id, as, body }) => editComment(world, known(state.comments.get(id), `comment ${id}`), person(world, as), body),
    deleteComment: ({ id, as }) => deleteComment(world, known(state.comments.get(id), `comment ${id}`), person(world, as)),
    comments: (input) => commentsOf(world, input),
    checkRuns: ({ repository, sha }) => runsOf(world, found(world, repository), sha),
    rerequest: ({ checkRunId, as }) => rerequestRun(world, known(state.runs.get(checkRunId), `check run ${checkRunId}`), person(world, as)),
    rerequestSuite: ({ checkSuiteId, as }) => rerequestSuite(world, suite(world, checkSuiteId), person(world, as)),
    requestAction: ({ checkRunId, identifier, as }) =>
      requestAction(world, known(state.runs.get(checkRunId), `check run ${checkRunId}`), identifier, person(world, as)),
    setRequiredChecks: (input) => setRequiredChecks(world, input),
    deliveries: ({ event }) => state.deliveries.filter((delivery) => (event ?? delivery.event) === delivery.event),
    redeliver: ({ id }) => ({ id: redeliver(world, known(state.deliveries.get(id), `delivery ${id}`)).id }),
    setFaults: (script) => void Object.assign(faults, script),
    advanceClock: ({ milliseconds }) => {
      const before = self(world)
      state.self.put({ ...before, clockOffsetMilliseconds: before.clockOffsetMilliseconds + milliseconds })
    },
    /** Resolves once every webhook noted so far was tried. */
    idle,
  } satisfies { [Verb in keyof Parsed]: (input: Parsed[Verb]) => unknown }
}

function found(world: World, name: string): Repository {
  const [owner = '', repository = ''] = name.split('/')
  const row = repositoryByName(world, owner, repository)
  if (row === undefined) throw new Failure(404, `expected a repository ${name}, found none`)
  return row
}

function person(world: World, login: string): User {
  const row = userByLogin(world, login)
  if (row === undefined) throw new Failure(404, `expected a user ${login}, found none`)
  return row
}

function pull(world: World, key: { repository: string; number: number }): PullRequest {
  const row = pullByNumber(world, found(world, key.repository), key.number)
  if (row === undefined) throw new Failure(404, `expected pull request ${key.number} in ${key.repository}, found none`)
  return row
}

function suite(world: World, id: number): CheckSuite {
  return known(world.state.suites.get(id), `check suite ${id}`)
}

/** Gives the user that is there, or makes one with a token. */
function createUser(world: World, { login, name, email }: Parsed['createUser']): CreatedUser {
  const row =
    userByLogin(world, login) ??
    world.state.users.put({
      id: world.state.store.nextId(),
      login,
      name: name ?? login,
      email: email ?? `${login.toLowerCase()}@users.noreply.twin.test`,
      kind: 'User',
      token: `ghp_${randomBytes(27).toString('base64url')}`,
      createdAt: now(world),
    })
  return { login: row.login, id: row.id, token: row.token ?? '', email: row.email }
}

/** Gives the repository that is there, or makes an empty one. */
async function createRepository(world: World, input: Parsed['createRepository']): Promise<CreatedRepository> {
  const there = repositoryByName(world, input.owner, input.name)
  if (there !== undefined) return created(world, there)
  const at = now(world)
  const owner = person(world, input.owner)
  const row: Repository = {
    id: world.state.store.nextId(),
    ownerId: owner.id,
    name: input.name,
    visibility: input.private ? 'private' : 'public',
    description: input.description,
    defaultBranch: input.defaultBranch,
    parentId: null,
    refs: {},
    pusherId: owner.id,
    nextNumber: 1,
    requiredChecks: [],
    createdAt: at,
    pushedAt: at,
  }
  await initialise(gitDirectory(world, row), input.defaultBranch)
  return created(world, world.state.repositories.put(row))
}

function created(world: World, repository: Repository): CreatedRepository {
  const htmlUrl = repositoryPage(world, repository)
  return { id: repository.id, fullName: fullName(world, repository), cloneUrl: `${htmlUrl}.git`, htmlUrl }
}

function grant(world: World, { repository, login, role }: Parsed['grant']): void {
  const repositoryId = found(world, repository).id
  const userId = person(world, login).id
  const before = world.state.grants.find((row) => row.repositoryId === repositoryId && row.userId === userId)
  world.state.grants.put({ id: before?.id ?? world.state.store.nextId(), repositoryId, userId, role })
}

/** Installs the app, or changes which repositories an installation covers. */
function install(world: World, { owner, repositories }: Parsed['install']): { id: number } {
  const account = person(world, owner)
  const before = installationOf(world, account)
  const chosen = repositories === 'all' ? 'all' : repositories.map((name) => found(world, name).id)
  return world.state.store.transaction(() => {
    const row = world.state.installations.put({
      id: before?.id ?? world.state.store.nextId(),
      accountId: account.id,
      repositories: chosen,
      suspendedAt: before?.suspendedAt ?? null,
      createdAt: before?.createdAt ?? now(world),
    })
    if (before === undefined) tellInstallation(world, row, account, 'created')
    return { id: row.id }
  })
}

function installationOf(world: World, account: User): Installation | undefined {
  return world.state.installations.find((row) => row.accountId === account.id)
}

function tellInstallation(world: World, row: Installation, account: User, action: string): void {
  const body = { installation: installationPayload(world, row), repositories: installedRepositories(world, row) }
  const requester = action === 'created' ? { requester: null } : {}
  announceInstallation(world, row, account, { name: 'installation', action, body: { ...body, ...requester } })
}

function suspend(world: World, owner: string, suspendedAt: string | null): void {
  const account = person(world, owner)
  const before = known(installationOf(world, account), `an installation of ${owner}`)
  world.state.store.transaction(() => {
    const row = world.state.installations.put({ ...before, suspendedAt })
    tellInstallation(world, row, account, suspendedAt === null ? 'unsuspend' : 'suspend')
  })
}

function uninstall(world: World, owner: string): void {
  const account = person(world, owner)
  const row = known(installationOf(world, account), `an installation of ${owner}`)
  world.state.store.transaction(() => {
    tellInstallation(world, row, account, 'deleted')
    world.state.installations.delete(row.id)
  })
}

/** A commit made in the repository itself, then announced like a push. */
async function commitFiles(world: World, input: Parsed['commitFiles']): Promise<{ sha: string }> {
  const repository = found(world, input.repository)
  const author = person(world, input.author)
  const directory = gitDirectory(world, repository)
  const start = input.from ?? input.branch
  const from = repository.refs[`refs/heads/${start}`] ?? (/^[0-9a-f]{40}$/.test(start) ? start : undefined)
  await git(directory, ['fast-import', '--quiet', '--force', '--date-format=now'], fastImport(input, author, from))
  world.state.repositories.put({ ...repositoryOf(world, repository.id), pusherId: author.id })
  await settle(world, repository.id)
  return { sha: known(repositoryOf(world, repository.id).refs[`refs/heads/${input.branch}`], `branch ${input.branch}`) }
}

function fastImport(input: Parsed['commitFiles'], author: User, from: string | undefined): string {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  const files = Object.entries(input.files).map(([path, text]) =>
    text === null ? `D ${quoted(path)}\n` : `M 100644 inline ${quoted(path)}\n${data(text)}`,
  )
  const who = `${author.name.replace(/[<>\n]/g, '')} <${author.email}> now`
  return [
    `commit refs/heads/${input.branch}\n`,
    `author ${who}\n`,
    `committer ${who}\n`,
    data(input.message),
    from === undefined ? '' : `from ${from}\n`,
    ...files,
  ].join('')
}

function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

async function createPull(world: World, input: Parsed['createPullRequest']): Promise<PullRequest & { htmlUrl: string }> {
  const repository = found(world, input.repository)
  const row = await openPull(world, {
    repository,
    ...headOf(world, repository, input.head),
    baseRef: input.base ?? repository.defaultBranch,
    title: input.title,
    body: input.body,
    author: person(world, input.author),
    state: input.draft ? 'draft' : 'ready',
  })
  return { ...row, htmlUrl: repositoryPage(world, repository, `/pull/${row.number}`) }
}

/** Moves the base branch to the merge commit; the rest follows as from any push. */
async function merge(world: World, input: Parsed['merge']): Promise<{ sha: string }> {
  const row = pull(world, input)
  const repository = repositoryOf(world, row.repositoryId)
  const sha = known(row.mergeSha ?? undefined, 'a merge commit; the branches conflict')
  await git(gitDirectory(world, repository), ['update-ref', `refs/heads/${row.baseRef}`, sha])
  world.state.repositories.put({ ...repositoryOf(world, repository.id), pusherId: person(world, input.as).id })
  await settle(world, repository.id)
  return { sha }
}

const labelColor = 'ededed'

function label(world: World, input: Parsed['label']): void {
  const row = pull(world, input)
  if (row.labels.some((found) => found.name === input.label)) return
  const added = { id: world.state.store.nextId(), name: input.label, color: labelColor }
  relabel(world, row, [...row.labels, added], input.as, 'labeled', added)
}

function unlabel(world: World, input: Parsed['unlabel']): void {
  const row = pull(world, input)
  const removed = row.labels.find((found) => found.name === input.label)
  if (removed !== undefined)
    relabel(
      world,
      row,
      row.labels.filter((found) => found !== removed),
      input.as,
      'unlabeled',
      removed,
    )
}

function relabel(
  world: World,
  row: PullRequest,
  labels: PullRequest['labels'],
  as: string,
  action: string,
  changed: PullRequest['labels'][number],
): void {
  world.state.store.transaction(() => {
    const moved = world.state.pulls.put({ ...row, labels, updatedAt: now(world) })
    announcePull(world, moved, person(world, as), action, { label: labelPayload(world, repositoryOf(world, row.repositoryId), changed) })
  })
}

function commentsOf(world: World, key: Parsed['comments']): Comment[] {
  const repositoryId = found(world, key.repository).id
  return world.state.comments.filter((comment) => comment.repositoryId === repositoryId && comment.number === key.number)
}

function runsOf(world: World, repository: Repository, sha: string | undefined): CheckRun[] {
  return world.state.runs.filter((run) => run.repositoryId === repository.id && (sha ?? run.headSha) === run.headSha)
}

function setRequiredChecks(world: World, { repository, branch, contexts }: Parsed['setRequiredChecks']): void {
  const row = found(world, repository)
  const others = row.requiredChecks.filter((rule) => rule.branch !== branch)
  const rule = contexts.length === 0 ? [] : [{ id: world.state.store.nextId(), branch, contexts }]
  world.state.repositories.put({ ...row, requiredChecks: [...others, ...rule] })
}
