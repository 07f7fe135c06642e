import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Reporter } from '../reporter.ts'
import type { Range } from '../source-text.ts'
import type { Dialect, Origin } from './dialect.ts'
import { createEntries, type Entries } from './entries.ts'
import { faultOfFlowText, faultOfKey, startWithProperties } from './flow-rules.ts'
import { type Entry, maximumNodes, type ScalarNode, type YamlNode } from './node.ts'
import { type ScalarTexts, scalarText } from './scalar-text.ts'

/** The library's nodes as ours, with every alias resolved; faults are reported and give undefined. */
export function convert(
  root: ParsedNode | undefined,
  source: string,
  texts: ScalarTexts,
  dialect: Dialect,
  origin: Origin,
  reporter: Reporter,
): YamlNode | undefined {
  const converter = createConverter(source, texts, dialect, origin, reporter)
  if (root === undefined) return { kind: 'null', text: '', range: origin(0, 0), size: 1 }
  const node = converter.node(root)
  if (node === undefined) return undefined
  if (node.size <= maximumNodes) return node
  const message = `Expected at most ${maximumNodes} values with all aliases written out, but there are ${formatCount(node.size)}. Remove aliases or values.`
  reporter.error('limit/nodes', firstBeyond(node).range, message)
  return undefined
}

/** The innermost list or mapping that goes over the bound by itself. */
function firstBeyond(node: YamlNode): YamlNode {
  const child = childrenOf(node).find(({ size }) => size > maximumNodes)
  return child === undefined ? node : firstBeyond(child)
}

function childrenOf(node: YamlNode): readonly YamlNode[] {
  if (node.kind === 'sequence') return node.items
  return node.kind === 'mapping' ? node.entries.flatMap(({ key, value }) => [key, value]) : []
}

function formatCount(count: number): string {
  return count < 1e15 ? String(count) : count.toExponential(1)
}

/** A pair of the library's mapping. */
type ParsedPair = { readonly key: ParsedNode; readonly value: ParsedNode | null }

/** Turns the library's nodes into ours. Each method returns undefined after it has reported why. */
function createConverter(source: string, texts: ScalarTexts, dialect: Dialect, origin: Origin, reporter: Reporter) {
  const anchors = new Map<string, YamlNode | 'open'>()
  const mergeBudget = { left: maximumNodes }
  /** Brackets and braces around the node that is being converted. */
  let flowDepth = 0

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

  /** A tag and an anchor, where the node has some. */
  function headRange(parsed: ParsedNode): Range {
    const start = startWithProperties(parsed, source)
    const head = source.slice(start, parsed.range[0]).trimEnd()
    return head === '' ? range(parsed) : origin(start, start + head.length)
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
    const fault = flowDepth > 0 && style === 'plain' && dialect.version === '1.1' ? faultOfFlowText(source, parsed) : undefined
    if (fault !== undefined) return fail(fault.code, range(parsed), fault.message)
    const text = scalarText(parsed, source, texts)
    const result = dialect.scalar({ text, style, tag: parsed.tag })
    if (result.kind === 'fault') return fail(result.code, result.code === 'syntax/tag' ? headRange(parsed) : range(parsed), result.message)
    return { ...result, text, range: range(parsed), size: 1 }
  }

  function collection(parsed: ParsedNode): YamlNode | undefined {
    if (!isSeq(parsed) && !isMap(parsed)) return undefined
    const form = dialect.collection(parsed.tag, isSeq(parsed) ? 'sequence' : 'mapping')
    if (form.kind === 'fault') return fail(form.code, headRange(parsed), form.message)
    const flow = parsed.flow === true ? 1 : 0
    flowDepth += flow
    const converted = isMap(parsed) ? mapping(parsed) : sequence(parsed, form.kind === 'pairs' ? pair : node)
    flowDepth -= flow
    return converted
  }

  function sequence(parsed: YAMLSeq.Parsed, item: (parsed: ParsedNode) => YamlNode | undefined): YamlNode | undefined {
    const items = parsed.items.map((one) => item(one as ParsedNode))
    if (!items.every((one) => one !== undefined)) return undefined
    return { kind: 'sequence', items, range: range(parsed), size: totalSize(items) }
  }

  function mapping(parsed: YAMLMap.Parsed): YamlNode | undefined {
    const entries = createEntries(reporter, dialect, mergeBudget)
    let complete = true
    for (const one of parsed.items as ParsedPair[]) complete = addEntry(one, parsed, entries) && complete
    if (!complete) return undefined
    const found = entries.list()
    return { kind: 'mapping', entries: found, range: range(parsed), size: totalSize(found.map((entry) => entry.value)) + found.length }
  }

  function addEntry(one: ParsedPair, parsed: YAMLMap.Parsed, entries: Entries): boolean {
    const found = entry(one)
    if (found === undefined) return false
    if (isMergeKey(one.key)) return entries.merge(found.value, range(parsed))
    entries.add(found)
    return true
  }

  function entry(one: ParsedPair): Entry | undefined {
    const fault = dialect.version === '1.1' ? faultOfKey(source, one.key) : undefined
    if (fault !== undefined) return fail(fault.code, range(one.key), fault.message)
    const key = mappingKey(one.key)
    const value = one.value === null ? emptyValue(one.key) : node(one.value)
    return key === undefined || value === undefined ? undefined : { key, value }
  }

  /** An item of `!!omap` or `!!pairs`. */
  function pair(parsed: ParsedNode): YamlNode | undefined {
    const [only, ...others] = isMap(parsed) ? (parsed.items as ParsedPair[]) : []
    if (!isMap(parsed) || only === undefined || others.length > 0)
      return fail('syntax/tag', range(parsed), 'Expected a mapping with one entry in a list of pairs. Write "- name: value".')
    const fault = faultOfKey(source, only.key)
    if (fault !== undefined) return fail(fault.code, range(only.key), fault.message)
    const items = [node(only.key), only.value === null ? emptyValue(only.key) : node(only.value)]
    if (!items.every((one) => one !== undefined)) return undefined
    return { kind: 'sequence', items, range: range(parsed), size: totalSize(items) }
  }

  function mappingKey(parsed: ParsedNode): ScalarNode | undefined {
    // In PyYAML a lone `=` is an error as a value and a word as a key.
    if (isScalar(parsed) && (isMergeKey(parsed) || isValueKey(parsed))) {
      if (parsed.anchor !== undefined && !declareAnchor(parsed.anchor, range(parsed))) return undefined
      return { kind: 'string', value: String(parsed.value), text: String(parsed.value), range: range(parsed), size: 1 }
    }
    if (dialect.version === '1.1' && isScalar(parsed) && isNothing(parsed) && !isExplicit(parsed)) {
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

  function isNothing(parsed: ParsedNode): boolean {
    return isScalar(parsed) && parsed.value === '' && parsed.type === 'PLAIN' && parsed.tag === undefined && parsed.anchor === undefined
  }

  /** An empty key behind `?` is null. */
  function isExplicit({ range: [start] }: ParsedNode): boolean {
    return /\?\s*$/.test(source.slice(Math.max(0, start - 100), start))
  }

  function emptyValue(key: ParsedNode): ScalarNode {
    const end = key.range[1]
    return { kind: 'null', text: '', range: origin(end, end), size: 1 }
  }

  function isMergeKey(key: ParsedNode): boolean {
    return dialect.mergeKeys === 'merged' && isScalar(key) && isWord(key, '<<', 'tag:yaml.org,2002:merge')
  }

  function isValueKey(key: ParsedNode): boolean {
    return isScalar(key) && isWord(key, '=', 'tag:yaml.org,2002:value')
  }

  /** A word with a meaning: alone and not in quotes, or any text with its tag. */
  function isWord(key: Scalar.Parsed, word: string, tag: string): boolean {
    return key.tag === tag || (key.value === word && ((key.type === 'PLAIN' && key.tag === undefined) || key.tag === '!'))
  }
}

function totalSize(nodes: readonly YamlNode[]): number {
  return nodes.reduce((sum, child) => sum + child.size, 1)
}
