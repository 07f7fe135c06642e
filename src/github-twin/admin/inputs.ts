import { z } from 'zod'
import { FaultScript } from '../faults.ts'

const Login = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/)
const RepositoryName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/)
const FullName = z.string().regex(/^[^/]+\/[^/]+$/)
const RoleName = z.enum(['admin', 'maintain', 'write', 'triage', 'read', 'none'])
const pullKey = { repository: FullName, number: z.number().int().positive() }

/** What each verb of an administrator, a person or fate takes. */
export const inputs = {
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

export type Inputs = { [Verb in keyof typeof inputs]: z.input<(typeof inputs)[Verb]> }
export type Parsed = { [Verb in keyof typeof inputs]: z.output<(typeof inputs)[Verb]> }
