import {
  backendShape,
  defaultLimits,
  defaultTrust,
  limitsShape,
  poolShape,
  repositoryShape,
  trustShape,
  unread,
} from './platform/shapes.ts'
import type { Reporter } from './reporter.ts'
import { parseConfig } from './repository-config.ts'
import { type MapEntry, mapOf, present, record, required, toObject, withDefault } from './shape/record.ts'
import { headOf, listOf } from './shape/shape.ts'
import { suggest } from './suggestion.ts'
import type { BackendConfig, ConfigResult, PlatformConfig, PoolConfig, RepositoryRule } from './types.ts'
import { quote, type YamlNode } from './yaml/node.ts'

const fields = record({
  backends: required(mapOf(backendShape)),
  pools: required(mapOf(poolShape)),
  repositories: withDefault(listOf(repositoryShape), []),
  trust: withDefault(trustShape, defaultTrust),
  workflow: withDefault(limitsShape, defaultLimits),
  pod_templates: unread,
  group_templates: unread,
  resource_validations: unread,
})

/** Reads the administrator's file (extensions.md §7, osmo-spec.md §6). Never throws; all faults at once. */
export function parsePlatformConfig(text: string, file: string): ConfigResult<PlatformConfig> {
  return parseConfig(text, file, fields, (values, node, reporter) => {
    checkPools(values.pools, values.backends, reporter)
    checkRepositories(values.repositories, values.pools, node, reporter)
    return {
      backends: toObject(values.backends),
      pools: Object.fromEntries(values.pools.map(({ key, value }) => [key, toPool(value)])),
      repositories: values.repositories.map(toRule),
      trust: values.trust,
      workflow: values.workflow,
    }
  })
}

type ReadPool = (typeof poolShape)['fallback']
type ReadRule = (typeof repositoryShape)['fallback']

function checkPools(pools: readonly MapEntry<ReadPool>[], backends: readonly MapEntry<BackendConfig>[], reporter: Reporter) {
  const known = backends.map(({ key }) => key)
  for (const { key, value } of pools) {
    const { backend, default_platform: platform, platforms } = value
    if (backend.value !== '' && !known.includes(backend.value)) {
      const message = `Pool ${quote(key)} names the backend ${quote(backend.value)}, which is not among "backends".${suggest(backend.value, known)} Correct it.`
      reporter.error('semantic/unknown-backend', backend.range, message)
    }
    const names = platforms.map((entry) => entry.key)
    if (platform !== undefined && platform.value !== '' && !names.includes(platform.value)) {
      const message = `The default platform ${quote(platform.value)} of pool ${quote(key)} is not among its platforms.${suggest(platform.value, names)} Correct it.`
      reporter.error('semantic/unknown-platform', platform.range, message)
    }
  }
}

function checkRepositories(rules: readonly ReadRule[], pools: readonly MapEntry<unknown>[], node: YamlNode, reporter: Reporter) {
  const known = pools.map(({ key }) => key)
  for (const { key, keyNode } of rules.flatMap((rule) => rule.pools)) {
    if (known.includes(key)) continue
    const message = `Expected a pool of this file in a repository rule, but there is no pool ${quote(key)}.${suggest(key, known)} Correct it.`
    reporter.error('semantic/unknown-pool', keyNode.range, message)
  }
  if (rules.length > 0) return
  const message = 'No repository may use any pool: there is no rule in "repositories". Add one with "match" and "pools".'
  reporter.warning('semantic/no-repositories', headOf(node), message)
}

function toPool(pool: ReadPool): PoolConfig {
  return {
    backend: pool.backend.value,
    description: pool.description,
    platforms: toObject(pool.platforms),
    defaultExitActions: pool.default_exit_actions,
    ...present({
      defaultPlatform: pool.default_platform?.value === '' ? undefined : pool.default_platform?.value,
      defaultExecTimeoutSeconds: pool.default_exec_timeout,
      maxExecTimeoutSeconds: pool.max_exec_timeout,
      defaultQueueTimeoutSeconds: pool.default_queue_timeout,
      maxQueueTimeoutSeconds: pool.max_queue_timeout,
    }),
  }
}

function toRule({ match, pools, limits, credentials }: ReadRule): RepositoryRule {
  return { match, pools: toObject(pools), limits: present(limits), credentials }
}
