import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, type Stage, startStage } from './harness.ts'

let stage: Stage
let token: string
let sha: string
const runs = '/repos/mona/arm/check-runs'

before(async () => {
  stage = await startStage()
  await stage.twin.admin.createUser({ login: 'mona' })
  await stage.twin.admin.createRepository({ owner: 'mona', name: 'arm' })
  await stage.twin.admin.install({ owner: 'mona' })
  sha = (
    await stage.twin.admin.commitFiles({ repository: 'mona/arm', branch: 'main', author: 'mona', message: 'First', files: { a: 'a\n' } })
  ).sha
  token = await stage.installationToken()
})

after(() => stage.close())

const create = (input: object): Promise<Answer> => stage.call('POST', runs, token, { name: 'osmo / train', head_sha: sha, ...input })
const patch = (id: number, input: object): Promise<Answer> => stage.call('PATCH', `${runs}/${id}`, token, input)

function annotation(changes: object = {}): object {
  return { path: 'a', start_line: 1, end_line: 1, annotation_level: 'warning', message: 'm', ...changes }
}

function output(changes: object = {}): { output: object } {
  return { output: { title: 't', summary: 's', ...changes } }
}

const action = { label: 'Again', description: 'Run again', identifier: 'again' }

describe('a check run is accepted or refused', () => {
  const table: [string, () => object, number][] = [
    ['with nothing but a name and a commit', () => ({}), 201],
    ['with a summary of 65 535 characters', () => output({ summary: 'x'.repeat(65_535) }), 201],
    ['with a summary of one more', () => output({ summary: 'x'.repeat(65_536) }), 422],
    ['with a text of 65 536 characters', () => output({ text: 'x'.repeat(65_536) }), 422],
    ['with output but no title', () => ({ output: { summary: 's' } }), 422],
    ['with output but no summary', () => ({ output: { title: 't' } }), 422],
    ['with 50 annotations', () => output({ annotations: Array.from({ length: 50 }, () => annotation()) }), 201],
    ['with 51 annotations', () => output({ annotations: Array.from({ length: 51 }, () => annotation()) }), 422],
    ['with columns on one line', () => output({ annotations: [annotation({ start_column: 1, end_column: 2 })] }), 201],
    ['with columns over several lines', () => output({ annotations: [annotation({ end_line: 2, start_column: 1 })] }), 422],
    ['with lines in the wrong order', () => output({ annotations: [annotation({ start_line: 2 })] }), 422],
    ['with an annotation of no known level', () => output({ annotations: [annotation({ annotation_level: 'error' })] }), 422],
    ['with an annotation’s title of 256 characters', () => output({ annotations: [annotation({ title: 'x'.repeat(256) })] }), 422],
    ['with a message of more than 64 KB', () => output({ annotations: [annotation({ message: 'x'.repeat(65_537) })] }), 422],
    ['with three actions', () => ({ actions: [action, action, action] }), 201],
    ['with four actions', () => ({ actions: [action, action, action, action] }), 422],
    ['with an action’s label of 21 characters', () => ({ actions: [{ ...action, label: 'x'.repeat(21) }] }), 422],
    ['with an action’s description of 41 characters', () => ({ actions: [{ ...action, description: 'x'.repeat(41) }] }), 422],
    ['with an action’s identifier of 21 characters', () => ({ actions: [{ ...action, identifier: 'x'.repeat(21) }] }), 422],
    ['completed without a conclusion', () => ({ status: 'completed' }), 422],
    ['with a conclusion that only GitHub gives', () => ({ conclusion: 'stale' }), 422],
    ['with a status that only Actions uses', () => ({ status: 'waiting' }), 422],
    ['with a link that is not of the web', () => ({ details_url: 'javascript:alert(1)' }), 422],
    ['for a commit that is not there', () => ({ head_sha: '1'.repeat(40) }), 422],
    ['for a short sha', () => ({ head_sha: sha.slice(0, 10) }), 422],
  ]
  for (const [title, input, status] of table) {
    test(`${title}: ${status}`, async () => assert.equal((await create(input())).status, status))
  }
})

test('a conclusion completes a run, and going back takes it away', async () => {
  const { body: run } = await create({ status: 'queued' })
  assert.deepEqual([run.status, run.conclusion, run.completed_at], ['queued', null, null])
  const done = (await patch(run.id, { conclusion: 'failure' })).body
  assert.deepEqual([done.status, done.conclusion, typeof done.completed_at], ['completed', 'failure', 'string'])
  const again = (await patch(run.id, { status: 'in_progress' })).body
  assert.deepEqual([again.status, again.conclusion, again.completed_at], ['in_progress', null, null])
})

test('annotations of later requests are added to those before', async () => {
  const { body: run } = await create(output({ annotations: [annotation({ message: 'one' })] }))
  await patch(run.id, output({ annotations: [annotation({ message: 'two' })] }))
  const { body } = await patch(run.id, output())
  assert.equal(body.output.annotations_count, 2)
  const listed = await stage.call('GET', `${runs}/${run.id}/annotations`, token)
  assert.deepEqual(
    listed.body.map((found: { message: string }) => found.message),
    ['one', 'two'],
  )
})

test('a listing shows the newest run of a name, or all of them', async () => {
  const first = (await create({ name: 'osmo / twice' })).body.id
  const second = (await create({ name: 'osmo / twice' })).body.id
  const list = async (filter: string) =>
    (
      await stage.call('GET', `/repos/mona/arm/commits/main/check-runs?check_name=osmo%20%2F%20twice&filter=${filter}`, token)
    ).body.check_runs.map((run: { id: number }) => run.id)
  assert.deepEqual(await list('latest'), [second])
  assert.deepEqual(await list('all'), [second, first])
})

test('asking for a re-run tells the app who asked and leaves the run as it is', async () => {
  const { body: run } = await create({ name: 'osmo / again', conclusion: 'failure' })
  await stage.twin.admin.rerequest({ checkRunId: run.id, as: 'mona' })
  await stage.twin.admin.idle({})
  const told = stage.receiver.hooks.at(-1)?.body
  assert.deepEqual([told.action, told.check_run.id, told.sender.login], ['rerequested', run.id, 'mona'])
  const after = (await stage.call('GET', `${runs}/${run.id}`, token)).body
  assert.deepEqual([after.status, after.conclusion], ['completed', 'failure'])
  const suite = (await stage.call('GET', `/repos/mona/arm/check-suites/${run.check_suite.id}`, token)).body
  assert.deepEqual([suite.status, suite.conclusion], ['queued', null])
})

test('a suite is completed when its last run is, with the worst conclusion', async () => {
  const { sha: next } = await stage.twin.admin.commitFiles({
    repository: 'mona/arm',
    branch: 'main',
    author: 'mona',
    message: 'Next',
    files: { a: 'b\n' },
  })
  const one = (await create({ head_sha: next, name: 'one' })).body.id
  const two = (await create({ head_sha: next, name: 'two' })).body.id
  await patch(one, { conclusion: 'failure' })
  await patch(two, { conclusion: 'success' })
  await stage.twin.admin.idle({})
  const said = stage.receiver.hooks
    .filter((hook) => hook.body.check_suite?.head_sha === next)
    .map((hook) => [hook.body.action, hook.body.check_suite.conclusion])
  assert.deepEqual(said, [
    ['requested', null],
    ['completed', 'failure'],
  ])
})

test('nothing that was said differs from GitHub’s descriptions', () => {
  assert.deepEqual(stage.description.problems, [])
})
