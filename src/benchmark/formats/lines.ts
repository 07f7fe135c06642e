import { type Found, type Reading, rateFrom, samplesFrom } from './measurements.ts'

/** Reads lines such as `p99: 12.5 ms`, `fps=31` and `success: 164/200`. Empty lines and comments pass; other lines are counted in a warning. */
export function readLines(text: string): Reading {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const found = lines.map(readLine)
  const passed = found.filter((line) => line === undefined).length
  const warnings = passed === 0 ? [] : [`${passed} of ${lines.length} lines are not of the form "name: value unit"`]
  return { kind: 'read', found: found.filter((line) => line !== undefined), warnings }
}

/** Reads a value and what follows it: a number, `k/n`, `82 %`, NaN. Undefined when it is none of these. */
export function readCell(text: string): Pick<Found, 'value' | 'unit'> | undefined {
  const match = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,4})?|[-+]?(?:nan|inf|infinity))(?:\s*\/\s*(\d{1,15}))?\s*([^\s\d].{0,19})?$/i.exec(
    text.slice(0, 200),
  )
  if (!match) return undefined
  const [, number = '', trials, unit] = match
  if (trials !== undefined) return { value: rateFrom(toNumber(number), Number(trials)) }
  return { value: samplesFrom([toNumber(number)]), ...(unit === undefined ? {} : { unit: unit.trim() }) }
}

/** Names may hold separators themselves (`test.py::plan: 3 ms`), so the last one before a value counts. */
function readLine(line: string): Found | undefined {
  const separator = Math.max(line.lastIndexOf(':'), line.lastIndexOf('='))
  const cell = separator > 0 ? readCell(line.slice(separator + 1).trim()) : undefined
  return cell && { name: line.slice(0, separator), ...cell }
}

function toNumber(text: string): number {
  if (/nan/i.test(text)) return Number.NaN
  return /inf/i.test(text) ? Number.POSITIVE_INFINITY : Number(text)
}
