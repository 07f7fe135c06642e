import { parseDuration } from '../osmo/duration.ts'
import type { Place, Shape } from '../shape/shape.ts'
import { describe, type YamlNode } from '../yaml/node.ts'
import { reportAbove } from './written.ts'

/** Seconds of `60s`, or of a plain number; OSMO writes an empty string for "inherit". */
export const seconds: Shape<number | undefined> = {
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

const timeouts = [
  ['default_exec_timeout', 'max_exec_timeout'],
  ['default_queue_timeout', 'max_queue_timeout'],
] as const

/** A default time may not be longer than the longest one that a spec may ask for. */
export function checkTimeouts<T extends Readonly<Record<string, unknown>>>(values: T, node: YamlNode, place: Place): T {
  for (const pair of timeouts) reportAbove(values, pair, node, place)
  return values
}
