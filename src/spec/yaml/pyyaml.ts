import type { Reporter } from '../reporter.ts'
import { loadYaml } from './compose.ts'
import type { CollectionForm, Dialect, Origin, ScalarResult, WrittenScalar } from './dialect.ts'
import type { YamlNode } from './node.ts'
import { dateAndTime, dateOnly, fault, readBinary, readBoolean, readDate, readFloat, readInteger, wrong } from './pyyaml-scalars.ts'

/**
 * Loads a document as PyYAML's safe loader does (osmo-spec.md §2.3): its words for booleans, `010` eight, `1e-4` a
 * string, dates, merge keys, of equal keys the last. Faults are reported and give undefined.
 */
export function loadPyYaml(text: string, origin: Origin, reporter: Reporter): YamlNode | undefined {
  return loadYaml(text, dialect, origin, reporter)
}

/** The same for values that templates print: there bytes are no text (`b'…'`), which nobody wants. */
export function loadPyYamlValues(text: string, origin: Origin, reporter: Reporter): YamlNode | undefined {
  return loadYaml(
    text,
    { ...dialect, scalar: (written) => (written.tag === `${core}binary` ? bytes : dialect.scalar(written)) },
    origin,
    reporter,
  )
}

const core = 'tag:yaml.org,2002:'

const dialect: Dialect = {
  version: '1.1',
  scalar: (written) => (written.tag === undefined ? implicit(written) : explicit(written.tag, written.text)),
  collection: collectionForm,
  lineBreaks: 'yaml-1.1',
  mergeKeys: 'merged',
  duplicateKeys: 'warning',
  tabs: 'refused',
  looseLayout: 'accepted',
}

const booleans = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/
const floats = [
  /^[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?$/,
  /^\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/,
  /^[-+]?\.(?:inf|Inf|INF)$/,
  /^\.(?:nan|NaN|NAN)$/,
]
const integers = [
  /^[-+]?0b[0-1_]+$/,
  /^[-+]?0[0-7_]+$/,
  /^[-+]?(?:0|[1-9][0-9_]*)$/,
  /^[-+]?0x[0-9a-fA-F_]+$/,
  /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/,
]
/** Whether a plain scalar is text, and neither a number, a boolean, a date nor an error. */
export function meansText(text: string): boolean {
  return implicit({ text, style: 'plain', tag: undefined }).kind === 'string'
}

function implicit({ text, style }: WrittenScalar): ScalarResult {
  if (style === 'quoted') return { kind: 'string', value: text }
  if (text === '' || text === '~' || text === 'null' || text === 'Null' || text === 'NULL') return { kind: 'null' }
  if (text === '=') return fault('syntax/value', 'A lone "=" means nothing to OSMO\'s YAML reader. Put it in quotes.')
  if (text === '<<') return fault('syntax/merge', 'A lone "<<" is only allowed as a key. Put it in quotes.')
  if (booleans.test(text)) return readBoolean(text)
  const first = text.charCodeAt(0)
  // '+', '-', '.', and digits: nothing else begins a number or a date.
  if (!(first === 43 || first === 45 || first === 46 || (first >= 48 && first <= 57))) return { kind: 'string', value: text }
  if (floats.some((form) => form.test(text))) return readFloat(text)
  if (integers.some((form) => form.test(text))) return readInteger(text)
  if (dateOnly.test(text) || dateAndTime.test(text)) return readDate(text)
  return { kind: 'string', value: text }
}

/** What the safe loader's constructors make of a text with a tag; the style no longer matters. */
function explicit(tag: string, text: string): ScalarResult {
  switch (tag) {
    case '!':
      return implicit({ text, style: 'plain', tag: undefined })
    case `${core}str`:
      return { kind: 'string', value: text }
    case `${core}null`:
      return { kind: 'null' }
    case `${core}bool`:
      return /^(?:yes|no|true|false|on|off)$/i.test(text) ? readBoolean(text) : wrong(text, 'a boolean')
    case `${core}int`:
      return readInteger(text)
    case `${core}float`:
      return readFloat(text)
    case `${core}timestamp`:
      return readDate(text)
    case `${core}binary`:
      return readBinary(text)
    default:
      return known.has(tag) ? misplaced(tag, 'text') : unknown(tag)
  }
}

const known: ReadonlySet<string> = new Set(
  ['str', 'null', 'bool', 'int', 'float', 'timestamp', 'binary', 'seq', 'map', 'set', 'omap', 'pairs'].map((name) => core + name),
)

function collectionForm(tag: string | undefined, own: 'sequence' | 'mapping'): CollectionForm {
  if (tag === undefined || tag === '!' || tag === `${core}${own === 'sequence' ? 'seq' : 'map'}`) return { kind: 'plain' }
  if (own === 'sequence' && (tag === `${core}omap` || tag === `${core}pairs`)) return { kind: 'pairs' }
  if (own === 'mapping' && tag === `${core}set`) return set
  return known.has(tag) ? misplaced(tag, own === 'sequence' ? 'a list' : 'a mapping') : unknown(tag)
}

const bytes = fault('syntax/tag', 'Expected text, but "!!binary" makes bytes, which a template prints as b\'…\'. Write the text itself.')

/** Python's order of a set's items changes from run to run. */
const set = fault(
  'syntax/tag',
  'Expected a list or a mapping, but "!!set" makes a set, of which OSMO makes a list in any order. Write a list.',
)

function misplaced(tag: string, own: string) {
  return fault(
    'syntax/tag',
    `The tag "!!${tag.slice(core.length)}" cannot stand before ${own}, and OSMO's YAML reader fails on it. Remove it.`,
  )
}

function unknown(tag: string) {
  return fault('syntax/tag', `The tag "${tag}" is not known to OSMO's YAML reader. Remove it, or put the text in quotes.`)
}
