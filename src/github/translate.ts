import type { z } from 'zod'
import {
  type Actor,
  type DomainEvent,
  type InstallationChanged,
  type PullRequestAction,
  pullRequestActions,
  type RepositoryGone,
} from '../engine/domain-event.ts'
import type { RepositoryReference } from '../engine/ports.ts'
import { CommitSha } from '../workflow/names.ts'
import * as payloads from './payloads.ts'

export type Translated =
  | DomainEvent
  /** Genuine, and nothing that we act on. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** Signed, yet not what GitHub documents: a retry cannot help. */
  | { readonly kind: 'malformed'; readonly message: string }

type Translator = (body: unknown) => Translated

/** Every event that the app listens to, with the actions it acts on; `app.yml` subscribes to these and to no others. */
export const translators: Readonly<Record<string, Translator>> = {
  push: pushed,
  pull_request: byAction(Object.fromEntries(pullRequestActions.map((action) => [action, pullRequestChanged(action)]))),
  issue_comment: byAction({ created: commentWritten('created'), edited: commentWritten('edited') }),
  check_run: byAction({ rerequested: checkRerequested }),
  check_suite: byAction({ rerequested: suiteRerequested }),
  repository: byAction({ deleted: repositoryGone('deleted'), transferred: repositoryGone('transferred') }),
  installation: byAction({
    created: installationChanged('created'),
    deleted: installationChanged('deleted'),
    suspend: installationChanged('suspended'),
    unsuspend: installationChanged('unsuspended'),
    new_permissions_accepted: installationChanged('permissions-accepted'),
  }),
  installation_repositories: byAction({ added: repositoriesAdded, removed: repositoriesRemoved }),
}

/** Turns a webhook's parsed body into our words: `event` is `X-GitHub-Event`. Throws nothing for any JSON value. */
export function translate(event: string, body: unknown): Translated {
  const translator = Object.hasOwn(translators, event) ? translators[event] : undefined
  return translator?.(body) ?? ignored(`event ${clip(event)}`)
}

function byAction(actions: Readonly<Record<string, Translator>>): Translator {
  return (body) => {
    const parsed = payloads.Action.safeParse(body)
    if (!parsed.success) return malformed(parsed.error)
    const { action } = parsed.data
    const translator = Object.hasOwn(actions, action) ? actions[action] : undefined
    return translator?.(body) ?? ignored(`action ${clip(action)}`)
  }
}

function pushed(body: unknown): Translated {
  return reading(payloads.Push, body, (payload) => {
    if (!/^refs\/(heads|tags)\//.test(payload.ref)) return ignored(`ref ${clip(payload.ref)}`)
    const commit = payload.deleted ? payload.after : payload.head_commit?.id
    if (commit === undefined) return ignored(`ref without a commit ${clip(payload.ref)}`)
    return {
      kind: 'pushed',
      repository: reference(payload),
      ref: payload.ref,
      before: CommitSha(payload.before),
      // Of an annotated tag `after` is the tag's own object, at which no check can stand.
      after: CommitSha(commit),
      change: changeOf(payload),
      defaultBranch: payload.repository.default_branch,
      headCommitMessage: payload.head_commit?.message.slice(0, 65_536) ?? '',
      sender: actor(payload.sender),
    }
  })
}

function changeOf({ created, deleted, forced }: z.output<typeof payloads.Push>) {
  if (deleted) return 'deleted'
  if (created) return 'created'
  return forced ? 'forced' : 'updated'
}

function pullRequestChanged(action: PullRequestAction): Translator {
  return (body) =>
    reading(payloads.PullRequest, body, (payload) =>
      // A new title or description changes nothing that runs; another base branch does.
      action === 'edited' && payload.changes?.base === undefined ? ignored('edited without a new base') : pullRequestEvent(action, payload),
    )
}

function pullRequestEvent(action: PullRequestAction, payload: z.output<typeof payloads.PullRequest>): DomainEvent {
  return {
    kind: 'pull-request-changed',
    repository: reference(payload),
    action,
    number: payload.number,
    headSha: CommitSha(payload.pull_request.head.sha),
    headRef: payload.pull_request.head.ref,
    headRepositoryId: payload.pull_request.head.repo?.id,
    baseRef: payload.pull_request.base.ref,
    defaultBranch: payload.repository.default_branch,
    draft: payload.pull_request.draft ?? false,
    author: actor(payload.pull_request.user),
    sender: actor(payload.sender),
  }
}

function commentWritten(action: 'created' | 'edited'): Translator {
  return (body) =>
    reading(payloads.IssueComment, body, ({ issue, comment, changes, ...payload }) => ({
      kind: 'comment-written',
      repository: reference(payload),
      action,
      number: issue.number,
      on: issue.pull_request ? 'pull-request' : 'issue',
      commentId: comment.id,
      body: comment.body ?? '',
      previousBody: action === 'created' ? '' : (changes?.body?.from ?? comment.body ?? ''),
      author: actor(comment.user),
      viaAppId: comment.performed_via_github_app?.id,
      sender: actor(payload.sender),
    }))
}

function checkRerequested(body: unknown): Translated {
  return reading(payloads.CheckRun, body, ({ check_run: run, ...payload }) => ({
    kind: 'check-rerequested',
    repository: reference(payload),
    checkRunId: run.id,
    externalId: run.external_id ?? '',
    appId: run.app?.id,
    headSha: CommitSha(run.head_sha),
    sender: actor(payload.sender),
  }))
}

function suiteRerequested(body: unknown): Translated {
  return reading(payloads.CheckSuite, body, ({ check_suite: suite, ...payload }) => ({
    kind: 'suite-rerequested',
    repository: reference(payload),
    appId: suite.app?.id,
    headSha: CommitSha(suite.head_sha),
    headBranch: suite.head_branch ?? undefined,
    sender: actor(payload.sender),
  }))
}

function repositoryGone(reason: RepositoryGone['reason']): Translator {
  return (body) =>
    reading(payloads.RepositoryChange, body, (payload) => ({
      kind: 'repository-gone',
      repositories: [reference(payload)],
      reason,
      sender: actor(payload.sender),
    }))
}

function installationChanged(change: InstallationChanged['change']): Translator {
  return (body) =>
    reading(payloads.InstallationChange, body, ({ installation, repositories, sender }) => ({
      kind: 'installation-changed',
      installationId: installation.id,
      change,
      repositories: references(installation, repositories),
      sender: actor(sender),
    }))
}

function repositoriesAdded(body: unknown): Translated {
  return reading(payloads.InstallationRepositories, body, ({ installation, repositories_added: added, sender }) => ({
    kind: 'installation-changed',
    installationId: installation.id,
    change: 'repositories-added',
    repositories: references(installation, added),
    sender: actor(sender),
  }))
}

function repositoriesRemoved(body: unknown): Translated {
  return reading(payloads.InstallationRepositories, body, ({ installation, repositories_removed: removed, sender }) => ({
    kind: 'repository-gone',
    repositories: references(installation, removed),
    reason: 'removed-from-installation',
    sender: actor(sender),
  }))
}

function reading<Payload>(schema: z.ZodType<Payload>, body: unknown, translated: (payload: Payload) => Translated): Translated {
  const parsed = schema.safeParse(body)
  return parsed.success ? translated(parsed.data) : malformed(parsed.error)
}

type Named = { readonly id: number; readonly full_name: string }

function reference(payload: { readonly repository: Named; readonly installation: { readonly id: number } }): RepositoryReference {
  return { id: payload.repository.id, installationId: payload.installation.id, fullName: payload.repository.full_name }
}

function references(installation: { readonly id: number }, repositories: readonly Named[] | null | undefined) {
  return (repositories ?? []).map((repository) => reference({ repository, installation }))
}

function actor(sender: z.output<typeof payloads.Sender>): Actor | undefined {
  return sender ? { id: sender.id, login: sender.login, type: sender.type } : undefined
}

const ignored = (reason: string): Translated => ({ kind: 'ignored', reason })

function malformed(error: z.ZodError): Translated {
  const said = error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  return { kind: 'malformed', message: clip(said.join('; '), 500) }
}

const clip = (text: string, length = 100) => (text.length > length ? `${text.slice(0, length)}…` : text)
