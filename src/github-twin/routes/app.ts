import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { holds, type Identity } from '../auth.ts'
import { read } from '../check-rules.ts'
import { Failure, notFound } from '../failure.ts'
import type { Permissions } from '../options.ts'
import { appPayload, deliveryPayload, fullDeliveryPayload, installationPayload, tokenPayload } from '../payloads/app.ts'
import { repositoryPayload } from '../payloads/repository.ts'
import { type Call, created, numberParam, ok, paged, pageOf, type Reply, route } from '../router.ts'
import type { AccessToken, Delivery, Installation } from '../state.ts'
import { redeliver } from '../webhooks.ts'
import { installationFor, nowMilliseconds, repositoriesOf, repositoryByName, timeOf, type World } from '../world.ts'

const tokenLifeMilliseconds = 3600 * 1000

/** What an app asks about itself, its installations and its deliveries, mostly with its JWT. */
export const appRoutes = [
  route('GET', '/app', (call) => ok(appPayload(asApp(call)))),
  route('GET', '/app/installations', (call) => {
    const all = [...asApp(call).state.installations.all()].map((found) => installationPayload(call.world, found))
    const { items, headers } = paged(call, all)
    return ok(items, headers)
  }),
  route('GET', '/app/installations/{installation_id}', (call) => ok(installationPayload(asApp(call), installationIn(call)))),
  route('POST', '/app/installations/{installation_id}/access_tokens', createToken),
  route('GET', '/repos/{owner}/{repo}/installation', installationOfRepository),
  route('GET', '/installation/repositories', installedRepositories),
  route('GET', '/app/hook/deliveries', listDeliveries),
  route('GET', '/app/hook/deliveries/{delivery_id}', (call) => ok(fullDeliveryPayload(asApp(call), deliveryIn(call)))),
  route('POST', '/app/hook/deliveries/{delivery_id}/attempts', (call) => {
    redeliver(asApp(call), deliveryIn(call))
    return { status: 202, body: {} }
  }),
]

function asApp(call: Call): World {
  if (call.identity.kind === 'anonymous') throw new Failure(401, 'Requires authentication')
  if (call.identity.kind !== 'app') throw new Failure(401, 'A JSON web token could not be decoded')
  return call.world
}

function installationIn(call: Call): Installation {
  const found = call.world.state.installations.get(numberParam(call, 'installation_id'))
  if (found === undefined) throw notFound()
  return found
}

const TokenRequest = z.object({
  repositories: z.array(z.string()).max(500).optional(),
  repository_ids: z.array(z.number().int()).max(500).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write'])).optional(),
})

function createToken(call: Call): Reply {
  const world = asApp(call)
  const installation = installationIn(call)
  if (installation.suspendedAt !== null) throw new Failure(403, 'This installation has been suspended')
  const wanted = read(TokenRequest, call.body)
  const token: AccessToken = {
    id: world.state.store.nextId(),
    token: `ghs_${world.app.id}_${randomBytes(66).toString('base64url')}`,
    installationId: installation.id,
    repositories: narrowedRepositories(world, installation, wanted),
    permissions: narrowedPermissions(world.app.permissions, wanted.permissions),
    expiresAt: timeOf(nowMilliseconds(world) + tokenLifeMilliseconds),
  }
  world.state.store.transaction(() => {
    for (const old of world.state.tokens.filter((found) => Date.parse(found.expiresAt) <= nowMilliseconds(world)))
      world.state.tokens.delete(old.id)
    world.state.tokens.put(token)
  })
  return created(tokenPayload(world, token))
}

function narrowedRepositories(
  world: World,
  installation: Installation,
  wanted: z.output<typeof TokenRequest>,
): AccessToken['repositories'] {
  if (wanted.repositories === undefined && wanted.repository_ids === undefined) return installation.repositories
  const reachable = repositoriesOf(world, installation)
  const byName = (wanted.repositories ?? []).map((name) => reachable.find((found) => found.name.toLowerCase() === name.toLowerCase()))
  const byId = (wanted.repository_ids ?? []).map((id) => reachable.find((found) => found.id === id))
  return [...byName, ...byId].map((found) => {
    if (found === undefined)
      throw new Failure(422, 'There is at least one repository that does not exist or is not accessible to the parent installation.')
    return found.id
  })
}

/** Metadata is always included. Asking for more than was granted is an error. */
function narrowedPermissions(granted: Permissions, wanted: Permissions | undefined): Permissions {
  if (wanted === undefined) return { ...granted, metadata: 'read' }
  for (const [name, level] of Object.entries(wanted)) {
    if (granted[name] !== level && granted[name] !== 'write' && name !== 'metadata') {
      throw new Failure(422, 'The permissions requested are not granted to this installation.')
    }
  }
  return { ...wanted, metadata: 'read' }
}

function installationOfRepository(call: Call): Reply {
  const world = asApp(call)
  const repository = repositoryByName(world, call.params.owner ?? '', call.params.repo ?? '')
  const installation = repository === undefined ? undefined : installationFor(world, repository)
  if (installation === undefined) throw notFound()
  return ok(installationPayload(world, installation))
}

function installedRepositories(call: Call): Reply {
  const identity = asInstallation(call.identity)
  const all = repositoriesOf(call.world, identity.installation).filter((repository) => holds(identity, repository))
  const { items, headers } = paged(call, all)
  const selection = identity.repositories === 'all' ? 'all' : 'selected'
  const repositories = items.map((repository) => repositoryPayload(call.world, repository))
  return ok({ total_count: all.length, repository_selection: selection, repositories }, headers)
}

function asInstallation(identity: Identity): Extract<Identity, { kind: 'installation' }> {
  if (identity.kind === 'installation') return identity
  throw new Failure(
    identity.kind === 'anonymous' ? 401 : 403,
    'You must authenticate with an installation access token in order to list repositories for an installation.',
  )
}

/** Newest first; the cursor is the id of the last delivery of the page before. */
function listDeliveries(call: Call): Reply {
  const world = asApp(call)
  const { size } = pageOf(call.query)
  const cursor = Number(call.query.get('cursor') ?? Number.POSITIVE_INFINITY)
  const listed = world.state.deliveries.filter((delivery) => delivery.state === 'attempted' && delivery.id < cursor)
  const fitting = listed.filter((delivery) => hasStatus(delivery, call.query.get('status'))).sort((a, b) => b.id - a.id)
  const page = fitting.slice(0, size)
  const last = page.at(-1)
  const more = fitting.length > size && last !== undefined
  return ok(page.map(deliveryPayload), more ? { link: nextLink(call, last.id) } : {})
}

/** `failure` means an answer of 400 to 599; a delivery that nobody answered is neither. */
function hasStatus(delivery: Delivery, wanted: string | null): boolean {
  if (wanted === 'success') return delivery.statusCode >= 200 && delivery.statusCode < 400
  if (wanted === 'failure') return delivery.statusCode >= 400
  return true
}

function nextLink(call: Call, cursor: number): string {
  const query = new URLSearchParams(call.query)
  query.set('cursor', String(cursor))
  return `<${call.address}?${query}>; rel="next"`
}

function deliveryIn(call: Call): Delivery {
  const found = call.world.state.deliveries.get(numberParam(call, 'delivery_id'))
  if (found === undefined || found.state !== 'attempted') throw notFound()
  return found
}
