import { z } from 'zod'

/**
 * The few fields of GitHub's webhooks that we read, each bounded. Everything else is dropped here, URLs above all:
 * ids and names come from the signed payload, addresses only from our own settings.
 */
export const Id = z.number().int().positive()
const Login = z.string().min(1).max(100)
const BranchName = z.string().min(1).max(1024)
export const Sha = z.string().regex(/^[0-9a-f]{40}$/, 'expected 40 lower-case hex digits')
/** Characters that GitHub allows in a repository's name; `.` and `..` it refuses. */
const FullName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_.-]+\/(?!\.{1,2}$)[A-Za-z0-9_.-]+$/, 'expected owner/name')

export const Sender = z.object({ id: Id, login: Login, type: z.enum(['User', 'Bot', 'Organization']) }).nullish()
const Installation = z.object({ id: Id })
const NamedRepository = z.object({ id: Id, full_name: FullName })
const Repository = z.object({ id: Id, full_name: FullName, default_branch: BranchName })

const inRepository = { repository: Repository, installation: Installation, sender: Sender }

export const Push = z.object({
  ...inRepository,
  ref: BranchName,
  before: Sha,
  after: Sha,
  created: z.boolean(),
  deleted: z.boolean(),
  forced: z.boolean(),
  head_commit: z.object({ id: Sha, message: z.string() }).nullish(),
})

export const PullRequest = z.object({
  ...inRepository,
  number: Id,
  pull_request: z.object({
    head: z.object({ sha: Sha, ref: BranchName, repo: z.object({ id: Id }).nullish() }),
    base: z.object({ ref: BranchName }),
    draft: z.boolean().nullish(),
    user: Sender,
  }),
  changes: z.object({ base: z.unknown().optional() }).nullish(),
})

/** Of a comment GitHub keeps 65 536 characters; it was seen to take 142 000. */
const CommentBody = z.string().max(262_144)
export const IssueComment = z.object({
  ...inRepository,
  issue: z.object({ number: Id, pull_request: z.object({}).nullish() }),
  comment: z.object({
    id: Id,
    body: CommentBody.nullish(),
    user: Sender,
    performed_via_github_app: z.object({ id: Id }).nullish(),
  }),
  changes: z.object({ body: z.object({ from: CommentBody.nullish() }).nullish() }).nullish(),
})

export const CheckRun = z.object({
  ...inRepository,
  check_run: z.object({
    id: Id,
    head_sha: Sha,
    external_id: z.string().max(255).nullish(),
    app: z.object({ id: Id }).nullish(),
  }),
})

export const CheckSuite = z.object({
  ...inRepository,
  check_suite: z.object({ head_sha: Sha, head_branch: BranchName.nullish(), app: z.object({ id: Id }).nullish() }),
})

export const RepositoryChange = z.object({ repository: NamedRepository, installation: Installation, sender: Sender })

const Repositories = z.array(NamedRepository).max(10_000).nullish()
export const InstallationChange = z.object({ installation: Installation, repositories: Repositories, sender: Sender })
export const InstallationRepositories = z.object({
  installation: Installation,
  repositories_added: Repositories,
  repositories_removed: Repositories,
  sender: Sender,
})

export const Action = z.object({ action: z.string().max(100) })
