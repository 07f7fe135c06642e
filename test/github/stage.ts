import { join } from 'node:path'
import type { RepositoryReference } from '../../src/engine/ports.ts'
import { type ClientOptions, createGithubClient, type ProbotLog } from '../../src/github/client.ts'
import { startStage } from '../github-twin/harness.ts'

/** A repository of ada's on a GitHub of our own, with the app installed. */
export async function aGithub(repositoryName = 'robot-arm', visibility: 'private' | 'public' = 'private') {
  const stage = await startStage()
  const { admin } = stage.twin
  const ada = await admin.createUser({ login: 'ada' })
  await admin.createUser({ login: 'eve' })
  const { id, fullName, cloneUrl } = await admin.createRepository({ owner: 'ada', name: repositoryName, private: visibility === 'private' })
  const installation = await admin.install({ owner: 'ada' })
  const repository: RepositoryReference = { id, installationId: installation.id, fullName }
  const clientOptions: ClientOptions = {
    appId: 4711,
    privateKey: stage.twin.privateKey,
    webhookSecret: 'a secret for tests',
    apiUrl: `${stage.twin.url}/api/v3`,
    log: silent,
  }
  const calls: string[] = []
  const commit = (branch: string, files: Record<string, string | null>, from?: string) =>
    admin.commitFiles({
      repository: fullName,
      branch,
      author: 'ada',
      message: `Change ${Object.keys(files).join(', ')}`,
      files,
      ...(from !== undefined && { from }),
    })
  return {
    stage,
    admin,
    ada,
    repository,
    calls,
    commit,
    clientOptions,
    client: createGithubClient(clientOptions),
    pushUrl: cloneUrl.replace('://', `://ada:${ada.token}@`),
    directory: (name: string) => join(stage.directory, name),
  }
}
export type TestGithub = Awaited<ReturnType<typeof aGithub>>

const nothing = () => undefined
const lines = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  silent: nothing,
  level: 'silent',
}
// Probot asks for a whole pino logger and uses these.
export const silent = Object.assign(lines, { child: () => silent }) as unknown as ProbotLog

export const soon = () => AbortSignal.timeout(20_000)
