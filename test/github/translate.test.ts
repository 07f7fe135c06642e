import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { translate } from '../../src/github/translate.ts'
import { ada, before, checkRun, checkSuite, comment, head, pullRequest, push, reference, repository, zero } from './payloads.ts'

const sender = ada
const eve = { id: 12, login: 'eve', type: 'User' }
const tagObject = 'e'.repeat(40)
const pushed = {
  kind: 'pushed',
  repository: reference,
  ref: 'refs/heads/main',
  before,
  after: head,
  change: 'updated',
  defaultBranch: 'main',
  headCommitMessage: 'Faster solver',
  sender,
}
const changed = {
  kind: 'pull-request-changed',
  repository: reference,
  action: 'opened',
  number: 5,
  headSha: head,
  headRef: 'feature',
  headRepositoryId: 42,
  baseRef: 'main',
  defaultBranch: 'main',
  draft: false,
  author: eve,
  sender,
}
const written = {
  kind: 'comment-written',
  repository: reference,
  action: 'created',
  number: 5,
  on: 'pull-request',
  commentId: 900,
  body: '/osmo rerun',
  previousBody: '',
  author: eve,
  viaAppId: undefined,
  sender,
}
const rerequested = {
  kind: 'check-rerequested',
  repository: reference,
  checkRunId: 77,
  externalId: 'some-uuid',
  appId: 3,
  headSha: head,
  sender,
}
const suite = { kind: 'suite-rerequested', repository: reference, appId: 3, headSha: head, headBranch: undefined, sender }
const installation = { id: 7, account: { login: 'acme' } }
const installed = { kind: 'installation-changed', installationId: 7, repositories: [], sender }
const fork = (fields: object) => ({ ...pullRequest('opened'), pull_request: { ...pullRequest('opened').pull_request, ...fields } })

const understood: readonly (readonly [string, string, unknown, object])[] = [
  ['a push', 'push', push, pushed],
  ['a new branch', 'push', { ...push, before: zero, created: true }, { ...pushed, before: zero, change: 'created' }],
  ['a forced push', 'push', { ...push, forced: true }, { ...pushed, change: 'forced' }],
  [
    'a deleted branch',
    'push',
    { ...push, after: zero, deleted: true, head_commit: null },
    { ...pushed, after: zero, change: 'deleted', headCommitMessage: '' },
  ],
  ['a tag', 'push', { ...push, ref: 'refs/tags/v1', created: true }, { ...pushed, ref: 'refs/tags/v1', change: 'created' }],
  [
    'an annotated tag',
    'push',
    { ...push, ref: 'refs/tags/v1', created: true, before: zero, after: tagObject },
    { ...pushed, ref: 'refs/tags/v1', change: 'created', before: zero },
  ],
  [
    'a deleted tag',
    'push',
    { ...push, ref: 'refs/tags/v1', before: tagObject, after: zero, deleted: true, head_commit: null },
    { ...pushed, ref: 'refs/tags/v1', change: 'deleted', before: tagObject, after: zero, headCommitMessage: '' },
  ],
  ['a push by nobody', 'push', { ...push, sender: null }, { ...pushed, sender: undefined }],
  ['a push by an app', 'push', { ...push, sender: { ...ada, type: 'Bot' } }, { ...pushed, sender: { ...ada, type: 'Bot' } }],
  [
    'a push with a huge message',
    'push',
    { ...push, head_commit: { ...push.head_commit, message: 'x'.repeat(100_000) } },
    { ...pushed, headCommitMessage: 'x'.repeat(65_536) },
  ],
  ['a branch with a hostile name', 'push', { ...push, ref: 'refs/heads/$(touch x)' }, { ...pushed, ref: 'refs/heads/$(touch x)' }],
  ...['opened', 'synchronize', 'reopened', 'ready_for_review', 'converted_to_draft', 'labeled', 'unlabeled', 'edited', 'closed'].map(
    (action) => [`a pull request ${action}`, 'pull_request', pullRequest(action), { ...changed, action }] as const,
  ),
  ['a draft', 'pull_request', fork({ draft: true }), { ...changed, draft: true }],
  [
    'a pull request from a fork',
    'pull_request',
    fork({ head: { sha: head, ref: 'main', repo: { id: 99 } } }),
    { ...changed, headRef: 'main', headRepositoryId: 99 },
  ],
  [
    'a pull request whose fork is gone',
    'pull_request',
    fork({ head: { sha: head, ref: 'feature', repo: null } }),
    { ...changed, headRepositoryId: undefined },
  ],
  ['a pull request of a deleted user', 'pull_request', fork({ user: null }), { ...changed, author: undefined }],
  ['a comment', 'issue_comment', comment('created'), written],
  ['a comment on an issue', 'issue_comment', { ...comment('created'), issue: { number: 5 } }, { ...written, on: 'issue' }],
  [
    'an edited comment',
    'issue_comment',
    { ...comment('edited'), changes: { body: { from: 'hi' } } },
    { ...written, action: 'edited', previousBody: 'hi' },
  ],
  [
    'an edit of something else adds nothing',
    'issue_comment',
    { ...comment('edited'), changes: {} },
    { ...written, action: 'edited', previousBody: '/osmo rerun' },
  ],
  [
    'a comment of an app, of a deleted user, without text',
    'issue_comment',
    { ...comment('created'), comment: { id: 900, body: null, user: null, performed_via_github_app: { id: 3 } } },
    { ...written, body: '', author: undefined, viaAppId: 3 },
  ],
  ['a check to run again', 'check_run', checkRun('rerequested'), rerequested],
  [
    'a check of an unknown app without our id',
    'check_run',
    { ...checkRun('rerequested'), check_run: { id: 77, head_sha: head, external_id: null, app: null } },
    { ...rerequested, externalId: '', appId: undefined },
  ],
  ['a suite to run again', 'check_suite', checkSuite('rerequested'), suite],
  [
    'a suite of a branch',
    'check_suite',
    { ...checkSuite('rerequested'), check_suite: { head_sha: head, head_branch: 'main', app: { id: 3 } } },
    { ...suite, headBranch: 'main' },
  ],
  [
    'a deleted repository',
    'repository',
    { action: 'deleted', repository, installation, sender },
    { kind: 'repository-gone', repositories: [reference], reason: 'deleted', sender },
  ],
  [
    'a transferred repository',
    'repository',
    { action: 'transferred', repository, installation, sender },
    { kind: 'repository-gone', repositories: [reference], reason: 'transferred', sender },
  ],
  [
    'repositories taken out of the installation',
    'installation_repositories',
    { action: 'removed', installation, repositories_removed: [{ id: 42, full_name: 'acme/robot-arm' }], sender },
    { kind: 'repository-gone', repositories: [reference], reason: 'removed-from-installation', sender },
  ],
  [
    'repositories added to it',
    'installation_repositories',
    { action: 'added', installation, repositories_added: [{ id: 42, full_name: 'acme/robot-arm' }], sender },
    { ...installed, change: 'repositories-added', repositories: [reference] },
  ],
  [
    'an installation',
    'installation',
    { action: 'created', installation, repositories: [{ id: 42, full_name: 'acme/robot-arm' }], sender },
    { ...installed, change: 'created', repositories: [reference] },
  ],
  ['a suspended one', 'installation', { action: 'suspend', installation, sender }, { ...installed, change: 'suspended' }],
  ['one that is back', 'installation', { action: 'unsuspend', installation, sender }, { ...installed, change: 'unsuspended' }],
  ['one that is gone', 'installation', { action: 'deleted', installation, sender }, { ...installed, change: 'deleted' }],
  [
    'new permissions',
    'installation',
    { action: 'new_permissions_accepted', installation, sender },
    { ...installed, change: 'permissions-accepted' },
  ],
]

const ignored: readonly (readonly [string, unknown, string])[] = [
  ['pull_request', { ...pullRequest('edited'), changes: { title: { from: 'before' } } }, 'edited without a new base'],
  ['ping', { zen: 'x' }, 'event ping'],
  ['__proto__', {}, 'event __proto__'],
  ['constructor', {}, 'event constructor'],
  ['push', { ...push, ref: 'refs/tags/blob', created: true, before: zero, head_commit: null }, 'ref without a commit refs/tags/blob'],
  ['push', { ...push, ref: 'refs/notes/commits' }, 'ref refs/notes/commits'],
  ['pull_request', pullRequest('assigned'), 'action assigned'],
  ['pull_request', pullRequest('toString'), 'action toString'],
  ['issue_comment', comment('deleted'), 'action deleted'],
  ['check_run', checkRun('created'), 'action created'],
  ['check_run', checkRun('completed'), 'action completed'],
  ['check_suite', checkSuite('requested'), 'action requested'],
  ['repository', { action: 'renamed', repository, installation }, 'action renamed'],
]

const malformed: readonly (readonly [string, string, unknown, RegExp])[] = [
  ['null', 'push', null, /^body: /],
  ['a list', 'push', [], /./],
  ['nothing', 'push', {}, /repository/],
  ['a number', 'pull_request', 5, /^body: /],
  ['an action that is no text', 'pull_request', { action: {} }, /^action: /],
  ['no installation', 'push', { ...push, installation: undefined }, /^installation: /],
  ['a repository id of text', 'push', { ...push, repository: { ...repository, id: '42' } }, /^repository\.id: /],
  ['a repository id below one', 'push', { ...push, repository: { ...repository, id: -1 } }, /^repository\.id: /],
  ['a repository id with a fraction', 'push', { ...push, repository: { ...repository, id: 1.5 } }, /^repository\.id: /],
  ['a name that climbs', 'push', { ...push, repository: { ...repository, full_name: 'acme/..' } }, /expected owner\/name/],
  ['a name that is an option', 'push', { ...push, repository: { ...repository, full_name: '--upload-pack=x' } }, /expected owner\/name/],
  [
    'a name with a host',
    'push',
    { ...push, repository: { ...repository, full_name: 'evil.example:x/acme/robot' } },
    /expected owner\/name/,
  ],
  ['a short sha', 'push', { ...push, after: 'abc' }, /^after: expected 40/],
  ['a sha that is an option', 'push', { ...push, after: '--output=x' }, /^after: expected 40/],
  ['a sender without id', 'push', { ...push, sender: { login: 'ada' } }, /^sender\.id: /],
  ['a sender of a new type', 'push', { ...push, sender: { ...ada, type: 'Admin' } }, /^sender\.type: /],
  ['a pull request without head', 'pull_request', { ...pullRequest('opened'), pull_request: {} }, /^pull_request\.head: /],
  ['a comment of a megabyte', 'issue_comment', { ...comment('created'), comment: { id: 1, body: 'x'.repeat(1e6) } }, /^comment\.body: /],
  ['a check without sha', 'check_run', { ...checkRun('rerequested'), check_run: { id: 1 } }, /^check_run\.head_sha: /],
  ['a suite of nothing', 'check_suite', { ...checkSuite('rerequested'), check_suite: null }, /^check_suite: /],
]

describe('what GitHub says, in our words', () => {
  for (const [title, event, body, expected] of understood) it(title, () => assert.deepEqual(translate(event, body), expected))
})

describe('what is not for us is ignored with a reason', () => {
  for (const [event, body, reason] of ignored)
    it(`${event}: ${reason}`, () => assert.deepEqual(translate(event, body), { kind: 'ignored', reason }))
})

describe('what GitHub would not send is malformed, and nothing throws', () => {
  for (const [title, event, body, message] of malformed) {
    it(title, () => {
      const translated = translate(event, body)
      assert.equal(translated.kind, 'malformed')
      assert.match('message' in translated ? translated.message : '', message)
    })
  }
})

it('no address of a payload comes through', () => {
  for (const [, event, body] of understood) assert.doesNotMatch(JSON.stringify(translate(event, body)), /https?:/)
})
