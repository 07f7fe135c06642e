import type { Direction } from '../types.ts'
import { isSizeUnit, isTimeUnit } from '../units.ts'

/** Whether lower or higher is better, from the words of a name and its unit. Words that disagree make it unknown: better to ask than to guess. */
export function inferDirection(metric: string, unit: string): Direction {
  const words = wordsOf(metric)
  if (words.some((word) => neutralWords.has(word))) return 'none'
  const hints = new Set(words.flatMap(directionOfWord))
  if (perSecond(words, unit)) hints.add('higher')
  if (hints.size > 1) return 'unknown'
  const [hint] = hints
  return hint ?? (lowerUnit(unit) ? 'lower' : 'unknown')
}

/** The unit that a name ends with, such as `ms` in `latency_ms`; empty when it names none. */
export function inferUnit(metric: string): string {
  const words = wordsOf(metric)
  const last = words.at(-1) ?? ''
  if (words.at(-2) === 'per' && /^(s|sec|second)$/.test(last)) return '/s'
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
  /^(latency|latencies|time|duration|elapsed|runtime|errors?|err|loss|losses|jitter|missed|dropped|drops|collisions?|interventions?|memory|mem|rss|cpu|violations?|failures?|failed|fails?|crash(es)?|timeouts?|rmse|mse|mae|ate|rpe|regret|overhead|cost|energy|power|ns|us|ms|seconds?|secs?|milliseconds|p50|p90|p95|p99|size|gb|mb|kb|mib|gib)$/
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

/** The last part of a path-like name says what it measures; what stands before says where. */
function wordsOf(metric: string): readonly string[] {
  const own = metric.slice(Math.max(metric.lastIndexOf('/'), metric.lastIndexOf('.')) + 1)
  return own
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z\d%]+/)
    .filter(Boolean)
}

function perSecond(words: readonly string[], unit: string): boolean {
  return /\bper_(s|sec|second)$/.test(words.slice(-2).join('_')) || /(\/s|\/sec|fps|^hz)$/i.test(unit)
}

function lowerUnit(unit: string): boolean {
  return isTimeUnit(unit) || isSizeUnit(unit)
}
