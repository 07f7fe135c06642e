import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GithubTwin, startGithubTwin } from '../../src/github-twin/server.ts'
import { freePort } from '../../src/installation/free-port.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'
import { redisIsMissing, startRedis, type TestRedis } from '../harness/redis.ts'

/**
 * The settings of the README's section about a real GitHub App, with a server each for GitHub, PostgreSQL and Redis, and the two roles as
 * processes of their own.
 */
const skip = redisIsMissing()
const directory = mkdtempSync(join(tmpdir(), 'osmo-production-'))
const webhookSecret = 'a webhook secret of the test'
const processes: { readonly child: ChildProcess; output: string }[] = []
let twin: GithubTwin
let database: TestDatabase
let redis: TestRedis
let environment: Record<string, string>

before(async () => {
  if (skip) return
  const port = await freePort()
  database = await aDatabase()
  redis = await startRedis({ 'maxmemory-policy': 'noeviction' })
  twin = await startGithubTwin({
    directory: join(directory, 'github'),
    app: { id: 77, slug: 'osmo-acme', name: 'osmo-acme', webhookSecret, webhookUrl: `http://127.0.0.1:${port}/api/github/webhooks` },
  })
  writeFileSync(join(directory, 'osmo-runner.pem'), twin.privateKey, { mode: 0o600 })
  environment = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    GITHUB_APP_ID: '77',
    GITHUB_PRIVATE_KEY: join(directory, 'osmo-runner.pem'),
    GITHUB_WEBHOOK_SECRET: webhookSecret,
    GITHUB_API_URL: `${twin.url}/api/v3`,
    DATABASE_URL: databaseUrl(database),
    REDIS_URL: `unix://${redis.url}`,
    SERVER_KEY: 'a key that every process of this test knows',
    OSMO_CONFIG: new URL('../fixtures/production-config.yaml', import.meta.url).pathname,
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: 'https://osmo.example.com',
  }
  await start('web')
  await start('worker')
})
after(async () => {
  for (const { child } of processes) await ended(child)
  await twin?.close()
  await redis?.stop()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

it('a push goes through web and worker to a green check that links to the public address', { skip }, async () => {
  const { admin } = twin
  await admin.createUser({ login: 'acme' })
  await admin.createRepository({ owner: 'acme', name: 'robot' })
  await admin.install({ owner: 'acme' })
  const spec = 'on: push\n\nworkflow:\n  name: hello\n  tasks:\n    - name: greet\n      image: busybox:1\n      command: [echo, hello]\n'
  await admin.commitFiles({
    repository: 'acme/robot',
    branch: 'main',
    author: 'acme',
    message: 'Hello',
    files: { '.osmo/hello.yaml': spec },
  })
  const check = await concluded('osmo / hello')
  assert.equal(check.conclusion, 'success')
  assert.equal(check.detailsUrl, 'https://osmo.example.com/workflows/hello-1')
})

it('without SERVER_KEY nothing starts, and the message says what to do', { skip }, async () => {
  const { SERVER_KEY: _, ...rest } = environment
  const { code, output } = await outcome(rest, ['worker'])
  assert.equal(code, 1)
  assert.match(output, /SERVER_KEY: required with DATABASE_URL/)
})

it('a second worker on the same database is refused, also with another backend: it could not read what the first one keeps', {
  skip,
}, async () => {
  const config = join(directory, 'second.yaml')
  writeFileSync(config, readFileSync(environment.OSMO_CONFIG ?? '', 'utf8').replaceAll('lab', 'bench'))
  const { code, output } = await outcome({ ...environment, OSMO_CONFIG: config }, ['worker', '--data', join(directory, 'second')])
  assert.equal(code, 1)
  assert.match(output, /^Another worker uses this database\. Outputs are kept in a directory .*Stop the other one first/m)
  assert.doesNotMatch(output, /at .*\.ts:/)
})

async function start(role: 'web' | 'worker'): Promise<void> {
  const one = launch(environment, [role, '--data', join(directory, role)])
  processes.push(one)
  for (let waited = 0; !one.output.includes('osmo-runner is up'); waited++) {
    if (one.child.exitCode !== null || waited > 600) throw new Error(`Expected the role ${role} to start, got:\n${one.output}`)
    await sleep(100)
  }
}

function launch(env: Record<string, string>, parameters: readonly string[]) {
  const child = spawn(process.execPath, ['src/main.ts', ...parameters], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const one = { child, output: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      one.output += chunk.toString()
    })
  }
  return one
}

async function outcome(env: Record<string, string>, parameters: readonly string[]) {
  const one = launch(env, parameters)
  const code = await new Promise<number | null>((resolve) => one.child.once('close', resolve))
  return { code, output: one.output }
}

async function concluded(name: string) {
  for (let tries = 0; tries < 400; tries++) {
    const runs = await twin.admin.checkRuns({ repository: 'acme/robot' })
    const found = (
      runs as readonly {
        readonly name: string
        readonly status: string
        readonly conclusion: string | null
        readonly detailsUrl: string | null
      }[]
    ).find((run) => run.name === name && run.status === 'completed')
    if (found) return found
    await sleep(150)
  }
  throw new Error(`Expected ${name} to conclude, got:\n${processes.map(({ output }) => output.slice(-3000)).join('\n')}`)
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGINT')
  })
}

function databaseUrl({ connection }: TestDatabase): string {
  const { host, port, user, database: name } = connection as { host: string; port: number; user: string; database: string }
  return `postgres:///${name}?user=${user}&host=${encodeURIComponent(host)}&port=${port}`
}
