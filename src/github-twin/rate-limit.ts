import type { Identity } from './auth.ts'
import { nowMilliseconds, type World } from './world.ts'

const windowMilliseconds = 3600 * 1000

export type Quota = { readonly limit: number; readonly used: number; readonly remaining: number; readonly resetSeconds: number }

/** Counts calls per identity and hour of the twin's clock. In memory: a restart forgives. */
export type RateLimiter = { spend(identity: Identity, calls: -1 | 0 | 1): Quota }

export function createRateLimiter(world: World): RateLimiter {
  const windows = new Map<string, { used: number; endsAt: number }>()
  return {
    spend(identity, calls) {
      const time = nowMilliseconds(world)
      const key = keyOf(identity)
      const open = windows.get(key)
      const window = open !== undefined && open.endsAt > time ? open : { used: 0, endsAt: time + windowMilliseconds }
      window.used += calls
      windows.set(key, window)
      const limit = limitOf(world, identity)
      return { limit, used: window.used, remaining: Math.max(limit - window.used, 0), resetSeconds: Math.ceil(window.endsAt / 1000) }
    },
  }
}

function keyOf(identity: Identity): string {
  if (identity.kind === 'installation') return `installation ${identity.installation.id}`
  return identity.kind === 'person' ? `person ${identity.user.id}` : identity.kind
}

function limitOf(world: World, identity: Identity): number {
  const { installation, person, anonymous } = world.options.rateLimit
  if (identity.kind === 'person') return person
  return identity.kind === 'anonymous' ? anonymous : installation
}

export function rateHeaders(quota: Quota): Record<string, string> {
  return {
    'x-ratelimit-limit': String(quota.limit),
    'x-ratelimit-remaining': String(quota.remaining),
    'x-ratelimit-used': String(quota.used),
    'x-ratelimit-reset': String(quota.resetSeconds),
    'x-ratelimit-resource': 'core',
  }
}
