import { globsShape } from '../git/globs-shape.ts'
import { parseDuration } from '../osmo/duration.ts'
import { exitActionsShape, noExitActions } from '../osmo/exit-codes.ts'
import { mapOf, optional, present, record, required, toObject, withDefault } from '../shape/record.ts'
import { flag, integerBetween, oneOf, text, writtenText } from '../shape/scalars.ts'
import { type Located, listOf, located, mapped, type Place, type Shape } from '../shape/shape.ts'
import type { BackendConfig, PlatformSpec, TrustConfig, WorkflowLimits } from '../types.ts'
import { describe, quote, type YamlNode } from '../yaml/node.ts'
import { defaultQuota, namesShape, quotaShape, variablesShape } from './pool-shapes.ts'
import { reportAbove, writtenValue } from './written.ts'

/** A key of OSMO's that this service does not read: accepted, so that a file can be shared, and said. */
export const unread = optional<undefined>({
  fallback: undefined,
  schema: {},
  read(node, place) {
    place.reporter.warning('schema/ignored-key', node.range, `${place.path} is OSMO's, but this service does not use it.`)
    return undefined
  },
})

function unreadKeys<const K extends string>(...names: readonly K[]): { readonly [N in K]: typeof unread } {
  return Object.fromEntries(names.map((name) => [name, unread])) as { readonly [N in K]: typeof unread }
}

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

/** Seconds of `60s`, or of a plain number; OSMO writes an empty string for "inherit". */
const seconds: Shape<number | undefined> = {
  fallback: undefined,
  schema: { type: ['string', 'number'] },
  read(node, place) {
    if (node.kind === 'string' && node.value === '') return undefined
    const value =
      node.kind === 'integer' || node.kind === 'float' ? Number(node.value) : node.kind === 'string' ? parseDuration(node.value) : undefined
    if (value !== undefined && Number.isFinite(value) && value >= 0) return value
    place.reporter.error(
      'schema/duration',
      node.range,
      `Cannot recognize duration: ${describe(node)} for ${place.path}. Expected one such as 30s, 5m or 2h.`,
    )
    return undefined
  },
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
  resources: withDefault(record({ gpu: withDefault(quotaShape, defaultQuota) }), { gpu: defaultQuota }),
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

const timeouts = [
  ['default_exec_timeout', 'max_exec_timeout'],
  ['default_queue_timeout', 'max_queue_timeout'],
] as const

function checkTimeouts<T extends Readonly<Record<string, unknown>>>(values: T, node: YamlNode, place: Place): T {
  for (const pair of timeouts) reportAbove(values, pair, node, place)
  return values
}

const origins = oneOf(['trusted', 'approved', 'untrusted'], 'trusted')
const permission = oneOf(['read', 'triage', 'write', 'maintain', 'admin'], 'admin')
const maximumCount = 1_000_000

const limitShape = unenforced(
  integerBetween(0, maximumCount),
  () => true,
  'Remove it; `concurrency` in a spec bounds how many of its runs go on at once.',
)

export const repositoryShape = record({
  match: required(globsShape),
  pools: required(mapOf(listOf(origins))),
  limits: withDefault(record({ workflows: optional(limitShape), gpus: optional(limitShape) }), { workflows: undefined, gpus: undefined }),
  credentials: withDefault(listOf(writtenText), []),
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

const day = 86_400

/**
 * OSMO's names with the times of its Helm chart. Two counts differ on purpose: customers of OSMO want 400 tasks, and
 * with upstream's retry limit of 0 an exit action RESCHEDULE would never act.
 */
export const defaultLimits: WorkflowLimits = {
  maxTasks: 400,
  maxRetryPerTask: 3,
  defaultExecTimeoutSeconds: 7 * day,
  maxExecTimeoutSeconds: 30 * day,
  defaultQueueTimeoutSeconds: 60 * day,
  maxQueueTimeoutSeconds: 60 * day,
}

const limitFields = record({
  max_num_tasks: withDefault(integerBetween(1, 5_000), defaultLimits.maxTasks),
  max_retry_per_task: withDefault(integerBetween(0, 1_000), defaultLimits.maxRetryPerTask),
  default_exec_timeout: optional(seconds),
  max_exec_timeout: optional(seconds),
  default_queue_timeout: optional(seconds),
  max_queue_timeout: optional(seconds),
  ...unreadKeys(
    'max_num_ports_per_task',
    'max_retry_per_job',
    'default_schedule_timeout',
    'force_cleanup_delay',
    'max_log_lines',
    'max_task_log_lines',
    'max_error_log_lines',
    'max_event_log_lines',
    'task_heartbeat_frequency',
    'user_workflow_limits',
    'workflow_info',
    'workflow_data',
    'workflow_log',
    'credential_config',
  ),
})

export const limitsShape: Shape<WorkflowLimits> = mapped<(typeof limitFields)['fallback'], WorkflowLimits>(
  mapped(limitFields, checkTimeouts, limitFields.fallback),
  (values) => ({
    maxTasks: values.max_num_tasks,
    maxRetryPerTask: values.max_retry_per_task,
    defaultExecTimeoutSeconds: values.default_exec_timeout ?? defaultLimits.defaultExecTimeoutSeconds,
    maxExecTimeoutSeconds: values.max_exec_timeout ?? defaultLimits.maxExecTimeoutSeconds,
    defaultQueueTimeoutSeconds: values.default_queue_timeout ?? defaultLimits.defaultQueueTimeoutSeconds,
    maxQueueTimeoutSeconds: values.max_queue_timeout ?? defaultLimits.maxQueueTimeoutSeconds,
  }),
  defaultLimits,
)
