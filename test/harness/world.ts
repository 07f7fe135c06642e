import { createHash, randomUUID } from 'node:crypto'
import type { Actor, DomainEvent, PullRequestAction } from '../../src/engine/domain-event.ts'
import { latestSuccessful } from '../../src/engine/latest.ts'
import type {
  Backend,
  CheckWrite,
  CommandAnswer,
  Forge,
  ForgeReader,
  PodOrder,
  QueueName,
  Sighting,
  SourceMirror,
  Waker,
  WakeupConsumer,
} from '../../src/engine/ports.ts'
import { manifestKey, type ObjectStore, outputPrefix } from '../../src/engine/ports.ts'
import { createService } from '../../src/engine/service.ts'
import { locateSpec } from '../../src/spec/parse-spec.ts'
import { parsePlatformConfig } from '../../src/spec/platform-config.ts'
import type { Origin, Permission } from '../../src/spec/types.ts'
import { CommitSha, type PodName } from '../../src/workflow/names.ts'
import { aDatabase, silentLog, type TestDatabase } from './postgres.ts'
import { readingOf } from './stored-objects.ts'

/**
 * The engine over a real PostgreSQL, everything else in memory: a forge with people, a machine that does what the story says, and a clock
 * that the story moves. Only the ports are imitated.
 */

export type Files = Readonly<Record<string, string>>
export type RunOf = {
  readonly task: string
  readonly arm: 'base' | 'head'
  readonly pair: number
  readonly attempt: number
  readonly order: PodOrder
}
/** What one run of a command does. `hang`: it runs until somebody ends it. */
export type Behaviour = (run: RunOf) => Result | 'hang'
export type Result = { readonly exitCode?: number; readonly files?: Files }

export const robot = { id: 7, installationId: 70, fullName: 'acme/robot' }
export const appId = 1

const platformText = (origins: readonly Origin[]) => `
backends:
  local: {kind: local}
pools:
  machine:
    backend: local
    default_platform: simulation
    platforms:
      simulation: {tier: sim}
      bench: {tier: hardware, exclusive: true}
repositories:
  - match: ['acme/*']
    pools: {machine: [${origins.join(', ')}]}
`

/** `origins` may use its one pool. */
export async function aWorld(wakeups: 'heard' | 'lost' = 'heard', origins: readonly Origin[] = ['trusted']) {
  const database = await aDatabase()
  await installClock(database)
  const github = createGithub()
  const machine = createMachine()
  const queue = createQueue(wakeups)
  const { store } = database
  const parsed = parsePlatformConfig(platformText(origins), 'platforms.yaml')
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.diagnostics))
  const service = createService({
    stores: store,
    queue,
    backends: new Map([['local', machine.backend(wakeups)]]),
    forge: github.forge,
    reader: github.reader,
    mirror: github.mirror,
    objects: machine.objects,
    translate: (_, body) => body as DomainEvent,
    parse: async (text, options) => locateSpec(text, options),
    latest: latestSuccessful(store.views, store.samples),
    platforms: parsed.config,
    appId,
    serverKey: 'k'.repeat(32),
    hosts: () => ({}),
    workflowUrl: () => undefined,
    clock: Date.now,
    log: silentLog,
    sweepSeconds: 3600,
  })
  await service.start()

  return {
    store,
    database,
    github,
    machine,
    service,
    push,
    pushCommit,
    openPullRequest,
    openFor,
    pushToPullRequest,
    forcePush,
    announce: pullRequestDelivery,
    reopen,
    close,
    retarget,
    setDraft,
    label,
    comment,
    rerequest,
    rerequestAll,
    deliver,
    settle,
    until,
    checks,
    check,
    pass,
    end: async () => {
      await service.stop()
      await database.pool.end()
    },
  }

  /** Commits to a branch and delivers the push. */
  async function push(
    branch: string,
    files: Files,
    options: { readonly as?: string; readonly message?: string; readonly forced?: 'forced' } = {},
  ): Promise<CommitSha> {
    const before = github.branches.get(branch)
    const after = github.commit(branch, files, options)
    await deliver({
      kind: 'pushed',
      repository: robot,
      ref: `refs/heads/${branch}`,
      before: before ?? CommitSha('0'.repeat(40)),
      after,
      change: before === undefined ? 'created' : (options.forced ?? 'updated'),
      defaultBranch: 'main',
      headCommitMessage: options.message ?? '',
      sender: actor(options.as ?? 'mara'),
    })
    return after
  }

  /** Makes a commit that is there already the head of a branch, and delivers the push. */
  async function pushCommit(branch: string, sha: CommitSha, as = 'mara'): Promise<void> {
    const before = github.branches.get(branch)
    github.branches.set(branch, sha)
    await deliver({
      kind: 'pushed',
      repository: robot,
      ref: `refs/heads/${branch}`,
      before: before ?? CommitSha('0'.repeat(40)),
      after: sha,
      change: before === undefined ? 'created' : 'updated',
      defaultBranch: 'main',
      headCommitMessage: '',
      sender: actor(as),
    })
  }

  async function openPullRequest(
    branch: string,
    files: Files,
    options: { readonly as?: string; readonly message?: string } & Partial<Target> = {},
  ): Promise<{ readonly number: number; readonly sha: CommitSha }> {
    github.commit(branch, files, { from: options.base ?? 'main', ...(options.message ? { message: options.message } : {}) })
    return openFor(branch, options)
  }

  /** Of a branch that is there already. */
  async function openFor(
    branch: string,
    { as = 'mara', ...target }: { readonly as?: string } & Partial<Target> = {},
  ): Promise<{ readonly number: number; readonly sha: CommitSha }> {
    const number = github.open(branch, as, target)
    await pullRequestDelivery(number, 'opened', as)
    return { number, sha: github.head(branch) }
  }

  async function retarget(number: number, base: string, as = 'mara'): Promise<void> {
    github.pullRequestOf(number).base = base
    await pullRequestDelivery(number, 'edited', as)
  }

  async function setDraft(number: number, draft: PullRequest['draft'], as = 'mara'): Promise<void> {
    github.pullRequestOf(number).draft = draft
    await pullRequestDelivery(number, draft === 'draft' ? 'converted_to_draft' : 'ready_for_review', as)
  }

  async function label(number: number, name: string, as = 'mara'): Promise<void> {
    github.pullRequestOf(number).labels.push(name)
    await pullRequestDelivery(number, 'labeled', as)
  }

  async function pushToPullRequest(
    number: number,
    files: Files,
    options: { readonly as?: string; readonly from?: string } = {},
  ): Promise<CommitSha> {
    const { branch } = github.pullRequestOf(number)
    const sha = github.commit(branch, files, options)
    await pullRequestDelivery(number, 'synchronize', options.as ?? 'mara')
    return sha
  }

  /** Makes a commit that is there already the head. */
  async function forcePush(number: number, sha: CommitSha): Promise<void> {
    github.branches.set(github.pullRequestOf(number).branch, sha)
    await pullRequestDelivery(number, 'synchronize', 'mara')
  }

  async function reopen(number: number): Promise<void> {
    github.pullRequestOf(number).state = 'open'
    await pullRequestDelivery(number, 'reopened', 'mara')
  }

  async function close(number: number): Promise<void> {
    github.pullRequestOf(number).state = 'closed'
    await pullRequestDelivery(number, 'closed', 'mara')
  }

  async function pullRequestDelivery(number: number, action: PullRequestAction, as = 'mara'): Promise<void> {
    const { branch, author, base, draft, headRepositoryId } = github.pullRequestOf(number)
    await deliver({
      kind: 'pull-request-changed',
      repository: robot,
      action,
      number,
      headSha: github.head(branch),
      headRef: branch,
      headRepositoryId,
      baseRef: base,
      defaultBranch: 'main',
      draft: draft === 'draft',
      author: actor(author),
      sender: actor(as),
    })
  }

  /** Returns the comment's id. */
  async function comment(number: number, body: string, as = 'mara'): Promise<number> {
    const commentId = github.nextId()
    await deliver({
      kind: 'comment-written',
      repository: robot,
      action: 'created',
      number,
      on: 'pull-request',
      commentId,
      body,
      previousBody: '',
      author: actor(as),
      viaAppId: undefined,
      sender: actor(as),
    })
    return commentId
  }

  async function rerequest(checkRunId: number, as = 'mara'): Promise<void> {
    const check = github.checks.get(checkRunId)
    if (!check) throw new Error(`No check ${checkRunId}`)
    await deliver({
      kind: 'check-rerequested',
      repository: robot,
      checkRunId,
      externalId: check.externalId,
      appId,
      headSha: check.sha,
      sender: actor(as),
    })
  }

  /** The button for all checks of a commit. */
  async function rerequestAll(headSha: CommitSha, as = 'mara'): Promise<string> {
    return deliver({ kind: 'suite-rerequested', repository: robot, appId, headSha, headBranch: undefined, sender: actor(as) })
  }

  /** As the intake does: stored, then told. */
  async function deliver(event: DomainEvent, guid: string = randomUUID()): Promise<string> {
    const accepted = await store.deliveries.accept({ guid, event: event.kind, body: JSON.stringify(event) })
    if (accepted !== 'seen') await queue.wake('delivery', guid)
    if (wakeups === 'lost') await service.sweepNow('store-only')
    await service.settled()
    return guid
  }

  /** Lets everything happen that can happen without the clock. */
  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await service.sweepNow('with-backends')
      await service.settled()
      quiet = machine.step() ? 0 : quiet + 1
    }
  }

  /** Moves the clock a second at a time until it holds. */
  async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 120): Promise<void> {
    for (let second = 0; second <= seconds; second++) {
      await settle()
      if (await holds()) return
      await database.pool.query('update time_travel set ms = ms + 1000')
    }
    throw new Error(
      `Expected within ${seconds} s of the story: ${what}. Checks: ${JSON.stringify([...github.checks.values()].map(({ name, state, title }) => [name, state.status, title]))}`,
    )
  }

  /** Lets so many seconds of the story pass. */
  async function pass(seconds: number): Promise<void> {
    let left = seconds
    await until('time passes', () => left-- <= 0, seconds + 1)
  }

  /** The newest of each name. */
  function checks(sha: string): ReadonlyMap<string, CheckWrite & { readonly id: number }> {
    return new Map([...github.checks].filter(([, check]) => check.sha === sha).map(([id, check]) => [check.name, { ...check, id }]))
  }

  /** Waits for the conclusion of the newest check of this name. */
  async function check(
    sha: string,
    name: string,
    seconds = 120,
  ): Promise<CheckWrite & { readonly id: number; readonly conclusion: string }> {
    await until(`${name} concludes`, () => checks(sha).get(name)?.state.status === 'completed', seconds)
    const found = checks(sha).get(name)
    if (found?.state.status !== 'completed') throw new Error(`${name} is open`)
    return { ...found, conclusion: found.state.conclusion }
  }
}
export type World = Awaited<ReturnType<typeof aWorld>>

/** Every time of the store comes from one function, so a test can move it. */
async function installClock({ pool }: TestDatabase): Promise<void> {
  await pool.query('create table time_travel as select 0::bigint as ms')
  await pool.query(
    `create or replace function instant_now() returns bigint language sql stable parallel safe
       as $$ select floor(extract(epoch from clock_timestamp()) * 1000)::bigint + (select ms from time_travel) $$`,
  )
}

export const actor = (login: string): Actor => ({ id: login.length, login, type: 'User' })

// --------------------------------------------------------------------- GitHub

type Commit = { readonly parent: CommitSha | undefined; readonly files: Files; readonly message: string }
type PullRequest = {
  readonly branch: string
  readonly author: string
  readonly headRepositoryId: number
  readonly labels: string[]
  base: string
  draft: 'draft' | 'ready'
  state: 'open' | 'closed'
}
/** Where a pull request goes, and where from: a fork is another repository. */
type Target = { readonly base: string; readonly draft: PullRequest['draft']; readonly from: 'branch' | 'fork' }

const fork = { id: 8 }

export function createGithub() {
  const commits = new Map<CommitSha, Commit>()
  const branches = new Map<string, CommitSha>()
  const pullRequests = new Map<number, PullRequest>()
  const checks = new Map<number, CheckWrite>()
  const comments = new Map<number, { readonly pullRequest: number; readonly body: string }>()
  const answers: CommandAnswer[] = []
  const people = new Map<string, Permission | 'none'>([
    ['mara', 'maintain'],
    ['sam', 'read'],
  ])
  const required: string[] = []
  const held = new Map<string, () => Promise<void>>()
  let ids = 100
  let writes = 0
  let failing: Error | undefined
  let headsUntilFailure = 0
  const nextId = () => ++ids

  const forge: Forge = {
    async writeCheck(check) {
      countWrite()
      const known =
        check.checkRunId ?? [...checks].find(([, other]) => other.externalId === check.externalId && other.name === check.name)?.[0]
      const checkRunId = known ?? nextId()
      checks.set(checkRunId, check)
      return { checkRunId }
    },
    async writeComment({ commentId, body, pullRequest }) {
      countWrite()
      const known = commentId ?? [...comments].find(([, comment]) => comment.pullRequest === pullRequest)?.[0] ?? nextId()
      comments.set(known, { pullRequest, body })
      return { commentId: known }
    },
    async answer(answer) {
      countWrite()
      answers.push(answer)
    },
  }

  const reader: ForgeReader = {
    repository: async () => ({ fullName: robot.fullName, defaultBranch: 'main', private: 'private' }),
    pullRequest: async (_, number) => {
      const found = pullRequests.get(number)
      if (!found) return undefined
      const [mergeBaseSha, headSha] = pullRange(number)
      const { state, branch, author, base, draft, headRepositoryId, labels } = found
      return {
        number,
        state,
        draft: draft === 'draft',
        headSha,
        headRef: branch,
        headRepositoryId,
        baseRef: base,
        author,
        labels: [...labels],
        mergeBaseSha,
      }
    },
    openPullRequestsOf: async (_, branch) =>
      [...pullRequests]
        .filter(([, one]) => one.branch === branch && one.state === 'open' && one.headRepositoryId === robot.id)
        .map(([number]) => number),
    branchHead: async (_, branch) => {
      if (headsUntilFailure > 0 && --headsUntilFailure === 0) throw new Error('socket hang up')
      return branches.get(branch)
    },
    commitMessage: async (_, sha) => commits.get(sha)?.message ?? '',
    permission: async (_, login) => {
      if (failing) throw failing
      return people.get(login) ?? 'none'
    },
    requiredChecks: async () => required,
    changedPaths: async (_, range) => {
      const [base, to] = range.kind === 'compare' ? [range.base, range.head] : pullRange(range.number)
      const [before, after] = [filesAt(base), filesAt(to)]
      return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => before[path] !== after[path])
    },
    specFiles: async (_, sha) => {
      await held.get(sha)?.()
      return Object.entries(filesAt(sha))
        .filter(([path]) => path.startsWith('.osmo/'))
        .map(([path, text]) => ({ path, mode: '100644', bytes: Buffer.byteLength(text), text }))
    },
    entriesAt: async (_, sha, paths) => {
      const entries = Object.entries(filesAt(sha)).map(([path, text]) => ({ path, mode: '100644', sizeBytes: Buffer.byteLength(text) }))
      return new Map(paths.map((path) => [path, entries.filter((entry) => entry.path === path || entry.path.startsWith(`${path}/`))]))
    },
  }

  const mirror: SourceMirror = {
    archive: () => Promise.reject(new Error('Nobody asks for an archive here')),
    files: async (_, sha, path) => {
      const found = Object.entries(filesAt(sha)).filter(([name]) => name === path || name.startsWith(`${path}/`))
      return found.length === 0 ? undefined : found.map(([name, text]) => ({ path: name, contents: Buffer.from(text), mode: 0o644 }))
    },
    isAncestor: async (_, ancestor, descendant) => ancestry(descendant).includes(ancestor),
    ancestors: async (_, sha, limit) => ancestry(sha).slice(1, limit + 1),
  }

  return {
    forge,
    reader,
    mirror,
    branches,
    checks,
    comments,
    answers,
    people,
    required,
    nextId,
    commit,
    head,
    open,
    pullRequestOf,
    writes: () => writes,
    hold,
    /** Asking for a permission fails until told otherwise. */
    fail: (error: Error | undefined) => {
      failing = error
    },
    /** Of the questions for a branch's head from now on, this one fails. */
    failHead: (nth: number) => {
      headsUntilFailure = nth
    },
  }

  function countWrite(): void {
    writes += 1
  }

  /** Reading the specs of a commit takes until it is released; `reached` resolves once somebody reads them. */
  function hold(sha: CommitSha): { readonly reached: Promise<void>; readonly release: () => void } {
    const reached = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    held.set(sha, async () => {
      reached.resolve()
      await released.promise
    })
    return { reached: reached.promise, release: released.resolve }
  }

  /** An empty text removes the file. */
  function commit(
    branch: string,
    files: Files,
    { from, message = '' }: { readonly from?: string; readonly message?: string } = {},
  ): CommitSha {
    const parent = from === undefined ? (branches.get(branch) ?? branches.get('main')) : head(from)
    const all = Object.fromEntries(Object.entries({ ...(parent ? filesAt(parent) : {}), ...files }).filter(([, text]) => text !== ''))
    const sha = CommitSha(
      createHash('sha1')
        .update(JSON.stringify([parent, all, message, nextId()]))
        .digest('hex'),
    )
    commits.set(sha, { parent, files: all, message })
    branches.set(branch, sha)
    return sha
  }

  function open(branch: string, author: string, { base = 'main', draft = 'ready', from = 'branch' }: Partial<Target> = {}): number {
    const number = pullRequests.size + 1
    const headRepositoryId = from === 'fork' ? fork.id : robot.id
    pullRequests.set(number, { branch, author, base, draft, headRepositoryId, labels: [], state: 'open' })
    return number
  }

  function pullRequestOf(number: number): PullRequest {
    const found = pullRequests.get(number)
    if (!found) throw new Error(`No pull request #${number}`)
    return found
  }

  function head(branch: string): CommitSha {
    const sha = branches.get(branch)
    if (!sha) throw new Error(`No branch ${branch}`)
    return sha
  }

  function pullRange(number: number): readonly [CommitSha, CommitSha] {
    const { branch, base } = pullRequestOf(number)
    const to = head(branch)
    const ofBase = ancestry(head(base))
    return [ancestry(to).find((sha) => ofBase.includes(sha))!, to]
  }

  function filesAt(sha: CommitSha): Files {
    return commits.get(sha)?.files ?? {}
  }

  function ancestry(sha: CommitSha): readonly CommitSha[] {
    const parent = commits.get(sha)?.parent
    return parent ? [sha, ...ancestry(parent)] : [sha]
  }
}

// -------------------------------------------------------------------- machine

type Pod = { readonly order: PodOrder; phase: Sighting['phase'] }

function createMachine() {
  const pods = new Map<PodName, Pod>()
  const gone = new Set<PodName>()
  const behaviours = new Map<string, Behaviour>()
  const started: string[] = []
  const stored = new Map<string, Uint8Array>()
  let onSightings: ((sightings: readonly Sighting[]) => Promise<void>) | undefined

  const objects: ObjectStore = {
    put: () => Promise.reject(new Error('Nobody puts anything here')),
    ...readingOf(stored),
    deletePrefix: async (prefix) => {
      for (const key of stored.keys()) if (key.startsWith(prefix)) stored.delete(key)
    },
  }

  return { objects, pods, behaviours, started, backend, step, running, arms, lose }

  function backend(wakeups: 'heard' | 'lost'): Backend {
    return {
      name: 'local',
      capacity: { cpu: 8 },
      description: 'a machine in memory',
      create: async (order) => {
        if (gone.has(order.pod)) return { kind: 'refused', message: 'It was deleted' }
        if (!pods.has(order.pod)) pods.set(order.pod, { order, phase: { kind: 'created' } })
        return { kind: 'created' }
      },
      delete: async (pod) => {
        gone.add(pod)
        const found = pods.get(pod)
        if (found && found.phase.kind !== 'exited') end(found, 143, 'canceled')
      },
      list: async () => sightings(),
      watch: async (callback, signal) => {
        if (wakeups === 'heard') onSightings = callback
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      },
      forget: async (names) => {
        for (const name of names) pods.delete(name)
      },
    }
  }

  function sightings(): readonly Sighting[] {
    return [...pods.values()].map(({ order, phase }) => ({ pod: order.pod, reference: order.reference, phase }))
  }

  /** Every pod goes one phase on. Says whether anything changed. */
  function step(): boolean {
    const changed = [...pods.values()].filter(advance)
    if (changed.length > 0) void onSightings?.(sightings())
    return changed.length > 0
  }

  function advance(pod: Pod): boolean {
    if (pod.phase.kind === 'created') {
      pod.phase = { kind: 'running', startedAt: Date.now() }
      started.push(`${pod.order.displayId}/${pod.order.reference.task}#${pod.order.reference.attempt}`)
      return true
    }
    if (pod.phase.kind !== 'running') return false
    const outcome = run(pod.order)
    if (outcome === 'hang') return false
    end(pod, outcome, 'completed')
    return true
  }

  function run(order: PodOrder): number | 'hang' {
    const { task, attempt } = order.reference
    const behaviour = behaviours.get(task) ?? ((): Result => ({}))
    const runs = order.runs.kind === 'once' ? [{ arm: 'head' as const, pair: 0, purpose: 'once' as const }] : order.runs.order
    for (const { arm, pair, purpose } of runs) {
      const result = behaviour({ task, arm, pair, attempt, order })
      if (result === 'hang') return 'hang'
      if (result.exitCode) return result.exitCode
      if (purpose === 'measure') keep(order, result.files ?? {}, `runs/${pair}-${arm}/`)
      if (arm === 'head') keep(order, result.files ?? {}, '')
    }
    stored.set(manifestKey(order.reference), Buffer.from('{"files":[]}'))
    return 0
  }

  function keep({ reference }: PodOrder, files: Files, below: string): void {
    for (const [path, text] of Object.entries(files)) stored.set(`${outputPrefix(reference)}${below}${path}`, Buffer.from(text))
  }

  function end(pod: Pod, exitCode: number, reason: 'completed' | 'canceled'): void {
    const startedAt = pod.phase.kind === 'running' ? pod.phase.startedAt : undefined
    const outputs = exitCode === 0 ? 'stored' : 'none'
    pod.phase = { kind: 'exited', startedAt, exitedAt: Date.now(), exit: { exitCode, reason, message: `Exit code ${exitCode}`, outputs } }
  }

  /** Names of tasks that run now. */
  function running(): readonly string[] {
    return [...pods.values()].filter(({ phase }) => phase.kind === 'running').map(({ order }) => order.reference.task)
  }

  /** Runs of each arm that the newest attempt was told to do. */
  function arms(displayId: string, task: string): { readonly base: number; readonly head: number } {
    const found = [...pods.values()].findLast(({ order }) => order.displayId === displayId && order.reference.task === task)
    const runs = found?.order.runs.kind === 'arms' ? found.order.runs.order : []
    return { base: runs.filter(({ arm }) => arm === 'base').length, head: runs.filter(({ arm }) => arm === 'head').length }
  }

  function lose(task: string): void {
    for (const pod of pods.values())
      if (pod.order.reference.task === task && pod.phase.kind === 'running')
        pod.phase = { kind: 'lost', seenAt: Date.now(), message: 'The supervisor was killed' }
  }
}

// ---------------------------------------------------------------------- queue

/** `lost`: nobody ever hears anything. */
function createQueue(wakeups: 'heard' | 'lost'): Waker & WakeupConsumer {
  const handlers = new Map<QueueName, (id: string) => Promise<void>>()
  const wakeMany = async (queue: QueueName, ids: readonly string[]) => {
    if (wakeups === 'heard') for (const id of ids) await handlers.get(queue)?.(id)
  }
  return {
    wake: (queue, id) => wakeMany(queue, [id]),
    wakeMany,
    consume: async (queue, _, handle) => {
      handlers.set(queue, handle)
      return { close: async () => void handlers.delete(queue) }
    },
    probe: async () => undefined,
    close: async () => undefined,
  }
}
