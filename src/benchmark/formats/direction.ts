import type { Direction } from '../types.ts'
import { isSizeUnit, isTimeUnit } from '../units.ts'

/** Whether lower or higher is better, from the words of a name and its unit. Words that disagree make it unknown: better to ask than to guess. */
export function inferDirection(metric: string, unit: string): Direction {
  const words = wordsOf(metric)
  if (words.some((word) => neutralWords.has(word))) return 'none'
  const isRate = endsPerSecond(words)
  const hints = new Set((isRate ? words.slice(0, -2) : words).flatMap(directionOfWord))
  if (isRate || rateUnit.test(unit)) hints.add('higher')
  if (hints.size > 1) return 'unknown'
  const [hint] = hints
  return hint ?? (lowerUnit(unit) ? 'lower' : 'unknown')
}

/** The unit that a name ends with, such as `ms` in `latency_ms`; empty when it names none. */
export function inferUnit(metric: string): string {
  const words = wordsOf(metric)
  const last = words.at(-1) ?? ''
  if (endsPerSecond(words)) return '/s'
  return words.length > 1 || last === 'fps' ? (unitWords.get(last) ?? '') : ''
}

const unitWords = new Map([
  ...['ns', 'us', 'ms', 's', 'fps', 'min'].map((unit) => [unit, unit] as const),
  ...[
    ['sec', 's'],
    ['secs', 's'],
    ['second', 's'],
    ['seconds', 's'],
    ['milliseconds', 'ms'],
    ['kb', 'KB'],
    ['mb', 'MB'],
    ['gb', 'GB'],
    ['mib', 'MiB'],
    ['gib', 'GiB'],
    ['bytes', 'B'],
    ['hz', 'Hz'],
    ['percent', '%'],
    ['pct', '%'],
  ].map(([word = '', unit = '']) => [word, unit] as const),
])

const higherWords =
  /^(success(es|ful)?|succeeded|solved|accuracy|acc|score|rewards?|returns?|fps|throughput|ops|qps|iou|miou|map|f1|precision|recall|coverage|spl|hz|bandwidth|speedup|completed|completion)$/
const lowerWords =
  /^(latency|latencies|time|duration|elapsed|runtime|errors?|err|loss|losses|jitter|missed|dropped|drops|collisions?|interventions?|memory|mem|rss|cpu|violations?|failures?|failed|fails?|crash(es)?|timeouts?|rmse|mse|mae|ate|rpe|regret|overhead|cost|energy|power|ns|us|ms|seconds?|secs?|milliseconds|size|gb|mb|kb|mib|gib)$/
const neutralWords = new Set([
  'seed',
  'step',
  'steps',
  'epoch',
  'epochs',
  'timestamp',
  'iteration',
  'iterations',
  'index',
  'id',
  'version',
  'episodes',
  'trials',
  'count',
])

function directionOfWord(word: string): readonly ('lower' | 'higher')[] {
  if (higherWords.test(word)) return ['higher']
  return lowerWords.test(word) ? ['lower'] : []
}

/**
 * The last part of a path-like name says what it measures; what stands before says where, and is no evidence: `BM_Time/contacts` is no time.
 * A part that only names a statistic (`latency.p99`) stands for the one before it.
 */
function wordsOf(metric: string): readonly string[] {
  const parts = metric.split(/[/.]/).map(splitWords)
  return parts.findLast((words) => words.some((word) => !statisticWords.test(word))) ?? []
}

const statisticWords = /^(mean|median|avg|average|min|max|std|stddev|total|p\d{1,3})$/

function splitWords(part: string): readonly string[] {
  return part
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z\d%]+/)
    .filter(Boolean)
}

const rateUnit = /(\/s|\/sec|fps|^hz)$/i

function endsPerSecond(words: readonly string[]): boolean {
  return /^per_(s|sec|second)$/.test(words.slice(-2).join('_'))
}

function lowerUnit(unit: string): boolean {
  return isTimeUnit(unit) || isSizeUnit(unit)
}
