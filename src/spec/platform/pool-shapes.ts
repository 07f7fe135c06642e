import { parseQuantity, quantityUnits } from '../osmo/quantity.ts'
import { mapOf, record, required, toObject, withDefault } from '../shape/record.ts'
import { integerBetween, oneOf, text, wrongValue } from '../shape/scalars.ts'
import { at, type Located, listOf, located, mapped, type Place, type Shape, wrongType } from '../shape/shape.ts'
import type { GpuQuota, Json, JsonObject, PoolVariables, ResourceValidation } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'
import { toPlainJson, toTemplateValue } from '../yaml/plain-data.ts'
import { reportAbove } from './written.ts'

/** Names of entries in the file's `pod_templates`, `group_templates` or `resource_validations`. */
export const namesShape: Shape<readonly Located<string>[]> = listOf(located(text))

const variable: Shape<string | number> = {
  fallback: '',
  schema: { type: ['string', 'number'] },
  read(node, place) {
    if (node.kind === 'string') return node.value
    if (node.kind === 'integer' || node.kind === 'float') return Number(node.value)
    return wrongType<string | number>(node, place, 'a string or a number', '')
  },
}

/** `USER_GPU: 0`, and names of the installation's own. */
export const variablesShape: Shape<PoolVariables> = mapped(
  mapOf(variable, (key, place) => {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key.text)) return
    const message = `The variable ${quote(key.text)} cannot be named in a template. Expected letters, digits and "_", not beginning with a digit.`
    place.reporter.error('schema/variable-name', key.range, message)
  }),
  (entries, node, place) => {
    if (node.kind === 'mapping') for (const { key, value } of node.entries) checkVariable(key.text, value, at(place, key.text))
    return toObject(entries)
  },
  {},
)

/** What a resource of a spec could say too; variables of the installation's own may be anything. */
function checkVariable(name: string, node: YamlNode, place: Place) {
  if (node.kind !== 'string' && node.kind !== 'integer' && node.kind !== 'float') return
  const written = node.kind === 'string' ? node.value : node.text
  const count = /^[0-9]+(?:\.[0-9]+)?$/.test(written) ? Number(written) : -1
  if (name === 'USER_CPU' && count < 0) wrongValue(node, place, 'a number of at least 0', 0)
  if (name === 'USER_GPU' && (count < 0 || !Number.isInteger(count))) wrongValue(node, place, 'a whole number of at least 0', 0)
  if ((name === 'USER_MEMORY' || name === 'USER_STORAGE') && parseQuantity(written).kind !== 'bytes')
    wrongValue(node, place, `a quantity such as 16Gi (units: ${quantityUnits})`, 0)
}

/** OSMO's: nothing guaranteed beyond what there is, no bound, equal shares. */
export const defaultQuota: GpuQuota = { guarantee: -1, maximum: -1, weight: 1 }
const maximumGpus = 1_000_000

export const quotaShape: Shape<GpuQuota> = mapped(
  record({
    guarantee: withDefault(integerBetween(-1, maximumGpus), defaultQuota.guarantee),
    maximum: withDefault(integerBetween(-1, maximumGpus), defaultQuota.maximum),
    weight: withDefault(integerBetween(0, maximumGpus), defaultQuota.weight),
  }),
  (quota, node, place) => {
    if (quota.maximum !== -1) reportAbove(quota, ['guarantee', 'maximum'], node, place)
    return quota
  },
  defaultQuota,
)

/** Any mapping that JSON can hold: a part of a pod, or a Kubernetes object. */
export const jsonObjectShape: Shape<JsonObject> = {
  fallback: {},
  schema: { type: 'object' },
  read: (node, place) =>
    node.kind === 'mapping' ? (toPlainJson(toTemplateValue(node)) as JsonObject) : wrongType(node, place, 'a mapping', {}),
}

export const groupTemplateShape: Shape<JsonObject> = mapped(
  jsonObjectShape,
  (template, node, place) => {
    const faults = node.kind === 'mapping' ? faultsOfGroupTemplate(template) : []
    if (faults.length > 0) reportGroupTemplate(faults.join(', and '), node, place)
    return template
  },
  {},
)

/** osmo-spec.md §6.5. */
function faultsOfGroupTemplate({ apiVersion, kind, metadata }: JsonObject): readonly string[] {
  const { name, namespace } = isObject(metadata) ? metadata : {}
  const missing = Object.entries({ apiVersion, kind, 'metadata.name': name }).filter(
    ([, value]) => typeof value !== 'string' || value === '',
  )
  const set = namespace === undefined ? [] : ['must not have "metadata.namespace", which the service sets']
  return [...missing.map(([key]) => `needs "${key}"`), ...set]
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function reportGroupTemplate(fault: string, node: YamlNode, place: Place) {
  const at = node.kind === 'mapping' ? (node.entries[0]?.key.range ?? node.range) : node.range
  place.reporter.error('schema/group-template', at, `Expected a whole Kubernetes object for ${place.path}, but it ${fault}. Correct it.`)
}

const operand: Shape<string> = {
  fallback: '',
  schema: { type: ['string', 'number'] },
  read(node, place) {
    if (node.kind === 'integer' || node.kind === 'float') return node.text
    if (node.kind !== 'string') return wrongType(node, place, 'a number, a quantity or one token such as "{{USER_CPU}}"', '')
    if (!isOperand(node.value)) {
      const message = `Expected a number, a quantity or exactly one token such as "{{USER_CPU}}" for ${place.path}, but it is ${quote(node.value)}. OSMO's validations do no arithmetic.`
      place.reporter.error('schema/operand', node.range, message)
    }
    return node.value
  },
}

function isOperand(written: string): boolean {
  if (written.includes('{{')) return /^\s*\{\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}\}\s*$/.test(written)
  return /^\s*[-+]?[0-9]+(?:\.[0-9]+)?\s*$/.test(written) || parseQuantity(written.trim()).kind === 'bytes'
}

const validationFields = record({
  operator: required(oneOf(['LE', 'LT', 'GE', 'GT', 'EQ'], 'EQ')),
  left_operand: required(operand),
  right_operand: required(operand),
  assert_message: required(text),
})

/** The rules behind one name in `resource_validations`. */
export const validationsShape: Shape<readonly ResourceValidation[]> = mapped<
  readonly (typeof validationFields)['fallback'][],
  readonly ResourceValidation[]
>(
  listOf(validationFields),
  (rules) =>
    rules.map(({ operator, left_operand, right_operand, assert_message }) => ({
      operator,
      left: left_operand,
      right: right_operand,
      message: assert_message,
    })),
  [],
)
