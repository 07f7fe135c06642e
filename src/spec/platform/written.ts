import { at, type Place } from '../shape/shape.ts'
import { quote, type YamlNode } from '../yaml/node.ts'

/** What a mapping has behind a key, as it was written. */
export function writtenValue(node: YamlNode, key: string): YamlNode | undefined {
  return node.kind === 'mapping' ? node.entries.find((entry) => entry.key.text === key)?.value : undefined
}

type Bounded = readonly [lower: string, upper: string]

/** Of two keys of one mapping that were both written, the first may not be above the second. */
export function reportAbove(values: Readonly<Record<string, unknown>>, [lower, upper]: Bounded, node: YamlNode, place: Place): void {
  const [low, high] = [values[lower], values[upper]]
  const [lowNode, highNode] = [writtenValue(node, lower), writtenValue(node, upper)]
  if (typeof low !== 'number' || typeof high !== 'number' || lowNode === undefined || highNode === undefined || low <= high) return
  const message = `Expected at most ${textOf(highNode)}, the ${quote(upper)}, for ${at(place, lower).path}, but it is ${textOf(lowNode)}. Lower it, or raise the other.`
  place.reporter.error('semantic/above-maximum', lowNode.range, message)
}

const textOf = (node: YamlNode) => (node.kind === 'mapping' || node.kind === 'sequence' ? 'something else' : node.text)
