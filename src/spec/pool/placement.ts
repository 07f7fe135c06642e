import { matchesRepository } from '../platform/repository-patterns.ts'
import type { Origin, PlatformConfig, PoolConfig, RepositoryConfig, RepositoryRule, WorkflowLimits, WorkflowSpec } from '../types.ts'
import { type Fault, fitPool, type PlacedPlatform, type PoolFault, type PoolFit, platformNames } from './pool-fit.ts'
import { unsupportedParts } from './unsupported.ts'

/** Where the tasks of one spec run: one pool, a platform per resource. */
export type Placement = { readonly pool: string; readonly config: PoolConfig; readonly platforms: ReadonlyMap<string, PlacedPlatform> }

export type PlacementResult =
  | { readonly kind: 'placed'; readonly placement: Placement }
  | {
      readonly kind: 'refused'
      /** `action_required`: the file is fine, and somebody has to allow it. */
      readonly conclusion: 'failure' | 'action_required'
      /** In one sentence; `faults` has all of it. */
      readonly reason: string
      readonly faults: readonly Fault[]
    }

/**
 * The first pool that this repository and origin may use and that suits everything the tasks ask for; the repository's `pool` preference
 * first, then the order of the administrator's file. Where none suits, all faults of the pool that comes nearest. Pure.
 */
export function place(
  spec: WorkflowSpec,
  repository: string,
  origin: Origin,
  preferences: RepositoryConfig['pool'],
  { repositories, pools, workflow }: PlatformConfig,
): PlacementResult {
  const rule = repositories.find(({ match }) => match.some((pattern) => matchesRepository(pattern, repository)))
  if (!rule)
    return refused(
      `No rule of this installation matches the repository ${repository}. Ask its administrator to add it under \`repositories\`.`,
    )
  const allowed = allowedPools(rule, origin, preferences).flatMap((name) =>
    Object.hasOwn(pools, name) ? [[name, pools[name]!] as const] : [],
  )
  if (allowed.length === 0) return refused(`No pool of this installation runs ${origin} code of ${repository}. ${advice(rule, origin)}`)
  const fit = nearest(allowed.map(([name, config]) => fitPool(spec, name, config)))
  const closed = Object.keys(rule.pools).flatMap((name) =>
    !allowed.some(([one]) => one === name) && Object.hasOwn(pools, name) ? [[name, pools[name]!] as const] : [],
  )
  const faults: readonly Judged[] = [
    ...tooManyTasks(spec, workflow),
    ...fit.faults.map((fault) => closedTo(origin, fault, { allowed, closed, rule }) ?? withOtherPools(fault, fit.pool, allowed)),
    ...unsupported(spec, fit.faults),
  ]
  if (faults.length > 0) return refusedFor(faults.every(({ kind }) => kind === 'approval') ? 'action_required' : 'failure', faults)
  return { kind: 'placed', placement: { pool: fit.pool, config: fit.config, platforms: fit.platforms } }
}

type Judged = Fault & { readonly kind: PoolFault['kind'] }

function allowedPools(rule: RepositoryRule, origin: Origin, preferences: readonly string[]): readonly string[] {
  const allowed = Object.keys(rule.pools).filter((name) => rule.pools[name]?.includes(origin))
  const preferred = [...new Set(preferences)].filter((name) => allowed.includes(name))
  return [...preferred, ...allowed.filter((name) => !preferred.includes(name))]
}

function advice({ pools }: RepositoryRule, origin: Origin): string {
  if (origin !== 'untrusted') return 'Ask the administrator which pools it may use.'
  const approved = Object.keys(pools).filter((name) => pools[name]?.includes('approved'))
  const approval =
    approved.length > 0 ? ` Pool ${approved.join(', ')} would take it once approved, but this version cannot take an approval yet.` : ''
  return `The change comes from somebody without write permission; a maintainer can push the reviewed commit to a branch of this repository.${approval}`
}

/** A pool that lacks no platform comes before one that does, then the one with the fewest faults, then the first. */
function nearest(fits: readonly PoolFit[]): PoolFit {
  const count = ({ faults }: PoolFit, kind: PoolFault['kind']) => faults.filter((fault) => fault.kind === kind).length
  return fits.reduce((best, fit) => {
    const order =
      count(fit, 'missing-platform') - count(best, 'missing-platform') ||
      count(fit, 'unsuitable') - count(best, 'unsuitable') ||
      count(fit, 'approval') - count(best, 'approval')
    return order < 0 ? fit : best
  })
}

function tooManyTasks({ groups }: WorkflowSpec, { maxTasks }: WorkflowLimits): readonly Judged[] {
  const tasks = groups.flatMap((group) => group.tasks)
  const beyond = tasks[maxTasks]
  if (beyond === undefined) return []
  const reason = `Workflow cannot have more than ${maxTasks} tasks; it has ${tasks.length}. This is the first one beyond: split the workflow, or ask the administrator.`
  return [{ kind: 'unsuitable', reason, about: { kind: 'task', name: beyond.name } }]
}

/** Pools that a message names beside the one it is about. */
const maximumOthers = 4

function withOtherPools(fault: PoolFault, pool: string, allowed: readonly (readonly [string, PoolConfig])[]): PoolFault {
  if (fault.kind !== 'missing-platform') return fault
  const others = allowed.filter(([name]) => name !== pool).slice(0, maximumOthers)
  const words = others.map(([name, config]) =>
    fault.platform !== undefined && Object.hasOwn(config.platforms, fault.platform)
      ? ` Pool ${name} has it, but all tasks of a workflow run in one pool.`
      : ` Pool ${name} has: ${platformNames(config)}.`,
  )
  return { ...fault, reason: fault.reason + words.join('') }
}

type Opened = {
  readonly allowed: readonly (readonly [string, PoolConfig])[]
  readonly closed: readonly (readonly [string, PoolConfig])[]
  readonly rule: RepositoryRule
}

/** A platform that is there, though not for this code: the file is fine, and somebody has to allow it. */
function closedTo(origin: Origin, fault: PoolFault, { allowed, closed, rule }: Opened): PoolFault | undefined {
  if (fault.kind !== 'missing-platform' || fault.platform === undefined) return undefined
  const { platform, about } = fault
  const has = ([, config]: readonly [string, PoolConfig]) => Object.hasOwn(config.platforms, platform)
  const [pool] = closed.find(has) ?? []
  if (pool === undefined || allowed.some(has)) return undefined
  const takes = rule.pools[pool]?.join(' and ') || 'no'
  const reason = `Platform ${platform} is in pool ${pool}, which takes ${takes} code, and this code is ${origin}: it may not use it. ${advice(rule, origin)}`
  return { kind: 'approval', reason, about }
}

/** What the platform forbids is said once. */
function unsupported(spec: WorkflowSpec, before: readonly Fault[]): readonly Judged[] {
  const said = new Set(before.map(({ about }) => JSON.stringify(about)))
  return unsupportedParts(spec)
    .filter(({ about }) => !said.has(JSON.stringify(about)))
    .map((fault) => ({ ...fault, kind: 'unsuitable' }))
}

type Refused = Extract<PlacementResult, { kind: 'refused' }>

const refused = (reason: string): Refused => refusedFor('action_required', [{ reason, about: undefined }])

/** More than anyone reads; annotations are bounded too. */
const maximumFaults = 200

function refusedFor(conclusion: Refused['conclusion'], all: readonly Fault[]): Refused {
  const [first, ...others] = all
  const more = others.length > 0 ? ` And ${others.length} more.` : ''
  const faults = all.slice(0, maximumFaults).map(({ reason, about }) => ({ reason, about }))
  const left = all.length - faults.length
  const last = left > 0 ? [{ reason: `And ${left} more faults like these. Correct the ones above first.`, about: undefined }] : []
  return { kind: 'refused', conclusion, reason: `${first?.reason ?? ''}${more}`, faults: [...faults, ...last] }
}
