import { type MapEntry, mapOf, optional, present, record, required, toObject, withDefault } from '../shape/record.ts'
import { flag, integerBetween, number, oneOf, text, writtenText, wrongValue } from '../shape/scalars.ts'
import { type Located, listOf, located, mapped, type Place, type Shape } from '../shape/shape.ts'
import type { Range } from '../source-text.ts'
import type { Benchmark, Compare, MetricPolicy } from '../types.ts'
import { emptyNode, quote, type YamlNode } from '../yaml/node.ts'
import { budgetShape, isPositive } from './budget.ts'
import { globShape } from './globs-shape.ts'

export type ReadBenchmark = {
  readonly benchmark: Omit<Benchmark, 'line'>
  readonly range: Range
  readonly name: Located<string>
  readonly task: Located<string>
  readonly compare: Located<Compare | undefined> | undefined
  /** Its gates, at their key "gate". */
  readonly gates: readonly Gate[]
}

export type Gate = { readonly metric: string; readonly policy: MetricPolicy; readonly range: Range }

const compareDefaults: Compare = { pairs: 10, warmup: 1, seed: 0, base: 'stored' }

const compareFields = record(
  {
    pairs: withDefault(integerBetween(1, 1_000), compareDefaults.pairs),
    warmup: withDefault(integerBetween(0, 100), compareDefaults.warmup),
    seed: withDefault(integerBetween(0, 2 ** 31 - 1), compareDefaults.seed),
    base: withDefault(oneOf(['stored', 'run'], 'stored'), 'stored'),
  },
  { until: 'The key "until" is reserved and does nothing yet. Remove it.' },
)

const compareShape: Shape<Compare | undefined> = {
  fallback: undefined,
  schema: { anyOf: [{ type: 'boolean' }, compareFields.schema] },
  read(node, place) {
    if (node.kind === 'boolean') return node.value ? compareDefaults : undefined
    return compareFields.read(node, place)
  },
}

const metricFields = record({
  gate: withDefault(flag, false),
  'max-regression': optional(budgetShape),
  direction: optional(oneOf(['lower', 'higher'], 'lower')),
  unit: optional(writtenText),
  min: optional(number),
  max: optional(number),
  required: withDefault(flag, false),
})

const metricShape: Shape<MetricPolicy> = mapped(
  metricFields,
  ({ 'max-regression': maxRegression, ...values }, node, place) => {
    const policy: MetricPolicy = { ...present({ ...values, maxRegression }), gate: values.gate, required: values.required }
    if (node.kind === 'mapping') checkMetric(policy, node, place)
    return policy
  },
  { gate: false, required: false },
)

function checkMetric(policy: MetricPolicy, node: YamlNode, place: Place) {
  const { gate, maxRegression, min, max, unit } = policy
  const bounded = (maxRegression !== undefined && isPositive(maxRegression)) || min !== undefined || max !== undefined
  if (gate && !bounded && !hasKeyWithFault(node, maxRegression)) {
    const message = `The gate ${place.path} has no bound. Expected "max-regression" above zero, "min" or "max"; add one, or remove "gate".`
    place.reporter.error('semantic/gate-without-bound', keyRange(node, 'gate'), message)
  }
  if (min !== undefined && max !== undefined && min > max) {
    place.reporter.error(
      'semantic/empty-bounds',
      keyRange(node, 'min'),
      `"min" ${min} is above "max" ${max} at ${place.path}: nothing fits. Swap them.`,
    )
  }
  if (maxRegression?.kind === 'absolute' && unit !== undefined && unit !== maxRegression.unit) {
    const message = `The budget of ${place.path} is in ${quote(maxRegression.unit)}, but the metric's unit is ${quote(unit)}. Use one of them for both.`
    place.reporter.error('semantic/budget-unit', keyRange(node, 'max-regression'), message)
  }
  if (policy.required && !gate) {
    const message = `"required" has an effect only together with "gate: true" at ${place.path}. Add that, or remove "required".`
    place.reporter.warning('semantic/required-without-gate', keyRange(node, 'required'), message)
  }
}

/** A budget that could not be read has been reported; a second fault about the same line helps nobody. */
function hasKeyWithFault(node: YamlNode, maxRegression: MetricPolicy['maxRegression']): boolean {
  return maxRegression === undefined && node.kind === 'mapping' && node.entries.some(({ key }) => key.text === 'max-regression')
}

function keyRange(node: YamlNode, name: string): Range {
  const entry = node.kind === 'mapping' ? node.entries.find(({ key }) => key.text === name) : undefined
  return entry?.key.range ?? node.range
}

/** A metric with nothing behind it is shown and never gates. */
const metricOrNothing: Shape<MetricPolicy> = {
  ...metricShape,
  schema: { anyOf: [metricShape.schema, { type: 'null' }] },
  read: (node, place) => (node.kind === 'null' ? metricShape.fallback : metricShape.read(node, place)),
}

const outputPath: Shape<string> = mapped(
  globShape,
  (path, node, place) => {
    if (path === '' || !(path.startsWith('/') || path.startsWith('!') || path.split('/').includes('..'))) return path
    const message = `Expected a path below {{output}} for ${place.path}, but it is ${quote(path)}. Write it relative to {{output}}, without "..".`
    place.reporter.error('schema/path', node.range, message)
    return ''
  },
  '',
)

const benchmarkName: Shape<string> = mapped(
  text,
  (name, node, place) => (node.kind === 'string' && name.trim() === '' ? wrongValue(node, place, 'a name', '') : name),
  '',
)

/** What the readers of measured files know. */
export const benchmarkFormats = ['plain', 'json', 'jsonl', 'csv', 'lines', 'lerobot', 'google-benchmark'] as const

const fields = record(
  {
    name: optional(located(benchmarkName)),
    task: required(located(globShape)),
    path: required(outputPath),
    format: optional(oneOf(benchmarkFormats, 'plain')),
    metrics: withDefault(mapOf(metricOrNothing, checkMetricName), []),
    compare: optional(located(compareShape)),
  },
  { reuse: 'The key "reuse" is reserved and does nothing yet. Remove it.' },
)

function checkMetricName(key: YamlNode, place: Place) {
  if (key.kind === 'string') globShape.read(key, place)
}

/** Entries of one file: each pattern is matched with each task. */
const maximumBenchmarks = 200

/** `benchmarks`: what a task measures, which numbers gate, and whether base and head are compared (extensions.md §4). */
export const benchmarksShape: Shape<readonly ReadBenchmark[]> = mapped<readonly ReadBenchmark[], readonly ReadBenchmark[]>(
  listOf(
    mapped<(typeof fields)['fallback'], ReadBenchmark>(
      fields,
      (values, node) => readBenchmark(values, node),
      readBenchmark(fields.fallback, emptyNode),
    ),
  ),
  (entries, _node, place) => {
    const beyond = entries[maximumBenchmarks]
    if (beyond === undefined) return entries
    const message = `Expected at most ${maximumBenchmarks} entries in ${place.path}, but there are ${entries.length}. Join some with "*" in "task".`
    place.reporter.error('limit/benchmarks', { start: beyond.range.start, end: beyond.range.start + 1 }, message)
    return entries.slice(0, maximumBenchmarks)
  },
  [],
)

function readBenchmark(values: (typeof fields)['fallback'], node: YamlNode): ReadBenchmark {
  const name = values.name ?? values.task
  const benchmark = {
    name: name.value,
    task: values.task.value,
    path: values.path,
    metrics: toObject(values.metrics),
    ...present({ format: values.format, compare: values.compare?.value }),
  }
  return { benchmark, range: node.range, name, task: values.task, compare: values.compare, gates: gatesOf(values.metrics, node) }
}

function gatesOf(metrics: readonly MapEntry<MetricPolicy>[], node: YamlNode): readonly Gate[] {
  const written = node.kind === 'mapping' ? node.entries.find(({ key }) => key.text === 'metrics')?.value : undefined
  return metrics.flatMap(({ key, keyNode, value: policy }, index) => {
    const entry = written?.kind === 'mapping' ? written.entries[index] : undefined
    return policy.gate ? [{ metric: key, policy, range: entry === undefined ? keyNode.range : keyRange(entry.value, 'gate') }] : []
  })
}
