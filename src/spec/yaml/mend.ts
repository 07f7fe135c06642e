import type { Message, Reporter } from '../reporter.ts'
import type { Range } from '../source-text.ts'
import type { Origin } from './dialect.ts'
import type { YamlNode } from './node.ts'

export type Loader = (text: string, origin: Origin, reporter: Reporter) => YamlNode | undefined

/** `refused`: values that were taken out because they are no YAML. What is read there says nothing about what somebody wrote. */
export type Mended = { readonly node: YamlNode; readonly refused: readonly Range[] }

/** Times that a text is loaded anew without the values that were refused. */
const maximumRounds = 5
/** Faults of one round, and characters of all rounds, beyond which that costs more than it tells. Real specs have 20 000 characters. */
const maximumFaults = 50
const maximumReloaded = 150_000

/**
 * Loads a text and, where it is refused, again without the values at fault, so that what is wrong elsewhere is found too. Every fault of YAML is
 * reported; undefined where one is not in a value on the line of its key, for then nobody knows what the lines around it mean.
 */
export function loadMended(text: string, load: Loader, origin: Origin, reporter: Reporter): Mended | undefined {
  const refused: Range[] = []
  let rest = text
  for (let round = 0; round < maximumRounds; round++) {
    const faults: number[] = []
    const node = loadNoting(rest, load, origin, refused.length === 0 ? reporter : withoutAliases(reporter), faults)
    if (node !== undefined) return { node, refused }
    if (faults.length === 0 || faults.length > maximumFaults || (round + 1) * text.length > maximumReloaded) return undefined
    const values = faults.map((offset) => valueAt(rest, offset))
    if (!values.every((value) => value !== undefined)) return undefined
    refused.push(...values.map(({ line, end }) => origin(line, end)))
    for (const value of values) rest = withoutValue(rest, value)
  }
  return undefined
}

/** What is said about a refused value is not passed on. */
export function withoutRefused(reporter: Reporter, refused: readonly Range[]): Reporter {
  if (refused.length === 0) return reporter
  const counts = ({ start }: Range) => !refused.some((range) => range.start <= start && start <= range.end)
  return {
    ...reporter,
    error: (code, range, message) => counts(range) && reporter.error(code, range, message),
    warning: (code, range, message) => counts(range) && reporter.warning(code, range, message),
  }
}

/** An anchor may have gone with a value that was taken out. */
function withoutAliases(reporter: Reporter): Reporter {
  return { ...reporter, error: (code, range, message) => code !== 'syntax/alias' && reporter.error(code, range, message) }
}

/** Loads, and notes where in the text itself each fault begins; -1 where that cannot be told. */
function loadNoting(text: string, load: Loader, origin: Origin, reporter: Reporter, faults: number[]): YamlNode | undefined {
  const offsets = new Map<Range, number>()
  const noting: Origin = (start, end) => {
    const range = { ...origin(start, end) }
    offsets.set(range, start)
    return range
  }
  const error = (code: string, range: Range, message: Message) => {
    faults.push(offsets.get(range) ?? -1)
    reporter.error(code, range, message)
  }
  return load(text, noting, { ...reporter, error })
}

/** A value with its key: from the start of the line to behind the last line that is deeper than the key; `start` is behind the colon. */
type Value = { readonly line: number; readonly start: number; readonly end: number }

function valueAt(text: string, offset: number): Value | undefined {
  const line = text.lastIndexOf('\n', offset - 1) + 1
  const head = /^( *(?:- +)*)(?:"[^"\n]*"|'[^'\n]*'|[\w./-]+):(?= [^\n]*\S)/.exec(text.slice(line, line + 1_000))
  if (offset < 0 || head === null || offset < line + head[0].length) return undefined
  return { line, start: line + head[0].length, end: endOfDeeper(text, offset, head[1]?.length ?? 0) }
}

function endOfDeeper(text: string, from: number, column: number): number {
  let end = lineEnd(text, from)
  while (end < text.length) {
    const next = lineEnd(text, end + 1)
    const line = text.slice(end + 1, next)
    if (/\S/.test(line) && (/^ */.exec(line)?.[0].length ?? 0) <= column) return end
    end = next
  }
  return end
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

/** Blanks of the same length, so that places stay. */
function withoutValue(text: string, { start, end }: Value): string {
  return text.slice(0, start) + text.slice(start, end).replaceAll(/[^\n]/g, ' ') + text.slice(end)
}
