import type { SpecPart } from '../spec/places.ts'
import type {
  Origin,
  PlatformConfig,
  PlatformSpec,
  PoolConfig,
  RepositoryConfig,
  RepositoryRule,
  Tier,
  WorkflowSpec,
} from '../spec/types.ts'
import { unsupportedParts } from './unsupported.ts'

/** Where the tasks of one spec run: one pool, a platform per resource. */
export type Placement = { readonly pool: string; readonly config: PoolConfig; readonly platforms: ReadonlyMap<string, PlacedPlatform> }
export type PlacedPlatform = { readonly name: string; readonly spec: PlatformSpec }

export type PlacementResult =
  | { readonly kind: 'placed'; readonly placement: Placement }
  | {
      readonly kind: 'refused'
      readonly conclusion: 'failure' | 'action_required'
      /** In one sentence; `faults` has all of it. */
      readonly reason: string
      readonly faults: readonly Fault[]
    }

export type Fault = {
  readonly reason: string
  /** The part of the spec that does not suit, where it is one. */
  readonly about: SpecPart | undefined
}

/**
 * The first pool that this repository and origin may use and that has every platform the tasks ask for; the repository's `pool`
 * preference first, then the order of the administrator's file.
 */
export function place(
  spec: WorkflowSpec,
  repository: string,
  origin: Origin,
  preferences: RepositoryConfig['pool'],
  platforms: PlatformConfig,
): PlacementResult {
  const rule = platforms.repositories.find(({ match }) => match.some((pattern) => matchesRepository(pattern, repository)))
  if (!rule)
    return refused(
      'action_required',
      `No rule of this installation matches the repository ${repository}. Ask its administrator to add it under \`repositories\`.`,
    )
  const allowed = allowedPools(rule, origin, preferences).filter((name) => Object.hasOwn(platforms.pools, name))
  if (allowed.length === 0)
    return refused('action_required', `No pool of this installation runs ${origin} code of ${repository}. ${advice(origin)}`)
  const attempts = allowed.map((name) => tryPool(spec, name, platforms.pools[name]!))
  const placed = attempts.find((attempt) => attempt.kind === 'placed')
  const unsupported = placed ? unsupportedParts(spec) : []
  return unsupported.length > 0 ? refusedFor('failure', unsupported) : (placed ?? attempts[0]!)
}

/** The highest stake of all platforms that the spec's tasks use. */
export function tierOf(placement: Placement): Tier {
  const ranks: readonly Tier[] = ['none', 'sim', 'gpu', 'hardware']
  const used = [...placement.platforms.values()].map(({ spec }) => ranks.indexOf(spec.tier))
  return ranks[Math.max(0, ...used)]!
}

export const tierIsAtMost = (tier: Tier, limit: Tier) =>
  ['none', 'sim', 'gpu', 'hardware'].indexOf(tier) <= ['none', 'sim', 'gpu', 'hardware'].indexOf(limit)

function tryPool(spec: WorkflowSpec, name: string, config: PoolConfig): PlacementResult {
  const used = [...new Set(spec.groups.flatMap((group) => group.tasks.map((task) => task.resource)))]
  const platforms = new Map<string, PlacedPlatform>()
  for (const resource of used) {
    const platform = spec.resources[resource]?.platform ?? config.defaultPlatform
    const about = { kind: 'resource', name: resource } as const
    if (!platform)
      return refused(
        'failure',
        `Resource ${resource} does not have a platform, and pool ${name} has no default_platform. Name one of: ${names(config)}.`,
        about,
      )
    // A platform called like a property of every object must not be found.
    const found = Object.hasOwn(config.platforms, platform) ? config.platforms[platform] : undefined
    if (!found)
      return refused(
        'failure',
        `Platform ${platform} of resource ${resource} does not exist in pool ${name}. It has: ${names(config)}.`,
        about,
      )
    const key = spec.resources[resource]?.topology.find((one) => !config.topologyKeys.some((known) => known.key === one.key))?.key
    if (key !== undefined) return refused('failure', noTopologyKey(key, resource, name, config), about)
    platforms.set(resource, { name: platform, spec: found })
  }
  return privileges(spec, platforms) ?? { kind: 'placed', placement: { pool: name, config, platforms } }
}

function privileges(spec: WorkflowSpec, platforms: ReadonlyMap<string, PlacedPlatform>): PlacementResult | undefined {
  for (const task of spec.groups.flatMap((group) => group.tasks)) {
    const platform = platforms.get(task.resource)
    if (!platform) continue
    const about = { kind: 'task', name: task.name } as const
    if (task.privileged && !platform.spec.privilegedAllowed)
      return refused('failure', `Task ${task.name} asks for privileged, which platform ${platform.name} does not allow.`, about)
    if (task.hostNetwork && !platform.spec.hostNetworkAllowed)
      return refused('failure', `Task ${task.name} asks for hostNetwork, which platform ${platform.name} does not allow.`, about)
    const mount = task.volumeMounts.find((entry) => !platform.spec.allowedMounts.includes(entry.split(':')[0] ?? ''))
    if (platform.spec.approval === 'always')
      return refused(
        'action_required',
        `A person has to approve each run on platform ${platform.name}, and this version cannot take an approval yet. Use another platform, or ask the administrator.`,
        about,
      )
    if (mount !== undefined)
      return refused('failure', `Task ${task.name} mounts ${mount}, which platform ${platform.name} does not allow.`, about)
  }
  return undefined
}

function allowedPools(rule: RepositoryRule, origin: Origin, preferences: readonly string[]): readonly string[] {
  const allowed = Object.keys(rule.pools).filter((name) => rule.pools[name]?.includes(origin))
  const preferred = preferences.filter((name) => allowed.includes(name))
  return [...preferred, ...allowed.filter((name) => !preferred.includes(name))]
}

/** `acme/*`: one star for the owner's repositories; anything else is a name. Names of repositories ignore case, as on GitHub. */
function matchesRepository(pattern: string, repository: string): boolean {
  const [owner, name] = pattern.toLowerCase().split('/')
  const [actualOwner, actualName] = repository.toLowerCase().split('/')
  return (owner === '*' || owner === actualOwner) && (name === '*' || name === actualName)
}

const advice = (origin: Origin) =>
  origin === 'untrusted'
    ? 'The change comes from somebody without write permission; a maintainer can push the reviewed commit to a branch of this repository.'
    : 'Ask the administrator which pools it may use.'

const names = (config: PoolConfig) => Object.keys(config.platforms).join(', ') || 'none'

const noTopologyKey = (key: string, resource: string, pool: string, { topologyKeys }: PoolConfig) =>
  `Topology key "${key}" in resource "${resource}" is not available in pool "${pool}". Available topology keys: [${topologyKeys.map((one) => one.key).join(', ')}].`

type Refused = Extract<PlacementResult, { kind: 'refused' }>

export const refused = (conclusion: Refused['conclusion'], reason: string, about?: SpecPart): Refused =>
  refusedFor(conclusion, [{ reason, about }])

function refusedFor(conclusion: Refused['conclusion'], faults: readonly Fault[]): Refused {
  const [first, ...others] = faults
  const more = others.length > 0 ? ` And ${others.length} more.` : ''
  return { kind: 'refused', conclusion, reason: `${first?.reason ?? ''}${more}`, faults }
}
