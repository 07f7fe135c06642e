import type { Permissions } from './options.ts'
import { type Collection, openStore, type Store } from './store.ts'

export type Role = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'

/** Times are ISO 8601 in UTC without milliseconds, as GitHub prints them. */
export type Time = string

export type User = {
  readonly id: number
  readonly login: string
  readonly name: string
  readonly email: string
  readonly kind: 'User' | 'Bot'
  /** Good for the API and for git. A bot has none. */
  readonly token: string | null
  readonly createdAt: Time
}

export type Repository = {
  readonly id: number
  readonly ownerId: number
  readonly name: string
  readonly formerNames: readonly string[]
  readonly visibility: 'public' | 'private'
  readonly description: string | null
  readonly defaultBranch: string
  readonly parentId: number | null
  /** Branches and tags as last announced; what git has beyond this is a push that nobody was told of yet. */
  readonly refs: Readonly<Record<string, string>>
  readonly pusherId: number
  /** Shared by issues and pull requests, as on GitHub. */
  readonly nextNumber: number
  readonly requiredChecks: readonly RequiredChecks[]
  readonly createdAt: Time
  readonly pushedAt: Time
}

export type RequiredChecks = { readonly id: number; readonly branch: string; readonly contexts: readonly string[] }

export type Grant = { readonly id: number; readonly repositoryId: number; readonly userId: number; readonly role: Role }

export type Installation = {
  readonly id: number
  readonly accountId: number
  readonly repositories: 'all' | readonly number[]
  readonly suspendedAt: Time | null
  readonly createdAt: Time
}

export type AccessToken = {
  readonly id: number
  readonly token: string
  readonly installationId: number
  readonly repositories: 'all' | readonly number[]
  readonly permissions: Permissions
  readonly expiresAt: Time
}

export type Label = { readonly id: number; readonly name: string; readonly color: string }

export type PullRequest = {
  readonly id: number
  readonly repositoryId: number
  readonly number: number
  readonly title: string
  readonly body: string | null
  readonly authorId: number
  readonly state: 'open' | 'closed'
  readonly draft: boolean
  readonly labels: readonly Label[]
  readonly headRepositoryId: number
  readonly headRef: string
  readonly headSha: string
  readonly baseRef: string
  readonly baseSha: string
  /** The commit at refs/pull/N/merge; none when the branches conflict. */
  readonly mergeSha: string | null
  readonly commits: number
  readonly additions: number
  readonly deletions: number
  readonly changedFiles: number
  readonly mergedAt: Time | null
  readonly closedAt: Time | null
  readonly createdAt: Time
  readonly updatedAt: Time
}

export type Comment = {
  readonly id: number
  readonly repositoryId: number
  readonly number: number
  readonly authorId: number
  readonly via: 'app' | 'person'
  readonly body: string
  readonly createdAt: Time
  readonly updatedAt: Time
}

export type Reaction = {
  readonly id: number
  readonly commentId: number
  readonly userId: number
  readonly content: string
  readonly createdAt: Time
}

export type CheckStatus = 'queued' | 'in_progress' | 'completed'

export type CheckSuite = {
  readonly id: number
  readonly repositoryId: number
  readonly headSha: string
  /** None for a commit that was never pushed to a branch of this repository, such as the head of a fork's pull request. */
  readonly headBranch: string | null
  readonly before: string | null
  /** What a person's click on "Re-run all" resets, though no run is touched by it. */
  readonly status: CheckStatus
  readonly conclusion: string | null
  readonly createdAt: Time
  readonly updatedAt: Time
}

export type Annotation = {
  readonly path: string
  readonly start_line: number
  readonly end_line: number
  readonly start_column: number | null
  readonly end_column: number | null
  readonly annotation_level: 'notice' | 'warning' | 'failure'
  readonly title: string | null
  readonly message: string
  readonly raw_details: string | null
}

export type CheckAction = { readonly label: string; readonly description: string; readonly identifier: string }

export type CheckRun = {
  readonly id: number
  readonly suiteId: number
  readonly repositoryId: number
  readonly headSha: string
  readonly name: string
  readonly externalId: string
  readonly detailsUrl: string | null
  readonly status: CheckStatus
  readonly conclusion: string | null
  readonly startedAt: Time | null
  readonly completedAt: Time | null
  readonly output: { readonly title: string | null; readonly summary: string | null; readonly text: string | null }
  readonly annotations: readonly Annotation[]
  readonly actions: readonly CheckAction[]
}

export type Delivery = {
  readonly id: number
  readonly guid: string
  readonly event: string
  readonly action: string | null
  readonly installationId: number | null
  readonly repositoryId: number | null
  readonly redelivery: boolean
  /** `lost` was never sent and is not listed, as when GitHub itself drops an event. */
  readonly state: 'pending' | 'attempted' | 'lost'
  readonly payload: string
  readonly createdAt: Time
  readonly deliveredAt: Time
  readonly durationSeconds: number
  /** 0 when nothing answered. */
  readonly statusCode: number
  readonly status: string
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly responseBody: string
}

/** What the twin knows about itself: one row, id 1. */
export type Self = {
  readonly id: number
  readonly privateKey: string
  readonly botId: number
  readonly clockOffsetMilliseconds: number
  readonly webhookUrl: string
}

export type State = {
  readonly store: Store
  readonly self: Collection<Self>
  readonly users: Collection<User>
  readonly repositories: Collection<Repository>
  readonly grants: Collection<Grant>
  readonly installations: Collection<Installation>
  readonly tokens: Collection<AccessToken>
  readonly pulls: Collection<PullRequest>
  readonly comments: Collection<Comment>
  readonly reactions: Collection<Reaction>
  readonly suites: Collection<CheckSuite>
  readonly runs: Collection<CheckRun>
  readonly deliveries: Collection<Delivery>
}

export function openState(file: string): State {
  const store = openStore(file)
  return {
    store,
    self: store.collection('self'),
    users: store.collection('user'),
    repositories: store.collection('repository'),
    grants: store.collection('grant'),
    installations: store.collection('installation'),
    tokens: store.collection('token'),
    pulls: store.collection('pull'),
    comments: store.collection('comment'),
    reactions: store.collection('reaction'),
    suites: store.collection('suite'),
    runs: store.collection('run'),
    deliveries: store.collection('delivery'),
  }
}
