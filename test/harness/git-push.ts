import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository, type TestInstallation } from './installation.ts'

const run = promisify(execFile)

/** Pushes with git itself, over the wire: for links and modes and names that an editor in a browser cannot make. `tag` is an annotated one. Returns the commit. */
export async function gitPush(
  { githubUrl, maintainer }: TestInstallation,
  {
    branch,
    message = 'Change',
    tag,
    write,
  }: { readonly branch: string; readonly message?: string; readonly tag?: string; readonly write: (directory: string) => void },
): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'osmo-push-'))
  const remote = `${githubUrl.replace('://', `://${maintainer.login}:${maintainer.token}@`)}/${repository}.git`
  const git = async (...parameters: readonly string[]) =>
    (await run('git', parameters, { cwd: work, env: { PATH: process.env.PATH, HOME: work, ...author }, timeout: 60_000 })).stdout.trim()
  try {
    await git('clone', '--quiet', remote, 'clone')
    const inClone = (...parameters: readonly string[]) => git('-C', 'clone', ...parameters)
    await inClone('checkout', '--quiet', '-B', branch)
    write(join(work, 'clone'))
    await inClone('add', '--all')
    await inClone('commit', '--quiet', '--message', message)
    await inClone('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
    if (tag !== undefined) await inClone('tag', '--annotate', '--message', message, tag)
    if (tag !== undefined) await inClone('push', '--quiet', 'origin', tag)
    return await inClone('rev-parse', 'HEAD')
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const author = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Mara',
  GIT_AUTHOR_EMAIL: 'mara@users.noreply.twin.test',
  GIT_COMMITTER_NAME: 'Mara',
  GIT_COMMITTER_EMAIL: 'mara@users.noreply.twin.test',
}
