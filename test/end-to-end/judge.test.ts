import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { anInstallation, type Check, repository, type TestInstallation, until } from '../harness/installation.ts'
import { specText } from '../harness/specs.ts'

/** The work leaves the number that the file `speed` of the tree holds. */
const script = 'echo "{\\"speed\\": $(cat /osmo/repository/speed)}" > {{output}}/speed.json'
const gate = (metric: string, path = 'speed.json') => `benchmarks:\n  - task: work\n    path: ${path}\n    metrics:\n      speed: ${metric}`
const on = 'on:\n  push: {branches: [main]}\n  pull_request: {}\n\ncheckout: true'
const spec = (name: string, sections: string, text = script) => specText({ name, script: text, sections })
const strict = gate('{gate: true, min: 50, direction: higher}')
/** Base's rules: speed at least 50. */
const base = {
  speed: '100',
  '.osmo/judged.yaml': spec('judged', `${on}\n\n${strict}`),
  '.osmo/needed.yaml': spec('needed', `${on}\n\n${strict}`),
  '.osmo/config.yaml': 'required: [needed]\n',
}

let world: TestInstallation
const proposed = new Map<string, Proposed>()
before(async () => {
  world = await anInstallation()
  const sha = await world.push('main', base)
  assert.equal((await world.conclusion(sha, 'osmo / judged')).conclusion, 'success')
  for (const [title, text] of softer) proposed.set(title, await propose(title, { speed: '10', '.osmo/judged.yaml': text }))
})
after(() => world.end())

let count = 0
type Proposed = { readonly sha: string; readonly number: number }
async function propose(title: string, files: Readonly<Record<string, string | null>>): Promise<Proposed> {
  const branch = `change-${++count}`
  const sha = await world.push(branch, files, 'main')
  return { sha, number: await world.openPullRequest(branch, title) }
}

/** The report, once it says what is looked for. */
const report = (number: number, said: RegExp) =>
  until(`a report that says ${said}`, async () =>
    (await world.comments(number)).find(({ body, author }) => author === 'osmo-runner[bot]' && said.test(body)),
  )

/** What is said first: before any table of numbers or tasks, in the part about one spec. */
function assertFirst(text: string, said: RegExp, spec = 'judged'): void {
  const part = text.split(/^### /m).find((one) => one.includes(`\`${spec}\` on`)) ?? text
  const position = part.search(said)
  assert.ok(position >= 0 && position < part.indexOf('| '), `expected ${said} before the first table of:\n${part}`)
}

/** Each worsens the speed to 10 and changes the spec so that its own rules would let that pass. */
const softer: readonly (readonly [title: string, file: string, said: RegExp | undefined])[] = [
  ['drops the gate', spec('judged', `${on}\n\n${gate('{direction: higher}')}`), undefined],
  ['drops the benchmarks', spec('judged', on), undefined],
  ['lowers the limit', spec('judged', `${on}\n\n${gate('{gate: true, min: 1, direction: higher}')}`), undefined],
  ['turns the direction round', spec('judged', `${on}\n\n${gate('{gate: true, min: 50, direction: lower}')}`), undefined],
  [
    'swallows the failure by exitActions',
    spec('judged', `${on}\n\n${strict}`).concat('      exitActions: {COMPLETE: 1-255}\n'),
    /`exitActions`/,
  ],
  ['makes up the number', spec('judged', `${on}\n\n${gate('{gate: true, min: 1}')}`, `${script}; echo honest`), /`args`/],
]

for (const [title, , said] of softer)
  it(`a pull request that ${title} is judged by the rules of its base`, async () => {
    const { sha, number } = proposed.get(title)!
    const check = await world.conclusion(sha, 'osmo / judged')
    assert.equal(check.conclusion, 'failure')
    assert.match(check.output.title ?? '', /speed/)
    if (!said) return
    assert.match((check.output.summary ?? '').slice(0, 200), said)
    assertFirst((await report(number, said)).body, said)
  })

it('a pull request that measures another file than its base is red: what base reads is missing', async () => {
  const moved = spec(
    'judged',
    `${on}\n\n${gate('{gate: true, min: 50, direction: higher}', 'better.json')}`,
    'echo \'{"speed": 100}\' > {{output}}/better.json',
  )
  const { sha, number } = await propose('Another file', { speed: '10', '.osmo/judged.yaml': moved })
  const check = await world.conclusion(sha, 'osmo / judged')
  assert.equal(check.conclusion, 'failure')
  assert.match(check.output.summary ?? '', /no file speed\.json/)
  assertFirst((await report(number, /`args`/)).body, /Task `work` differs from the base branch in `args`/)
})

it('a pull request that renames the judged task is red, and says that the task is gone', async () => {
  const renamed = spec('judged', `${on}\n\n${strict}`).replaceAll('task: work', 'task: worker').replace('name: work\n', 'name: worker\n')
  const { sha, number } = await propose('Another name', { '.osmo/judged.yaml': renamed })
  assert.equal((await world.conclusion(sha, 'osmo / judged')).conclusion, 'failure')
  assertFirst((await report(number, /is gone/)).body, /Task `work`, .* is gone/)
})

it('a pull request that only tightens is judged by its own rules', async () => {
  const tighter = spec('judged', `${on}\n\n${gate('{gate: true, min: 200, direction: higher}')}`)
  const { sha } = await propose('Tighter', { '.osmo/judged.yaml': tighter })
  assert.equal((await world.conclusion(sha, 'osmo / judged')).conclusion, 'failure')
})

it('a pull request that deletes a required spec waits for a person', async () => {
  const { sha } = await propose('Delete', { '.osmo/needed.yaml': null })
  const check = await world.conclusion(sha, 'osmo / needed')
  assert.equal(check.conclusion, 'action_required')
  assert.match(check.output.summary ?? '', /does not exist at the head commit/)
})

it('a pull request that deletes a required spec and the rule that requires it waits all the same', async () => {
  const { sha } = await propose('Delete both', { '.osmo/needed.yaml': null, '.osmo/config.yaml': null })
  assert.equal((await world.conclusion(sha, 'osmo / needed')).conclusion, 'action_required')
})

it('a pull request that breaks a required spec waits for a person', async () => {
  const { sha } = await propose('Break', { '.osmo/needed.yaml': 'workflow: [\n' })
  assert.equal((await world.conclusion(sha, 'osmo / needed')).conclusion, 'action_required')
  assert.equal((await world.conclusion(sha, 'osmo / config')).conclusion, 'failure')
})

it('a pull request that deselects a required spec by its own `on` runs it all the same', async () => {
  const never = spec('needed', `on: {push: {branches: [nowhere]}}\n\ncheckout: true\n\n${strict}`)
  const { sha, number } = await propose('Never', { speed: '10', '.osmo/needed.yaml': never })
  const check = await world.conclusion(sha, 'osmo / needed')
  assert.equal(check.conclusion, 'failure')
  assertFirst((await report(number, /`on` differs/)).body, /`on` differs from the base branch/, 'needed')
})

it('[skip ci] does not turn a required check green', async () => {
  const { sha } = await world.admin<{ sha: string }>('commitFiles', {
    repository,
    branch: 'skipped',
    from: 'main',
    author: 'mara',
    message: 'Quick [skip ci]',
    files: { speed: '10' },
  })
  await world.openPullRequest('skipped', 'Quick')
  assert.equal((await world.conclusion(sha, 'osmo / needed')).conclusion, 'action_required')
})

it('a check that a ruleset requires and that nothing would report is reported', async () => {
  await world.admin('setRequiredChecks', { repository, branch: 'main', contexts: ['osmo / config', 'osmo / judged'] })
  const { sha } = await propose('Rules', { '.osmo/judged.yaml': null })
  const checks: readonly Check[] = [await world.conclusion(sha, 'osmo / judged'), await world.conclusion(sha, 'osmo / config')]
  assert.deepEqual(
    checks.map(({ conclusion }) => conclusion),
    ['action_required', 'action_required'],
  )
  const quiet = await propose('Quiet', { speed: '101' })
  assert.equal((await world.conclusion(quiet.sha, 'osmo / config')).conclusion, 'success')
})
