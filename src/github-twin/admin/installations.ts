import { installationPayload, installedRepositories } from '../payloads/app.ts'
import type { Installation, User } from '../state.ts'
import { announceInstallation } from '../webhooks.ts'
import { known, now, type World } from '../world.ts'
import type { Parsed } from './inputs.ts'
import { personNamed, repositoryNamed } from './lookup.ts'

/** Installs the app, or changes which repositories an installation covers. */
export function install(world: World, { owner, repositories }: Parsed['install']): { id: number } {
  const account = personNamed(world, owner)
  const before = installationOf(world, account)
  const chosen = repositories === 'all' ? 'all' : repositories.map((name) => repositoryNamed(world, name).id)
  return world.state.store.transaction(() => {
    const row = world.state.installations.put({
      id: before?.id ?? world.state.store.nextId(),
      accountId: account.id,
      repositories: chosen,
      suspendedAt: before?.suspendedAt ?? null,
      createdAt: before?.createdAt ?? now(world),
    })
    if (before === undefined) tellInstallation(world, row, account, 'created')
    return { id: row.id }
  })
}

function installationOf(world: World, account: User): Installation | undefined {
  return world.state.installations.find((row) => row.accountId === account.id)
}

function tellInstallation(world: World, row: Installation, account: User, action: string): void {
  const body = { installation: installationPayload(world, row), repositories: installedRepositories(world, row) }
  const requester = action === 'created' ? { requester: null } : {}
  announceInstallation(world, row, account, { name: 'installation', action, body: { ...body, ...requester } })
}

export function suspend(world: World, owner: string, suspendedAt: string | null): void {
  const account = personNamed(world, owner)
  const before = known(installationOf(world, account), `an installation of ${owner}`)
  world.state.store.transaction(() => {
    const row = world.state.installations.put({ ...before, suspendedAt })
    tellInstallation(world, row, account, suspendedAt === null ? 'unsuspend' : 'suspend')
  })
}

export function uninstall(world: World, owner: string): void {
  const account = personNamed(world, owner)
  const row = known(installationOf(world, account), `an installation of ${owner}`)
  world.state.store.transaction(() => {
    tellInstallation(world, row, account, 'deleted')
    world.state.installations.delete(row.id)
  })
}
