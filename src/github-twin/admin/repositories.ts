import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { initialise } from '../git.ts'
import { repositoryPage } from '../payloads/urls.ts'
import type { Repository } from '../state.ts'
import { fullName, gitDirectory, now, repositoryByName, userByLogin, type World } from '../world.ts'
import type { Parsed } from './inputs.ts'
import { personNamed, repositoryNamed } from './lookup.ts'

export type CreatedUser = { readonly login: string; readonly id: number; readonly token: string; readonly email: string }
export type CreatedRepository = { readonly id: number; readonly fullName: string; readonly cloneUrl: string; readonly htmlUrl: string }

/** Gives the user that is there, or makes one with a token. */
export function createUser(world: World, { login, name, email }: Parsed['createUser']): CreatedUser {
  const row =
    userByLogin(world, login) ??
    world.state.users.put({
      id: world.state.store.nextId(),
      login,
      name: name ?? login,
      email: email ?? `${login.toLowerCase()}@users.noreply.twin.test`,
      kind: 'User',
      token: `ghp_${randomBytes(27).toString('base64url')}`,
      createdAt: now(world),
    })
  return { login: row.login, id: row.id, token: row.token ?? '', email: row.email }
}

/** Gives the repository that is there, or makes an empty one. */
export async function createRepository(world: World, input: Parsed['createRepository']): Promise<CreatedRepository> {
  const there = repositoryByName(world, input.owner, input.name)
  if (there !== undefined) return created(world, there)
  const at = now(world)
  const owner = personNamed(world, input.owner)
  const row: Repository = {
    id: world.state.store.nextId(),
    ownerId: owner.id,
    name: input.name,
    formerNames: [],
    visibility: input.private ? 'private' : 'public',
    description: input.description,
    defaultBranch: input.defaultBranch,
    parentId: null,
    refs: {},
    pusherId: owner.id,
    nextNumber: 1,
    requiredChecks: [],
    createdAt: at,
    pushedAt: at,
  }
  await initialise(gitDirectory(world, row), input.defaultBranch)
  return created(world, world.state.repositories.put(row))
}

export function created(world: World, repository: Repository): CreatedRepository {
  const htmlUrl = repositoryPage(world, repository)
  return { id: repository.id, fullName: fullName(world, repository), cloneUrl: `${htmlUrl}.git`, htmlUrl }
}

export function grant(world: World, { repository, login, role }: Parsed['grant']): void {
  const repositoryId = repositoryNamed(world, repository).id
  const userId = personNamed(world, login).id
  const before = world.state.grants.find((row) => row.repositoryId === repositoryId && row.userId === userId)
  world.state.grants.put({ id: before?.id ?? world.state.store.nextId(), repositoryId, userId, role })
}

export function setRequiredChecks(world: World, { repository, branch, contexts }: Parsed['setRequiredChecks']): void {
  const row = repositoryNamed(world, repository)
  const others = row.requiredChecks.filter((rule) => rule.branch !== branch)
  const rule = contexts.length === 0 ? [] : [{ id: world.state.store.nextId(), branch, contexts }]
  world.state.repositories.put({ ...row, requiredChecks: [...others, ...rule] })
}

/** The old name leads to the new one until another repository takes it. */
export function renameRepository(world: World, { repository, name }: Parsed['renameRepository']): CreatedRepository {
  const row = repositoryNamed(world, repository)
  return created(world, world.state.repositories.put({ ...row, name, formerNames: [...row.formerNames, row.name] }))
}

/** Removes a repository and all that hangs on it. Pull requests that came from it stay, with a head that is nowhere. */
export async function deleteRepository(world: World, { repository }: Parsed['deleteRepository']): Promise<void> {
  const { id, ...row } = repositoryNamed(world, repository)
  const { state } = world
  state.store.transaction(() => {
    for (const rows of [state.pulls, state.comments, state.suites, state.runs, state.grants]) {
      for (const gone of rows.filter((found: { repositoryId: number }) => found.repositoryId === id)) rows.delete(gone.id)
    }
    state.repositories.delete(id)
  })
  await rm(gitDirectory(world, { id, ...row }), { recursive: true, force: true })
}
