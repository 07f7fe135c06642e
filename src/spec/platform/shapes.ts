import { exitActionsShape, noExitActions } from '../osmo/exit-codes.ts'
import { mapOf, optional, present, record, required, toObject, withDefault } from '../shape/record.ts'
import { flag, integerBetween, oneOf, text, writtenText } from '../shape/scalars.ts'
import { type Located, listOf, located, mapped, type Place, type Shape } from '../shape/shape.ts'
import type { BackendConfig, GpuQuota, PlatformSpec, TrustConfig } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'
import { defaultQuota, namesShape, quotaShape, variablesShape } from './pool-shapes.ts'
import { repositoryPatternsShape } from './repository-patterns.ts'
import { checkTimeouts, seconds } from './time-shapes.ts'
import { unreadKeys } from './unread-keys.ts'
import { writtenValue } from './written.ts'

/** What `isAsked` for this version could not hold to: an administrator who wrote it must not believe that it holds. */
function unenforced<T>(shape: Shape<T>, isAsked: (value: T) => boolean, instead: string): Shape<T> {
  return {
    ...shape,
    read(node, place) {
      const value = shape.read(node, place)
      if (isAsked(value))
        place.reporter.error('semantic/unsupported', node.range, `This version cannot enforce ${place.path} yet. ${instead}`)
      return value
    },
  }
}

const absolutePath: Shape<string> = mapped(text, (path, node, place) => checkAbsolute(path, node, place), '')

function checkAbsolute(path: string, node: YamlNode, place: Place): string {
  if (node.kind !== 'string' || (path.startsWith('/') && !path.split('/').includes('..'))) return path
  place.reporter.error(
    'schema/path',
    node.range,
    `Expected an absolute path without ".." for ${place.path}, but it is ${quote(path)}. Correct it.`,
  )
  return ''
}

const toolchainsShape = mapOf(absolutePath, (key, place) => {
  if (/^\/osmo\/[^/]/.test(key.text) && !key.text.split('/').includes('..')) return
  const message = `Expected a path below /osmo inside the task, such as /osmo/node_modules, in ${place.path}, but it is ${quote(key.text)}. Correct it.`
  place.reporter.error('schema/path', key.range, message)
})

const backendKinds = ['local', 'kubernetes'] as const

const backendFields = record({
  kind: withDefault(oneOf(backendKinds, 'kubernetes'), 'kubernetes'),
  runtime: optional(located(oneOf(['bubblewrap', 'process', 'docker', 'podman'], 'bubblewrap'))),
  toolchains: optional(located(toolchainsShape)),
  ...unreadKeys(
    'description',
    'k8s_uid',
    'k8s_namespace',
    'dashboard_url',
    'grafana_url',
    'router_address',
    'tests',
    'scheduler_settings',
    'node_conditions',
  ),
})

export const backendShape: Shape<BackendConfig> = mapped<(typeof backendFields)['fallback'], BackendConfig>(
  backendFields,
  ({ kind, runtime, toolchains }, node, place) => {
    const local = runtime ?? toolchains
    const written = writtenValue(node, 'kind')
    // A kind that there is not has a fault of its own, and nobody knows what was meant.
    const isKnown = written === undefined || backendKinds.some((one) => written.kind === 'string' && written.value === one)
    if (kind !== 'local' && isKnown && local !== undefined) {
      const message = `${place.path} has "runtime" or "toolchains", which only a backend with "kind: local" has. Add that, or remove them.`
      place.reporter.error('semantic/not-local', local.range, message)
    }
    return { kind, toolchains: toObject(toolchains?.value ?? []), ...present({ runtime: runtime?.value }) }
  },
  { kind: 'kubernetes', toolchains: {} },
)

/** SIGTERM to SIGKILL, when a platform says nothing (extensions.md §2). */
const defaultGraceSeconds = 30

/** Nothing runs there, so nothing runs without the approval; said here, since it is no use to anybody. */
const approvalShape = mapped(
  oneOf(['never', 'always'], 'never'),
  (approval, node, place) => {
    if (approval === 'always') {
      const message = `This version cannot ask for approvals yet, so every run on this platform is refused (${place.path}: always).`
      place.reporter.warning('semantic/unsupported', node.range, message)
    }
    return approval
  },
  'never',
)

const platformFields = record({
  description: withDefault(text, ''),
  tier: withDefault(oneOf(['none', 'sim', 'gpu', 'hardware'], 'none'), 'none'),
  exclusive: withDefault(flag, false),
  termination_grace_period: withDefault(seconds, defaultGraceSeconds),
  approval: withDefault(approvalShape, 'never'),
  privileged_allowed: withDefault(flag, false),
  host_network_allowed: withDefault(flag, false),
  allowed_mounts: withDefault(listOf(text), []),
  default_variables: withDefault(variablesShape, {}),
  resource_validations: withDefault(namesShape, []),
  override_pod_template: withDefault(namesShape, []),
  ...unreadKeys('default_mounts', 'tolerations', 'labels'),
})

/** A platform with the names of what it takes from the file's lists. */
export type ReadPlatform = {
  readonly spec: Omit<PlatformSpec, 'resourceValidations' | 'podTemplates'>
  readonly validations: readonly Located<string>[]
  readonly templates: readonly Located<string>[]
}

const platformShape: Shape<ReadPlatform> = mapped<(typeof platformFields)['fallback'], ReadPlatform>(
  platformFields,
  (values) => ({ spec: platformSpec(values), validations: values.resource_validations, templates: values.override_pod_template }),
  { spec: platformSpec(platformFields.fallback), validations: [], templates: [] },
)

function platformSpec(values: (typeof platformFields)['fallback']): ReadPlatform['spec'] {
  return {
    description: values.description,
    tier: values.tier,
    exclusive: values.exclusive,
    terminationGraceSeconds: values.termination_grace_period ?? defaultGraceSeconds,
    privilegedAllowed: values.privileged_allowed,
    hostNetworkAllowed: values.host_network_allowed,
    allowedMounts: values.allowed_mounts,
    approval: values.approval,
    defaultVariables: values.default_variables,
  }
}

const unwrittenQuota: Located<GpuQuota> = { value: defaultQuota, range: { start: 0, end: 0 } }

const poolFields = record({
  backend: required(located(text)),
  description: withDefault(text, ''),
  default_platform: optional(located(text)),
  platforms: withDefault(mapOf(platformShape), []),
  default_exec_timeout: optional(seconds),
  max_exec_timeout: optional(seconds),
  default_queue_timeout: optional(seconds),
  max_queue_timeout: optional(seconds),
  default_exit_actions: withDefault(
    exitActionsShape((place) => place.path),
    noExitActions,
  ),
  topology_keys: withDefault(listOf(record({ key: required(text), label: required(text) })), []),
  resources: withDefault(record({ gpu: withDefault(located(quotaShape), unwrittenQuota) }), { gpu: unwrittenQuota }),
  common_default_variables: withDefault(variablesShape, {}),
  common_resource_validations: withDefault(namesShape, []),
  common_pod_template: withDefault(namesShape, []),
  common_group_templates: withDefault(namesShape, []),
  ...unreadKeys('name', 'status', 'download_type', 'enable_maintenance'),
})

export const poolShape: Shape<(typeof poolFields)['fallback']> = mapped<(typeof poolFields)['fallback'], (typeof poolFields)['fallback']>(
  poolFields,
  checkTimeouts,
  poolFields.fallback,
)

const origins = oneOf(['trusted', 'approved', 'untrusted'], 'trusted')
const permission = oneOf(['read', 'triage', 'write', 'maintain', 'admin'], 'admin')
const maximumCount = 1_000_000

const limitShape = unenforced(
  integerBetween(0, maximumCount),
  () => true,
  'Remove it; `concurrency` in a spec bounds how many of its runs go on at once.',
)

/** Nothing is given to anybody, which is less than what was asked for: said, and not refused. */
const credentialsShape = mapped(
  listOf(writtenText),
  (names, node, place) => {
    if (names.length > 0) {
      const message = `This version gives no credential to any task, so ${place.path} has no effect: a spec that asks for one is refused.`
      place.reporter.warning('semantic/unsupported', node.range, message)
    }
    return names
  },
  [],
)

export const repositoryShape = record({
  match: required(repositoryPatternsShape),
  pools: required(mapOf(listOf(origins))),
  limits: withDefault(record({ workflows: optional(limitShape), gpus: optional(limitShape) }), { workflows: undefined, gpus: undefined }),
  credentials: withDefault(credentialsShape, []),
})

/** What holds where the file says nothing: extensions.md §7's own example, without the second person. */
export const defaultTrust: TrustConfig = {
  trusted: 'write',
  approve: { sim: 'write', gpu: 'write', hardware: 'maintain' },
  secondPersonForHardware: false,
}

const secondPersonShape = unenforced(
  flag,
  (wanted) => wanted,
  'Remove it; to keep code off hardware until somebody approves, write `approval: always` at its platform, which refuses every run.',
)

const trustFields = record({
  trusted: withDefault(record({ permission: required(permission) }), { permission: defaultTrust.trusted }),
  approve: withDefault(
    record({
      sim: withDefault(permission, defaultTrust.approve.sim),
      gpu: withDefault(permission, defaultTrust.approve.gpu),
      hardware: withDefault(permission, defaultTrust.approve.hardware),
    }),
    defaultTrust.approve,
  ),
  hardware: withDefault(record({ 'second-person': withDefault(secondPersonShape, false) }), { 'second-person': false }),
})

export const trustShape: Shape<TrustConfig> = mapped<(typeof trustFields)['fallback'], TrustConfig>(
  trustFields,
  ({ trusted, approve, hardware }) => ({ trusted: trusted.permission, approve, secondPersonForHardware: hardware['second-person'] }),
  defaultTrust,
)
