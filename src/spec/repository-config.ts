import { specNameShape, triggersShape } from './git/triggers-shape.ts'
import { createReporter, type Reporter } from './reporter.ts'
import { warnHidden } from './service-values.ts'
import { mapOf, optional, present, record, toObject, withDefault } from './shape/record.ts'
import { oneOf, writtenText } from './shape/scalars.ts'
import { type Located, listOf, located, type Shape, wholeFile } from './shape/shape.ts'
import { suggest } from './suggestion.ts'
import type { ConfigResult, RepositoryConfig, TemplateValue } from './types.ts'
import { loadCoreYaml } from './yaml/core.ts'
import { quote, type YamlNode } from './yaml/node.ts'
import { toTemplateValue } from './yaml/plain-data.ts'

/** UTF-8 bytes of a settings file. */
export const maximumConfigBytes = 1024 * 1024

const templateValue: Shape<TemplateValue> = { fallback: null, schema: {}, read: toTemplateValue }

export const settingsFields = record({
  values: withDefault(
    mapOf(templateValue, (key, place) => warnHidden('value', key.text, key.range, place.reporter)),
    [],
  ),
  pool: withDefault(oneOrMore(located(writtenText)), []),
  on: optional(triggersShape),
  required: withDefault(oneOrMore(located(specNameShape)), []),
  notify: withDefault(record({ 'failure-on-default-branch': optional(oneOf(['issue'], 'issue')) }), {
    'failure-on-default-branch': undefined,
  }),
})

/** What there is to be named, where the caller knows it. */
export type KnownNames = { readonly specs?: readonly string[]; readonly pools?: readonly string[] }

/**
 * Reads `.osmo/config.yaml`, the repository's own settings (extensions.md §5). Never throws; an empty file sets nothing. Names that are not
 * among the known ones are warnings: another branch may have the spec, another installation the pool.
 */
export function parseRepositoryConfig(text: string, file: string, known: KnownNames = {}): ConfigResult<RepositoryConfig> {
  return parseConfig(text, file, settingsFields, ({ values, pool, on, required, notify }, _node, reporter) => {
    warnOfSpecs(required, known.specs, reporter)
    warnOfPools(pool, known.pools, reporter)
    return {
      values: toObject(values),
      pool: pool.map(({ value }) => value),
      required: required.map(({ value }) => value),
      ...present({ triggers: on }),
      notify: present({ failureOnDefaultBranch: notify['failure-on-default-branch'] }),
    }
  })
}

function warnOfSpecs(required: readonly Located<string>[], known: readonly string[] | undefined, reporter: Reporter) {
  for (const { value, range } of known === undefined ? [] : required) {
    if (value === '' || known?.includes(value)) continue
    const message = `Expected the name of a spec in "required", but there is no .osmo/${value}.yaml here.${suggest(value, known ?? [])} Its check cannot pass until there is one.`
    reporter.warning('semantic/unknown-required', range, message)
  }
}

function warnOfPools(pools: readonly Located<string>[], known: readonly string[] | undefined, reporter: Reporter) {
  for (const { value, range } of known === undefined ? [] : pools) {
    if (known?.includes(value)) continue
    const message = `Expected pools of the administrator's file in "pool", but it has no pool ${quote(value)}.${suggest(value, known ?? [])} The preference has no effect.`
    reporter.warning('semantic/unknown-pool', range, message)
  }
}

/** Reads a settings file in YAML 1.2 core by its shape, with all faults at once. */
export function parseConfig<T, C>(
  text: string,
  file: string,
  shape: Shape<T>,
  toConfig: (values: T, node: YamlNode, reporter: Reporter) => C,
): ConfigResult<C> {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const reporter = createReporter(file, source)
  const node = isSmallEnough(source, reporter) ? loadCoreYaml(source, (start, end) => ({ start, end }), reporter) : undefined
  const config = node === undefined ? undefined : toConfig(shape.read(emptyAsMapping(node), { path: wholeFile, reporter }), node, reporter)
  const diagnostics = reporter.diagnostics()
  if (config === undefined || reporter.hasErrors()) return { kind: 'invalid', diagnostics }
  return { kind: 'valid', config, warnings: diagnostics }
}

function isSmallEnough(source: string, reporter: Reporter): boolean {
  const bytes = source.length > maximumConfigBytes ? source.length : Buffer.byteLength(source)
  if (bytes <= maximumConfigBytes) return true
  const message = `Expected a file of at most ${maximumConfigBytes} bytes, but it has at least ${bytes}. Shorten it.`
  reporter.error('limit/file-size', { start: 0, end: 0 }, message)
  return false
}

function emptyAsMapping(node: YamlNode): YamlNode {
  return node.kind === 'null' ? { kind: 'mapping', entries: [], range: node.range, size: 1 } : node
}

function oneOrMore<T>(shape: Shape<T>): Shape<readonly T[]> {
  const list = listOf(shape)
  return {
    fallback: [],
    schema: { anyOf: [list.schema, shape.schema] },
    read: (node, place) => (node.kind === 'sequence' ? list.read(node, place) : [shape.read(node, place)]),
  }
}
