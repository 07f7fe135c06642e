import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { anInstallation, repository, type TestInstallation, until } from '../harness/installation.ts'
import { expectNothingLeft } from '../harness/rest.ts'
import { specText } from '../harness/specs.ts'

/** What the checks and the report say after people did this and that: never somebody else's commit, never softer than it was. */
const on = 'on:\n  push: {branches: [main]}\n  pull_request: {types: [opened, synchronize]}\n\ncheckout: true'
const needed = specText({ name: 'needed', script: 'test "$(cat /osmo/repository/works)" = yes', sections: on })
const slow = specText({ name: 'slow', script: 'sleep 60', sections: 'on:\n  pull_request: {}\n\nconcurrency: {cancel-in-progress: false}' })
const pushed = specText({ name: 'pushed', script: 'sleep 4', sections: 'on: push' })
const base = { works: 'yes', '.osmo/needed.yaml': needed, '.osmo/config.yaml': 'required: [needed]\n' }

let world: TestInstallation
before(async () => {
  world = await anInstallation()
  const sha = await world.push('main', base)
  assert.equal((await world.conclusion(sha, 'osmo / needed')).conclusion, 'success')
})
after(() => world.end())

/** Every webhook was heard and acted upon, and nothing is left that could still change what GitHub shows. */
async function everythingIsSaid(): Promise<void> {
  await world.admin('idle', {})
  await expectNothingLeft(world)
}
const latest = async (sha: string, name: string) =>
  (await world.checks(sha)).filter((check) => check.name === name).toSorted((a, b) => b.id - a.id)[0]
const report = (number: number, said: string) =>
  until(`a report that says ${said}`, async () =>
    (await world.comments(number)).find(({ body }) => body.includes('<!-- osmo:report') && body.includes(said)),
  )

it('a new title or label leaves a red required check red', async () => {
  const sha = await world.push('retitled', { works: 'no' }, 'main')
  const number = await world.openPullRequest('retitled', 'Does not work')
  assert.equal((await world.conclusion(sha, 'osmo / needed')).conclusion, 'failure')
  await world.admin('edit', { repository, number, as: 'mara', title: 'Works, honestly' })
  await world.admin('label', { repository, number, as: 'mara', label: 'ready' })
  await everythingIsSaid()
  assert.equal((await latest(sha, 'osmo / needed'))?.conclusion, 'failure')
})

it('running an old commit again leaves the report about the head', async () => {
  const old = await world.push('moved', { works: 'no' }, 'main')
  const number = await world.openPullRequest('moved', 'Moves on')
  const check = await world.conclusion(old, 'osmo / needed')
  const head = await world.push('moved', { works: 'yes' })
  await world.conclusion(head, 'osmo / needed')
  await report(number, head.slice(0, 7))
  await world.admin('rerequest', { checkRunId: check.id, as: 'mara' })
  await until('the old commit to run again', async () => {
    const again = await latest(old, 'osmo / needed')
    return again && again.id !== check.id && again.status === 'completed' ? again : undefined
  })
  await everythingIsSaid()
  const body = (await world.comments(number)).find((comment) => comment.body.includes('<!-- osmo:report'))?.body ?? ''
  assert.ok(body.includes(head.slice(0, 7)) && !body.includes(old.slice(0, 7)), body)
})

it('a command leaves osmo / config as the change had it', async () => {
  const sha = await world.push('unclear', { '.osmo/broken.yaml': 'workflow: [' }, 'main')
  const number = await world.openPullRequest('unclear', 'Has a broken file')
  const first = await world.conclusion(sha, 'osmo / needed')
  const before = await world.conclusion(sha, 'osmo / config')
  assert.equal(before.conclusion, 'failure')
  await world.comment(number, '/osmo rerun all')
  await everythingIsSaid()
  assert.notEqual((await latest(sha, 'osmo / needed'))?.id, first.id, 'it did not run again')
  assert.equal((await latest(sha, 'osmo / config'))?.conclusion, 'failure')
})

it('the settings of the base branch must be readable before anything is green', async () => {
  await world.push('broken-settings', { '.osmo/config.yaml': 'required: {' }, 'main')
  const sha = await world.push('on-broken', { works: 'yes' }, 'broken-settings')
  await world.admin('createPullRequest', {
    repository,
    title: 'Onto broken settings',
    head: 'on-broken',
    base: 'broken-settings',
    author: 'mara',
  })
  const check = await until('the word of the base branch', async () => {
    const config = await latest(sha, 'osmo / config')
    return config?.output.summary?.includes('On the base branch') ? config : undefined
  })
  assert.equal(check.conclusion, 'failure')
  assert.equal(await latest(sha, 'osmo / needed'), undefined)
})

it('a fork at the same commit ends nobody’s push run, and neither does a pull request that does not run that spec', async () => {
  const sha = await world.push('release', { '.osmo/pushed.yaml': pushed }, 'main')
  await until('the push run', () => latest(sha, 'osmo / pushed'))
  await world.openPullRequest('release', 'Release')
  assert.equal((await world.conclusion(sha, 'osmo / pushed')).conclusion, 'success')
})

it('two dispatches in one comment make two runs', async () => {
  const sha = await world.push('dispatched', { works: 'yes' }, 'main')
  const number = await world.openPullRequest('dispatched', 'Runs by hand')
  await world.conclusion(sha, 'osmo / needed')
  const comment = await world.comment(number, '/osmo run needed\n/osmo run needed')
  assert.deepEqual(
    await until('the reaction', async () => ((await world.reactions(comment)).length > 0 ? world.reactions(comment) : undefined)),
    ['+1'],
  )
})

it('cancel reaches what runs for an older head', async () => {
  const old = await world.push('long', { '.osmo/slow.yaml': slow }, 'main')
  const number = await world.openPullRequest('long', 'Takes long')
  await until('the slow task to run', async () => ((await latest(old, 'osmo / slow'))?.status === 'in_progress' ? true : undefined))
  await world.push('long', { '.osmo/slow.yaml': null })
  await world.comment(number, '/osmo cancel')
  assert.equal((await world.conclusion(old, 'osmo / slow')).conclusion, 'cancelled')
})

it('a softer base branch does not turn a shared check green', async () => {
  const strict = specText({
    name: 'judged',
    script: 'echo "{\\"speed\\": 10}" > {{output}}/speed.json',
    sections: `${on}\n\nbenchmarks:\n  - task: work\n    path: speed.json\n    metrics:\n      speed: {gate: true, min: 50, direction: higher}`,
  })
  const soft = strict.replace('min: 50', 'min: 1')
  await world.push('strict', { '.osmo/judged.yaml': strict }, 'main')
  await world.push('soft', { '.osmo/judged.yaml': soft }, 'main')
  const sha = await world.push('shared', { '.osmo/judged.yaml': soft, note: 'shared' }, 'main')
  await world.admin('createPullRequest', { repository, title: 'Strict', head: 'shared', base: 'strict', author: 'mara' })
  assert.equal((await world.conclusion(sha, 'osmo / judged')).conclusion, 'failure')
  await world.admin('createPullRequest', { repository, title: 'Soft', head: 'shared', base: 'soft', author: 'mara' })
  await everythingIsSaid()
  assert.match((await world.comments(lastNumber(await pulls())))[0]?.body ?? '', /judged/, 'no second run')
  assert.equal((await latest(sha, 'osmo / judged'))?.conclusion, 'failure')
})

async function pulls(): Promise<readonly { readonly number: number }[]> {
  const response = await fetch(`${world.githubUrl}/api/v3/repos/${repository}/pulls?state=open&per_page=100`)
  return (await response.json()) as readonly { readonly number: number }[]
}
const lastNumber = (all: readonly { readonly number: number }[]) => Math.max(...all.map(({ number }) => number))
