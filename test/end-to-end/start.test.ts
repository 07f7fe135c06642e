import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { aGate } from '../harness/gate.ts'
import { anInstallation, type TestInstallation, until } from '../harness/installation.ts'
import { specText, taskText } from '../harness/specs.ts'

const main = new URL('../../src/main.ts', import.meta.url).pathname
const hello = (script: string) => ({ '.osmo/hello.yaml': specText({ name: 'hello', script, sections: 'on: push' }) })

function start(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stderr } = spawnSync(process.execPath, [main, ...parameters], {
    env: { PATH: process.env.PATH, HOME: tmpdir(), ...environment },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stderr }
}

/** Processes that have this in their command line or live in it, but for the service's own tests. */
function processesOf(directory: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map((pid) => ({ pid, line: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }))
    .flatMap(({ pid, line }) => (line.includes(directory) ? [`${pid} ${line}`] : []))
}
const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

describe('a service on a directory of its own', () => {
  let world: TestInstallation
  it('comes up with its addresses in one block', async () => {
    world = await anInstallation()
    const lines = world.output().trim().split('\n')
    assert.ok(lines.length <= 12, `expected a short block, got ${lines.length} lines`)
    for (const word of ['pages', 'GitHub', 'webhook', 'database', 'queue', 'backend', 'data'])
      assert.ok(
        lines.some((line) => line.trim().startsWith(word)),
        word,
      )
    assert.match(world.output(), /http:\/\/127\.0\.0\.1:\d+\/\?token=/)
  })
  after(() => world.end())

  it('says at /readyz that it can work, and what waits for a person', async () => {
    const answer = await fetch(`http://127.0.0.1:${world.kept('webhookPort')}/readyz`)
    assert.deepEqual([answer.status, await answer.text()], [200, 'ready\nparked deliveries: 0\nburied effects: 0\n'])
  })

  it('refuses a second service, and says what to do', () => {
    const { status, stderr } = start(['--empty', '--data', world.directory])
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^Another osmo-runner is using .+\. Stop it first, or give this one a directory of its own with --data DIRECTORY\n$/,
    )
  })

  it('keeps what it holds to its owner', () => {
    const closed = ['kept.json', 'osmo-runner.log', 'github', 'sockets', 'mirror', 'objects', 'postgres/data', 'attempts/local']
    assert.deepEqual(
      closed.map((name) => [name, statSync(join(world.directory, name)).mode & 0o077]),
      closed.map((name) => [name, 0]),
    )
  })

  it('at SIGTERM leaves its children and what runs, and the next start adopts them', async () => {
    const gate = await aGate()
    const sha = await world.push('main', hello(`${gate.shell}; echo survived; exit 9`))
    await until('the task to run', async () =>
      (await world.checks(sha)).some(({ status }) => status === 'in_progress') ? true : undefined,
    )
    const before = [world.githubUrl, world.kept('webhookPort'), world.kept('pagesPort')]
    await world.kill('SIGTERM')
    assert.ok(
      processesOf(world.directory).some((line) => line.includes('postgres')),
      'expected the database to stay',
    )
    await world.start()
    assert.match(world.output(), /embedded PostgreSQL \(adopted\)/)
    assert.match(world.output(), /a stand-in on this machine \(adopted\)/)
    const kept = JSON.parse(readFileSync(join(world.directory, 'kept.json'), 'utf8')) as Record<string, number>
    assert.deepEqual([`http://127.0.0.1:${kept.githubPort}`, String(kept.webhookPort), String(kept.pagesPort)], before)
    gate.open()
    const check = await world.conclusion(sha, 'osmo / hello')
    assert.match(check.output.summary ?? '', /survived/)
    assert.match(check.output.title ?? '', /exit code 9/)
    const runs = await world.admin<{ name: string; conclusion: string }[]>('checkRuns', { repository: 'acme/robot', sha })
    assert.deepEqual(
      runs.filter(({ name }) => name === 'osmo / hello').map(({ conclusion }) => conclusion),
      ['failure'],
    )
  })

  it('at SIGINT ends every child and what runs', async () => {
    const sha = await world.push('main', hello('sleep 600'))
    await until('the task to run', async () =>
      (await world.checks(sha)).some(({ status }) => status === 'in_progress') ? true : undefined,
    )
    await world.kill('SIGINT')
    assert.deepEqual(processesOf(world.directory), [])
  })
})

it('at SIGINT ends those too that were just created', async () => {
  const world = await anInstallation()
  const more = ['second', 'third', 'fourth'].map((name) => taskText(name, 'sleep 600')).join('\n')
  const spec = specText({ name: 'hello', script: 'sleep 600', sections: 'on: push', tasks: more })
  await world.push('main', { '.osmo/hello.yaml': spec })
  const attempts = join(world.directory, 'attempts/local')
  await until('a first attempt', async () => readdirSync(attempts).some((name) => !name.startsWith('.')) || undefined)
  await world.kill('SIGINT')
  assert.deepEqual(processesOf(world.directory), [])
  rmSync(world.directory, { recursive: true, force: true, maxRetries: 5 })
})

describe('Ctrl-C during the start', () => {
  /** Files that appear as it starts, from the first to the last. */
  const moments = ['postgres/data/PG_VERSION', 'github/options.json', 'objects']
  for (const moment of moments)
    it(`leaves nothing behind once there is ${moment}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'osmo-start-'))
      const child = spawn(process.execPath, [main, '--empty', '--data', directory], { env: { PATH: process.env.PATH, HOME: directory } })
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
      await until(moment, async () => existsSync(join(directory, moment)) || undefined)
      child.kill('SIGINT')
      assert.equal(await ended, 0)
      assert.deepEqual(processesOf(directory), [])
      rmSync(directory, { recursive: true, force: true })
    })
})

describe('a start that fails', () => {
  const isTaken = /Cannot listen on 127\.0\.0\.1:\d+/
  let taken: Server
  let port: string
  before(async () => {
    taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    port = String((taken.address() as AddressInfo).port)
  })
  after(() => taken.close())

  it('at its last parts ends what it began', () => {
    const directory = mkdtempSync(join(tmpdir(), 'osmo-start-'))
    const { status, stderr } = start(['--empty', '--data', directory], { PORT: port })
    assert.equal(status, 1)
    assert.match(stderr, isTaken)
    assert.ok(existsSync(join(directory, 'github/ready.json')), 'it came as far as the stand-in for GitHub')
    assert.deepEqual(processesOf(directory), [])
    rmSync(directory, { recursive: true, force: true })
  })

  it('leaves what it adopted as it found it', async () => {
    const world = await anInstallation()
    try {
      await world.kill('SIGTERM')
      const left = childrenOf(world.directory)
      assert.equal(left.length, 2, left.join('\n'))
      assert.match(start(['--empty', '--data', world.directory], { PORT: port }).stderr, isTaken)
      assert.deepEqual(childrenOf(world.directory), left)
    } finally {
      await world.end()
    }
    assert.deepEqual(processesOf(world.directory), [])
  })
})

/** PostgreSQL's first process and the stand-in for GitHub. */
const childrenOf = (directory: string) => processesOf(directory).filter((line) => /postgres -D|github-twin/.test(line))

describe('wrong settings', () => {
  const directory = mkdtempSync(join(tmpdir(), 'osmo-start-'))
  after(() => rmSync(directory, { recursive: true, force: true }))

  it('are named together, and nothing is started', () => {
    const data = join(directory, 'data')
    const { status, stderr } = start(['--data', data, '--colour'], {
      GITHUB_APP_ID: 'x1',
      GITHUB_WEBHOOK_SECRET: 'short',
      DATABASE_URL: 'mysql://x',
      REDIS_URL: 'http://x',
      PORT: '70000',
      TASK_URL: 'osmo.example.com',
      OSMO_CONFIG: '/nowhere.yaml',
    })
    assert.equal(status, 1)
    for (const name of [
      '--colour',
      'GITHUB_APP_ID',
      'GITHUB_PRIVATE_KEY',
      'GITHUB_WEBHOOK_SECRET',
      'DATABASE_URL',
      'SERVER_KEY',
      'REDIS_URL',
      'PORT',
      'TASK_URL',
      'OSMO_CONFIG',
    ])
      assert.match(stderr, new RegExp(`^  ${name}: `, 'm'))
    assert.doesNotMatch(stderr, /short|at .*\.ts:/)
    assert.equal(existsSync(data), false)
  })

  it('in the platform file are named with their lines', () => {
    const file = join(directory, 'platform.yaml')
    spawnSync('/bin/sh', ['-c', 'printf "backends: {}\\npols: {}\\n" > "$1"', 'sh', file])
    const { status, stderr } = start(['--empty', '--data', join(directory, 'other')], { OSMO_CONFIG: file })
    assert.equal(status, 1)
    assert.match(stderr, /platform\.yaml:2:1: .*pools/)
    assert.doesNotMatch(stderr, /at .*\.ts:/)
    assert.deepEqual(processesOf(directory), [])
  })
})

it('what the platform file warns of is in the log, once, with its line', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'osmo-start-'))
  const file = join(directory, 'platform.yaml')
  writeFileSync(
    file,
    [
      'backends: {local: {kind: local}}',
      'pools: {lab: {backend: local, platforms: {sim: {tier: sim}}}}',
      "repositories: [{match: ['*/*'], pools: {lab: [trusted]}, credentials: [ngc]}]",
    ].join('\n'),
  )
  const world = await anInstallation({ environment: { OSMO_CONFIG: file } })
  try {
    const warnings = world.logLines().filter(({ msg }) => msg?.startsWith(file))
    assert.deepEqual(
      warnings.map(({ level, code, msg }) => [level, code, msg?.slice(file.length).split(' ')[0]]),
      [[40, 'semantic/unsupported', ':3:71:']],
    )
  } finally {
    await world.end()
    rmSync(directory, { recursive: true, force: true })
  }
})

const notRoot = process.getuid?.() !== 0 && process.env.CI !== 'true' ? 'only root can become somebody else' : false
describe('not as root', { skip: notRoot }, () => {
  it('it starts, runs a workflow, and ends', async () => {
    const world = await anInstallation({ uid: 65_534 })
    try {
      const sha = await world.push('main', hello('id -u; echo fine; exit 5'))
      const check = await world.conclusion(sha, 'osmo / hello')
      assert.match(check.output.summary ?? '', /65534\nfine/)
    } finally {
      await world.end()
    }
    assert.deepEqual(processesOf(world.directory), [])
  })
})
