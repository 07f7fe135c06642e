import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { anInstallation, type TestInstallation } from '../harness/installation.ts'
import { specText } from '../harness/specs.ts'

const onMain = 'on: {push: {branches: [main]}}'
const compared = `on: {push: {branches: [main]}, pull_request: {}}

checkout: true

benchmarks:
  - task: work
    path: speed.json
    metrics: {speed: {gate: true, max-regression: 10%, direction: higher}}
    compare: {pairs: 4, warmup: 0}`

/** Bounded at a hundred thousand, so that a machine without limits survives this test. */
const forks = 'i=0; while [ $i -lt 100000 ]; do sleep 600 & i=$((i + 1)); done; echo nobody stopped me'
const meddler = 'while :; do for f in /osmo/repository/speed /osmo/repository/../*/repository/speed; do echo 1 > $f; done; sleep 0.02; done'

let world: TestInstallation
let pushed: string
before(async () => {
  world = await anInstallation()
  await world.push('main', { 'README.md': 'robot' })
  pushed = await world.push('main', {
    '.osmo/flood.yaml': specText({ name: 'flood', script: 'yes robot | head -c 1000000000; echo the end; exit 7', sections: onMain }),
    '.osmo/forks.yaml': specText({ name: 'forks', script: forks, sections: onMain }),
    '.osmo/endless.yaml': specText({
      name: 'endless',
      script: 'echo still here; while :; do sleep 1; done',
      sections: onMain,
      timeout: '2s',
    }),
    '.osmo/stubborn.yaml': specText({
      name: 'stubborn',
      script: "trap '' TERM INT HUP; echo not me; while :; do sleep 1; done",
      sections: onMain,
      timeout: '2s',
    }),
    '.osmo/healthy.yaml': specText({ name: 'healthy', script: 'sleep 3; echo fine', sections: onMain }),
    '.osmo/compared.yaml': specText({
      name: 'compared',
      script: 'sh /osmo/repository/run.sh; echo "{\\"speed\\": $(cat /osmo/repository/speed)}" > {{output}}/speed.json',
      sections: compared,
    }),
    'run.sh': 'sleep 0.1',
    speed: '100\n',
  })
})
after(() => world.end())

it('a task that prints 1 GB and fails shows its last lines, and keeps a bounded log', async () => {
  const check = await world.conclusion(pushed, 'osmo / flood', 120)
  assert.deepEqual([check.conclusion, check.output.title], ['failure', 'Task work failed with exit code 7'])
  assert.match(check.output.summary ?? '', /the end/)
  assert.ok((check.output.summary ?? '').length < 10_000)
  const log = await logOf('flood-1')
  assert.ok(log.length < 17 * 1024 ** 2, `expected at most 16 MiB and a little, got ${log.length}`)
  assert.ok(log.includes('robot\nrobot\n') && log.trimEnd().includes('the end'))
  assert.match(log, /\d+ bytes .* not kept/)
})

it('a task that forks without end is stopped by the limit on processes', async () => {
  const check = await world.conclusion(pushed, 'osmo / forks', 120)
  assert.equal(check.conclusion, 'failure')
  assert.match(check.output.summary ?? '', /fork/i)
  assert.doesNotMatch(check.output.summary ?? '', /nobody stopped me/)
})

for (const name of ['endless', 'stubborn'])
  it(`a task that never ends (${name}) is ended by its time limit`, async () => {
    const check = await world.conclusion(pushed, `osmo / ${name}`, 120)
    assert.equal(check.conclusion, 'timed_out')
    assert.match(check.output.title ?? '', /^Task work ran past its time limit/)
    assert.match(check.output.summary ?? '', /still here|not me/)
  })

it('a healthy workflow beside them is green', async () => {
  assert.equal((await world.conclusion(pushed, 'osmo / healthy', 120)).conclusion, 'success')
})

it('a head arm that leaves a process behind cannot edit the tree of the base arm', async () => {
  await world.conclusion(pushed, 'osmo / compared', 120)
  const meddling = `(setsid sh -c '${meddler}' > /dev/null 2>&1 &)\nsleep 0.3\n`
  const sha = await world.push('faster', { 'run.sh': meddling, speed: '100\n# faster\n' }, 'main')
  await world.openPullRequest('faster', 'Faster')
  const check = await world.conclusion(sha, 'osmo / compared', 120)
  assert.match(check.output.summary ?? '', /100/)
  const runs = runsOf(join(world.directory, 'objects'))
  assert.equal(runs.filter(({ arm }) => arm === 'base').length, 4)
  assert.deepEqual(
    runs.filter(({ arm, text }) => arm === 'base' && text.trim() !== '{"speed": 100}'),
    [],
  )
  assert.ok(
    runs.some(({ arm, text }) => arm === 'head' && text.trim() === '{"speed": 1}'),
    'expected the meddler to have spoiled its own arm',
  )
})

it('nothing of all that is left running', () => {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLine(pid))
  assert.deepEqual(
    lines.filter((line) => line.includes('echo 1 > $f') || line.includes('sleep 600')),
    [],
  )
})

async function logOf(displayId: string): Promise<string> {
  const pages = `http://127.0.0.1:${world.kept('pagesPort')}`
  const entered = await fetch(`${pages}/?token=${world.kept('pagesToken')}`, { redirect: 'manual' })
  const cookie = entered.headers.getSetCookie().map((text) => text.split(';')[0])[0] ?? ''
  const response = await fetch(`${pages}/workflows/${displayId}/tasks/work/log.txt`, { headers: { cookie } })
  assert.equal(response.status, 200)
  return response.text()
}

function runsOf(objects: string): readonly { readonly arm: string; readonly text: string }[] {
  return readdirSync(objects, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
    const arm = /runs\/\d+-(base|head)\/speed\.json$/.exec(path)?.[1]
    return arm === undefined ? [] : [{ arm, text: readFileSync(join(objects, path), 'utf8') }]
  })
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
