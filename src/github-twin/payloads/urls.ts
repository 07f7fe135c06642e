import type { Repository } from '../state.ts'
import { fullName, type World } from '../world.ts'

/** Addresses as GitHub Enterprise Server forms them: pages at the root, the API below `/api/v3`. */
export function apiUrl(world: World, path = ''): string {
  return `${world.url}/api/v3${path}`
}

export function pageUrl(world: World, path: string): string {
  return `${world.url}${path}`
}

export function repositoryUrl(world: World, repository: Repository, path = ''): string {
  return apiUrl(world, `/repos/${fullName(world, repository)}${path}`)
}

export function repositoryPage(world: World, repository: Repository, path = ''): string {
  return pageUrl(world, `/${fullName(world, repository)}${path}`)
}

/** GitHub's second kind of id: opaque text. */
export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString('base64url')
}
