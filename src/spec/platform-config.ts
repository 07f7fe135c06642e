import { defaultLimits, limitsShape } from './platform/limits-shape.ts'
import { groupTemplateShape, jsonObjectShape, validationsShape } from './platform/pool-shapes.ts'
import { backendShape, defaultTrust, poolShape, type ReadPlatform, repositoryShape, trustShape } from './platform/shapes.ts'
import { checkVariableNames } from './platform/variable-names.ts'
import { asksNode } from './pool/resource-validation.ts'
import type { Reporter } from './reporter.ts'
import { parseConfig } from './repository-config.ts'
import { type MapEntry, mapOf, present, record, required, toObject, withDefault } from './shape/record.ts'
import { headOf, type Located, listOf } from './shape/shape.ts'
import { suggest } from './suggestion.ts'
import type {
  BackendConfig,
  ConfigResult,
  JsonObject,
  PlatformConfig,
  PlatformSpec,
  PoolConfig,
  RepositoryRule,
  ResourceValidation,
} from './types.ts'
import { quote, type YamlNode } from './yaml/node.ts'

export const platformFields = record({
  backends: required(mapOf(backendShape)),
  pools: required(mapOf(poolShape)),
  repositories: withDefault(listOf(repositoryShape), []),
  trust: withDefault(trustShape, defaultTrust),
  workflow: withDefault(limitsShape, defaultLimits),
  pod_templates: withDefault(mapOf(jsonObjectShape), []),
  group_templates: withDefault(mapOf(groupTemplateShape), []),
  resource_validations: withDefault(mapOf(validationsShape), []),
})

/** Reads the administrator's file (extensions.md §7, osmo-spec.md §6). Never throws; all faults at once. */
export function parsePlatformConfig(text: string, file: string): ConfigResult<PlatformConfig> {
  return parseConfig(text, file, platformFields, (values, node, reporter) => {
    checkPools(values.pools, values.backends, reporter)
    checkNodeRules(values.pools, values.backends, toObject(values.resource_validations), reporter)
    checkVariableNames(node, reporter)
    checkMachine(values.pools, values.backends, reporter)
    checkRepositories(values.repositories, values.pools, node, reporter)
    const lists = {
      pod_templates: toObject(values.pod_templates),
      group_templates: toObject(values.group_templates),
      resource_validations: toObject(values.resource_validations),
    }
    return {
      backends: toObject(values.backends),
      pools: Object.fromEntries(values.pools.map(({ key, value }) => [key, toPool(value, lists, reporter)])),
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
    if (backends.some((entry) => entry.key === backend.value && entry.value.kind === 'local')) {
      reportTemplates(key, value, reporter)
      reportQuota(key, value, reporter)
    }
    const names = platforms.map((entry) => entry.key)
    if (platform !== undefined && platform.value !== '' && !names.includes(platform.value)) {
      const message = `The default platform ${quote(platform.value)} of pool ${quote(key)} is not among its platforms.${suggest(platform.value, names)} Correct it.`
      reporter.error('semantic/unknown-platform', platform.range, message)
    }
  }
}

/** All local backends are the same machine, and each admits for itself: what one keeps to itself, another would share. */
function checkMachine(pools: readonly MapEntry<ReadPool>[], backends: readonly MapEntry<BackendConfig>[], reporter: Reporter) {
  const [first, ...others] = backends.filter(({ value }) => value.kind === 'local')
  const local = new Set([first, ...others].map((entry) => entry?.key))
  const exclusive = pools
    .filter(({ value }) => local.has(value.backend.value))
    .flatMap(({ value }) => value.platforms)
    .find(({ value }) => value.spec.exclusive)
  if (first === undefined || exclusive === undefined) return
  for (const { key, keyNode } of others) {
    const message = `The platform ${quote(exclusive.key)} is exclusive, so this machine can have one local backend, but ${quote(key)} is another beside ${quote(first.key)}. Let all pools name one of them.`
    reporter.error('semantic/one-machine', keyNode.range, message)
  }
}

function reportTemplates(pool: string, { common_pod_template, common_group_templates, platforms }: ReadPool, reporter: Reporter) {
  const named = [...common_pod_template, ...common_group_templates, ...platforms.flatMap(({ value }) => value.templates)]
  for (const { value, range } of named) {
    const message = `The template ${quote(value)} of pool ${quote(pool)} has no effect: a local backend has no pods. Remove it there.`
    reporter.warning('schema/ignored-key', range, message)
  }
}

/** What the plan holds a group to is kept; what only a cluster's scheduler could hold, groups together, is not. */
function reportQuota(pool: string, { resources: { gpu } }: ReadPool, reporter: Reporter) {
  const { guarantee, maximum, weight } = gpu.value
  if (guarantee === -1 && maximum === -1 && weight === 1) return
  const message = `The GPU quota of pool ${quote(pool)} bounds each group by itself: a local backend does not count GPUs, so groups that run together may have more, and "weight" has no effect.`
  reporter.warning('semantic/unsupported', gpu.range, message)
}

/** A local backend has no nodes to choose from: it takes what asks for more than the machine for the whole machine. */
function checkNodeRules(
  pools: readonly MapEntry<ReadPool>[],
  backends: readonly MapEntry<BackendConfig>[],
  rules: Lists['resource_validations'],
  reporter: Reporter,
) {
  const local = backends.filter(({ value }) => value.kind === 'local').map(({ key }) => key)
  for (const { key, value: pool } of pools.filter(({ value }) => local.includes(value.backend.value))) {
    const named = [...pool.common_resource_validations, ...pool.platforms.flatMap(({ value }) => value.validations)]
    for (const { value, range } of named) {
      if (!Object.hasOwn(rules, value) || !rules[value]?.some(asksNode)) continue
      const message = `The rules ${quote(value)} of pool ${quote(key)} compare with a node, and those are not judged: a local backend has none. Compare with a number instead.`
      reporter.warning('schema/ignored-key', range, message)
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

/** The file's lists by the names that pools and platforms use. */
type Lists = {
  readonly pod_templates: Readonly<Record<string, JsonObject>>
  readonly group_templates: Readonly<Record<string, JsonObject>>
  readonly resource_validations: Readonly<Record<string, readonly ResourceValidation[]>>
}

function toPool(pool: ReadPool, lists: Lists, reporter: Reporter): PoolConfig {
  const platforms = pool.platforms.map(({ key, value }) => [key, toPlatform(value, lists, reporter)])
  return {
    backend: pool.backend.value,
    description: pool.description,
    platforms: Object.fromEntries(platforms),
    topologyKeys: pool.topology_keys,
    gpuQuota: pool.resources.gpu.value,
    defaultVariables: pool.common_default_variables,
    resourceValidations: resolveNames(
      'resource_validations',
      pool.common_resource_validations,
      lists.resource_validations,
      reporter,
    ).flat(),
    podTemplates: resolveNames('pod_templates', pool.common_pod_template, lists.pod_templates, reporter),
    groupTemplates: resolveNames('group_templates', pool.common_group_templates, lists.group_templates, reporter),
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

function toPlatform({ spec, validations, templates }: ReadPlatform, lists: Lists, reporter: Reporter): PlatformSpec {
  return {
    ...spec,
    resourceValidations: resolveNames('resource_validations', validations, lists.resource_validations, reporter).flat(),
    podTemplates: resolveNames('pod_templates', templates, lists.pod_templates, reporter),
  }
}

function resolveNames<T>(
  list: keyof Lists,
  names: readonly Located<string>[],
  known: Readonly<Record<string, T>>,
  reporter: Reporter,
): readonly T[] {
  return names.flatMap(({ value, range }) => {
    const found = Object.hasOwn(known, value) ? known[value] : undefined
    if (found !== undefined) return [found]
    const message = `Expected a name of "${list}", but there is no ${quote(value)}.${suggest(value, Object.keys(known))} Correct it.`
    reporter.error('semantic/unknown-template', range, message)
    return []
  })
}

function toRule({ match, pools, limits, credentials }: ReadRule): RepositoryRule {
  return { match, pools: toObject(pools), limits: present(limits), credentials }
}
