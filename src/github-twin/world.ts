import { join } from 'node:path'
import type { AppOptions, TwinOptions } from './options.ts'
import type { Installation, PullRequest, Repository, Role, Self, State, Time, User } from './state.ts'

/** What every part of the twin works with. */
export type World = {
  readonly options: TwinOptions
  readonly app: AppOptions
  readonly state: State
  /** Where the twin is reached, without a slash at the end. */
  readonly url: string
  readonly log: (line: string) => void
  /** Tells the sender of webhooks that there may be something to send. */
  wake: () => void
}

/** Thrown where a row that another row names is missing: the state is broken, and going on would hide it. */
export function known<T>(row: T | undefined, what: string): T {
  if (row === undefined) throw new Error(`expected ${what} in the twin's state, found none`)
  return row
}

export function self(world: World): Self {
  return known(world.state.self.get(1), 'the row about the twin itself')
}

/** The twin's clock, which tests may move. Milliseconds since 1970. */
export function nowMilliseconds(world: World): number {
  return Date.now() + self(world).clockOffsetMilliseconds
}

export function now(world: World): Time {
  return timeOf(nowMilliseconds(world))
}

export function timeOf(milliseconds: number): Time {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

export function userOf(world: World, id: number): User {
  return known(world.state.users.get(id), `user ${id}`)
}

export function botOf(world: World): User {
  return userOf(world, self(world).botId)
}

export function userByLogin(world: World, login: string): User | undefined {
  return world.state.users.find((user) => user.login.toLowerCase() === login.toLowerCase())
}

export function repositoryOf(world: World, id: number): Repository {
  return known(world.state.repositories.get(id), `repository ${id}`)
}

export function ownerOf(world: World, repository: Repository): User {
  return userOf(world, repository.ownerId)
}

export function fullName(world: World, repository: Repository): string {
  return `${ownerOf(world, repository).login}/${repository.name}`
}

export function repositoryByName(world: World, owner: string, name: string): Repository | undefined {
  const wanted = `${owner}/${name}`.toLowerCase()
  return world.state.repositories.find((repository) => fullName(world, repository).toLowerCase() === wanted)
}

/** A repository by a name that it once had. */
export function repositoryByFormerName(world: World, owner: string, name: string): Repository | undefined {
  return world.state.repositories.find(
    (repository) =>
      ownerOf(world, repository).login.toLowerCase() === owner.toLowerCase() &&
      repository.formerNames.some((former) => former.toLowerCase() === name.toLowerCase()),
  )
}

/** Where a pull request comes from; nowhere once its fork was deleted. */
export function headRepositoryOf(world: World, pull: PullRequest): Repository | undefined {
  return world.state.repositories.get(pull.headRepositoryId)
}

export function gitDirectory(world: World, repository: Repository): string {
  return join(world.options.directory, 'repositories', `${repository.id}.git`)
}

export function pullByNumber(world: World, repository: Repository, number: number): PullRequest | undefined {
  return world.state.pulls.find((pull) => pull.repositoryId === repository.id && pull.number === number)
}

/** The installation that covers a repository, suspended or not. */
export function installationFor(world: World, repository: Repository): Installation | undefined {
  return world.state.installations.find((installation) => covers(installation, repository))
}

export function covers(installation: Installation, repository: Repository): boolean {
  if (installation.accountId !== repository.ownerId) return false
  return installation.repositories === 'all' || installation.repositories.includes(repository.id)
}

export function repositoriesOf(world: World, installation: Installation): Repository[] {
  return world.state.repositories.filter((repository) => covers(installation, repository))
}

/** What a person may do: the owner everything, others what they were granted, anyone may read what is public. */
export function roleOf(world: World, repository: Repository, user: User): Role {
  if (user.id === repository.ownerId) return 'admin'
  const grant = world.state.grants.find((found) => found.repositoryId === repository.id && found.userId === user.id)
  if (grant !== undefined && grant.role !== 'none') return grant.role
  return repository.visibility === 'public' ? 'read' : 'none'
}

const ranks: readonly Role[] = ['none', 'read', 'triage', 'write', 'maintain', 'admin']

export function atLeast(role: Role, needed: Role): boolean {
  return ranks.indexOf(role) >= ranks.indexOf(needed)
}
