import type { Direction } from '../types.ts'
import { foundEpisodes } from './episodes.ts'
import { duplicated, isArray, isObject, type Json, type JsonObject } from './json.ts'
import { type Found, limits, type Reading, rateFrom, samplesFrom, unmeasured } from './measurements.ts'

/**
 * Reads an object of numbers; nested keys are joined by dots, lists of numbers are samples, lists of true and false are rates. The richest form
 * says more: `{"metrics": {"success": {"k": 164, "n": 200}, "latency_ms": {"samples": [12.5, 12.7], "unit": "ms", "better": "lower"}}}`.
 * Text is metadata and passed over.
 */
export function readPlainJson(value: Json): Reading {
  if (!isObject(value)) return { kind: 'unreadable', reason: 'expected a JSON object of numbers' }
  const metrics = value.get('metrics')
  return { kind: 'read', found: walk(isObject(metrics) ? metrics : value, ''), warnings: [] }
}

function walk(object: JsonObject, prefix: string): readonly Found[] {
  const found: Found[] = []
  for (const [key, value] of object) {
    found.push(...readEntry(`${prefix}${key}`, value))
    // One more than the limit is enough to know that there are too many.
    if (found.length > limits.names) break
  }
  return found
}

function readEntry(name: string, value: Json): readonly Found[] {
  if (isObject(value)) return isRich(value) ? readRich(name, value) : walk(value, `${name}.`)
  if (isArray(value)) return readList(name, value)
  if (typeof value === 'boolean') return [{ name, value: rateFrom(Number(value), 1) }]
  if (value === duplicated) return [{ name, value: unmeasured('the name comes twice') }]
  return typeof value === 'string' && !isNotANumber(value) ? [] : [{ name, value: samplesFrom([value]) }]
}

function readList(name: string, list: readonly Json[]): readonly Found[] {
  if (list.some((item) => typeof item === 'string' || isObject(item) || isArray(item))) return []
  if (list.length > 0 && list.every((item) => typeof item === 'boolean'))
    return [{ name, value: rateFrom(list.filter((item) => item).length, list.length) }]
  return [{ name, value: samplesFrom(list) }]
}

const valueKeys = ['k', 'samples', 'episodes', 'value', 'mean'] as const
const richKeys = new Set<string>([...valueKeys, 'n', 'std', 'unit', 'better'])

/** An object that says how its number came about, and nothing else. */
function isRich(object: JsonObject): boolean {
  return valueKeys.some((key) => object.has(key)) && [...object.keys()].every((key) => richKeys.has(key))
}

function readRich(name: string, object: JsonObject): readonly Found[] {
  const labels = { ...unitLabel(object.get('unit')), ...directionLabel(object.get('better')) }
  const episodes = object.get('episodes')
  if (isArray(episodes)) return foundEpisodes(name, episodes.map(toEpisode)).map((found) => ({ ...found, ...labels }))
  return [{ name, ...labels, value: richValue(object) }]
}

function richValue(object: JsonObject): Found['value'] {
  const samples = object.get('samples')
  if (samples !== undefined) return isArray(samples) ? samplesFrom(samples) : unmeasured('samples is not a list')
  if (object.has('k')) return rateFrom(object.get('k'), object.get('n'))
  if (object.has('episodes')) return unmeasured('episodes is not a list')
  return object.has('value') ? samplesFrom([object.get('value') ?? null]) : summaryValue(object)
}

function summaryValue(object: JsonObject): Found['value'] {
  const [mean, deviation, count] = [object.get('mean'), object.get('std'), object.get('n')]
  const checked = samplesFrom([mean ?? null])
  if (count === 0) return unmeasured('n is 0')
  if (checked.kind !== 'samples' || typeof mean !== 'number' || typeof count !== 'number') return checked
  if (typeof deviation !== 'number' || !Number.isFinite(deviation) || !Number.isFinite(count)) return checked
  return { kind: 'summary', mean, standardDeviation: deviation, count }
}

function toEpisode(item: Json) {
  const row: JsonObject = isObject(item) ? item : new Map()
  return {
    group: row.get('group') ?? null,
    task: row.get('task') ?? null,
    index: row.get('index') ?? null,
    seed: row.get('seed') ?? null,
    success: row.get('success'),
  }
}

function unitLabel(unit: Json | undefined): { unit?: string } {
  return typeof unit === 'string' ? { unit } : {}
}

function directionLabel(better: Json | undefined): { direction?: Direction } {
  return better === 'lower' || better === 'higher' || better === 'none' ? { direction: better } : {}
}

/** Several writers put NaN into a string to stay within JSON. */
function isNotANumber(text: string): boolean {
  return /^[-+]?(nan|inf|infinity)$/i.test(text)
}
