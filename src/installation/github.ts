import { join } from 'node:path'
import type { GithubApp, Settings } from '../config.ts'
import { gitUrlOf } from '../github/mirror-access.ts'
import { type DataDirectory, newSecret } from './data-directory.ts'
import { freePort } from './free-port.ts'
import { endsChild, type Stack } from './stack.ts'
import { startTwinProcess, type TwinLog, type TwinProcess } from './twin-process.ts'

/** The GitHub that this installation belongs to, and how it is known there. */
export type Github = {
  readonly app: Omit<GithubApp, 'kind'>
  /** Where repositories and pages are. */
  readonly url: string
  readonly twin: TwinProcess | undefined
  /** Opens the stand-in's pages for writing. */
  readonly pageToken: string | undefined
}

const twinAppId = 1

export async function connectGithub(
  { github }: Settings,
  directory: DataDirectory,
  webhookPort: number,
  { log, stack }: { readonly log: TwinLog; readonly stack: Stack },
): Promise<Github> {
  if (github.kind === 'app') return { app: github, url: gitUrlOf(github.apiUrl), twin: undefined, pageToken: undefined }
  const webhookSecret = await directory.keep('webhookSecret', newSecret)
  const pageToken = await directory.keep('githubPageToken', newSecret)
  const options = {
    directory: join(directory.path, 'github'),
    port: await directory.keep('githubPort', freePort),
    adminToken: await directory.keep('githubAdminToken', newSecret),
    pageToken,
    app: {
      id: twinAppId,
      slug: 'osmo-runner',
      name: 'osmo-runner',
      webhookSecret,
      webhookUrl: `http://127.0.0.1:${webhookPort}/api/github/webhooks`,
    },
  }
  const twin = await startTwinProcess(options, log)
  stack.push({ stop: (how) => (endsChild(how, twin.origin) ? twin.stop() : twin.leave()) })
  const app = { appId: twinAppId, privateKey: twin.privateKey, webhookSecrets: [webhookSecret], apiUrl: `${twin.url}/api/v3` }
  return { app, url: twin.url, twin, pageToken }
}
