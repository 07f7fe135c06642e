import { mapOf, record, required, toObject, withDefault } from '../shape/record.ts'
import { integerBetween, oneOf, text } from '../shape/scalars.ts'
import { type Located, listOf, located, mapped, type Place, type Shape, wrongType } from '../shape/shape.ts'
import type { GpuQuota, Json, JsonObject, PoolVariables, ResourceValidation } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'
import { toPlainJson, toTemplateValue } from '../yaml/plain-data.ts'

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
  toObject,
  {},
)

/** OSMO's: nothing guaranteed beyond what there is, no bound, equal shares. */
export const defaultQuota: GpuQuota = { guarantee: -1, maximum: -1, weight: 1 }
const maximumGpus = 1_000_000

export const quotaShape: Shape<GpuQuota> = record({
  guarantee: withDefault(integerBetween(-1, maximumGpus), defaultQuota.guarantee),
  maximum: withDefault(integerBetween(-1, maximumGpus), defaultQuota.maximum),
  weight: withDefault(integerBetween(0, maximumGpus), defaultQuota.weight),
})

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
    const fault = node.kind === 'mapping' ? faultOfGroupTemplate(template) : undefined
    if (fault !== undefined) reportGroupTemplate(fault, node, place)
    return template
  },
  {},
)

/** osmo-spec.md §6.5. */
function faultOfGroupTemplate({ apiVersion, kind, metadata }: JsonObject): string | undefined {
  const { name, namespace } = isObject(metadata) ? metadata : {}
  const missing = Object.entries({ apiVersion, kind, 'metadata.name': name }).find(([, value]) => typeof value !== 'string' || value === '')
  if (missing !== undefined) return `needs "${missing[0]}"`
  return namespace === undefined ? undefined : 'must not have "metadata.namespace", which the service sets'
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
    if (node.value.includes('{{') && !/^\s*\{\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}\}\s*$/.test(node.value)) {
      const message = `Expected a number, a quantity or exactly one token for ${place.path}, but it is ${quote(node.value)}. OSMO's validations do no arithmetic.`
      place.reporter.error('schema/operand', node.range, message)
    }
    return node.value
  },
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
