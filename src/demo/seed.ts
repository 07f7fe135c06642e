import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TwinAdmin } from './twin-admin.ts'

const run = promisify(execFile)

export type Demo = { readonly repository: string; readonly pullRequests: readonly DemoPullRequest[] }
export type DemoPullRequest = { readonly number: number; readonly title: string; readonly conclusion: 'success' | 'failure' }

type DemoFile = { readonly repository: string; readonly message: string; readonly changes: readonly string[] }
type ChangeFile = { readonly branch: string; readonly title: string; readonly body: string; readonly conclusion: 'success' | 'failure' }

/** Who lives in the demo: one who may merge, and one who just found the repository. */
const people = { maintainer: 'mara', stranger: 'sam' } as const
/** The same content must give the same commits at each start, so that pushing again changes nothing. */
const commitDate = '2026-01-05T09:00:00Z'

export type SeedOptions = {
  readonly template: string
  readonly gitUrl: string
  readonly admin: TwinAdmin
  readonly searchPath: string
  readonly say: (line: string) => void
}

/**
 * Makes the demo's people and repository, pushes main over git, and opens its pull requests. Every step may be repeated: a start that was
 * killed half-way is finished by the next one.
 */
export async function seedDemo({ template, gitUrl, admin, searchPath, say }: SeedOptions): Promise<Demo> {
  const demo = readJson<DemoFile>(join(template, 'demo.json'))
  const [owner = '', name = ''] = demo.repository.split('/')
  await admin('createUser', { login: owner })
  const { token } = await admin<{ readonly token: string }>('createUser', { login: people.maintainer, name: 'Mara (maintainer)' })
  await admin('createUser', { login: people.stranger, name: 'Sam (stranger)' })
  await admin('createRepository', { owner, name, description: 'An arm that learns to reach' })
  await admin('grant', { repository: demo.repository, login: people.maintainer, role: 'maintain' })
  await admin('install', { owner })
  const work = mkdtempSync(join(tmpdir(), 'osmo-demo-'))
  try {
    const git = gitIn({ work, searchPath, url: `${gitUrl}/${demo.repository}.git`, login: people.maintainer, token })
    const pushed = await pushMain(git, work, template, demo)
    say(pushed === 'now' ? `pushed ${demo.repository} to main` : `main of ${demo.repository} is there already`)
    const pullRequests: DemoPullRequest[] = []
    for (const change of demo.changes)
      pullRequests.push(await openPullRequest({ git, work, admin, demo, template: join(template, 'changes', change), say }))
    return { repository: demo.repository, pullRequests }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

type Git = (...parameters: readonly string[]) => Promise<void>

type Place = {
  readonly work: string
  readonly searchPath: string
  readonly url: string
  readonly login: string
  readonly token: string
}

/** The token goes by environment, since everybody on the machine can read the arguments of a process. */
function gitIn({ work, searchPath, url, login, token }: Place): Git {
  const environment = {
    PATH: searchPath,
    HOME: work,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`${login}:${token}`).toString('base64')}`,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Mara',
    GIT_AUTHOR_EMAIL: 'mara@users.noreply.twin.test',
    GIT_AUTHOR_DATE: commitDate,
    GIT_COMMITTER_NAME: 'Mara',
    GIT_COMMITTER_EMAIL: 'mara@users.noreply.twin.test',
    GIT_COMMITTER_DATE: commitDate,
  }
  return async (...parameters) => {
    const filled = parameters.map((parameter) => (parameter === 'REMOTE' ? url : parameter))
    try {
      await run('git', ['-c', 'init.defaultBranch=main', ...filled], { cwd: work, env: environment, timeout: 60_000 })
    } catch (error) {
      throw new Error(`git ${parameters.join(' ')} failed: ${String((error as { stderr?: string }).stderr ?? error)}`)
    }
  }
}

async function pushMain(git: Git, work: string, template: string, demo: DemoFile): Promise<Pushed> {
  await git('init', '--quiet')
  cpSync(join(template, 'repository'), work, { recursive: true })
  await git('add', '--all')
  await git('commit', '--quiet', '--message', demo.message)
  return pushOnce(git, 'main')
}

type Pushed = 'now' | 'before'

/** A branch of an earlier start stays as it is: since then people may have pushed more. */
async function pushOnce(git: Git, branch: string): Promise<Pushed> {
  if (await isPushed(git, branch)) return 'before'
  await git('push', '--quiet', 'REMOTE', branch)
  return 'now'
}

async function isPushed(git: Git, branch: string): Promise<boolean> {
  try {
    await git('ls-remote', '--exit-code', '--heads', 'REMOTE', `refs/heads/${branch}`)
    return true
  } catch {
    // Exit code 2; whatever else may be wrong, the push that follows says it.
    return false
  }
}

type Opening = {
  readonly git: Git
  readonly work: string
  readonly admin: TwinAdmin
  readonly demo: DemoFile
  readonly template: string
  readonly say: SeedOptions['say']
}

async function openPullRequest({ git, work, admin, demo, template, say }: Opening): Promise<DemoPullRequest> {
  const { branch, title, body, conclusion } = readJson<ChangeFile>(join(template, 'change.json'))
  await git('checkout', '--quiet', '-B', branch, 'main')
  cpSync(join(template, 'files'), work, { recursive: true })
  await git('add', '--all')
  await git('commit', '--quiet', '--message', `${title}\n\n${body}`)
  const pushed = await pushOnce(git, branch)
  const { number } = await admin<{ readonly number: number }>('createPullRequest', {
    repository: demo.repository,
    title,
    body,
    head: branch,
    author: people.maintainer,
  })
  say(pushed === 'now' ? `opened pull request #${number}: ${title}` : `pull request #${number} is there already: ${title}`)
  return { number, title, conclusion }
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T
