import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProbotOctokit } from 'probot'
import { startStage } from './harness.ts'

test('Octokit signs in as the app, mints a token, and walks through pages', async () => {
  const stage = await startStage()
  const { admin, url, privateKey } = stage.twin
  await admin.createUser({ login: 'mona' })
  await admin.createRepository({ owner: 'mona', name: 'arm' })
  const { id } = await admin.install({ owner: 'mona' })
  const files = { '.osmo/train.yaml': 'workflow:\n  name: train\n' }
  const { sha } = await admin.commitFiles({ repository: 'mona/arm', branch: 'main', author: 'mona', message: 'First', files })
  const octokit = new ProbotOctokit({
    baseUrl: `${url}/api/v3`,
    auth: { appId: 4711, privateKey, installationId: id },
    throttle: { enabled: false },
    retry: { enabled: false },
  })
  const repository = { owner: 'mona', repo: 'arm' }
  const { data: tree } = await octokit.rest.git.getTree({ ...repository, tree_sha: sha, recursive: '1' })
  assert.deepEqual(
    tree.tree.map((entry) => entry.path),
    ['.osmo', '.osmo/train.yaml'],
  )
  for (const name of ['a', 'b', 'c']) await octokit.rest.checks.create({ ...repository, name, head_sha: sha, external_id: name })
  const runs = await octokit.paginate(octokit.rest.checks.listForRef, { ...repository, ref: sha, per_page: 2 })
  assert.deepEqual(runs.map((run) => run.external_id).sort(), ['a', 'b', 'c'])
  const { data: permission } = await octokit.rest.repos.getCollaboratorPermissionLevel({ ...repository, username: 'mona' })
  assert.equal(permission.role_name, 'admin')
  await assert.rejects(octokit.rest.checks.create({ ...repository, name: 'x', head_sha: 'nothing' }), /No commit found for SHA/)
  assert.deepEqual(stage.description.problems, [])
  await stage.close()
})
