import { duplicated, isObject, type Json, readJson } from './json.ts'
import { type Found, type Reading, samplesFrom, unmeasured } from './measurements.ts'
import { readPlainJson } from './plain-json.ts'

/**
 * Reads one JSON object a line. Lines are samples of each key, or, when they carry a `step` or an `epoch`, a training log of which the last counts.
 * One broken line makes the whole unmeasured: it is what a crash leaves behind.
 */
export function readJsonLines(text: string): Reading {
  const rows: ReadonlyMap<string, Json>[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const reading = readJson(line)
    if (reading.kind === 'malformed') return { kind: 'unreadable', reason: `line ${index + 1}: ${reading.reason}` }
    if (!isObject(reading.value)) return { kind: 'unreadable', reason: `line ${index + 1}: expected a JSON object` }
    rows.push(reading.value)
  }
  const keys = [...new Set(rows.flatMap((row) => [...row.keys()]))]
  if (rows.length === 1 && rows[0]) return readPlainJson(rows[0])
  const isLog = keys.some((key) => steps.has(key))
  return {
    kind: 'read',
    found: keys.filter((key) => !steps.has(key)).flatMap((key) => readColumn(key, rows, isLog ? 'last' : 'all')),
    warnings: [],
  }
}

const steps = new Set(['step', '_step', 'global_step', 'epoch', 'iteration'])

function readColumn(name: string, rows: readonly ReadonlyMap<string, Json>[], taken: 'last' | 'all'): readonly Found[] {
  const values = rows.filter((row) => row.has(name)).map((row) => row.get(name) ?? null)
  if (values.includes(duplicated)) return [{ name, value: unmeasured('the name comes twice in one line') }]
  if (values.some((value) => typeof value === 'string')) return []
  const readings = values.map((value) => readPlainJson(new Map([[name, value]])))
  const found = readings.map((reading) => (reading.kind === 'read' ? reading.found : []))
  if (taken === 'last') return found.at(-1) ?? []
  return values.some(isObject) ? mergeNested(found.flat()) : [{ name, value: samplesFrom(values) }]
}

/** Nested objects give the same dotted names on every line; their single samples are put together. */
function mergeNested(found: readonly Found[]): readonly Found[] {
  return [...Map.groupBy(found, (metric) => metric.name)].map(([name, same]) => ({
    name,
    value:
      same.find((metric) => metric.value.kind === 'unmeasured')?.value ??
      samplesFrom(same.flatMap((metric): readonly Json[] => (metric.value.kind === 'samples' ? metric.value.samples : [null]))),
  }))
}
