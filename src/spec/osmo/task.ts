import { coercedText, environmentText, laxFlag } from '../shape/python-scalars.ts'
import { mapOf, optional, record, required, toObject, withDefault } from '../shape/record.ts'
import { type Located, listOf, located, mapped, narrowed, nullable, type Place, type Shape, wrongType } from '../shape/shape.ts'
import type { InputSpec, TaskSpec } from '../types.ts'
import { describe, emptyNode, quote, type ScalarNode, type YamlNode } from '../yaml/node.ts'
import { checkpointShape, locatedInput, outputShape } from './data-shapes.ts'
import { exitActionsShape, noExitActions } from './exit-codes.ts'
import { fileShape } from './file.ts'
import { kpisShape } from './kpis.ts'
import { nameShape, normalisedName } from './names.ts'
import { parseQuantity } from './quantity.ts'
import { resourceShape } from './resource.ts'

/** A task as it stands in the file, with the places that the rules between tasks need. */
export type ReadTask = {
  readonly spec: TaskSpec
  readonly node: YamlNode
  readonly name: Located<string>
  readonly resource: Located<string> | undefined
  readonly inputs: readonly Located<InputSpec>[]
  readonly localpaths: readonly Located<string>[]
}

type Credential = string | Readonly<Record<string, string>>

const credentialMap = mapOf(coercedText)
const credentialShape: Shape<Credential> = {
  fallback: '',
  schema: { anyOf: [coercedText.schema, credentialMap.schema] },
  read(node, place) {
    if (node.kind === 'mapping') return toObject(credentialMap.read(node, place))
    if (node.kind === 'string' || node.kind === 'integer' || node.kind === 'float') return coercedText.read(node, place)
    return wrongType<Credential>(node, place, 'a directory, or a mapping from variables to keys of the credential,', '')
  },
}

const commandShape: Shape<readonly string[]> = mapped(
  narrowed(listOf(coercedText), { minItems: 1 }),
  (command, node, place) => {
    if (node.kind === 'sequence' && command.length === 0) {
      place.reporter.error(
        'schema/no-command',
        node.range,
        `${place.path} should have at least one command. Write one, such as [bash, -c].`,
      )
    }
    return command
  },
  [],
)

const imageShape: Shape<string> = mapped(
  coercedText,
  (image, node, place) => {
    if (node.kind === 'string' && image.trim() === '') {
      place.reporter.warning(
        'schema/no-image',
        node.range,
        `Expected an image for ${place.path}, but it is empty: the task will not start. Name one.`,
      )
    } else if (/\s/.test(image)) {
      place.reporter.error(
        'schema/image',
        node.range,
        `Expected an image such as ubuntu:24.04 for ${place.path}, but ${quote(image)} contains blanks.`,
      )
    }
    return image
  },
  '',
)

const mountShape: Shape<string> = mapped(
  coercedText,
  (mount, node, place) => {
    const parts = mount.split(':')
    if (node.kind !== 'string' || (parts.length <= 2 && parts.every((part) => part.startsWith('/')))) return mount
    place.reporter.error(
      'schema/volume-mount',
      node.range,
      `Invalid task volume mount: ${quote(mount)}. Expected /source or /source:/target.`,
    )
    return mount
  },
  '',
)

const cacheSizeShape: Shape<string> = mapped(
  coercedText,
  (size, node, place) => {
    if (node.kind !== 'string' && node.kind !== 'integer' && node.kind !== 'float') return size
    const percent = /^([0-9]{1,9}(?:\.[0-9]{1,9})?)%$/.exec(size)
    if (percent === null && parseQuantity(size).kind !== 'bytes') {
      const message = `Expected a size such as 10Gi or 50% for ${place.path}, but it is ${quote(size)}. Correct it.`
      place.reporter.error('schema/quantity', node.range, message)
    } else if (percent !== null && Number(percent[1]) > 100) {
      place.reporter.warning('schema/over-full', node.range, `Expected at most 100% for ${place.path}, but it is ${size}. Lower it.`)
    }
    return size
  },
  '',
)

const downloadShape: Shape<'download' | undefined> = {
  fallback: undefined,
  schema: { enum: ['download', null] },
  read(node, place) {
    if (node.kind === 'null') return undefined
    if (node.kind === 'string' && node.value === 'download') return 'download'
    const message = `Task ${place.owner ?? place.path} uses invalid downloadType ${node.kind === 'string' ? quote(node.value) : describe(node)}. Valid types are: ['download']. Remove it.`
    place.reporter.error('schema/value', node.range, message)
    return undefined
  },
}

/** Keys that upstream's model takes and then overwrites. */
function ignored<T>(shape: Shape<T>): Shape<T> {
  return mapped(
    shape,
    (value, node, place) => {
      place.reporter.warning('schema/ignored-key', node.range, `${place.path} has no effect: the service sets it. Remove it.`)
      return value
    },
    shape.fallback,
  )
}

/** Set by the service for every task, over whatever a spec says (extensions.md §3). */
const ourVariables: ReadonlySet<string> = new Set([
  ...['GITHUB_REF', 'GITHUB_REF_NAME', 'GITHUB_HEAD_REF', 'GITHUB_BASE_REF', 'GITHUB_ACTOR', 'GITHUB_SHA', 'GITHUB_REPOSITORY'],
  ...['GITHUB_EVENT_NAME', 'CI', 'OSMO_WORKFLOW_ID', 'OSMO_TASK', 'OSMO_ATTEMPT', 'OSMO_ARM', 'OSMO_SEED'],
])

function warnOfOurs(key: ScalarNode, place: Place): void {
  if (!ourVariables.has(key.text)) return
  const message = `${key.text} is set by the service, and its value wins over this one. Choose another name, or remove it.`
  place.reporter.warning('semantic/own-variable', key.range, message)
}

const misplacedKeys = {
  platform:
    'A task has no "platform": it belongs to the resource that the task asks for. Write it in "resources", and name that in "resource".',
}

function taskFields(kind: 'task' | 'plain-task') {
  const fields = {
    name: required(located(nameShape(kind))),
    image: required(imageShape),
    command: required(commandShape),
    args: withDefault(listOf(coercedText), []),
    environment: withDefault(mapOf(environmentText, warnOfOurs), []),
    files: withDefault(listOf(fileShape), []),
    inputs: withDefault(listOf(locatedInput), []),
    outputs: withDefault(listOf(outputShape), []),
    kpis: withDefault(kpisShape, []),
    credentials: withDefault(mapOf(credentialShape), []),
    lead: withDefault(laxFlag, false),
    resource: optional(located(coercedText)),
    privileged: withDefault(laxFlag, false),
    hostNetwork: withDefault(laxFlag, false),
    volumeMounts: withDefault(listOf(mountShape), []),
    downloadType: optional(downloadShape),
    cacheSize: optional(nullable(cacheSizeShape)),
    exitActions: withDefault(
      exitActionsShape((place) => `task ${place.owner ?? place.path}`),
      noExitActions,
    ),
    checkpoint: withDefault(listOf(checkpointShape), []),
    resources: optional(ignored(resourceShape)),
    backend: optional(ignored(coercedText)),
  }
  return record(fields, misplacedKeys)
}

/** A task of OSMO (osmo-spec.md §1.4) with upstream's coercions and defaults. */
export function taskShape(kind: 'task' | 'plain-task'): Shape<ReadTask> {
  const fields = taskFields(kind)
  return {
    fallback: readTask(fields.fallback, emptyNode),
    schema: fields.schema,
    read(node, place) {
      const values = fields.read(node, { ...place, owner: writtenName(node) })
      checkName(values.name, place)
      checkFiles(values, place)
      return readTask(values, node)
    },
  }
}

/** What a message calls the task, before its name has been judged. */
function writtenName(node: YamlNode): string | undefined {
  const name = node.kind === 'mapping' ? node.entries.find(({ key }) => key.text === 'name')?.value : undefined
  return name?.kind === 'string' ? quote(name.value) : undefined
}

type TaskFields = ReturnType<typeof taskFields>['fallback']

function checkName(name: Located<string>, place: Place) {
  if (normalisedName(name.value) !== 'osmo-ctrl') return
  place.reporter.error(
    'semantic/reserved-name',
    name.range,
    `Container ${name.value} cannot be named "osmo-ctrl", which is the service's own. Choose another name.`,
  )
}

function checkFiles({ name, files }: TaskFields, place: Place) {
  const seen = new Set<string>()
  for (const { spec, range } of files) {
    if (seen.has(spec.path)) {
      const message = `Task ${quote(name.value)} has multiple files at the same path ${quote(spec.path)}. Each file path must be unique.`
      place.reporter.error('semantic/duplicate-file', range, message)
    }
    if (spec.path !== '') seen.add(spec.path)
  }
}

function readTask(values: TaskFields, node: YamlNode): ReadTask {
  const inputs = values.inputs.filter((input): input is Located<InputSpec> => input.value !== undefined)
  const spec: TaskSpec = {
    name: values.name.value,
    lead: values.lead,
    image: values.image,
    command: values.command,
    args: values.args,
    environment: toObject(values.environment),
    files: values.files.map((file) => file.spec),
    inputs: inputs.map((input) => input.value),
    outputs: values.outputs,
    kpis: values.kpis,
    credentials: toObject(values.credentials),
    resource: values.resource?.value ?? 'default',
    privileged: values.privileged,
    hostNetwork: values.hostNetwork,
    volumeMounts: values.volumeMounts,
    ...(values.cacheSize !== undefined && { cacheSize: values.cacheSize }),
    exitActions: values.exitActions,
    checkpoint: values.checkpoint,
  }
  const localpaths = values.files.flatMap(({ spec: file, localRange }) =>
    file.kind === 'local' && localRange !== undefined ? [{ value: file.localpath, range: localRange }] : [],
  )
  return { spec, node, name: values.name, resource: values.resource, inputs, localpaths }
}
