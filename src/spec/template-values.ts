import { dispatchDefaults } from './dispatch.ts'
import { readGitSection } from './git/section.ts'
import { triggersShape } from './git/triggers-shape.ts'
import { specNameOf } from './names.ts'
import { createReporter, type Reporter } from './reporter.ts'
import type { Section, Sections } from './sections.ts'
import { type ServiceValue, warnHidden } from './service-values.ts'
import type { Range } from './source-text.ts'
import type { SpecOptions, TemplateValue, Triggers } from './types.ts'
import type { Origin } from './yaml/dialect.ts'
import { loadMended } from './yaml/mend.ts'
import { describe, type Entry, type YamlNode } from './yaml/node.ts'
import { keyText, toTemplateValue } from './yaml/plain-data.ts'
import { loadPyYamlValues } from './yaml/pyyaml.ts'

export type TemplateValues = {
  readonly values: Readonly<Record<string, TemplateValue>>
  /** `partial` when `default-values` could not be read: names that are undefined then may be defined in it. */
  readonly defaults: 'whole' | 'partial'
  /** Inputs of a dispatch that have no value, for lack of a default. */
  readonly unset: ReadonlySet<string>
}

/**
 * Values for the template, weakest first (extensions.md §3 and §6): ours, the file's `default-values`, the repository's, defaults of a
 * dispatch, what was given.
 */
export function templateValues(sections: Sections, workflow: Section, options: SpecOptions, reporter: Reporter): TemplateValues {
  const defaults = sections['default-values']
  const ours = serviceValues(workflow, options)
  const declared = defaults === undefined ? noDefaults : loadDefaults(defaults, reporter)
  for (const { key } of declared?.entries ?? []) warnHidden('default', keyText(key), key.range, reporter)
  const fromFile = (declared?.entries ?? []).map(({ key, value }) => [keyText(key), toTemplateValue(value)] as const)
  const dispatched = dispatchTriggers(sections.on)
  const values = { ...ours, ...Object.fromEntries(fromFile), ...options.values, ...dispatchDefaults(dispatched), ...options.given }
  const inputs = Object.keys(dispatched?.workflowDispatch?.inputs ?? {})
  const unset = new Set(inputs.filter((name) => !Object.hasOwn(values, name)))
  return { values, defaults: declared?.state ?? 'partial', unset }
}

/** `on`, where it may have inputs. Its faults are for whoever reads it for its own sake. */
export function dispatchTriggers(on: Section | undefined): Triggers | undefined {
  if (on === undefined || !on.text.includes('inputs')) return undefined
  // Positions are not asked for, and diagnostics are what would need the source.
  return readGitSection(on, triggersShape, createReporter('', ''))
}

/** What the service adds to every template (extensions.md §3). */
export function serviceValues(workflow: Section, options: SpecOptions): Readonly<Record<ServiceValue, TemplateValue>> {
  return { github: githubValues(options), latest: options.latest ?? offlineLatest(workflow.text) }
}

/** Names and their values. `partial`: some could not be read. */
export type Defaults = { readonly entries: readonly Entry[]; readonly state: 'whole' | 'partial' }

const noDefaults: Defaults = { entries: [], state: 'whole' }

/** The names of `default-values`; undefined when they are no mapping, which is reported. */
export function loadDefaults(section: Section, reporter: Reporter): Defaults | undefined {
  const origin: Origin = (start, end) => ({ start: start + section.offset, end: end + section.offset })
  const mended = loadMended(section.text, loadPyYamlValues, origin, reporter)
  if (mended === undefined) return undefined
  const { node, refused } = mended
  const values = node.kind === 'mapping' ? node.entries.find(({ key }) => key.text === section.name)?.value : undefined
  for (const { key } of node.kind === 'mapping' ? node.entries : [])
    if (key.text !== section.name) reportStray(key.text, key.range, reporter)
  if (refused.length > 0) return { entries: readable(values, refused), state: 'partial' }
  if (values?.kind === 'mapping') return { entries: values.entries, state: 'whole' }
  if (values?.kind === 'null') return noDefaults
  const came = values === undefined ? 'something else' : describe(values)
  reporter.error(
    'schema/type',
    values?.range ?? node.range,
    `Expected a mapping of names to values for default-values, but it is ${came}. Write one "name: value" a line.`,
  )
  return undefined
}

/** The entries in which nothing was refused. */
function readable(values: YamlNode | undefined, refused: readonly Range[]): readonly Entry[] {
  const isWhole = ({ key, value }: Entry) => !refused.some(({ start, end }) => start < value.range.end && key.range.start < end)
  return values?.kind === 'mapping' ? values.entries.filter(isWhole) : []
}

function reportStray(key: string, range: { start: number; end: number }, reporter: Reporter) {
  reporter.error(
    'syntax/section',
    range,
    `Expected only "default-values" in its section, but there is also "${key}". Indent it, or remove it.`,
  )
}

const zeros = '0'.repeat(40)

/** Without a repository at hand, values of the right alphabet (extensions.md §3). */
function githubValues(options: SpecOptions): Readonly<Record<string, string>> {
  const offline = {
    sha: zeros,
    base_sha: zeros,
    repository: 'owner/repository',
    event_name: 'push',
    pull_request: '',
    run_attempt: '1',
    spec: specNameOf(options.file) ?? 'spec',
  }
  return { ...offline, ...options.github }
}

/** Offline no workflow has run, so every name that the text asks for gets the id of a first one. */
function offlineLatest(text: string): Readonly<Record<string, string>> {
  const names = [...text.matchAll(/\blatest(?:\[\s*(?:'([^'\n]{1,200})'|"([^"\n]{1,200})")\s*\]|\.([A-Za-z_][A-Za-z0-9_]*))/g)]
  return Object.fromEntries(names.map(([, single, double, dotted]) => single ?? double ?? dotted ?? '').map((name) => [name, `${name}-0`]))
}
