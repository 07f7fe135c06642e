import { coercedText, laxFlag } from '../shape/python-scalars.ts'
import { type MapEntry, mapOf, optional, present, record, required, withDefault } from '../shape/record.ts'
import { type Located, listOf, located, mapped, nullable, type Shape } from '../shape/shape.ts'
import type { ResourceSpec, TimeoutSpec } from '../types.ts'
import { emptyNode, type YamlNode } from '../yaml/node.ts'
import { timeoutSeconds } from './duration.ts'
import { labelsShape } from './labels.ts'
import { nameShape } from './names.ts'
import { emptyResource, resourceShape } from './resource.ts'
import { type ReadTask, taskShape } from './task.ts'

/** The `workflow` section as it stands in the file; `./rules.ts` judges what its parts say about each other. */
export type ReadWorkflow = {
  readonly node: YamlNode
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly groups: Located<readonly ReadGroup[]> | undefined
  readonly tasks: Located<readonly ReadTask[]> | undefined
  readonly resources: readonly MapEntry<ResourceSpec>[]
  readonly timeout: TimeoutSpec
}

export type ReadGroup = {
  readonly name: Located<string>
  readonly barrier: boolean
  readonly ignoreNonleadStatus: boolean
  readonly tasks: readonly ReadTask[]
  readonly node: YamlNode
}

const timeoutShape: Shape<TimeoutSpec> = mapped(
  record({ exec_timeout: optional(timeoutSeconds), queue_timeout: optional(timeoutSeconds) }),
  ({ exec_timeout, queue_timeout }) => present({ execSeconds: exec_timeout, queueSeconds: queue_timeout }),
  {},
)

/** Chosen by the service whatever the file says. */
const overwritten: Shape<string | undefined> = mapped<string | undefined, string | undefined>(
  nullable(coercedText),
  (value, node, place) => {
    if (value === undefined || value === '') return value
    place.reporter.warning('schema/ignored-key', node.range, `${place.path} has no effect: the service chooses it. Remove it.`)
    return value
  },
  undefined,
)

const groupFields = record({
  name: required(located(nameShape('group'))),
  barrier: withDefault(laxFlag, true),
  ignoreNonleadStatus: withDefault(laxFlag, true),
  tasks: required(listOf(taskShape('task'))),
})

const groupShape: Shape<ReadGroup> = mapped<(typeof groupFields)['fallback'], ReadGroup>(
  groupFields,
  (values, node, place) => {
    const given = node.kind === 'mapping' && node.entries.some(({ key, value }) => key.text === 'tasks' && value.kind === 'sequence')
    if (given && values.tasks.length === 0) {
      const message = `Group "${values.name.value}" needs to have at least one task. Add one, or remove the group.`
      place.reporter.error('semantic/empty-group', values.name.range, message)
    }
    return { ...values, node }
  },
  { ...groupFields.fallback, node: emptyNode },
)

const fields = record({
  name: required(nameShape('workflow')),
  labels: withDefault(labelsShape, {}),
  groups: optional(located(listOf(groupShape))),
  tasks: optional(located(listOf(taskShape('plain-task')))),
  resources: optional(mapOf(resourceShape)),
  timeout: withDefault(timeoutShape, {}),
  pool: optional(overwritten),
  backend: optional(overwritten),
})

/** OSMO's `WorkflowSpec` (osmo-spec.md §1.2). */
export const workflowShape: Shape<ReadWorkflow> = mapped<(typeof fields)['fallback'], ReadWorkflow>(
  fields,
  ({ name, labels, groups, tasks, resources, timeout }, node) => ({
    node,
    name,
    labels,
    groups,
    tasks,
    resources: resources ?? [defaultResource(node)],
    timeout,
  }),
  { node: emptyNode, name: '', labels: {}, groups: undefined, tasks: undefined, resources: [], timeout: {} },
)

/** A file without `resources` has one called `default` that asks for nothing. */
function defaultResource(node: YamlNode): MapEntry<ResourceSpec> {
  return {
    key: 'default',
    keyNode: { kind: 'string', value: 'default', text: 'default', range: node.range, size: 1 },
    value: emptyResource,
  }
}
