import { mapOf, toObject } from '../shape/record.ts'
import { text } from '../shape/scalars.ts'
import { mapped, type Place, type Shape } from '../shape/shape.ts'
import { quote, type ScalarNode } from '../yaml/node.ts'

const maximumLabels = 16

const namePart = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const prefixPart = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Kubernetes labels: qualified names as keys, values that are not empty (osmo-spec.md §1.2). */
export const labelsShape: Shape<Readonly<Record<string, string>>> = mapped(
  mapOf(labelValue(), checkLabelKey),
  (entries, node, place) => {
    if (entries.length > maximumLabels) {
      place.reporter.error(
        'limit/labels',
        node.range,
        `Expected at most ${maximumLabels} labels, but there are ${entries.length}. Remove some.`,
      )
    }
    return toObject(entries)
  },
  {},
)

function labelValue(): Shape<string> {
  return mapped(
    text,
    (value, node, place) => {
      if (node.kind !== 'string' || (value.length <= 63 && namePart.test(value))) return value
      const message = `The label value ${quote(value)} is not allowed. Expected 1 to 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends.`
      place.reporter.error('schema/label', node.range, message)
      return ''
    },
    '',
  )
}

function checkLabelKey(key: ScalarNode, place: Place) {
  if (isQualifiedName(key.kind === 'string' ? key.value : key.text)) return
  const message = `The label key ${quote(key.text)} is not allowed. Expected a Kubernetes name of at most 63 characters, with an optional "domain/" before it.`
  place.reporter.error('schema/label', key.range, message)
}

function isQualifiedName(key: string): boolean {
  const parts = key.length > 320 ? [] : key.split('/')
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined
  if (parts.length < 1 || parts.length > 2 || name.length > 63 || !namePart.test(name)) return false
  return prefix === undefined || (prefix.length <= 253 && prefixPart.test(prefix))
}
