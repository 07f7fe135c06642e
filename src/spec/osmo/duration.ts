import { coerced } from '../shape/python-scalars.ts'
import { type Place, type Shape, wrongType } from '../shape/shape.ts'
import { quote, type YamlNode } from '../yaml/node.ts'

const secondsPerUnit: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 1e-3, us: 1e-6 }

/** Seconds of `5m`, `PT1H30M` (osmo-spec.md §1.6), or undefined. A blank before the unit and a sign are read, as upstream does. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64) return undefined
  const simple = /^\s*([-+]?[0-9]+)\s*(d|h|m|s|ms|us)$/.exec(text)
  if (simple !== null) return Number(simple[1]) * (secondsPerUnit[simple[2] ?? ''] ?? 0)
  const iso = /^P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?$/.exec(text)
  if (iso === null || iso.slice(1).every((part) => part === undefined)) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0))
  return days * 86_400 + hours * 3_600 + minutes * 60 + seconds
}

const durationSchema = { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^([0-9]+(d|h|m|s|ms|us)|P.*)$' }] }

/** Seconds of a timeout. Zero or less means nothing to wait for: it is dropped with a warning, and the pool's default holds. */
export const timeoutSeconds: Shape<number | undefined> = {
  fallback: undefined,
  schema: { anyOf: [...durationSchema.anyOf, { type: 'null' }] },
  read(node, place) {
    if (node.kind === 'null') return undefined
    const seconds = node.kind === 'boolean' ? coerced(node, place, 'a duration', node.value ? 1 : 0) : readSeconds(node, place)
    if (seconds === undefined || seconds > 0) return seconds
    const message = `Expected a duration above zero for ${place.path}. It is ignored, and the pool's default holds. Write a duration such as 30m.`
    place.reporter.warning('schema/no-time', node.range, message)
    return undefined
  },
}

/** How often a checkpoint is taken; booleans are refused here. */
export const frequencySeconds: Shape<number> = {
  fallback: 0,
  schema: durationSchema,
  read(node, place) {
    if (node.kind === 'boolean') return wrongType(node, place, 'a duration such as 5m', 0)
    const seconds = readSeconds(node, place)
    if (seconds !== undefined && seconds <= 0) return wrongType(node, place, 'a duration above zero', 0)
    return seconds ?? 0
  },
}

function readSeconds(node: YamlNode, place: Place): number | undefined {
  if (node.kind === 'integer') return Number(node.value)
  if (node.kind === 'float' && Number.isFinite(node.value)) return node.value
  if (node.kind !== 'string') return wrongType(node, place, 'a duration: seconds, or text such as 5m', undefined)
  const seconds = parseDuration(node.value)
  if (seconds === undefined) {
    const message = `Cannot recognize duration: ${quote(node.value)}. Expected seconds, one number with d, h, m, s, ms or us, or ISO 8601 such as PT1H30M.`
    place.reporter.error('schema/duration', node.range, message)
  } else if (!/^[0-9P]\S*$/.test(node.value)) {
    coerced(node, place, 'a plain duration such as 5m', `${seconds} s`)
  }
  return seconds
}
