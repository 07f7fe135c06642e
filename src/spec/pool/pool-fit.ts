import type { SpecPart } from '../places.ts'
import { suggest } from '../suggestion.ts'
import type { PlatformSpec, PoolConfig, TaskSpec, WorkflowSpec } from '../types.ts'
import { faultOfQuota } from './priority.ts'
import { brokenRules } from './resource-validation.ts'
import { userVariables, type Variables } from './variables.ts'

export type PlacedPlatform = {
  readonly name: string
  readonly spec: PlatformSpec
  /** What a task gets that asks for none: the platform's variables, else the pool's (osmo-spec.md §1.5). */
  readonly defaults: { readonly cpu: number; readonly memoryBytes: number | undefined }
}

export type Fault = {
  readonly reason: string
  /** The part of the spec that does not suit, where it is one. */
  readonly about: SpecPart | undefined
}

/** Why a pool does not suit: it lacks a platform, it has rules, or a person would have to agree. */
export type PoolFault = Fault &
  (
    | { readonly kind: 'missing-platform'; readonly platform: string | undefined }
    | { readonly kind: 'unsuitable' }
    | { readonly kind: 'approval' }
  )

/** What one pool makes of a spec: a platform for each resource that tasks use, as far as it has one, and everything that does not suit. */
export type PoolFit = {
  readonly pool: string
  readonly config: PoolConfig
  readonly platforms: ReadonlyMap<string, PlacedPlatform>
  readonly faults: readonly PoolFault[]
}

/**
 * Judges a whole spec against one pool: platforms, topology keys, permissions, rules about resources and the quota of GPUs (osmo-spec.md
 * §6.1, 6.2, 6.6, 6.7). Rules that compare with a node are left to whoever knows the nodes. Pure.
 */
export function fitPool(spec: WorkflowSpec, pool: string, config: PoolConfig): PoolFit {
  const tasks = spec.groups.flatMap((group) => group.tasks)
  const used = [...Map.groupBy(tasks, ({ resource }) => resource)]
  const found = used.map(([resource, users]) => findPlatform(resource, partOf(spec, resource, users), { spec, pool, config }))
  const platforms = new Map(found.flatMap((one) => ('platform' in one ? [[one.resource, one.platform] as const] : [])))
  const asked: Asked = { spec, pool, config, platforms }
  const faults = [
    ...found.flatMap((one) => ('fault' in one ? [one.fault] : [])),
    ...used.flatMap(([resource, users]) => resourceFaults(resource, users, asked)),
    ...spec.groups.flatMap((group) => quotaFaults(group.name, group.tasks, asked)),
    ...tasks.flatMap((task) => permissionFaults(task, asked)),
    ...approvalFaults(tasks, asked),
  ]
  return { pool, config, platforms, faults }
}

type Pool = { readonly spec: WorkflowSpec; readonly pool: string; readonly config: PoolConfig }
type Asked = Pool & Pick<PoolFit, 'platforms'>

/** A resource that nobody wrote is shown where it is used. */
function partOf({ resources }: WorkflowSpec, resource: string, [user]: readonly TaskSpec[]): SpecPart {
  return user !== undefined && !Object.hasOwn(resources, resource)
    ? { kind: 'task', name: user.name }
    : { kind: 'resource', name: resource }
}

type Found = { readonly resource: string; readonly platform: PlacedPlatform } | { readonly fault: PoolFault }

function findPlatform(resource: string, about: SpecPart, { spec, pool, config }: Pool): Found {
  const platform = spec.resources[resource]?.platform ?? config.defaultPlatform
  if (!platform) {
    const reason = `Resource ${resource} does not have a platform, and pool ${pool} has no default_platform. Name one of: ${platformNames(config)}.`
    return { fault: { kind: 'missing-platform', platform: undefined, reason, about } }
  }
  // A platform called like a property of every object must not be found.
  const found = Object.hasOwn(config.platforms, platform) ? config.platforms[platform] : undefined
  if (found) return { resource, platform: { name: platform, spec: found, defaults: defaultRequests(config, found) } }
  const hint = suggest(platform, Object.keys(config.platforms))
  const reason = `Platform ${platform} of resource ${resource} does not exist in pool ${pool}. It has: ${platformNames(config)}.${hint}`
  return { fault: { kind: 'missing-platform', platform, reason, about } }
}

/** Stock's `USER_MEMORY` of 1Gi is no one's wish: only what an administrator wrote bounds the memory of a task that asks for none. */
function defaultRequests({ defaultVariables }: PoolConfig, platform: PlatformSpec): PlacedPlatform['defaults'] {
  const written = { ...defaultVariables, ...platform.defaultVariables }
  const variables = userVariables({ nodesExcluded: [], topology: [] }, undefined, [written])
  const cpu = variables.get('USER_CPU')
  const memoryBytes = written.USER_MEMORY === undefined ? 0 : Number(variables.get('USER_MEMORY_B'))
  return { cpu: (typeof cpu === 'object' && cpu.float) || 1, memoryBytes: memoryBytes || undefined }
}

export const platformNames = (config: PoolConfig) => Object.keys(config.platforms).join(', ') || 'none'

function resourceFaults(resource: string, users: readonly TaskSpec[], asked: Asked): readonly PoolFault[] {
  const about = partOf(asked.spec, resource, users)
  const topology = asked.spec.resources[resource]?.topology ?? []
  const unknown = topology.filter(({ key }) => !asked.config.topologyKeys.some((known) => known.key === key))
  return [
    ...unknown.map(({ key }) => unsuitable(noTopologyKey(key, resource, asked), about)),
    ...ruleReasons(resource, users, asked).map((reason) => unsuitable(reason, about)),
  ]
}

const unsuitable = (reason: string, about: SpecPart): PoolFault => ({ kind: 'unsuitable', reason, about })

function noTopologyKey(key: string, resource: string, { pool, config }: Pool): string {
  const known = config.topologyKeys.map((one) => one.key)
  return `Topology key "${key}" in resource "${resource}" is not available in pool "${pool}". Available topology keys: [${known.join(', ')}].${suggest(key, known)}`
}

/** Tasks that share a resource differ in nothing but their cache. */
function ruleReasons(resource: string, users: readonly TaskSpec[], asked: Asked): readonly string[] {
  const platform = asked.platforms.get(resource)
  if (platform === undefined) return []
  const rules = [...asked.config.resourceValidations, ...platform.spec.resourceValidations]
  const caches = new Set(users.map(({ cacheSize }) => cacheSize))
  const broken = [...caches].flatMap((cacheSize) => brokenRules(rules, variablesOf(resource, cacheSize, asked)))
  return [...new Set(broken)].map(
    (rule) =>
      `Resource ${resource} breaks a rule of platform ${platform.name} in pool ${asked.pool}: ${sentence(rule)} Change what it asks for.`,
  )
}

/** An administrator's message, in one line and with its full stop. */
const sentence = (message: string) =>
  message
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replace(/[^.!?]$/, '$&.')

function variablesOf(resource: string, cacheSize: string | undefined, { spec, config, platforms }: Asked): Variables {
  const asked = spec.resources[resource] ?? { nodesExcluded: [], topology: [] }
  return userVariables(asked, cacheSize, [config.defaultVariables, platforms.get(resource)?.spec.defaultVariables ?? {}])
}

/** Nothing in a spec or a commit says a priority, so it is OSMO's default. */
const priority = 'NORMAL'

function quotaFaults(group: string, tasks: readonly TaskSpec[], asked: Asked): readonly PoolFault[] {
  const { guarantee, maximum } = asked.config.gpuQuota
  if (guarantee === -1 && maximum === -1) return []
  const gpus = tasks.map(({ resource, cacheSize }) => Number(variablesOf(resource, cacheSize, asked).get('USER_GPU')))
  const users = tasks.filter((_, index) => (gpus[index] ?? 0) > 0)
  const [first] = users
  const total = gpus.reduce((sum, count) => sum + count, 0)
  const reason = faultOfQuota(group, total, priority, asked.config.gpuQuota, asked.pool)
  if (reason === undefined || first === undefined) return []
  const alone = users.length === 1 ? partOf(asked.spec, first.resource, users) : { kind: 'task' as const, name: first.name }
  return [unsuitable(reason, alone)]
}

function permissionFaults(task: TaskSpec, { platforms }: Asked): readonly PoolFault[] {
  const platform = platforms.get(task.resource)
  if (!platform) return []
  const { privilegedAllowed, hostNetworkAllowed, allowedMounts } = platform.spec
  const about = { kind: 'task', name: task.name } as const
  const words = (what: string) =>
    `Task ${task.name} ${what}, which platform ${platform.name} does not allow. Remove it, or use another platform.`
  return [
    ...(task.privileged && !privilegedAllowed ? [unsuitable(words('asks for privileged'), about)] : []),
    ...(task.hostNetwork && !hostNetworkAllowed ? [unsuitable(words('asks for hostNetwork'), about)] : []),
    ...task.volumeMounts.flatMap((mount, index) =>
      allowedMounts.includes(mount.split(':')[0] ?? '')
        ? []
        : [unsuitable(words(`mounts ${mount}`), { kind: 'data', task: task.name, key: 'volumeMounts', index })],
    ),
  ]
}

/** Once a platform: a person agrees to the run and not to each task. */
function approvalFaults(tasks: readonly TaskSpec[], { platforms }: Asked): readonly PoolFault[] {
  const careful = tasks.filter(({ resource }) => platforms.get(resource)?.spec.approval === 'always')
  return [...Map.groupBy(careful, ({ resource }) => platforms.get(resource)?.name ?? '')].flatMap(([name, [first]]) => {
    const reason = `A person has to approve each run on platform ${name}, and this version cannot take an approval yet. Use another platform, or ask the administrator.`
    return first === undefined ? [] : [{ kind: 'approval' as const, reason, about: { kind: 'task' as const, name: first.name } }]
  })
}
