import { clientId } from '../auth.ts'
import type { AccessToken, Delivery, Installation, Repository } from '../state.ts'
import { repositoriesOf, repositoryOf, self, userOf, type World } from '../world.ts'
import { repositoryPayload } from './repository.ts'
import { apiUrl, nodeId, pageUrl } from './urls.ts'
import { userPayload } from './user.ts'

/** The app as others see it (`integration`). Its owner is whoever installed it first, or its own bot. */
export function appPayload(world: World) {
  const { app } = world
  const owner = world.state.users.all().next().value
  if (owner === undefined) throw new Error('expected at least the bot user, found no user')
  return {
    id: app.id,
    slug: app.slug,
    client_id: clientId(world),
    node_id: nodeId('App', app.id),
    owner: userPayload(world, owner),
    name: app.name,
    description: '',
    external_url: pageUrl(world, `/apps/${app.slug}`),
    html_url: pageUrl(world, `/apps/${app.slug}`),
    created_at: owner.createdAt,
    updated_at: owner.createdAt,
    permissions: app.permissions,
    events: app.events,
  }
}

export function installationPayload(world: World, installation: Installation) {
  const { app } = world
  const suspender = installation.suspendedAt === null ? null : userPayload(world, userOf(world, installation.accountId))
  return {
    id: installation.id,
    account: userPayload(world, userOf(world, installation.accountId)),
    repository_selection: installation.repositories === 'all' ? 'all' : 'selected',
    access_tokens_url: apiUrl(world, `/app/installations/${installation.id}/access_tokens`),
    repositories_url: apiUrl(world, '/installation/repositories'),
    html_url: pageUrl(world, `/settings/installations/${installation.id}`),
    app_id: app.id,
    app_slug: app.slug,
    client_id: clientId(world),
    target_id: installation.accountId,
    target_type: 'User',
    permissions: app.permissions,
    events: app.events,
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: suspender,
    suspended_at: installation.suspendedAt,
  }
}

/** The mark that a webhook carries of the installation it was sent for. */
export function installationMark(installation: Installation) {
  return { id: installation.id, node_id: nodeId('Installation', installation.id) }
}

export function tokenPayload(world: World, token: AccessToken) {
  const chosen =
    token.repositories === 'all' ? undefined : token.repositories.map((id) => repositoryPayload(world, repositoryOf(world, id)))
  return {
    token: token.token,
    expires_at: token.expiresAt,
    permissions: token.permissions,
    repository_selection: chosen === undefined ? 'all' : 'selected',
    ...(chosen === undefined ? {} : { repositories: chosen }),
  }
}

/** Repositories as `installation` events list them. */
export function installedRepositories(world: World, installation: Installation) {
  return repositoriesOf(world, installation).map((repository) => installedRepository(world, repository))
}

function installedRepository(world: World, repository: Repository) {
  const { id, node_id, name, full_name, private: hidden } = repositoryPayload(world, repository)
  return { id, node_id, name, full_name, private: hidden }
}

export function deliveryPayload(delivery: Delivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.durationSeconds,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  }
}

export function fullDeliveryPayload(world: World, delivery: Delivery) {
  return {
    ...deliveryPayload(delivery),
    url: self(world).webhookUrl,
    request: { headers: delivery.requestHeaders, payload: JSON.parse(delivery.payload) },
    response: { headers: delivery.responseHeaders, payload: delivery.responseBody },
  }
}
