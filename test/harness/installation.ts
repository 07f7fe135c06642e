import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTwinAdmin, type TwinAdmin } from '../../src/demo/twin-admin.ts'

/** A real installation in processes of its own, as `npm start` makes it, with a person's verbs. */
export type TestInstallation = {
  readonly directory: string
  readonly githubUrl: string
  readonly admin: TwinAdmin
  readonly maintainer: { readonly login: string; readonly token: string }
  /** Pid of the service. */
  readonly pid: () => number
  /** Lines of the service's own log, parsed; grows while it runs. */
  logLines(): readonly LogLine[]
  output(): string
  /** SIGKILL, unless told otherwise, to the service alone: its children go on, as after a crash. Resolves with the end of the service. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same directory. */
  start(): Promise<void>
  /** Commits files (null removes) to a branch of acme/robot and waits for the webhook. Returns the sha. */
  push(branch: string, files: Readonly<Record<string, string | null>>, from?: string): Promise<string>
  openPullRequest(branch: string, title: string): Promise<number>
  /** Returns the comment's id. */
  comment(pullRequest: number, body: string, as?: string): Promise<number>
  reactions(commentId: number): Promise<readonly string[]>
  checks(sha: string): Promise<readonly Check[]>
  annotations(check: Check): Promise<readonly Annotation[]>
  comments(pullRequest: number): Promise<readonly Comment[]>
  /** Resolves with the check of this name once it has concluded (`osmo / NAME`). */
  conclusion(sha: string, name: string, timeoutSeconds?: number): Promise<Check>
  /** What the data directory keeps: ports and secrets. */
  kept(name: string): string
  end(): Promise<void>
}
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string }
export type Check = {
  readonly id: number
  readonly name: string
  readonly status: string
  readonly conclusion: string | null
  readonly output: { readonly title: string | null; readonly summary: string | null; readonly annotations_count: number }
}
export type Annotation = {
  readonly path: string
  readonly start_line: number
  readonly annotation_level: string
  readonly title: string
  readonly message: string
}
export type Comment = { readonly id: number; readonly body: string; readonly author: string }

export type InstallationOptions = {
  readonly environment?: Readonly<Record<string, string>>
  readonly parameters?: readonly string[]
  /** Runs the service as this user, for tests that are root themselves. */
  readonly uid?: number
}

export const repository = 'acme/robot'
const main = new URL('../../src/main.ts', import.meta.url).pathname

/** Starts it empty on a fresh directory, with people and one repository that the App is installed on. */
export async function anInstallation(options: InstallationOptions = {}): Promise<TestInstallation> {
  const directory = mkdtempSync(join(tmpdir(), 'osmo-test-'))
  if (options.uid !== undefined) chownSync(directory, options.uid, options.uid)
  let service = await startService(directory, options)
  const kept = JSON.parse(readFileSync(join(directory, 'kept.json'), 'utf8')) as Record<string, string | number>
  const githubUrl = `http://127.0.0.1:${kept.githubPort}`
  const admin = createTwinAdmin(githubUrl, String(kept.githubAdminToken))
  const maintainer = await people(admin)
  const api = apiOf(githubUrl, maintainer.token)

  return {
    directory,
    githubUrl,
    admin,
    maintainer,
    pid: () => service.child.pid!,
    output: () => service.output.join(''),
    logLines: () => readLog(directory),
    kill: (signal = 'SIGKILL') => ended(service.child, signal),
    start,
    push,
    openPullRequest,
    comment: async (number, body, as = maintainer.login) =>
      (await admin<{ readonly id: number }>('comment', { repository, number, as, body })).id,
    reactions: async (id) =>
      ((await api(`/repos/${repository}/issues/comments/${id}/reactions`)) as { content: string }[]).map(({ content }) => content),
    checks,
    annotations: async ({ id }) => (await api(`/repos/${repository}/check-runs/${id}/annotations?per_page=100`)) as readonly Annotation[],
    comments: async (number) => readComments(await api(`/repos/${repository}/issues/${number}/comments?per_page=100`)),
    conclusion,
    kept: (name) => String(kept[name]),
    end,
  }

  async function start(): Promise<void> {
    service = await startService(directory, options)
  }

  async function push(branch: string, files: Readonly<Record<string, string | null>>, from?: string): Promise<string> {
    const committed = await admin<{ readonly sha: string } | string>('commitFiles', {
      repository,
      branch,
      author: maintainer.login,
      message: `Change ${Object.keys(files)[0]}`,
      files,
      ...(from ? { from } : {}),
    })
    return typeof committed === 'string' ? committed : committed.sha
  }

  async function openPullRequest(branch: string, title: string): Promise<number> {
    const { number } = await admin<{ readonly number: number }>('createPullRequest', {
      repository,
      title,
      head: branch,
      author: maintainer.login,
    })
    return number
  }

  async function checks(sha: string): Promise<readonly Check[]> {
    const { check_runs } = (await api(`/repos/${repository}/commits/${sha}/check-runs?per_page=100&filter=latest`)) as {
      check_runs: readonly Check[]
    }
    return check_runs
  }

  async function conclusion(sha: string, name: string, timeoutSeconds = 60): Promise<Check> {
    const deadline = Date.now() + 1000 * timeoutSeconds
    for (;;) {
      const check = (await checks(sha)).find((one) => one.name === name && one.status === 'completed')
      if (check) return check
      if (Date.now() > deadline)
        throw new Error(
          `Expected the check ${name} to conclude within ${timeoutSeconds} s; there is ${JSON.stringify(await checks(sha)).slice(0, 2000)}\n${JSON.stringify(readLog(directory).slice(-5))}`,
        )
      await sleep(150)
    }
  }

  async function end(): Promise<void> {
    if (service.child.exitCode !== null || service.child.signalCode !== null) service = await startService(directory, options)
    await ended(service.child, 'SIGINT')
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

type RunningService = { readonly child: ChildProcess; readonly output: string[] }

async function startService(
  directory: string,
  { environment = {}, parameters = ['--empty'], uid }: InstallationOptions,
): Promise<RunningService> {
  const child = spawn(process.execPath, [main, '--data', directory, ...parameters], {
    env: { PATH: process.env.PATH, HOME: directory, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const output: string[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  const deadline = Date.now() + 60_000
  while (!output.join('').includes('osmo-runner is up')) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Expected the service to start, got:\n${output.join('')}`)
    await sleep(50)
  }
  return { child, output }
}

async function people(admin: TwinAdmin): Promise<TestInstallation['maintainer']> {
  await admin('createUser', { login: 'acme' })
  const { login, token } = await admin<{ readonly login: string; readonly token: string }>('createUser', { login: 'mara' })
  await admin('createUser', { login: 'sam' })
  await admin('createRepository', { owner: 'acme', name: 'robot' })
  await admin('grant', { repository, login: 'mara', role: 'maintain' })
  await admin('install', { owner: 'acme' })
  return { login, token }
}

const apiOf = (url: string, token: string) => async (path: string) => {
  const response = await fetch(`${url}/api/v3${path}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(20_000),
  })
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`)
  return response.json() as Promise<unknown>
}

const readComments = (body: unknown) =>
  (body as { id: number; body: string; user: { login: string } }[]).map(({ id, body: text, user }) => ({
    id,
    body: text,
    author: user.login,
  }))

function readLog(directory: string): readonly LogLine[] {
  const lines = readFileSync(join(directory, 'osmo-runner.log'), 'utf8').split('\n')
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as LogLine]
    } catch {
      return []
    }
  })
}

/** Resolves with the first answer that is not undefined. */
export async function until<Answer>(what: string, ask: () => Promise<Answer | undefined>, timeoutSeconds = 30): Promise<Answer> {
  const deadline = Date.now() + 1000 * timeoutSeconds
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`Expected ${what} within ${timeoutSeconds} s`)
    await sleep(100)
  }
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}
