import { createPrivateKey, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { Failure, forbidden, notFound } from './failure.ts'
import type { Level, Permissions } from './options.ts'
import type { Installation, Repository, User } from './state.ts'
import { atLeast, covers, known, nowMilliseconds, roleOf, self, type World } from './world.ts'

export type Identity =
  | { readonly kind: 'app' }
  | {
      readonly kind: 'installation'
      readonly installation: Installation
      readonly repositories: 'all' | readonly number[]
      readonly permissions: Permissions
    }
  | { readonly kind: 'person'; readonly user: User }
  | { readonly kind: 'anonymous' }

/**
 * Who sent a request, from its Authorization header: `Bearer`, `token`, or `Basic` with the token as password.
 * Throws 401 for a credential that is not good, also where none would have been needed, as GitHub does.
 */
export function identify(world: World, authorization: string | undefined): Identity {
  if (authorization === undefined || authorization === '') return { kind: 'anonymous' }
  const credential = credentialIn(authorization)
  if (credential.split('.').length === 3 && !credential.startsWith('gh')) return appFrom(world, credential)
  return installationFrom(world, credential) ?? personFrom(world, credential) ?? unauthorised('Bad credentials')
}

function unauthorised(message: string): never {
  throw new Failure(401, message)
}

function credentialIn(authorization: string): string {
  const [scheme = '', value = ''] = authorization.split(/ +/)
  if (/^(bearer|token)$/i.test(scheme)) return value
  if (!/^basic$/i.test(scheme)) unauthorised('Bad credentials')
  const [user = '', password = ''] = Buffer.from(value, 'base64').toString('utf8').split(':')
  return password === '' || password === 'x-oauth-basic' ? user : password
}

function installationFrom(world: World, credential: string): Identity | undefined {
  const token = world.state.tokens.find((found) => found.token === credential)
  if (token === undefined || Date.parse(token.expiresAt) <= nowMilliseconds(world)) return undefined
  const installation = world.state.installations.get(token.installationId)
  if (installation === undefined) return undefined
  if (installation.suspendedAt !== null) throw new Failure(403, 'This installation has been suspended')
  return { kind: 'installation', installation, repositories: token.repositories, permissions: token.permissions }
}

function personFrom(world: World, credential: string): Identity | undefined {
  const user = world.state.users.find((found) => found.token === credential)
  return user === undefined ? undefined : { kind: 'person', user }
}

const jwtLimitSeconds = 600
const clockSkewSeconds = 60

/** Checks an app's JWT: RS256 by the app's key, `iss` the app, `iat` not ahead, `exp` at most ten minutes away. */
function appFrom(world: World, jwt: string): Identity {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  if (decode(header).alg !== 'RS256') unauthorised('A JSON web token could not be decoded')
  const good = verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), publicKey(world), Buffer.from(signature, 'base64url'))
  if (!good) unauthorised('A JSON web token could not be decoded')
  checkClaims(world, decode(payload))
  return { kind: 'app' }
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    return unauthorised('A JSON web token could not be decoded')
  }
}

function checkClaims(world: World, claims: Record<string, unknown>): void {
  const seconds = nowMilliseconds(world) / 1000
  const { iss, iat, exp } = claims
  if (String(iss) !== String(world.app.id) && iss !== clientId(world)) unauthorised("'Issuer' claim ('iss') must be an Integer")
  if (typeof exp !== 'number')
    unauthorised("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
  if (exp <= seconds)
    unauthorised("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
  if (exp > seconds + jwtLimitSeconds + clockSkewSeconds) unauthorised("'Expiration time' claim ('exp') is too far in the future")
  if (typeof iat !== 'number' || iat > seconds + clockSkewSeconds)
    unauthorised("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
  if (exp - iat > jwtLimitSeconds + clockSkewSeconds) unauthorised("'Expiration time' claim ('exp') is too far in the future")
}

export function clientId(world: World): string {
  return `Iv1.${world.app.id.toString(16).padStart(16, '0')}`
}

const keys = new WeakMap<World, KeyObject>()

function publicKey(world: World): KeyObject {
  const key = keys.get(world) ?? createPublicKey(createPrivateKey(self(world).privateKey))
  keys.set(world, key)
  return key
}

/** What a route on a repository asks for. `public` reads need no permission where the repository is public. */
export type Need = { readonly permission: string; readonly level: Level }

/**
 * Lets an identity through to a repository or throws what GitHub answers: 404 for what it may not know of, 403 for what it may see but
 * not do.
 */
export function authorise(world: World, identity: Identity, repository: Repository | undefined, need: Need): Repository {
  if (repository === undefined || !mayKnow(world, identity, repository)) throw notFound()
  if (need.level === 'read' && repository.visibility === 'public' && need.permission !== 'collaborators') return repository
  if (need.permission === 'collaborators' && identity.kind === 'anonymous') throw new Failure(401, 'Requires authentication')
  if (!may(world, identity, repository, need))
    throw identity.kind === 'anonymous' ? new Failure(401, 'Requires authentication') : refusal(identity)
  return repository
}

function refusal(identity: Identity): Failure {
  return identity.kind === 'person' ? new Failure(403, 'You must have the necessary permission on this repository.') : forbidden()
}

function mayKnow(world: World, identity: Identity, repository: Repository): boolean {
  if (repository.visibility === 'public') return true
  if (identity.kind === 'installation') return holds(identity, repository)
  return identity.kind === 'person' && roleOf(world, repository, identity.user) !== 'none'
}

/** Whether an installation token reaches a repository. */
export function holds(identity: Extract<Identity, { kind: 'installation' }>, repository: Repository): boolean {
  if (!covers(identity.installation, repository)) return false
  return identity.repositories === 'all' || identity.repositories.includes(repository.id)
}

function may(world: World, identity: Identity, repository: Repository, need: Need): boolean {
  switch (identity.kind) {
    case 'installation':
      return holds(identity, repository) && grants(identity.permissions, need)
    case 'person':
      return personMay(world, identity.user, repository, need)
    default:
      return false
  }
}

/** A comment on a pull request is asked for as `comments`, for which either of two permissions is good. */
function grants(permissions: Permissions, { permission, level }: Need): boolean {
  if (permission === 'comments')
    return grants(permissions, { permission: 'issues', level }) || grants(permissions, { permission: 'pull_requests', level })
  if (permission === 'collaborators') return permissions.metadata !== undefined
  const granted = permissions[permission]
  return granted === 'write' || granted === level
}

/** People comment and propose wherever they can read; checks belong to apps alone. */
function personMay(world: World, user: User, repository: Repository, { permission, level }: Need): boolean {
  const role = roleOf(world, repository, user)
  if (level === 'read') return atLeast(role, 'read')
  if (permission === 'comments' || permission === 'pull_requests') return atLeast(role, 'read')
  return permission !== 'checks' && atLeast(role, 'write')
}

export function identityUser(world: World, identity: Identity): User {
  if (identity.kind === 'person') return identity.user
  if (identity.kind === 'installation') return known(world.state.users.get(self(world).botId), 'the app’s bot')
  throw new Failure(401, 'Requires authentication')
}
