import type { Reporter } from '../reporter.ts'
import { loadYaml } from './compose.ts'
import type { CollectionForm, Dialect, FaultResult, Origin, ScalarResult, WrittenScalar } from './dialect.ts'
import type { YamlNode } from './node.ts'

/**
 * Loads a document as YAML 1.2 core (yaml.org/spec/1.2.2 §10.3): `on` is a word, equal keys are an error.
 * Each scalar keeps its text, so that a name `1.10` stays `1.10`.
 */
export function loadCoreYaml(text: string, origin: Origin, reporter: Reporter): YamlNode | undefined {
  return loadYaml(text, dialect, origin, reporter)
}

const dialect: Dialect = {
  version: '1.2',
  scalar: (written) => (written.tag === undefined ? implicit(written) : explicit(written.tag, written.text)),
  collection: collectionForm,
  lineBreaks: 'yaml-1.2',
  mergeKeys: 'plain',
  duplicateKeys: 'error',
  tabs: 'allowed',
  looseLayout: 'refused',
}

/** Whether a plain scalar is text, and neither a number nor a boolean. */
export function meansTextToCore(text: string): boolean {
  return implicit({ text, style: 'plain', tag: undefined }).kind === 'string'
}

function implicit({ text, style }: WrittenScalar): ScalarResult {
  if (style === 'quoted') return { kind: 'string', value: text }
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return { kind: 'null' }
  if (/^(?:true|True|TRUE)$/.test(text)) return { kind: 'boolean', value: true }
  if (/^(?:false|False|FALSE)$/.test(text)) return { kind: 'boolean', value: false }
  // Longer digits are no number that any key of ours takes.
  if (text.length > 400) return { kind: 'string', value: text }
  if (/^[-+]?[0-9]+$/.test(text))
    return { kind: 'integer', value: text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', '')) }
  if (/^0o[0-7]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) return { kind: 'integer', value: BigInt(text) }
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return { kind: 'float', value: Number(text) }
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return { kind: 'float', value: text.startsWith('-') ? -Infinity : Infinity }
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return { kind: 'float', value: Number.NaN }
  return { kind: 'string', value: text }
}

function explicit(tag: string, text: string): ScalarResult {
  if (tag === '!' || tag === 'tag:yaml.org,2002:str') return { kind: 'string', value: text }
  return unknownTag(tag)
}

function collectionForm(tag: string | undefined, own: 'sequence' | 'mapping'): CollectionForm {
  const known = tag === undefined || tag === '!' || tag === `tag:yaml.org,2002:${own === 'sequence' ? 'seq' : 'map'}`
  return known ? { kind: 'plain' } : unknownTag(tag)
}

function unknownTag(tag: string): FaultResult {
  return { kind: 'fault', code: 'syntax/tag', message: `The tag "${tag}" is not known here. Remove it.` }
}
