import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** The first thing that a newcomer does: `npm start` without a setting, until both verdicts are in. */
const directory = mkdtempSync(join(tmpdir(), 'osmo-demo-test-'))
let output = ''
let service: ChildProcess
/** Generous, since the machine may be shared; the README promises less, and `docs/benchmarks.md` says what was measured. */
const patienceMs = 280_000

before(async () => {
  service = spawn('npm', ['start', '--', '--data', directory], {
    detached: true,
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  service.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  service.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const deadline = Date.now() + patienceMs
  while (!output.includes('Both verdicts are in')) {
    if (service.exitCode !== null || Date.now() > deadline)
      throw new Error(`Expected both verdicts within ${patienceMs / 1000} s, got:\n${output}`)
    await sleep(200)
  }
})
after(async () => {
  await interrupt()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

it('says where everything is', () => {
  for (const name of ['pages', 'GitHub', 'webhook', 'database', 'queue', 'backend', 'data'])
    assert.match(output, new RegExp(`^  ${name} +\\S`, 'm'))
})

it('makes the costly pull request red for the right reasons', async () => {
  const { check, comment } = await pullRequest(1)
  assert.equal(check.conclusion, 'failure')
  assert.match(comment, /❌ success −\d+\.\d pts/)
  for (const gate of ['success', 'policy_inference/real_time', 'simulator_step/real_time_factor']) assert.match(rowOf(comment, gate), /❌/)
  assert.ok(changeOf(rowOf(comment, 'success')) <= -20, 'success falls by 20 points or more')
  assert.ok(changeOf(rowOf(comment, 'policy_inference/real_time')) >= 50, 'inference takes half as long again or more')
  assert.ok(changeOf(rowOf(comment, 'simulator_step/real_time_factor')) <= -50, 'the simulator loses half its speed or more')
})

it('makes the better pull request green, every gate clearly better', async () => {
  const { check, comment } = await pullRequest(2)
  assert.equal(check.conclusion, 'success', comment)
  assert.ok(changeOf(rowOf(comment, 'success')) >= 15, 'success rises by 15 points or more')
  assert.ok(changeOf(rowOf(comment, 'policy_inference/real_time')) <= -20, 'inference takes a fifth less or better')
  assert.ok(changeOf(rowOf(comment, 'simulator_step/real_time_factor')) >= 20, 'the simulator is a fifth faster or better')
  for (const gate of ['success', 'policy_inference/real_time', 'simulator_step/real_time_factor']) assert.match(rowOf(comment, gate), /✅/)
})

it('compares each with the policy that main itself trained, on the same seeds', async () => {
  for (const number of [1, 2]) {
    const { comment } = await pullRequest(number)
    assert.match(comment, /vs merge base `[0-9a-f]{7}`, run in turn on the same node/)
    assert.match(rowOf(comment, 'success'), /300 pairs/)
  }
})

it('gives main its own green check', async () => {
  const { object } = (await github('/repos/acme/robot-arm/git/ref/heads/main')) as { object: { sha: string } }
  const { check_runs } = (await github(`/repos/acme/robot-arm/commits/${object.sha}/check-runs`)) as {
    check_runs: { name: string; conclusion: string }[]
  }
  assert.deepEqual(
    check_runs.filter(({ name }) => name === 'osmo / reach').map(({ conclusion }) => conclusion),
    ['success'],
  )
})

it('leaves exactly one report on each pull request', async () => {
  for (const number of [1, 2]) {
    const comments = (await github(`/repos/acme/robot-arm/issues/${number}/comments`)) as { body: string }[]
    assert.equal(comments.filter(({ body }) => body.includes('<!-- osmo:report')).length, 1)
  }
})

it('Ctrl-C ends every child', async () => {
  await interrupt()
  assert.deepEqual(processesOf(directory), [])
})

type Row = string
const kept = () => JSON.parse(readFileSync(join(directory, 'kept.json'), 'utf8')) as Record<string, string | number>

async function github(path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${kept().githubPort}/api/v3${path}`, { signal: AbortSignal.timeout(20_000) })
  assert.ok(response.ok, `GET ${path} answered ${response.status}`)
  return response.json()
}

async function pullRequest(number: number) {
  const pull = (await github(`/repos/acme/robot-arm/pulls/${number}`)) as { head: { sha: string } }
  const { check_runs } = (await github(`/repos/acme/robot-arm/commits/${pull.head.sha}/check-runs`)) as {
    check_runs: { name: string; conclusion: string }[]
  }
  const check = check_runs.find(({ name }) => name === 'osmo / reach')
  // The comment follows the check's conclusion within moments.
  for (let tries = 0; tries < 100; tries++) {
    const comments = (await github(`/repos/acme/robot-arm/issues/${number}/comments`)) as { body: string }[]
    const comment = comments.find(({ body }) => body.includes('<!-- osmo:report'))?.body ?? ''
    if (check && comment.includes('| gate |')) return { check, comment }
    await sleep(100)
  }
  throw new Error(`Expected a report on #${number}`)
}

const rowOf = (comment: string, gate: string): Row => comment.split('\n').find((line) => line.startsWith(`| **\`${gate}\`**`)) ?? ''

/** The first signed number of the change column, in percent or points. */
function changeOf(row: Row): number {
  const change = row.split('|')[4] ?? ''
  return Number(/[+−-]\d+(\.\d+)?/.exec(change)?.[0].replace('−', '-'))
}

async function interrupt(): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return
  const ended = new Promise((resolve) => service.once('exit', resolve))
  // To the whole group, as a terminal does.
  process.kill(-service.pid!, 'SIGINT')
  await ended
  for (let tries = 0; tries < 50 && processesOf(directory).length > 0; tries++) await sleep(200)
}

function processesOf(path: string): readonly string[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(path) && !line.includes('ps -eo'))
}
