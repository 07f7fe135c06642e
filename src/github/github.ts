import { type Forge, ForgeError, type ForgeReader, type RepositoryReference, type SourceMirror } from '../engine/ports.ts'
import { type ClientOptions, createGithubClient, type GithubClient } from './client.ts'
import { createForge } from './forge.ts'
import { createSourceMirror, type MirrorAccess, type MirrorOptions } from './mirror.ts'
import { createForgeReader } from './reader.ts'

export type GithubOptions = ClientOptions & Omit<MirrorOptions, 'access' | 'directory' | 'log'> & { readonly mirrorDirectory: string }

/** GitHub in its three roles: written to, read, and cloned from. */
export function connectGithub(options: GithubOptions): {
  readonly forge: Forge
  readonly reader: ForgeReader
  readonly mirror: SourceMirror
} {
  const client = createGithubClient(options)
  const reader = createForgeReader(client)
  const access = (repository: RepositoryReference, signal: AbortSignal) => accessTo(client, reader, repository, signal)
  const mirror = createSourceMirror({ ...options, directory: options.mirrorDirectory, access })
  return { forge: createForge(client), reader, mirror }
}

/** Where git repositories are, as told by the API's address: `https://api.github.com` or `https://<host>/api/v3`. */
export function gitUrlOf(apiUrl: string): string {
  const { origin, hostname } = new URL(apiUrl)
  if (hostname === 'api.github.com') return 'https://github.com'
  // Enterprise Cloud with data residency: api.<name>.ghe.com beside <name>.ghe.com.
  return /^api\..+\.ghe\.com$/.test(hostname) ? origin.replace('//api.', '//') : origin
}

async function accessTo(
  client: GithubClient,
  reader: ForgeReader,
  repository: RepositoryReference,
  signal: AbortSignal,
): Promise<MirrorAccess> {
  const found = await reader.repository(repository, signal)
  if (found === undefined) throw new ForgeError(`Repository ${repository.id} is gone, or the app is no longer installed on it`, 'give-up')
  return { fullName: found.fullName, token: await client.readToken(repository, signal) }
}
