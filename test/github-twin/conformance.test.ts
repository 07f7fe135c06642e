import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { served } from '../../src/github-twin/api.ts'
import { type Answer, type Stage, startStage } from './harness.ts'

let stage: Stage
let installation: string
let mona: string
let sha: string
let headSha: string
let forkSha: string

/** A public repository with an own pull request (1) and one of a fork (2), the app installed on it. */
before(async () => {
  stage = await startStage()
  const { admin } = stage.twin
  mona = `token ${(await admin.createUser({ login: 'mona', email: 'mona@example.com' })).token}`
  await admin.createUser({ login: 'stranger' })
  await admin.createRepository({ owner: 'mona', name: 'arm' })
  await admin.install({ owner: 'mona' })
  const files = { 'README.md': 'one\ntwo\nthree\nfour\n', 'src/policy.txt': 'a\n' }
  sha = (await admin.commitFiles({ repository: 'mona/arm', branch: 'main', author: 'mona', message: 'First', files })).sha
  headSha = (
    await admin.commitFiles({
      repository: 'mona/arm',
      branch: 'faster',
      from: 'main',
      author: 'mona',
      message: 'Faster',
      files: { 'src/policy.txt': 'b\n' },
    })
  ).sha
  await admin.createPullRequest({ repository: 'mona/arm', title: 'Faster', head: 'faster', author: 'mona' })
  await admin.fork({ repository: 'mona/arm', owner: 'stranger' })
  forkSha = (
    await admin.commitFiles({
      repository: 'stranger/arm',
      branch: 'odd',
      from: 'main',
      author: 'stranger',
      message: 'Odd',
      files: { 'odd.txt': 'x\n' },
    })
  ).sha
  await admin.createPullRequest({ repository: 'mona/arm', title: 'Odd', head: 'stranger:odd', author: 'stranger' })
  await admin.setRequiredChecks({ repository: 'mona/arm', branch: 'main', contexts: ['osmo / train'] })
  installation = await stage.installationToken()
})

after(() => stage.close())

const repository = '/repos/mona/arm'

async function ok(method: string, path: string, credential = installation, body?: object): Promise<Answer> {
  const answer = await stage.call(method, path, credential, body)
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}

test('an app sees itself, its installations and their repositories', async () => {
  await ok('GET', '/app', stage.jwt())
  const [first] = (await ok('GET', '/app/installations', stage.jwt())).body
  await ok('GET', `/app/installations/${first.id}`, stage.jwt())
  const found = await ok('GET', `${repository}/installation`, stage.jwt())
  assert.equal(found.body.id, first.id)
  const { body } = await ok('POST', `/app/installations/${first.id}/access_tokens`, stage.jwt(), {
    repositories: ['arm'],
    permissions: { contents: 'read' },
  })
  assert.deepEqual(body.permissions, { contents: 'read', metadata: 'read' })
  const listed = await ok('GET', '/installation/repositories', `token ${body.token}`)
  assert.deepEqual(
    listed.body.repositories.map((found: { full_name: string }) => found.full_name),
    ['mona/arm'],
  )
})

test('repositories, branches, rules and people', async () => {
  const { body } = await ok('GET', repository)
  assert.equal((await ok('GET', `/repositories/${body.id}`)).body.full_name, 'mona/arm')
  assert.equal((await ok('GET', '/repos/stranger/arm', mona)).body.parent.full_name, 'mona/arm')
  assert.deepEqual(
    (await ok('GET', `${repository}/branches`)).body.map((branch: { name: string }) => branch.name),
    ['faster', 'main'],
  )
  assert.deepEqual((await ok('GET', `${repository}/branches/main`)).body.protection.required_status_checks.contexts, ['osmo / train'])
  const [rule] = (await ok('GET', `${repository}/rules/branches/main`)).body
  assert.equal(rule.parameters.required_status_checks[0].context, 'osmo / train')
  const permission = await ok('GET', `${repository}/collaborators/stranger/permission`)
  assert.deepEqual([permission.body.permission, permission.body.role_name], ['read', 'read'])
  await ok('GET', '/user', mona)
  await ok('GET', '/users/mona', '')
  await ok('GET', '/rate_limit')
  await ok('GET', '/meta')
})

test('trees, blobs, commits, refs and contents', async () => {
  const tree = (await ok('GET', `${repository}/git/trees/${sha}?recursive=1`)).body
  assert.deepEqual(
    tree.tree.map((entry: { path: string }) => entry.path),
    ['README.md', 'src', 'src/policy.txt'],
  )
  const blob = (await ok('GET', `${repository}/git/blobs/${tree.tree[0].sha}`)).body
  assert.equal(Buffer.from(blob.content, 'base64').toString(), 'one\ntwo\nthree\nfour\n')
  await ok('GET', `${repository}/git/commits/${sha}`)
  assert.equal((await ok('GET', `${repository}/git/ref/heads/main`)).body.object.sha, sha)
  assert.equal((await ok('GET', `${repository}/git/ref/heads%2Fmain`)).body.object.sha, sha)
  assert.equal((await ok('GET', `${repository}/git/matching-refs/heads/fa`)).body[0].ref, 'refs/heads/faster')
  assert.equal((await ok('GET', `${repository}/commits?sha=faster`)).body.length, 2)
  assert.equal((await ok('GET', `${repository}/commits/faster`)).body.files[0].filename, 'src/policy.txt')
  assert.equal((await ok('GET', `${repository}/contents/src/policy.txt?ref=faster`)).body.content, 'Ygo=\n')
  assert.equal((await ok('GET', `${repository}/contents/src`)).body[0].path, 'src/policy.txt')
})

test('a comparison finds renames and says how the two stand', async () => {
  await stage.twin.admin.commitFiles({
    repository: 'mona/arm',
    branch: 'renamed',
    from: 'main',
    author: 'mona',
    message: 'Rename',
    files: { 'README.md': null, 'docs/README.md': 'one\ntwo\nthree\nfour\n' },
  })
  const { body } = await ok('GET', `${repository}/compare/faster...renamed`)
  assert.deepEqual([body.status, body.ahead_by, body.behind_by, body.merge_base_commit.sha], ['diverged', 1, 1, sha])
  assert.deepEqual(
    body.files.map((file: { status: string; filename: string; previous_filename: string }) => [
      file.status,
      file.previous_filename,
      file.filename,
    ]),
    [['renamed', 'README.md', 'docs/README.md']],
  )
})

test('pull requests, their files and commits', async () => {
  const pulls = (await ok('GET', `${repository}/pulls`)).body
  assert.deepEqual(
    pulls.map((pull: { number: number }) => pull.number),
    [2, 1],
  )
  assert.equal((await ok('GET', `${repository}/pulls?head=stranger:odd`)).body.length, 1)
  const pull = (await ok('GET', `${repository}/pulls/2`)).body
  assert.deepEqual([pull.head.repo.full_name, pull.head.sha, pull.mergeable, pull.changed_files], ['stranger/arm', forkSha, true, 1])
  assert.equal((await ok('GET', `${repository}/pulls/1/files`)).body[0].patch, '@@ -1 +1 @@\n-a\n+b')
  assert.equal((await ok('GET', `${repository}/pulls/1/commits`)).body[0].sha, headSha)
  assert.equal((await ok('GET', `${repository}/commits/${headSha}/pulls`)).body[0].number, 1)
  const opened = await ok('POST', `${repository}/pulls`, mona, { title: 'Rename', head: 'renamed', base: 'main' })
  await ok('PATCH', `${repository}/pulls/${opened.body.number}`, mona, { title: 'Move', base: 'faster' })
  const closed = await ok('PATCH', `${repository}/pulls/${opened.body.number}`, mona, { state: 'closed' })
  assert.deepEqual([closed.body.state, closed.body.title, closed.body.base.ref], ['closed', 'Move', 'faster'])
})

test('check suites and runs', async () => {
  const { body: run } = await ok('POST', `${repository}/check-runs`, installation, {
    name: 'osmo / train',
    head_sha: headSha,
    external_id: 'x',
    status: 'in_progress',
  })
  assert.deepEqual(
    run.pull_requests.map((pull: { number: number }) => pull.number),
    [1],
  )
  const output = {
    title: 'Done',
    summary: '**fine**',
    annotations: [{ path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'm' }],
  }
  const actions = [{ label: 'Again', description: 'Run again', identifier: 'again' }]
  await ok('PATCH', `${repository}/check-runs/${run.id}`, installation, { conclusion: 'success', output, actions })
  assert.equal((await ok('GET', `${repository}/check-runs/${run.id}`)).body.conclusion, 'success')
  assert.equal((await ok('GET', `${repository}/check-runs/${run.id}/annotations`)).body.length, 1)
  assert.equal((await ok('GET', `${repository}/commits/${headSha}/check-runs?check_name=osmo%20/%20train`)).body.total_count, 1)
  const [suite] = (await ok('GET', `${repository}/commits/faster/check-suites`)).body.check_suites
  await ok('GET', `${repository}/check-suites/${suite.id}`)
  await ok('GET', `${repository}/check-suites/${suite.id}/check-runs`)
  assert.equal((await ok('POST', `${repository}/check-suites`, installation, { head_sha: headSha })).status, 200)
  await ok('POST', `${repository}/check-runs/${run.id}/rerequest`)
  await ok('POST', `${repository}/check-suites/${suite.id}/rerequest`)
  await stage.twin.admin.requestAction({ checkRunId: run.id, identifier: 'again', as: 'mona' })
})

test('a check on the head of a fork names no pull request and no branch', async () => {
  assert.equal((await ok('POST', `${repository}/check-suites`, installation, { head_sha: forkSha })).status, 201)
  const { body } = await ok('POST', `${repository}/check-runs`, installation, {
    name: 'osmo / train',
    head_sha: forkSha,
    conclusion: 'failure',
  })
  assert.deepEqual(body.pull_requests, [])
  await stage.twin.admin.rerequest({ checkRunId: body.id, as: 'mona' })
  await stage.twin.admin.rerequestSuite({ checkSuiteId: body.check_suite.id, as: 'mona' })
  await stage.twin.admin.idle({})
  const runs = stage.receiver.hooks.filter((hook) => hook.event === 'check_run' && hook.body.check_run.id === body.id)
  assert.deepEqual(
    runs.map((hook) => hook.body.action),
    ['created', 'completed', 'rerequested'],
  )
  assert.ok(runs.every((hook) => hook.body.check_run.check_suite.head_branch === null && hook.body.check_run.pull_requests.length === 0))
})

test('comments on pull requests, and reactions to them', async () => {
  const comments = `${repository}/issues/1/comments`
  const { body: comment } = await ok('POST', comments, installation, { body: 'The **verdict**' })
  assert.equal(comment.user.login, 'osmo-runner[bot]')
  await ok('PATCH', `${repository}/issues/comments/${comment.id}`, installation, { body: 'Another' })
  assert.equal((await ok('GET', comments)).body[0].body, 'Another')
  assert.equal((await ok('GET', `${repository}/issues/comments/${comment.id}`)).body.performed_via_github_app.id, 4711)
  const reactions = `${repository}/issues/comments/${comment.id}/reactions`
  const { body: reaction } = await ok('POST', reactions, installation, { content: 'eyes' })
  assert.equal((await ok('POST', reactions, installation, { content: 'eyes' })).status, 200)
  assert.equal((await ok('GET', reactions)).body.length, 1)
  await ok('DELETE', `${reactions}/${reaction.id}`)
  assert.equal((await ok('GET', `${repository}/issues/1`)).body.comments, 1)
  await stage.twin.admin.comment({ repository: 'mona/arm', number: 2, as: 'stranger', body: '/osmo status' })
  await ok('DELETE', `${repository}/issues/comments/${comment.id}`)
})

test('everything a pull request goes through is announced', async () => {
  const { admin } = stage.twin
  const pull = { repository: 'mona/arm', number: 2, as: 'mona' }
  await admin.setDraft({ ...pull, draft: true })
  await admin.setDraft({ ...pull, draft: false })
  await admin.label({ ...pull, label: 'robot' })
  await admin.unlabel({ ...pull, label: 'robot' })
  await admin.edit({ ...pull, title: 'Odder', body: 'why' })
  await admin.close(pull)
  await admin.reopen(pull)
  await admin.commitFiles({ repository: 'stranger/arm', branch: 'odd', author: 'stranger', message: 'Odder', files: { 'odd.txt': 'y\n' } })
  await admin.idle({})
  const said = stage.receiver.hooks
    .filter((hook) => hook.event === 'pull_request' && hook.body.number === 2)
    .map((hook) => hook.body.action)
  assert.deepEqual(said, [
    'opened',
    'converted_to_draft',
    'ready_for_review',
    'labeled',
    'unlabeled',
    'edited',
    'closed',
    'reopened',
    'synchronize',
  ])
})

test('deliveries are listed, shown and sent again', async () => {
  await stage.twin.admin.ping({})
  await stage.twin.admin.suspend({ owner: 'mona' })
  await stage.twin.admin.unsuspend({ owner: 'mona' })
  await stage.twin.admin.idle({})
  const [newest] = (await ok('GET', '/app/hook/deliveries?per_page=5', stage.jwt())).body
  assert.equal(newest.action, 'unsuspend')
  await ok('GET', `/app/hook/deliveries/${newest.id}`, stage.jwt())
  assert.equal((await ok('POST', `/app/hook/deliveries/${newest.id}/attempts`, stage.jwt())).status, 202)
  await stage.twin.admin.uninstall({ owner: 'mona' })
  await stage.twin.admin.idle({})
})

test('every answer and every webhook fits GitHub’s descriptions', () => {
  assert.deepEqual(stage.description.problems, [])
})

test('every route was tried', () => {
  const tried = new Set([...stage.description.seen].map((line) => line.replace(/ \d+$/, '')))
  assert.deepEqual(
    served.filter((line) => !tried.has(line)),
    [],
  )
})

test('every event that the schemas cover was sent', () => {
  const sent = [...stage.description.seen].filter((line) => line.startsWith('webhook ')).sort()
  assert.deepEqual(sent, [
    'webhook check-run-completed',
    'webhook check-run-created',
    'webhook check-run-requested-action',
    'webhook check-run-rerequested',
    'webhook check-suite-completed',
    'webhook check-suite-requested',
    'webhook check-suite-rerequested',
    'webhook installation-created',
    'webhook installation-deleted',
    'webhook installation-suspend',
    'webhook installation-unsuspend',
    'webhook issue-comment-created',
    'webhook issue-comment-deleted',
    'webhook issue-comment-edited',
    'webhook ping',
    'webhook pull-request-closed',
    'webhook pull-request-converted-to-draft',
    'webhook pull-request-edited',
    'webhook pull-request-labeled',
    'webhook pull-request-opened',
    'webhook pull-request-ready-for-review',
    'webhook pull-request-reopened',
    'webhook pull-request-synchronize',
    'webhook pull-request-unlabeled',
    'webhook push',
  ])
})
