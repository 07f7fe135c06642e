import { cleanText } from '../clean-text.ts'
import type { ParsedFile } from '../types.ts'
import { readCsv } from './csv.ts'
import { isGoogleBenchmark, readGoogleBenchmark } from './google-benchmark.ts'
import { type Json, readJson } from './json.ts'
import { readJsonLines } from './jsonl.ts'
import { isLeRobot, readLeRobot } from './lerobot.ts'
import { readLines } from './lines.ts'
import { type Reading, toParsedFile } from './measurements.ts'
import { readPlainJson } from './plain-json.ts'

/** What `format:` may say. `plain` is any of the four after it, told apart by content. */
export const benchmarkFormats = ['plain', 'json', 'jsonl', 'csv', 'lines', 'lerobot', 'google-benchmark'] as const
export type BenchmarkFormat = (typeof benchmarkFormats)[number]

/** Longest file that is read, in characters. */
export const longestFile = 8 * 1024 * 1024

/**
 * Reads the numbers of one file. Never throws: what cannot be read, or holds no number, is unmeasured with the reason.
 * `format` is what the spec says and wins over recognition by content.
 */
export function parseBenchmarkFile(text: string, options: { path: string; format?: string }): ParsedFile {
  if (text.length > longestFile) return unmeasured(`it has ${text.length} characters; at most ${longestFile} are read`)
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (body.trim() === '') return unmeasured('the file is empty')
  if (options.format === undefined) return recognise(body)
  const format = benchmarkFormats.find((known) => known === options.format)
  if (!format) return unmeasured(`format "${cleanText(options.format, 40)}" is not known; use one of ${benchmarkFormats.join(', ')}`)
  return format === 'plain' ? recognisePlain(body) : readers[format](body)
}

const readers: Readonly<Record<Exclude<BenchmarkFormat, 'plain'>, (text: string) => ParsedFile>> = {
  json: (text) => toParsedFile('json', ofJson(text, readPlainJson)),
  jsonl: (text) => toParsedFile('jsonl', readJsonLines(text)),
  csv: (text) => toParsedFile('csv', readCsv(text)),
  lines: (text) => toParsedFile('lines', readLines(text)),
  lerobot: (text) =>
    toParsedFile(
      'lerobot',
      ofJson(text, (value) => (isLeRobot(value) ? readLeRobot(value) : foreign('per_task or per_episode'))),
    ),
  'google-benchmark': (text) =>
    toParsedFile(
      'google-benchmark',
      ofJson(text, (value) => (isGoogleBenchmark(value) ? readGoogleBenchmark(value) : foreign('context and benchmarks'))),
    ),
}

function recognise(text: string): ParsedFile {
  if (!looksLikeJson(text)) return recognisePlain(text)
  const reading = readJson(text)
  if (reading.kind === 'malformed') return recognisePlain(text)
  if (isGoogleBenchmark(reading.value)) return toParsedFile('google-benchmark', readGoogleBenchmark(reading.value))
  if (isLeRobot(reading.value)) return toParsedFile('lerobot', readLeRobot(reading.value))
  return toParsedFile('json', readPlainJson(reading.value))
}

function recognisePlain(text: string): ParsedFile {
  if (looksLikeJson(text)) return isJsonLines(text) ? readers.jsonl(text) : readers.json(text)
  return isCsv(text) ? readers.csv(text) : readers.lines(text)
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text)
}

/** The first line is whole JSON and more follows. */
function isJsonLines(text: string): boolean {
  const [first = '', ...rest] = text.trim().split('\n', 2)
  return rest.length > 0 && readJson(first).kind === 'read'
}

function isCsv(text: string): boolean {
  const first = text.trimStart().split('\n', 1)[0] ?? ''
  return first.includes(',') && !/[:=]/.test(first)
}

function ofJson(text: string, read: (value: Json) => Reading): Reading {
  const reading = readJson(text)
  return reading.kind === 'read' ? read(reading.value) : { kind: 'unreadable', reason: reading.reason }
}

function foreign(expected: string): Reading {
  return { kind: 'unreadable', reason: `it does not have the form of the declared format: expected ${expected}` }
}

function unmeasured(reason: string): ParsedFile {
  return { kind: 'unmeasured', reason }
}
