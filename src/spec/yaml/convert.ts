import { isAlias, isMap, isScalar, isSeq, type Scalar as LibraryScalar, type ParsedNode } from 'yaml'
import type { Reporter } from '../reporter.ts'
import type { Range } from '../source-text.ts'
import type { Dialect, Origin } from './dialect.ts'
import type { Entry, ScalarNode, YamlNode } from './node.ts'

/** Nodes of one document with every alias written out. */
export const maximumNodes = 200_000

/** The library's nodes as ours, with every alias resolved; faults are reported and give undefined. */
export function convert(
  root: ParsedNode | undefined,
  source: string,
  dialect: Dialect,
  origin: Origin,
  reporter: Reporter,
): YamlNode | undefined {
  const converter = createConverter(source, dialect, origin, reporter)
  if (root === undefined) return { kind: 'null', text: '', range: origin(0, 0), size: 1 }
  const node = converter.node(root)
  if (node === undefined) return undefined
  if (node.size <= maximumNodes) return node
  const message = `Expected at most ${maximumNodes} values with all aliases written out, but there are ${formatCount(node.size)}. Remove aliases or values.`
  reporter.error('limit/nodes', { start: node.range.start, end: node.range.start + 1 }, message)
  return undefined
}

function formatCount(count: number): string {
  return count < 1e15 ? String(count) : count.toExponential(1)
}

/** Turns the library's nodes into ours. Each method returns undefined after it has reported why. */
function createConverter(source: string, dialect: Dialect, origin: Origin, reporter: Reporter) {
  const anchors = new Map<string, YamlNode | 'open'>()
  let mergeBudget = maximumNodes

  return { node }

  function node(parsed: ParsedNode): YamlNode | undefined {
    if (isAlias(parsed)) return alias(parsed.source, range(parsed))
    const anchor = 'anchor' in parsed ? parsed.anchor : undefined
    if (anchor !== undefined && !declareAnchor(anchor, range(parsed))) return undefined
    const converted = isScalar(parsed) ? scalar(parsed) : collection(parsed)
    if (anchor !== undefined && converted !== undefined) anchors.set(anchor, converted)
    return converted
  }

  function range(parsed: ParsedNode): Range {
    const [start, end] = parsed.range
    return origin(start, end)
  }

  function fail(code: string, at: Range, message: string): undefined {
    reporter.error(code, at, message)
  }

  function declareAnchor(anchor: string, at: Range): boolean {
    if (dialect.version === '1.1' && !/^[A-Za-z0-9_-]+$/.test(anchor)) {
      fail('syntax/anchor', at, `Expected letters, digits, "_" and "-" for an anchor, but it is "&${anchor}". Rename it.`)
      return false
    }
    if (anchors.has(anchor) && dialect.version === '1.1') {
      fail('syntax/anchor', at, `Expected each anchor once, but "&${anchor}" stands here a second time. Rename one.`)
      return false
    }
    anchors.set(anchor, 'open')
    return true
  }

  function alias(name: string, at: Range): YamlNode | undefined {
    const target = anchors.get(name)
    if (target === undefined)
      return fail(
        'syntax/alias',
        at,
        `Expected an anchor "&${name}" above this alias, but there is none. Add it, or put the text in quotes.`,
      )
    if (target === 'open') return fail('syntax/alias', at, `The alias "*${name}" stands inside its own anchor. Write the value out.`)
    return target
  }

  function scalar(parsed: ParsedNode): ScalarNode | undefined {
    if (!isScalar(parsed)) return undefined
    const style = parsed.type === 'PLAIN' || parsed.type === undefined || parsed.type === null ? 'plain' : 'quoted'
    const text = scalarText(parsed, source)
    const result = dialect.scalar({ text, style, tag: parsed.tag })
    if (result.kind === 'fault') return fail(result.code, range(parsed), result.message)
    return { ...result, text, range: range(parsed), size: 1 }
  }

  function collection(parsed: ParsedNode): YamlNode | undefined {
    if (parsed.tag !== undefined && !dialect.collectionTags.includes(parsed.tag)) {
      return fail('syntax/tag', range(parsed), `The tag "${parsed.tag}" is not known here. Remove it.`)
    }
    const own = isSeq(parsed) ? 'seq' : 'map'
    if (parsed.tag?.startsWith('tag:yaml.org,2002:') && !parsed.tag.endsWith(own)) {
      return fail('syntax/tag', range(parsed), `The tag "${parsed.tag}" does not fit what stands here. Remove it.`)
    }
    if (isSeq(parsed)) return sequence(parsed.items as ParsedNode[], range(parsed))
    if (isMap(parsed)) return mapping(parsed, range(parsed))
    return undefined
  }

  function sequence(parsed: readonly ParsedNode[], at: Range): YamlNode | undefined {
    const items = parsed.map(node)
    if (!items.every((item) => item !== undefined)) return undefined
    return { kind: 'sequence', items, range: at, size: totalSize(items) }
  }

  function mapping(parsed: Extract<ParsedNode, { items: unknown }>, at: Range): YamlNode | undefined {
    const own: Entry[] = []
    const merged: Entry[] = []
    let complete = true
    for (const pair of parsed.items as { key: ParsedNode; value: ParsedNode | null }[]) {
      const key = mappingKey(pair.key)
      const value = pair.value === null ? emptyValue(pair.key) : node(pair.value)
      if (key === undefined || value === undefined) complete = false
      else if (isMergeKey(pair.key)) complete = mergeInto(merged, value, at) && complete
      else own.push({ key, value })
    }
    if (!complete) return undefined
    const entries = withoutDuplicates(merged, own)
    return { kind: 'mapping', entries, range: at, size: totalSize(entries.map((entry) => entry.value)) + entries.length }
  }

  function mappingKey(parsed: ParsedNode): ScalarNode | undefined {
    // In PyYAML a lone `=` is an error as a value and a word as a key.
    if (isScalar(parsed) && (parsed.value === '=' || isMergeKey(parsed)) && parsed.tag === undefined) {
      return { kind: 'string', value: String(parsed.value), text: String(parsed.value), range: range(parsed), size: 1 }
    }
    if (dialect.version === '1.1' && isScalar(parsed) && parsed.value === '' && parsed.type === 'PLAIN' && parsed.tag === undefined) {
      return fail('syntax/key', range(parsed), 'Expected a key before the colon, but there is nothing. Write one.')
    }
    const key = node(parsed)
    if (key === undefined || (key.kind !== 'mapping' && key.kind !== 'sequence')) return key
    return fail(
      'syntax/key',
      key.range,
      'Expected a word as key, but it is a list or a mapping. If it is text with braces, put it in quotes.',
    )
  }

  function emptyValue(key: ParsedNode): ScalarNode {
    const end = key.range[1]
    return { kind: 'null', text: '', range: origin(end, end), size: 1 }
  }

  function isMergeKey(key: ParsedNode): boolean {
    return dialect.mergeKeys === 'merged' && isScalar(key) && key.type === 'PLAIN' && key.value === '<<' && key.tag === undefined
  }

  /** Of several mappings the first named wins, so they are added from the last to the first. */
  function mergeInto(merged: Entry[], value: YamlNode, at: Range): boolean {
    const sources = value.kind === 'sequence' ? [...value.items].reverse() : [value]
    for (const source of sources) {
      if (source.kind !== 'mapping') {
        fail('syntax/merge', source.range, 'Expected a mapping, or a list of mappings, behind "<<". Point it at an anchor of a mapping.')
        return false
      }
      mergeBudget -= source.entries.length
      if (mergeBudget < 0) {
        fail('limit/nodes', at, `Expected "<<" to bring in at most ${maximumNodes} entries in one file. Remove some.`)
        return false
      }
      merged.push(...source.entries)
    }
    return true
  }

  /** The last value wins, below the first key and at its place, as in a Python dict. */
  function withoutDuplicates(merged: readonly Entry[], own: readonly Entry[]): readonly Entry[] {
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
    if (dialect.duplicateKeys === 'error') {
      reporter.error('syntax/duplicate-key', key.range, `Expected each key once, but "${key.text}" stands here a second time. Remove one.`)
    } else {
      reporter.warning(
        'syntax/duplicate-key',
        key.range,
        `The key "${key.text}" stands here a second time; OSMO takes the last. Remove one.`,
      )
    }
  }
}

/** A block scalar whose last line the text's end cuts off has no last line break in PyYAML; the library adds one. */
function scalarText(parsed: LibraryScalar.Parsed, source: string): string {
  const text = typeof parsed.value === 'string' ? parsed.value : ''
  const isBlock = parsed.type === 'BLOCK_LITERAL' || parsed.type === 'BLOCK_FOLDED'
  const cutOff = isBlock && parsed.range[1] >= source.length && /[^\s][^\n]*$/.test(source.slice(source.lastIndexOf('\n') + 1))
  return cutOff && text.endsWith('\n') ? text.slice(0, -1) : text
}

function totalSize(nodes: readonly YamlNode[]): number {
  return nodes.reduce((sum, child) => sum + child.size, 1)
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
      return `d${key.text}`
  }
}
