import { parseQuantity } from '../osmo/quantity.ts'
import { pythonFloatText } from '../python-number.ts'
import type { PoolVariables, ResourceSpec } from '../types.ts'

/** Values of `{{NAME}}` in templates and validations. A `float` prints as Python prints it: `4.0`. */
export type Variable = string | number | { readonly float: number }
export type Variables = ReadonlyMap<string, Variable>

/** What is known of a task when its pod is built (osmo-spec.md §6.4). */
export type TaskIdentity = {
  readonly workflowId: string
  readonly workflowUuid: string
  readonly group: string
  readonly groupUuid: string
  readonly task: string
  readonly taskUuid: string
  readonly attempt: number
  readonly submittedBy: string
  readonly pool: string
  readonly platform: string
  readonly priority: 'HIGH' | 'NORMAL' | 'LOW'
  readonly lead: 'lead' | 'member'
}

export type Node = {
  readonly name: string
  readonly cpu: number
  readonly gpu: number
  readonly memoryBytes: number
  readonly storageBytes: number
}

/** Defaults of OSMO's stock chart (osmo-spec.md §1.5). */
const stockDefaults: PoolVariables = { USER_CPU: 1, USER_GPU: 0, USER_MEMORY: '1Gi', USER_STORAGE: '1Gi' }

const bytesPerUnit = { Ti: 2 ** 40, Gi: 2 ** 30, Mi: 2 ** 20, Ki: 2 ** 10, B: 1, m: 1e-3 } as const
const defaultCacheShare = 0.9

/**
 * `USER_*` of a resource: what the file asks for, else the platform's default variable, else the pool's, else stock. A count of 0 counts as
 * not given, as upstream; sizes come also in every unit. Pure.
 *
 * @param defaults the pool's variables and over them the platform's, from weakest to strongest.
 */
export function userVariables(resource: ResourceSpec, cacheSize: string | undefined, defaults: readonly PoolVariables[]): Variables {
  const merged: PoolVariables = Object.assign({}, stockDefaults, ...defaults)
  const memory = resource.memoryBytes || bytesOf(merged.USER_MEMORY)
  const storage = resource.storageBytes || bytesOf(merged.USER_STORAGE)
  return new Map<string, Variable>([
    ...Object.entries(merged),
    ['USER_CPU', { float: resource.cpu || Number(merged.USER_CPU) }],
    ['USER_GPU', Math.trunc(resource.gpu || Number(merged.USER_GPU))],
    ...sizeVariables('USER_MEMORY', memory),
    ...sizeVariables('USER_STORAGE', storage),
    ['USER_CACHE', cacheText(cacheSize, storage)],
    ['USER_EXCLUDED_NODES', JSON.stringify(resource.nodesExcluded)],
  ])
}

/** `WF_*` and the container's name. */
export function workflowVariables(identity: TaskIdentity): Variables {
  return new Map<string, Variable>([
    ['USER_CONTAINER_NAME', identity.task],
    ['WF_ID', identity.workflowId],
    ['WF_UUID', identity.workflowUuid],
    ['WF_GROUP_NAME', identity.group],
    ['WF_GROUP_UUID', identity.groupUuid],
    ['WF_SUBMITTED_BY', identity.submittedBy],
    ['WF_TASK_NAME', identity.task],
    ['WF_TASK_UUID', identity.taskUuid],
    ['WF_RETRY_ID', identity.attempt],
    ['WF_POOL', identity.pool],
    ['WF_PLATFORM', identity.platform],
    ['WF_PRIORITY', identity.priority],
    ['WF_LEAD_CONTAINER', identity.lead === 'lead' ? 'True' : 'False'],
  ])
}

/** `K8_*` of one node: what it can give to pods. */
export function nodeVariables({ cpu, gpu, memoryBytes, storageBytes }: Node): Variables {
  return new Map<string, Variable>([
    ['K8_CPU', { float: cpu }],
    ['K8_GPU', gpu],
    ...sizeVariables('K8_MEMORY', memoryBytes),
    ...sizeVariables('K8_STORAGE', storageBytes),
  ])
}

/** Names that templates and rules may use, by who gives them. */
export const userNames: readonly string[] = [...userVariables({ nodesExcluded: [], topology: [] }, undefined, []).keys()]
export const nodeNames: readonly string[] = [...nodeVariables({ name: '', cpu: 0, gpu: 0, memoryBytes: 0, storageBytes: 0 }).keys()]
export const workflowNames: readonly string[] = [...workflowVariables(nobody()).keys()]

function nobody(): TaskIdentity {
  const unnamed = {
    workflowId: '',
    workflowUuid: '',
    group: '',
    groupUuid: '',
    task: '',
    taskUuid: '',
    submittedBy: '',
    pool: '',
    platform: '',
  }
  return { ...unnamed, attempt: 0, priority: 'NORMAL', lead: 'lead' }
}

export function variableText(value: Variable): string {
  return typeof value === 'object' ? pythonFloatText(value.float) : String(value)
}

/** `16Gi` with its number, its unit, and its number in every unit. */
function sizeVariables(name: string, bytes: number): readonly (readonly [string, string | number])[] {
  const text = sizeText(bytes)
  const [, value = '0', unit = 'B'] = /^([0-9.]+)([A-Za-z]+)$/.exec(text) ?? ['', text]
  const inUnits = Object.entries(bytesPerUnit).map(([other, factor]) => [`${name}_${other}`, bytes / factor] as const)
  return [[name, text], [`${name}_VAL`, Number(value)], [`${name}_UNIT`, unit], ...inUnits]
}

/** In the largest unit that leaves a whole number, else plain bytes, as Kubernetes reads it. */
function sizeText(bytes: number): string {
  const unit = (['Ti', 'Gi', 'Mi', 'Ki'] as const).find(
    (candidate) => bytes >= bytesPerUnit[candidate] && bytes % bytesPerUnit[candidate] === 0,
  )
  return unit === undefined ? String(Math.ceil(bytes)) : `${bytes / bytesPerUnit[unit]}${unit}`
}

function bytesOf(value: string | number | undefined): number {
  const quantity = parseQuantity(String(value ?? ''))
  return quantity.kind === 'bytes' ? quantity.bytes : 0
}

/**
 * `cacheSize`, or 90 % of the storage. Upstream takes a share of the unit that the file wrote, and prints `None` for a default; here a
 * share is always one of the storage that the task gets, in whole MiB.
 */
function cacheText(cacheSize: string | undefined, storageBytes: number): string {
  const percent = cacheSize === undefined ? 100 * defaultCacheShare : /^([0-9.]+)%$/.exec(cacheSize)?.[1]
  if (percent === undefined) return sizeText(bytesOf(cacheSize))
  const mebibytes = Math.floor(((Math.min(Number(percent), 100) / 100) * storageBytes) / bytesPerUnit.Mi)
  return `${mebibytes}Mi`
}
