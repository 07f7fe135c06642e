import { z } from 'zod'
import { commitFiles } from './admin/commits.ts'
import { type Inputs, inputs, type Parsed } from './admin/inputs.ts'
import { install, suspend, uninstall } from './admin/installations.ts'
import { commentOf, personNamed, pullNumbered, repositoryNamed, runOf, suiteOf } from './admin/lookup.ts'
import { createPull, label, merge, unlabel } from './admin/pulls.ts'
import {
  created,
  createRepository,
  createUser,
  deleteRepository,
  grant,
  renameRepository,
  setRequiredChecks,
} from './admin/repositories.ts'
import { requestAction, rerequestRun, rerequestSuite } from './checks.ts'
import { commentsOn, createComment, deleteComment, editComment } from './comments.ts'
import { Failure } from './failure.ts'
import type { Faults } from './faults.ts'
import type { Lock } from './lock.ts'
import { editPull, forkRepository, setDraft, setState } from './pulls.ts'
import type { CheckRun, Repository } from './state.ts'
import { ping, redeliver } from './webhooks.ts'
import { known, now, self, type World } from './world.ts'

export type AdminDependencies = {
  readonly world: World
  readonly pushes: Lock
  readonly faults: Faults
  readonly idle: () => Promise<void>
}

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
    deleteRepository: (input) => pushes(() => deleteRepository(world, input)),
    renameRepository: (input) => renameRepository(world, input),
    grant: (input) => grant(world, input),
    install: (input) => install(world, input),
    suspend: ({ owner }) => suspend(world, owner, now(world)),
    unsuspend: ({ owner }) => suspend(world, owner, null),
    uninstall: ({ owner }) => uninstall(world, owner),
    setWebhookUrl: ({ url }) => void state.self.put({ ...self(world), webhookUrl: url }),
    ping: () => ping(world),
    commitFiles: (input) => pushes(() => commitFiles(world, input)),
    fork: async ({ repository, owner }) =>
      created(world, await forkRepository(world, repositoryNamed(world, repository), personNamed(world, owner))),
    createPullRequest: (input) => pushes(() => createPull(world, input)),
    close: (input) => setState(world, pullNumbered(world, input), personNamed(world, input.as), 'closed'),
    reopen: (input) => setState(world, pullNumbered(world, input), personNamed(world, input.as), 'open'),
    merge: (input) => pushes(() => merge(world, input)),
    edit: async (input) => void (await editPull(world, pullNumbered(world, input), personNamed(world, input.as), input)),
    setDraft: (input) => setDraft(world, pullNumbered(world, input), personNamed(world, input.as), input.draft ? 'draft' : 'ready'),
    label: (input) => label(world, input),
    unlabel: (input) => unlabel(world, input),
    comment: (input) => createComment(world, pullNumbered(world, input), personNamed(world, input.as), input.body),
    editComment: ({ id, as, body }) => editComment(world, commentOf(world, id), personNamed(world, as), body),
    deleteComment: ({ id, as }) => deleteComment(world, commentOf(world, id), personNamed(world, as)),
    comments: ({ repository, number }) => commentsOn(world, repositoryNamed(world, repository), number),
    checkRuns: ({ repository, sha }) => runsOf(world, repositoryNamed(world, repository), sha),
    rerequest: ({ checkRunId, as }) => rerequestRun(world, runOf(world, checkRunId), personNamed(world, as)),
    rerequestSuite: ({ checkSuiteId, as }) => rerequestSuite(world, suiteOf(world, checkSuiteId), personNamed(world, as)),
    requestAction: ({ checkRunId, identifier, as }) => requestAction(world, runOf(world, checkRunId), identifier, personNamed(world, as)),
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

function runsOf(world: World, repository: Repository, sha: string | undefined): CheckRun[] {
  return world.state.runs.filter((run) => run.repositoryId === repository.id && (sha ?? run.headSha) === run.headSha)
}
