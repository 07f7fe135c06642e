import type { Reporter } from '../reporter.ts'
import type { Range } from '../source-text.ts'
import type { Dialect } from './dialect.ts'
import { type Entry, maximumNodes, type ScalarNode, type YamlNode } from './node.ts'

/** The entries of one mapping while it is read. */
export type Entries = {
  add(entry: Entry): void
  /** What stands behind `<<`; false when it is no mapping, which is reported. `at` is the mapping that it goes into. */
  merge(value: YamlNode, at: Range): boolean
  list(): readonly Entry[]
}

/** `mergeBudget` counts what all `<<` of a file may bring in together. */
export function createEntries(
  reporter: Reporter,
  { duplicateKeys }: Pick<Dialect, 'duplicateKeys'>,
  mergeBudget: { left: number },
): Entries {
  const own: Entry[] = []
  const merged: Entry[] = []

  return { add: (entry) => own.push(entry), merge, list }

  /** Of several mappings the first named wins, so they are added from the last to the first. */
  function merge(value: YamlNode, at: Range): boolean {
    const sources = value.kind === 'sequence' ? [...value.items].reverse() : [value]
    return sources.every((source) => mergeOne(source, at))
  }

  function mergeOne(source: YamlNode, at: Range): boolean {
    if (source.kind !== 'mapping') {
      const message = 'Expected a mapping, or a list of mappings, behind "<<". Point it at an anchor of a mapping.'
      reporter.error('syntax/merge', source.range, message)
      return false
    }
    mergeBudget.left -= source.entries.length
    if (mergeBudget.left < 0) {
      reporter.error('limit/nodes', at, `Expected "<<" to bring in at most ${maximumNodes} entries in one file. Remove some.`)
      return false
    }
    for (const entry of source.entries) merged.push(entry)
    return true
  }

  /** The last value wins, below the first key and at its place, as in a Python dict. */
  function list(): readonly Entry[] {
    const entries = new Map<string, Entry>()
    for (const entry of merged) entries.set(identity(entry.key), entry)
    const seen = new Set<string>()
    for (const entry of own) {
      const id = identity(entry.key)
      if (seen.has(id)) reportDuplicate(entry.key)
      seen.add(id)
      entries.set(id, { key: entries.get(id)?.key ?? entry.key, value: entry.value })
    }
    return [...entries.values()]
  }

  function reportDuplicate(key: ScalarNode) {
    if (duplicateKeys === 'error') {
      reporter.error('syntax/duplicate-key', key.range, `Expected each key once, but "${key.text}" stands here a second time. Remove one.`)
    } else {
      const message = `The key "${key.text}" stands here a second time; OSMO takes the last. Remove one.`
      reporter.warning('syntax/duplicate-key', key.range, message)
    }
  }
}

/** Keys that Python's dict holds to be equal: `1`, `1.0` and `true` are one key, `"1"` is another. */
function identity(key: ScalarNode): string {
  switch (key.kind) {
    case 'string':
      return `s${key.value}`
    case 'integer':
      return `n${key.value}`
    case 'float':
      return `n${Number.isInteger(key.value) ? BigInt(key.value) : key.value}`
    case 'boolean':
      return `n${key.value ? 1 : 0}`
    case 'null':
      return 'null'
    case 'date':
      return `d${'date' in key.value ? key.value.date : key.value.datetime}`
  }
}
