import { Failure } from '../failure.ts'
import type { CheckRun, CheckSuite, Comment, PullRequest, Repository, User } from '../state.ts'
import { known, pullByNumber, repositoryByName, userByLogin, type World } from '../world.ts'

export function repositoryNamed(world: World, name: string): Repository {
  const [owner = '', repository = ''] = name.split('/')
  const row = repositoryByName(world, owner, repository)
  if (row === undefined) throw new Failure(404, `expected a repository ${name}, found none`)
  return row
}

export function personNamed(world: World, login: string): User {
  const row = userByLogin(world, login)
  if (row === undefined) throw new Failure(404, `expected a user ${login}, found none`)
  return row
}

export function pullNumbered(world: World, key: { repository: string; number: number }): PullRequest {
  const row = pullByNumber(world, repositoryNamed(world, key.repository), key.number)
  if (row === undefined) throw new Failure(404, `expected pull request ${key.number} in ${key.repository}, found none`)
  return row
}

export function suiteOf(world: World, id: number): CheckSuite {
  return known(world.state.suites.get(id), `check suite ${id}`)
}

export function runOf(world: World, id: number): CheckRun {
  return known(world.state.runs.get(id), `check run ${id}`)
}

export function commentOf(world: World, id: number): Comment {
  return known(world.state.comments.get(id), `comment ${id}`)
}
