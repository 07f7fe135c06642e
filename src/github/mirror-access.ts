import { ForgeError, type ForgeReader } from '../engine/ports.ts'
import type { GithubClient } from './client.ts'
import type { MirrorOptions } from './mirror.ts'

/** The repository's name as it is now, and a token that reads this one repository. Throws `ForgeError` (`give-up`) when it is gone. */
export function mirrorAccess(client: Pick<GithubClient, 'readToken'>, reader: Pick<ForgeReader, 'repository'>): MirrorOptions['access'] {
  return async (repository, signal) => {
    const found = await reader.repository(repository, signal)
    if (found === undefined) throw new ForgeError(`Repository ${repository.id} is gone, or the app is no longer installed on it`, 'give-up')
    return { fullName: found.fullName, token: await client.readToken(repository, signal) }
  }
}

/** Where pages and git repositories are, as told by the API's address: `https://api.github.com` or `https://<host>/api/v3`. */
export function gitUrlOf(apiUrl: string): string {
  const { origin, hostname } = new URL(apiUrl)
  if (hostname === 'api.github.com') return 'https://github.com'
  // Enterprise Cloud with data residency: api.<name>.ghe.com beside <name>.ghe.com.
  return /^api\..+\.ghe\.com$/.test(hostname) ? origin.replace('//api.', '//') : origin
}
