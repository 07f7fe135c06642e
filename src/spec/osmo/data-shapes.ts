import { compilePattern } from '../pattern.ts'
import { coercedText } from '../shape/python-scalars.ts'
import { optional, record, required } from '../shape/record.ts'
import { text } from '../shape/scalars.ts'
import { type Located, located, mapped, narrowed, type Place, type Shape } from '../shape/shape.ts'
import type { CheckpointSpec, InputSpec, OutputSpec } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'
import { frequencySeconds } from './duration.ts'
import { faultOfStorageUrl } from './storage-url.ts'

const removedInputs = {
  dataset: 'Datasets were removed in OSMO 6.4. Use "url:" with a storage address, or "task:" for the output of a task.',
}
const removedOutputs = {
  dataset: 'Datasets were removed in OSMO 6.4. Use "url:" with a storage address.',
  update_dataset: 'Datasets were removed in OSMO 6.4. Use "url:" with a storage address.',
}

const regexText: Shape<string> = mapped(
  text,
  (pattern, node, place) => {
    if (node.kind !== 'string') return pattern
    const result = compilePattern(pattern, place.patterns)
    if (result.kind === 'refused') {
      place.reporter.error(result.code, node.range, `Invalid regex: ${quote(pattern)}: ${result.reason}. Write it in another way.`)
    }
    return pattern
  },
  '',
)

const storageUrl: Shape<string> = mapped(
  text,
  (url, node, place) => {
    if (node.kind !== 'string') return url
    const fault = faultOfStorageUrl(url)
    if (fault !== undefined) {
      const message = `${quote(url)} is no storage address for ${place.path}: ${fault}. Expected something like s3://bucket/path.`
      place.reporter.error('schema/url', node.range, message)
    }
    return url
  },
  '',
)

const inputFields = record({ task: optional(coercedText), url: optional(storageUrl), regex: optional(regexText) }, removedInputs)

export const inputShape: Shape<InputSpec | undefined> = mapped<(typeof inputFields)['fallback'], InputSpec | undefined>(
  narrowed(inputFields, { oneOf: [{ required: ['task'] }, { required: ['url'] }] }),
  ({ task, url, regex }, node, place) => {
    if (node.kind !== 'mapping' || hasRemoved(node, removedInputs)) return undefined
    const filter = regex === undefined ? {} : { regex }
    if (task !== undefined && url === undefined) return taskInput(task, filter, node, place)
    if (url !== undefined && task === undefined) return { kind: 'url', url, ...filter }
    const came = task === undefined ? 'neither' : 'both'
    place.reporter.error(
      'schema/input',
      node.range,
      `Expected either "task" or "url" in ${place.path}, but there is ${came}. Write one of them.`,
    )
    return undefined
  },
  undefined,
)

/** What is said of the task that an input names stands at that name. */
export const locatedInput: Shape<Located<InputSpec | undefined>> = {
  ...located(inputShape),
  read: (node, place) => ({ value: inputShape.read(node, place), range: entryOf(node, 'task')?.range ?? node.range }),
}

function entryOf(node: YamlNode, name: string): YamlNode | undefined {
  return node.kind === 'mapping' ? node.entries.findLast(({ key }) => key.kind === 'string' && key.value === name)?.value : undefined
}

function taskInput(task: string, filter: { regex?: string }, node: YamlNode, place: Place): InputSpec | undefined {
  // A value of another type has been reported already.
  if (entryOf(node, 'task')?.kind === 'null') return undefined
  const parts = task.split(':')
  const [workflow = '', name = ''] = parts
  if (parts.length === 1) return { kind: 'task', task, ...filter }
  if (parts.length === 2 && workflow !== '' && name !== '') return { kind: 'other-workflow', workflow, task: name, ...filter }
  const message = `Expected a task's name, or WORKFLOW_ID:TASK, for ${place.path}.task, but it is ${quote(task)}. Correct it.`
  place.reporter.error('schema/input', node.range, message)
  return undefined
}

function hasRemoved(node: YamlNode, removed: Readonly<Record<string, string>>): boolean {
  return node.kind === 'mapping' && node.entries.some(({ key }) => key.kind === 'string' && Object.hasOwn(removed, key.value))
}

const outputFields = record({ url: optional(storageUrl), regex: optional(regexText) }, removedOutputs)

export const outputShape: Shape<OutputSpec> = mapped(
  narrowed(outputFields, { required: ['url'] }),
  ({ url, regex }, node, place) => {
    if (url === undefined && node.kind === 'mapping' && !hasRemoved(node, removedOutputs)) {
      place.reporter.error('schema/missing-key', node.range, `Expected the key "url" in ${place.path}, but it is missing. Add it.`)
    }
    return regex === undefined ? { url: url ?? '' } : { url: url ?? '', regex }
  },
  { url: '' },
)

const checkpointFields = record({
  path: required(text),
  url: required(storageUrl),
  frequency: required(frequencySeconds),
  regex: optional(regexText),
})

export const checkpointShape: Shape<CheckpointSpec> = mapped(
  checkpointFields,
  ({ path, url, frequency, regex }) => ({ path, url, frequencySeconds: frequency, ...(regex !== undefined && { regex }) }),
  { path: '', url: '', frequencySeconds: 0 },
)
