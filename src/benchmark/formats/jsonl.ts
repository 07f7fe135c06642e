import { duplicated, isObject, type Json, type JsonObject, readJson } from './json.ts'
import { type Found, type Reading, samplesFrom, unmeasured } from './measurements.ts'
import { readPlainJson } from './plain-json.ts'

/**
 * Reads one JSON object a line. Lines are samples of each key, or, when they carry a `step` or an `epoch`, a training log of which the last counts.
 * One broken line makes the whole unmeasured: it is what a crash leaves behind.
 */
export function readJsonLines(text: string): Reading {
  const rows: JsonObject[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const reading = readJson(line)
    if (reading.kind === 'malformed') return { kind: 'unreadable', reason: `line ${index + 1}: ${reading.reason}` }
    if (!isObject(reading.value)) return { kind: 'unreadable', reason: `line ${index + 1}: expected a JSON object` }
    rows.push(reading.value)
  }
  return rows.length === 1 && rows[0] ? readPlainJson(rows[0]) : readRows(rows)
}

const steps = new Set(['step', '_step', 'global_step', 'epoch', 'iteration'])

function readRows(rows: readonly JsonObject[]): Reading {
  const columns = new Map<string, Json[]>()
  for (const row of rows) {
    for (const [key, value] of row) {
      const column = columns.get(key)
      if (column) column.push(value)
      else columns.set(key, [value])
    }
  }
  const taken = columns.keys().some((key) => steps.has(key)) ? 'last' : 'all'
  const found = [...columns].filter(([key]) => !steps.has(key)).flatMap(([key, values]) => readColumn(key, values, taken))
  return { kind: 'read', found, warnings: [] }
}

function readColumn(name: string, values: readonly Json[], taken: 'last' | 'all'): readonly Found[] {
  if (values.includes(duplicated)) return [{ name, value: unmeasured('the name comes twice in one line') }]
  if (values.some((value) => typeof value === 'string')) return []
  if (taken === 'last') return readPlain(name, values.at(-1) ?? null)
  return values.some(isObject) ? mergeNested(values.flatMap((value) => readPlain(name, value))) : [{ name, value: samplesFrom(values) }]
}

function readPlain(name: string, value: Json): readonly Found[] {
  const reading = readPlainJson(new Map([[name, value]]))
  return reading.kind === 'read' ? reading.found : []
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
