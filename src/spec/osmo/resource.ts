import { coercedText, laxInteger } from '../shape/python-scalars.ts'
import { optional, present, record, required, withDefault } from '../shape/record.ts'
import { oneOf } from '../shape/scalars.ts'
import { listOf, mapped, nullable, type Shape } from '../shape/shape.ts'
import type { ResourceSpec } from '../types.ts'
import { quote } from '../yaml/node.ts'
import { parseQuantity, quantityUnits } from './quantity.ts'

export const emptyResource: ResourceSpec = { nodesExcluded: [], topology: [] }

const topologyShape = record({
  key: required(coercedText),
  group: withDefault(coercedText, 'default'),
  requirementType: withDefault(oneOf(['required', 'preferred'], 'required'), 'required'),
})

const fields = record({
  cpu: optional(nullable(count())),
  gpu: optional(nullable(count())),
  memory: optional(nullable(bytes('memory'))),
  storage: optional(nullable(bytes('storage'))),
  platform: optional(nullable(coercedText)),
  nodesExcluded: withDefault(listOf(coercedText), []),
  topology: withDefault(listOf(topologyShape), []),
})

export const resourceShape: Shape<ResourceSpec> = mapped(
  fields,
  ({ cpu, gpu, memory, storage, platform, nodesExcluded, topology }) => ({
    ...present({ cpu, gpu, memoryBytes: memory, storageBytes: storage, platform: platform === '' ? undefined : platform }),
    nodesExcluded,
    topology,
  }),
  emptyResource,
)

/** Upstream takes a negative count and hands it to the cluster; here it counts as not given. */
function count(): Shape<number | undefined> {
  return mapped<number, number | undefined>(
    laxInteger,
    (value, node, place) => {
      if (value >= 0) return value
      place.reporter.warning(
        'schema/negative-count',
        node.range,
        `Expected zero or more for ${place.path}, but it is ${value}. It is ignored; remove it.`,
      )
      return undefined
    },
    undefined,
  )
}

function bytes(field: 'memory' | 'storage'): Shape<number | undefined> {
  const shape = { ...coercedText, schema: { type: ['string', 'number'], pattern: '^[0-9]+(\\.[0-9]+)?[A-Za-z]*$' } }
  return mapped<string, number | undefined>(
    shape,
    (value, node, place) => {
      if (value === '' && node.kind !== 'string') return undefined
      const quantity = parseQuantity(value)
      if (quantity.kind === 'bytes') return quantity.bytes
      const message =
        quantity.kind === 'invalid-unit'
          ? `Resource ${field} field has invalid unit: ${quote(quantity.unit)}. Expected one of ${quantityUnits}.`
          : `Resource ${field} field has invalid value ${quote(value)}. Expected a number with a unit, such as 16Gi.`
      place.reporter.error('schema/quantity', node.range, message)
      return undefined
    },
    undefined,
  )
}
